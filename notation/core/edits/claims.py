"""Whether notes can be read where commands put them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from notation.core.edits.draft import Draft
from notation.core.edits.places import unit_at, written
from notation.core.edits.refused import Refused
from notation.core.edits.words import bar_name, beat_name, instrument_name
from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.score import Bar, ScoreHit, Swing
from notation.core.spelling.rhythm import spell_unit

_Claim = tuple[int, InstrumentName]  # the command that put a note there, and what note


@dataclass(slots=True)
class Claims:
    """The places that notes were put at, to be checked when all commands are through.

    Only then: to turn a beat of 16ths into triplets takes several moves, and in between nobody could read it.
    """

    _places: dict[tuple[int, Fraction, int], dict[Fraction, _Claim]] = field(default_factory=dict)
    _similar: dict[str, tuple[ScoreHit, ...]] = field(default_factory=dict)

    def claim(self, bar: Bar, placed: ScoreHit, index: int) -> None:
        """Note that the command ``index`` put a note there."""
        start, _ = unit_at(bar, placed.position)
        key = (bar.number, start, INSTRUMENTS[placed.hit.instrument].voice)
        self._places.setdefault(key, {})[placed.position] = (index, placed.hit.instrument)

    def claim_if_readable(self, before: ScoreHit, graces: Iterable[ScoreHit]) -> None:
        """Let a hit that is only like those pointed at be again what it was, if it cannot be read now."""
        self._similar.setdefault(before.hit.id, (before, *graces))

    def check(self, draft: Draft) -> None:
        """Refuse notes that cannot be read where they were put, alone or with the rest of their beat.

        Raises:
            Unreadable: with the command that put the note there.
        """
        while faults := self._faults(draft):
            for fault in faults:
                self._put_back(draft, fault)
        self._places.clear()
        self._similar.clear()

    def _put_back(self, draft: Draft, fault: _Fault) -> None:
        """Undo what was done to similar hits; raises what is wrong when that is not why."""
        to_blame = [hit for hit in fault.hits if hit in self._similar]
        for identifier in to_blame:
            main, *graces = self._similar.pop(identifier)
            draft.drop(identifier)
            if draft.at(main.hit.instrument, main.bar, main.position) is not None:
                raise fault.refusal
            for placed in (main, *graces):
                draft.put(placed)
        if not to_blame:
            raise fault.refusal

    def _faults(self, draft: Draft) -> list[_Fault]:
        faults: list[_Fault] = []
        by_unit: dict[int, dict[Fraction, list[ScoreHit]]] = {}
        for (number, start, voice), claimed in self._places.items():
            bar = draft.bar(number)
            if number not in by_unit:
                by_unit[number] = _by_unit(bar, draft.hits_in(number))
            in_unit = by_unit[number].get(start, [])
            fault = _fault(bar, start, in_unit, voice, claimed, draft.swing_at(number))
            if fault is not None:
                faults.append(fault)
        return faults


@dataclass(frozen=True, slots=True)
class _Fault:
    """A beat that cannot be read, and the hits that were put into it."""

    refusal: Unreadable
    hits: tuple[str, ...]


def _fault(
    bar: Bar,
    start: Fraction,
    in_unit: Sequence[ScoreHit],
    voice: int,
    claimed: Mapping[Fraction, _Claim],
    swing: Swing | None,
) -> _Fault | None:
    """What is wrong with one voice of what is beamed together from ``start`` on."""
    unit = unit_at(bar, start)
    places = {placed.position - start for placed in in_unit} if swing is not None else set()
    notes = [
        placed
        for placed in in_unit
        if not placed.is_grace and INSTRUMENTS[placed.hit.instrument].voice == voice
    ]
    as_written = {placed.position: written(placed.position, unit, swing, places) - start for placed in notes}
    new = [place for place in claimed if place in as_written]
    refusal = None
    for place in new:
        if not _readable(unit[1], [as_written[place]]):
            index, instrument = claimed[place]
            refusal = Unreadable(index, _no_grid(bar, place, instrument))
    # A beat that could not be read before is written as near as can be, and may be added to.
    others = [onset for place, onset in as_written.items() if place not in claimed]
    clashes = new and not _readable(unit[1], as_written.values()) and _readable(unit[1], others)
    if refusal is None and clashes:
        place = max(new, key=lambda place: claimed[place][0])
        index, instrument = claimed[place]
        refusal = Unreadable(index, _clash(bar, place, instrument))
    if refusal is None:
        return None
    return _Fault(refusal, tuple(placed.hit.id for placed in notes if placed.position in claimed))


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
