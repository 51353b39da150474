"""Demucs models of one's own, named by a setting: other stems than the public ones, or a site's training."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from transcription.core.demucs_models import DEMUCS_MODELS
from transcription.core.engines import Engine, WeightFile

_ENTRY = re.compile(r"(?P<name>[A-Za-z0-9_]{1,40})=(?P<uri>[^#\s]+)#sha256=(?P<sha256>[0-9a-f]{64})")
_SUFFIXES = (".th", ".safetensors")


class BadSeparators(ValueError):
    """The setting cannot be read; its text says what is wrong."""


def read_own_separators(text: str) -> tuple[Engine, ...]:
    """Read ``NAME=URI#sha256=DIGITS``, several of them separated by white space or commas.

    ``URI`` is http(s), s3 or file, and ends in ``.th`` or ``.safetensors``, in Demucs' own format. The digest
    is asked for because a ``.th`` file is believed only if it is the one that somebody looked at.

    Raises:
        BadSeparators: an entry is none, or its name is taken.
    """
    found: dict[str, Engine] = {}
    taken = {engine.name for engine in DEMUCS_MODELS}
    for entry in text.replace(",", " ").split():
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise BadSeparators(f"“{entry.partition('=')[0]}” is not NAME=URI#sha256=DIGITS")
        name, uri, sha256 = match["name"], match["uri"], match["sha256"]
        if name in taken or name in found:
            raise BadSeparators(f"the name {name} is taken")
        suffix = PurePosixPath(urlsplit(uri).path).suffix
        if suffix not in _SUFFIXES:
            raise BadSeparators(f"{name} is none of {', '.join(_SUFFIXES)}")
        found[name] = _engine(name, uri, sha256, suffix)
    return tuple(found.values())


def _engine(name: str, uri: str, sha256: str, suffix: str) -> Engine:
    return Engine(
        name=name,
        task="separate",
        version=sha256[:8],
        licence="that of your network",
        source="your own network, where OWN_SEPARATORS says",
        files=(WeightFile(name=f"{name}-{sha256[:8]}{suffix}", sha256=sha256, base_url=uri),),
        packages=DEMUCS_MODELS[0].packages,
    )
