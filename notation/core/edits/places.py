"""Places in a bar: what is beamed together, and what is meant by what is written under a swing mark."""

from __future__ import annotations

from collections.abc import Iterable, Set
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate

from notation.core.beat_grid import Meter
from notation.core.edits.draft import Draft
from notation.core.score import Bar, ScoreHit, Swing
from notation.core.spelling.rhythm import QUARTER, units_of


@lru_cache(maxsize=256)
def _units(meter: Meter, quarters: Fraction) -> tuple[tuple[Fraction, Fraction], ...]:
    lengths = units_of(meter, quarters)
    return tuple(zip(accumulate(lengths, initial=Fraction(0)), lengths, strict=False))


def units_in(bar: Bar) -> tuple[tuple[Fraction, Fraction], ...]:
    """What is beamed together in ``bar``, one by one: (start, length) in quarters."""
    return _units(bar.meter, bar.quarters)


def unit_at(bar: Bar, position: Fraction) -> tuple[Fraction, Fraction]:
    """What is beamed together around ``position``: (start, length) in quarters."""
    return _unit_at(bar.meter, bar.quarters, position)


@lru_cache(maxsize=4096)
def _unit_at(meter: Meter, quarters: Fraction, position: Fraction) -> tuple[Fraction, Fraction]:
    units = _units(meter, quarters)
    return next((unit for unit in reversed(units) if unit[0] <= position), units[0])


def places_in(hits: Iterable[ScoreHit], unit: tuple[Fraction, Fraction]) -> set[Fraction]:
    """Where in ``unit`` the hits fall, counted from its start."""
    start, length = unit
    return {placed.position - start for placed in hits if start <= placed.position < start + length}


def written(
    position: Fraction, unit: tuple[Fraction, Fraction], swing: Swing | None, places: Set[Fraction]
) -> Fraction:
    """Where a stroke at ``position`` is written, when its unit has strokes at ``places``."""
    start, length = unit
    if swing is None or length != QUARTER or not swing.fits(places):
        return position
    return start + swing.written(position - start)


def meant(
    position: Fraction, unit: tuple[Fraction, Fraction], swing: Swing | None, places: Set[Fraction]
) -> Fraction:
    """Which position is meant by a note written at ``position``; the reverse of ``written``.

    Under a swing mark a straight off-beat is played late, and the score says so; but not in a beat whose
    other strokes, at ``places``, cannot be swung.
    """
    start, length = unit
    if swing is None or length != QUARTER:
        return position
    late = swing.played(position - start)
    return start + late if swing.fits({swing.played(place) for place in places} | {late}) else position


def written_in(draft: Draft, placed: ScoreHit) -> Fraction:
    """Where ``placed`` is written now."""
    unit = unit_at(draft.bar(placed.bar), placed.position)
    swing = draft.swing_at(placed.bar)
    if swing is None:
        return placed.position
    return written(placed.position, unit, swing, places_in(draft.hits_in(placed.bar), unit))
