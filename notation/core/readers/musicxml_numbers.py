"""Numbers as MusicXML writes them, none of them believed before it is looked at."""

from __future__ import annotations

import re
from fractions import Fraction

from lxml import etree

from notation.core.readers.errors import ImportUnreadable

_NUMBER = re.compile(r"\s*[+]?([0-9]{1,9}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})[0-9]*\s*")
_FINEST = 128  # a 512th note, and whatever tuplets come to within it
_PLACES = (48, 40, 56, 72, 64)  # of a quarter, in which strokes are looked for that were rounded


def positive(text: str | None, what: str, line: int | None) -> Fraction:
    """A number from 0 up.

    Raises:
        ImportUnreadable: anything else.
    """
    match = _NUMBER.fullmatch(text or "")
    if match is None:
        raise ImportUnreadable(reason=f"{what} in line {line} is {(text or '')[:20]!r}")
    return Fraction(match.group(1))


def number_or_none(text: str | None) -> float | None:
    """A number from 0 up that the music can do without."""
    match = _NUMBER.fullmatch(text or "")
    return float(match.group(1)) if match else None


def whole_or_none(text: str | None) -> int | None:
    """A whole number, with a sign or without, that the music can do without."""
    match = re.fullmatch(r"\s*([+-]?[0-9]{1,6})\s*", text or "")
    return int(match.group(1)) if match else None


def line_of(element: etree._Element) -> int | None:
    """The line in which an element stands, for a person looking for it."""
    return int(element.sourceline) if element.sourceline else None


def readable_place(place: Fraction) -> Fraction:
    """``place`` itself, or where a program meant it that had to round: durations are whole divisions."""
    if place.denominator <= _FINEST:
        return place
    for parts in _PLACES:
        near = Fraction(round(place * parts), parts)
        if abs(near - place) <= Fraction(1, 200):
            return near
    return Fraction(round(place * 96), 96)
