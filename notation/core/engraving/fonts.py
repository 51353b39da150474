"""The text font of printed pages: Liberation Serif, as Verovio ships it."""

from __future__ import annotations

import base64
import io
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from fontTools.ttLib import TTFont

_FACE = re.compile(
    r"base64,([A-Za-z0-9+/=]+)\s*\).*?font-weight:\s*(\w+);.*?font-style:\s*(\w+);",
    re.DOTALL,
)


@lru_cache(maxsize=4)
def liberation_serif(*, bold: bool = False, italic: bool = False) -> bytes:
    """Return one face as a TrueType file; unpacked once a process, which takes some 60 ms."""
    faces = _packed_faces()
    font = TTFont(io.BytesIO(base64.b64decode(faces[(bold, italic)])))
    font.flavor = None
    unpacked = io.BytesIO()
    font.save(unpacked, reorderTables=None)
    return unpacked.getvalue()


@lru_cache(maxsize=1)
def _packed_faces() -> dict[tuple[bool, bool], str]:
    spec = find_spec("verovio")
    if spec is None or spec.origin is None:
        raise RuntimeError("verovio is not installed")
    css = (Path(spec.origin).parent / "data" / "Liberation.css").read_text(encoding="ascii")
    return {(weight == "bold", style == "italic"): packed for packed, weight, style in _FACE.findall(css)}


@lru_cache(maxsize=4)
def _advances(*, bold: bool, italic: bool) -> tuple[dict[int, str], dict[str, int], int]:
    font = TTFont(io.BytesIO(liberation_serif(bold=bold, italic=italic)), lazy=True)
    widths = {name: width for name, (width, _) in font["hmtx"].metrics.items()}
    return dict(font.getBestCmap()), widths, int(font["head"].unitsPerEm)


def has_letter(letter: str, *, bold: bool = False, italic: bool = False) -> bool:
    """Whether the face can draw ``letter``."""
    return ord(letter) in _advances(bold=bold, italic=italic)[0]


def text_width(text: str, size: float, *, bold: bool = False, italic: bool = False) -> float:
    """How wide ``text`` is at ``size``, in the same unit; letters the font lacks count as one em."""
    letters, widths, units = _advances(bold=bold, italic=italic)
    total = sum(widths[letters[ord(letter)]] if ord(letter) in letters else units for letter in text)
    return total * size / units
