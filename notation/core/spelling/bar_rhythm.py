"""Rhythm of one voice in one bar: the values of its beats, beamed, with the rests of empty beats joined.

Bars repeat, so what was found once is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from notation.core.beat_grid import Meter
from notation.core.spelling.beams import beamed, joined_eighths
from notation.core.spelling.rhythm import QUARTER, Value, nearest_spelling, spell_unit, units_of

_TRIPLET = frozenset({Fraction(0), Fraction(2, 3), Fraction(4, 3)})
_REMEMBERED_BARS = 2048


@lru_cache(maxsize=_REMEMBERED_BARS)
def writable_places(
    meter: Meter, quarters: Fraction, onsets: tuple[Fraction, ...]
) -> Mapping[Fraction, Fraction]:
    """Where each onset of a voice can be written: in its place, or the nearest that the beat's others allow.

    Args:
        quarters: the bar's real length, at most the meter's.
        onsets: distinct, ascending, from the bar's start, each below ``quarters``.
    """
    places: dict[Fraction, Fraction] = {}
    start = Fraction(0)
    for length in units_of(meter, quarters):
        inside = tuple(onset - start for onset in onsets if start <= onset < start + length)
        if inside and spell_unit(length, inside) is None:
            places |= {start + onset: start + to for onset, to in nearest_spelling(length, inside).items()}
        else:
            places |= {start + onset: start + onset for onset in inside}
        start += length
    return places


@lru_cache(maxsize=_REMEMBERED_BARS)
def bar_rhythm(meter: Meter, quarters: Fraction, onsets: tuple[Fraction, ...]) -> tuple[Value, ...]:
    """Write a voice's bar: notes and rests that fill it exactly.

    Args:
        quarters: the bar's real length, at most the meter's.
        onsets: distinct, ascending, all places that ``writable_places`` returns.
    """
    if not onsets:
        return (_bar_rest(quarters),)
    is_whole = quarters == meter.bar_quarters
    units = units_of(meter, quarters)
    values: list[Value] = []
    beam = index = 0
    start = Fraction(0)
    while index < len(units):
        wide = is_whole and _triplet_over_two(meter, start, units[index : index + 2], onsets)
        length = 2 * QUARTER if wide else units[index]
        inside = tuple(onset - start for onset in onsets if start <= onset < start + length)
        spelled = spell_unit(length, inside)
        assert spelled is not None, "the places are writable"
        unit, beam = beamed([value.shifted(start) for value in spelled], start, beam)
        values += unit
        start += length
        index += 2 if wide else 1
    if not is_whole:
        return tuple(values)
    return tuple(_joined_rests(meter, joined_eighths(meter, values)))


def _bar_rest(quarters: Fraction) -> Value:
    return Value(Fraction(0), quarters, Fraction(4), 0, is_rest=True, fills_bar=True)


def _triplet_over_two(
    meter: Meter, start: Fraction, units: Sequence[Fraction], onsets: Sequence[Fraction]
) -> bool:
    """Whether beats 1–2 or 3–4 hold a quarter-note triplet and nothing else."""
    if list(units) != [QUARTER, QUARTER] or (meter.bar_quarters % 2 == 0 and start % 2):
        return False
    inside = {onset - start for onset in onsets if start <= onset < start + 2}
    return inside <= _TRIPLET and inside >= _TRIPLET - {Fraction(0)}


def _joined_rests(meter: Meter, values: list[Value]) -> list[Value]:
    """Join the rests of empty beats: two to a half rest, never over the middle of the bar."""
    beat = meter.beat_quarters if meter.beat_type != 2 else QUARTER
    if meter.bar_quarters % (2 * beat) or beat < QUARTER:
        return values
    result: list[Value] = []
    for value in values:
        last = result[-1] if result else None
        if (
            last is not None
            and value.is_rest
            and last.is_rest
            and value.duration == last.duration == beat
            and last.onset % (2 * beat) == 0
        ):
            result[-1] = replace(last, duration=2 * beat, base=2 * last.base)
        else:
            result.append(value)
    return result
