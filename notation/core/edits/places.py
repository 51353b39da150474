"""Places in a bar: what is meant by what is written under a swing mark, and what can be read together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate

from notation.core.beat_grid import Meter
from notation.core.edits.draft import Draft
from notation.core.edits.refused import Refused
from notation.core.edits.words import bar_name, beat_name, instrument_name
from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.rhythm import QUARTER, spell_unit, units_of
from notation.core.score import Bar, ScoreHit, Swing


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
    late = late_place(swing, position - start)
    return start + late if swing.fits({late_place(swing, place) for place in places} | {late}) else position


def late_place(swing: Swing, place: Fraction) -> Fraction:
    """Where in the beat a note that is written at ``place`` is played."""
    return _late_places(swing).get(place, place)


@lru_cache
def _late_places(swing: Swing) -> Mapping[Fraction, Fraction]:
    return {swing.written(place): place for place in swing.late_places}


def written_in(draft: Draft, placed: ScoreHit) -> Fraction:
    """Where ``placed`` is written now."""
    unit = unit_at(draft.bar(placed.bar), placed.position)
    swing = draft.swing_at(placed.bar)
    if swing is None:
        return placed.position
    return written(placed.position, unit, swing, places_in(draft.hits_in(placed.bar), unit))


@dataclass(slots=True)
class Claims:
    """The places that notes were put at, to be checked when all commands are through.

    Only then: to turn a beat of 16ths into triplets takes several moves, and in between nobody could read it.
    """

    _places: dict[tuple[int, Fraction, int], dict[Fraction, tuple[int, InstrumentName]]] = field(
        default_factory=dict
    )

    def claim(self, bar: Bar, placed: ScoreHit, index: int) -> None:
        """Note that the command ``index`` put a note there."""
        start, _ = unit_at(bar, placed.position)
        key = (bar.number, start, INSTRUMENTS[placed.hit.instrument].voice)
        self._places.setdefault(key, {})[placed.position] = (index, placed.hit.instrument)

    def check(self, draft: Draft) -> None:
        """Refuse notes that cannot be read where they were put, alone or with the rest of their beat.

        Raises:
            Unreadable: with the command that put the note there.
        """
        by_unit: dict[int, dict[Fraction, list[ScoreHit]]] = {}
        for (number, start, voice), claimed in self._places.items():
            bar = draft.bar(number)
            if number not in by_unit:
                by_unit[number] = _by_unit(bar, draft.hits_in(number))
            unit = unit_at(bar, start)
            in_unit = by_unit[number].get(start, [])
            swing = draft.swing_at(number)
            places = {placed.position - start for placed in in_unit} if swing is not None else set()
            mine = {
                placed.position
                for placed in in_unit
                if not placed.is_grace and INSTRUMENTS[placed.hit.instrument].voice == voice
            }
            as_written = {place: written(place, unit, swing, places) - start for place in mine}
            new = [place for place in claimed if place in mine]
            for place in new:
                if spell_unit(unit[1], (as_written[place],)) is None:
                    index, instrument = claimed[place]
                    raise Unreadable(index, _no_grid(bar, place, instrument))
            if not new or _readable(unit[1], as_written.values()):
                continue
            # A beat that could not be read before is written as near as can be, and may be added to.
            if _readable(unit[1], (as_written[place] for place in mine if place not in claimed)):
                place = max(new, key=lambda place: claimed[place][0])
                index, instrument = claimed[place]
                raise Unreadable(index, _clash(bar, place, instrument))
        self._places.clear()


def _by_unit(bar: Bar, hits: Iterable[ScoreHit]) -> dict[Fraction, list[ScoreHit]]:
    grouped: dict[Fraction, list[ScoreHit]] = {}
    for placed in hits:
        grouped.setdefault(unit_at(bar, placed.position)[0], []).append(placed)
    return grouped


class Unreadable(Refused):
    """A note that cannot be read where the command ``index`` put it."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index = index


def _readable(length: Fraction, onsets: Iterable[Fraction]) -> bool:
    return spell_unit(length, tuple(sorted(set(onsets)))) is not None


def _no_grid(bar: Bar, position: Fraction, instrument: InstrumentName) -> str:
    name = instrument_name(instrument)
    return (
        f"{bar_name(bar.number)}, {beat_name(bar, position)}: no note value or tuplet puts a {name} there; "
        "choose a place among 32nds, triplets, quintuplets, sextuplets or septuplets"
    )


def _clash(bar: Bar, position: Fraction, instrument: InstrumentName) -> str:
    name = instrument_name(instrument)
    return (
        f"{bar_name(bar.number)}, {beat_name(bar, position)}: the {name} cannot be read together with the "
        "other notes of that beat; move or remove those that are on another grid, in the same request"
    )
