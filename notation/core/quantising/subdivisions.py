"""The grids that a beat may be read on, and how plain each of their slots reads.

A *slot* is a place in the beat as a fraction of it. Each kind of beat has one table of all its slots, so that
the search can weigh every stroke against all of them at once and each grid is a choice of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from notation.core.quantising.bars import GridBeat
from notation.core.quantising.quantise_config import GridChoice
from notation.core.spelling.rhythm import DOTTED_QUARTER


class Family(StrEnum):
    """Kinds of reading; in compound beats ``TRIPLET`` stands for duplets and their halves."""

    STRAIGHT = "straight"
    TRIPLET = "triplet"
    QUINTUPLET = "quintuplet"
    AT_ODDS = "at odds"  # hands of one kind, feet of another


class BeatKind(StrEnum):
    """What a felt beat is: a quarter, a dotted quarter, or an eighth (5/8, 7/8)."""

    QUARTER = "quarter"
    DOTTED = "dotted"
    SHORT = "short"


def kind_of(beat: GridBeat) -> BeatKind:
    """What kind of beat ``beat`` is."""
    if beat.quarters == DOTTED_QUARTER:
        return BeatKind.DOTTED
    return BeatKind.QUARTER if beat.quarters >= 1 else BeatKind.SHORT


Slots = tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """One way to divide a beat. ``thirds`` are the slots of a triplet that fills only half of it."""

    family: Family
    slots: Slots
    thirds: frozenset[Fraction] = frozenset()


def slots_of(parts: int) -> Slots:
    """The slots of a beat in ``parts`` equal parts."""
    return tuple(Fraction(part, parts) for part in range(parts))


# What reading a slot costs before the song has shown its habits, in nats, by the plainest grid that has it.
_QUARTER_COST = {1: 0.0, 2: 0.4, 4: 1.4, 8: 5.2, 3: 2.2, 6: 5.5, 5: 4.2}
_DOTTED_COST = {1: 0.0, 3: 0.3, 6: 1.2, 12: 6.0, 2: 4.0, 4: 5.0}


def plain_cost(slot: Fraction, kind: BeatKind) -> float:
    """What a slot costs in a song of which nothing is known."""
    costs = _DOTTED_COST if kind is BeatKind.DOTTED else _QUARTER_COST
    return costs[slot.denominator]


def _straight(*parts: int) -> tuple[Grid, ...]:
    return tuple(Grid(Family.STRAIGHT, slots_of(number)) for number in parts)


def _triplet(*parts: int) -> tuple[Grid, ...]:
    return tuple(Grid(Family.TRIPLET, slots_of(number)) for number in parts)


# One eighth is a triplet of sixteenths and the other is straight; without the stroke between them these
# would be triplets in disguise.
_SIXTH = Fraction(1, 6)
_HALVED = (
    Grid(
        Family.STRAIGHT,
        (Fraction(0), _SIXTH, 2 * _SIXTH, Fraction(1, 2), Fraction(3, 4)),
        frozenset({_SIXTH, 2 * _SIXTH}),
    ),
    Grid(
        Family.STRAIGHT,
        (Fraction(0), Fraction(1, 4), Fraction(1, 2), 4 * _SIXTH, 5 * _SIXTH),
        frozenset({4 * _SIXTH, 5 * _SIXTH}),
    ),
)
_QUINTUPLET = Grid(Family.QUINTUPLET, slots_of(5))

_GRIDS: dict[BeatKind, dict[GridChoice, tuple[Grid, ...]]] = {
    BeatKind.QUARTER: {
        GridChoice.AUTO: (*_straight(4, 8), *_HALVED, *_triplet(3, 6), _QUINTUPLET),
        GridChoice.EIGHTHS: _straight(2),
        GridChoice.SIXTEENTHS: _straight(4),
        GridChoice.THIRTY_SECONDS: _straight(4, 8),
        GridChoice.TRIPLETS: _triplet(3, 6),
    },
    BeatKind.DOTTED: {
        GridChoice.AUTO: (*_straight(6, 12), *_triplet(2, 4)),
        GridChoice.EIGHTHS: _straight(3),
        GridChoice.SIXTEENTHS: _straight(6),
        GridChoice.THIRTY_SECONDS: _straight(6, 12),
        GridChoice.TRIPLETS: _straight(6),
    },
    BeatKind.SHORT: {
        GridChoice.AUTO: _straight(2, 4),
        GridChoice.EIGHTHS: _straight(1),
        GridChoice.SIXTEENTHS: _straight(2),
        GridChoice.THIRTY_SECONDS: _straight(2, 4),
        GridChoice.TRIPLETS: _straight(2, 4),
    },
}


def grids_for(kind: BeatKind, choice: GridChoice) -> tuple[Grid, ...]:
    """The grids that ``choice`` allows for a kind of beat; those of one family follow one another."""
    return _GRIDS[kind][choice]


def slot_table(kind: BeatKind) -> Slots:
    """All slots that any grid has for this kind of beat, ascending, and 1, the next beat's first."""
    found = {slot for grids in _GRIDS[kind].values() for grid in grids for slot in grid.slots}
    return (*sorted(found), Fraction(1))
