"""From a JSON object to a command; everything that can be refused without looking at the score."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from fractions import Fraction
from typing import Any, TypeVar

from notation.core.edits.commands import (
    Add,
    AddMark,
    Command,
    CopyBars,
    DeleteBars,
    InsertBars,
    Keep,
    Like,
    Move,
    Remove,
    RemoveMark,
    SetBarOne,
    SetInstrument,
    SetMeter,
    SetSection,
    SetSwing,
    SetTempo,
    SetTitle,
    SetVelocity,
    Unit,
)
from notation.core.edits.refused import Refused
from notation.core.instruments import InstrumentName
from notation.core.score import Mark, Swing

OPS: Mapping[str, type[Command]] = {
    "add": Add,
    "remove": Remove,
    "move": Move,
    "set_instrument": SetInstrument,
    "set_velocity": SetVelocity,
    "mark": AddMark,
    "unmark": RemoveMark,
    "set_tempo": SetTempo,
    "set_meter": SetMeter,
    "set_bar_one": SetBarOne,
    "insert_bars": InsertBars,
    "delete_bars": DeleteBars,
    "copy_bars": CopyBars,
    "set_section": SetSection,
    "set_swing": SetSwing,
    "set_title": SetTitle,
}
MOST_IDS = 20_000
MOST_BARS_AT_ONCE = 500
_FIELD_OF_KEY = {"from": "from_bar", "to": "to_bar"}  # ``from`` is a word of Python's own
_LONGEST_NAME, _LONGEST_TITLE = 60, 200
_UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")  # control characters, halves of characters, ends of lines
_FRACTION = re.compile(r"-?\d{1,5}(/\d{1,4})?")
_Choice = TypeVar("_Choice", bound=StrEnum)


def parse_command(data: object) -> Command:
    """Read one command.

    Raises:
        Refused: no object, an unknown op or field, a field missing, of another type or out of range.
    """
    if not isinstance(data, Mapping):
        raise Refused("it is not an object")
    op = data.get("op")
    if not isinstance(op, str) or op not in OPS:
        raise Refused(f"there is no operation {_shown(op)}; known are {', '.join(OPS)}")
    kind = OPS[op]
    known = {field.name: field for field in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key == "op":
            continue
        name = _FIELD_OF_KEY.get(key, key)
        if name not in known or key in _FIELD_OF_KEY.values():
            raise Refused(f"'{op}' has no field {_shown(key)}")
        if value is None and known[name].default is not MISSING:
            continue
        values[name] = _read(kind, name, key, value)
    missing = [name for name, field in known.items() if field.default is MISSING and name not in values]
    if missing:
        raise Refused(f"'{op}' needs {' and '.join(repr(_key_of(name)) for name in missing)}")
    return kind(**values)


def _key_of(name: str) -> str:
    return next((key for key, field in _FIELD_OF_KEY.items() if field == name), name)


def _read(kind: type[Command], name: str, key: str, value: object) -> object:
    if name == "keep" and kind is SetMeter:
        return _choice(Unit, key, value)
    return _READERS[name](key, value)


def _shown(value: object) -> str:
    """A value as it may stand in a reason: short, whatever was sent."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _whole(low: int, high: int) -> Callable[[str, object], int]:
    def read(key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Refused(f"'{key}' is a whole number from {low} to {high}, not {_shown(value)}")
        return value

    return read


def _quarters(key: str, value: object) -> Fraction:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 100_000:
        return Fraction(value)
    if not isinstance(value, str) or not value.isascii() or not _FRACTION.fullmatch(value):
        raise Refused(f"'{key}' is in quarter notes, such as \"3/2\", not {_shown(value)}")
    try:
        return Fraction(value)
    except ZeroDivisionError as error:
        raise Refused(f"'{key}' divides by zero") from error


def _choice(kind: type[_Choice], key: str, value: object) -> _Choice:
    if not isinstance(value, str) or value not in {member.value for member in kind}:
        raise Refused(f"'{key}' is one of {', '.join(kind)}, not {_shown(value)}")
    return kind(value)


def _choice_of(kind: type[_Choice]) -> Callable[[str, object], _Choice]:
    return lambda key, value: _choice(kind, key, value)


def _marks(key: str, value: object) -> frozenset[Mark]:
    if not isinstance(value, list | tuple) or len(value) > len(Mark):
        raise Refused(f"'{key}' is a list of marks")
    return frozenset(_choice(Mark, key, mark) for mark in value)


def _id(key: str, value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        raise Refused(f"'{key}' names a hit by its id, not {_shown(value)}")
    return value


def _ids(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise Refused(f"'{key}' is a list of one id of a hit or more")
    if len(value) > MOST_IDS:
        raise Refused(f"'{key}' has {len(value)} ids; {MOST_IDS} are allowed")
    return tuple(dict.fromkeys(_id(key, identifier) for identifier in value))


def _bpm(key: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(f"'{key}' is in beats a minute, not {_shown(value)}")
    if not 10 <= value <= 1000:
        raise Refused(f"{value:g} beats a minute cannot be played; 10 to 1000 can be set")
    return round(float(value), 2)


def _swing(key: str, value: object) -> Swing | None:
    return None if value is None else _choice(Swing, key, value)


def _text(longest: int) -> Callable[[str, object], str]:
    def read(key: str, value: object) -> str:
        if not isinstance(value, str):
            raise Refused(f"'{key}' is text, not {_shown(value)}")
        text = value.strip()
        if len(text) > longest:
            raise Refused(f"'{key}' is longer than {longest} letters")
        # Such letters can stand neither in XML nor in a database.
        if any(unicodedata.category(letter) in _UNPRINTABLE or letter in "\ufffe\uffff" for letter in text):
            raise Refused(f"'{key}' holds letters that cannot be printed")
        return text

    return read


def _section(key: str, value: object) -> str | None:
    return None if value is None else _text(_LONGEST_NAME)(key, value) or None


_bar_number = _whole(-100_000, 100_000)
_READERS: Mapping[str, Callable[[str, object], object]] = {
    "bar": _bar_number,
    "position": _quarters,
    "instrument": _choice_of(InstrumentName),
    "velocity": _whole(1, 127),
    "marks": _marks,
    "grace_of": _id,
    "like": _choice_of(Like),
    "ids": _ids,
    "id": _id,
    "by": _quarters,
    "mark": _choice_of(Mark),
    "bpm": _bpm,
    "beats": _whole(1, 32),
    "beat_type": _whole(2, 16),
    "beat": _whole(1, 32),
    "before": _bar_number,
    "over": _bar_number,
    "count": _whole(1, MOST_BARS_AT_ONCE),
    "from_bar": _bar_number,
    "to_bar": _bar_number,
    "name": _section,
    "swing": _swing,
    "keep": _choice_of(Keep),
    "title": _text(_LONGEST_TITLE),
    "artist": _text(_LONGEST_TITLE),
}
