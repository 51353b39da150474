"""Reading a small artifact whole, for a page or an answer that is made of it."""

from __future__ import annotations

from media.errors import FileMissing
from media.models import Artifact


def read_artifact(artifact: Artifact) -> bytes:
    """Return the content of ``artifact``; raises ``FileMissing``, ``StorageUnavailable``."""
    try:
        with artifact.file.open("rb") as file:
            content: bytes = file.read()
    except FileNotFoundError as error:
        raise FileMissing from error
    return content
