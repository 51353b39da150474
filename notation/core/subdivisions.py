"""The grids that a beat may be read on, and how plain each of their slots reads.

Slots are counted in ticks, 24 a beat, since the search for a reading asks for them millions of times.
"""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

from notation.core.bars import GridBeat
from notation.core.quantise_config import GridChoice
from notation.core.rhythm import DOTTED_QUARTER


class Family(StrEnum):
    """Kinds of reading: hands and feet alike, or one straight against the other's triplets."""

    STRAIGHT = "straight"
    TRIPLET = "triplet"
    AT_ODDS = "at odds"


BEAT = 24  # ticks
Grid = tuple[int, ...]


def slots_of(parts: int) -> Grid:
    """The grid of a beat in ``parts`` equal parts."""
    return tuple(range(0, BEAT, BEAT // parts))


# What reading a slot costs before the song has shown its habits, in nats, by the plainest grid that has it.
SIMPLE_COST = {1: 0.0, 2: 0.4, 4: 1.2, 8: 6.0, 3: 2.2, 6: 5.5}
COMPOUND_COST = {1: 0.0, 3: 0.3, 6: 1.2, 12: 6.0, 2: 4.0, 4: 5.0}

# One eighth is a triplet of sixteenths and the other is straight; without the stroke between them these
# would be triplets in disguise.
_SIXTEENTH_TRIPLET_FIRST = (0, 4, 8, 12, 18)
_SIXTEENTH_TRIPLET_LAST = (0, 6, 12, 16, 20)
HALVED = frozenset({_SIXTEENTH_TRIPLET_FIRST, _SIXTEENTH_TRIPLET_LAST})
THIRDS = frozenset({4, 8, 16, 20})

_SIMPLE_GRIDS: dict[GridChoice, dict[Family, tuple[Grid, ...]]] = {
    GridChoice.AUTO: {
        Family.STRAIGHT: (slots_of(4), slots_of(8), _SIXTEENTH_TRIPLET_FIRST, _SIXTEENTH_TRIPLET_LAST),
        Family.TRIPLET: (slots_of(3), slots_of(6)),
    },
    GridChoice.EIGHTHS: {Family.STRAIGHT: (slots_of(2),)},
    GridChoice.SIXTEENTHS: {Family.STRAIGHT: (slots_of(4),)},
    GridChoice.THIRTY_SECONDS: {Family.STRAIGHT: (slots_of(4), slots_of(8))},
    GridChoice.TRIPLETS: {Family.TRIPLET: (slots_of(3), slots_of(6))},
}
_COMPOUND_GRIDS: dict[GridChoice, dict[Family, tuple[Grid, ...]]] = {
    GridChoice.AUTO: {
        Family.STRAIGHT: (slots_of(6), slots_of(12)),
        Family.TRIPLET: (slots_of(2), slots_of(4)),
    },
    GridChoice.EIGHTHS: {Family.STRAIGHT: (slots_of(3),)},
    GridChoice.SIXTEENTHS: {Family.STRAIGHT: (slots_of(6),)},
    GridChoice.THIRTY_SECONDS: {Family.STRAIGHT: (slots_of(6), slots_of(12))},
    GridChoice.TRIPLETS: {Family.STRAIGHT: (slots_of(6),)},
}


def grids_for(beat: GridBeat, choice: GridChoice) -> dict[Family, tuple[Grid, ...]]:
    """The grids that ``choice`` allows for ``beat``, by kind; each kind is tried with all of its grids."""
    if beat.quarters == DOTTED_QUARTER:
        return _COMPOUND_GRIDS[choice]
    if beat.quarters >= 1:
        return _SIMPLE_GRIDS[choice]
    if choice is GridChoice.EIGHTHS:
        return {Family.STRAIGHT: (slots_of(1),)}
    # The felt beat is an eighth (5/8, 7/8): halves are sixteenths, quarters 32nds.
    straight = (slots_of(2), slots_of(4)) if choice is not GridChoice.SIXTEENTHS else (slots_of(2),)
    return {Family.STRAIGHT: straight}


def plain_cost(tick: int, *, compound: bool) -> float:
    """What a slot costs in a song of which nothing is known."""
    costs = COMPOUND_COST if compound else SIMPLE_COST
    return costs.get(Fraction(tick, BEAT).denominator, 5.0)
