"""Recordings for tests: real files, stored the way people's files are."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from accounts.models import User
from media.core.tests.songs import encode_any
from media.models import Recording
from media.services import create_recording
from media.uploads import receive


@cache
def song(ending: str = "mp3", duration_s: float = 3.0) -> bytes:
    """Return a short song in the format that ``ending`` names."""
    with tempfile.TemporaryDirectory() as folder:
        return encode_any(Path(folder) / f"song.{ending}", duration_s).read_bytes()


def make_recording(owner: User, *, title: str | None = None, name: str = "song.mp3") -> Recording:
    """Store a short song of ``owner``'s, in the format that ``name`` ends in."""
    return create_recording(
        owner=owner, upload=receive([song(name.rpartition(".")[2])], name=name), title=title
    )
