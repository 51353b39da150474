"""What stands on the page of one score: on which beat a note is written, and whether it is a ghost note."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property

from notation.core.edits.places import places_in, unit_at, written
from notation.core.edits.words import beat_name
from notation.core.score import Score, ScoreHit
from notation.core.spelling.emphasis import emphasis_of


class Page:
    """A score as it is read; what is asked for is worked out once."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self._first = score.bars[0].number
        self._places: dict[tuple[int, Fraction], Fraction] = {}

    def beat(self, placed: ScoreHit) -> str:
        """The beat as it is counted: "2&", also where the second eighth is played late."""
        return beat_name(self._score.bars[placed.bar - self._first], self.place(placed))

    def place(self, placed: ScoreHit) -> Fraction:
        """Where in its bar a note is written."""
        swing = self._score.swing_at(placed.bar)
        if swing is None:
            return placed.position
        key = (placed.bar, placed.position)
        if key not in self._places:
            unit = unit_at(self._score.bars[placed.bar - self._first], placed.position)
            places = places_in(self._hits_by_bar[placed.bar], unit)
            self._places[key] = written(placed.position, unit, swing, places)
        return self._places[key]

    def is_ghost(self, placed: ScoreHit) -> bool:
        """Whether the note is written as a ghost note."""
        return placed.hit.id in self._ghosts

    @cached_property
    def _hits_by_bar(self) -> Mapping[int, list[ScoreHit]]:
        return self._score.hits_by_bar()

    @cached_property
    def _ghosts(self) -> frozenset[str]:
        return emphasis_of(self._score.hits).ghosts
