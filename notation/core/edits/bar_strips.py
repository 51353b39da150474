"""Bars with what is in them, cut apart and strung together again: the ground of insert, delete and copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from notation.core.edits.draft import Draft, with_hit
from notation.core.score import Bar, ScoreHit

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Strip:
    """One bar and its hits; ``old`` is its number so far, None when it is new."""

    bar: Bar
    hits: tuple[ScoreHit, ...]
    old: int | None

    def later(self, by_s: float) -> Strip:
        """The same bar, so many seconds later."""
        if not by_s:
            return self
        hits = (with_hit(placed, onset_s=max(0.0, placed.hit.onset_s + by_s)) for placed in self.hits)
        return Strip(later(self.bar, by_s), tuple(hits), self.old)


def later(bar: Bar, by_s: float) -> Bar:
    """The same bar, so many seconds later."""
    return replace(bar, beat_times_s=tuple(time + by_s for time in bar.beat_times_s), end_s=bar.end_s + by_s)


def strips_of(draft: Draft) -> list[Strip]:
    """The whole song, bar by bar."""
    return [Strip(bar, tuple(draft.hits_in(bar.number)), bar.number) for bar in draft.bars]


def string_together(draft: Draft, strips: Sequence[Strip]) -> None:
    """Make ``strips`` the song, numbered anew; tempo and feel stay in force where they were.

    A pickup and the bars before bar 1 keep their numbers, so that bar 1 stays bar 1.
    """
    before_one = sum(strip.old is not None and strip.old < 1 for strip in strips)
    start = draft.first if draft.first > 1 else 1 - before_one
    numbered = [_numbered(strip, start + place) for place, strip in enumerate(strips)]
    new_of = {strip.old: strip.bar.number for strip in numbered if strip.old is not None}
    opens_anew = numbered[0].old is None
    old_first = draft.first
    draft.tempo_marks = _carried(draft.tempo_marks, new_of)
    draft.swing_marks = _carried(draft.swing_marks, new_of)
    if opens_anew and old_first in new_of:
        # New bars before the first are played at its tempo, with its feel.
        for marks in (draft.tempo_marks, draft.swing_marks):
            if new_of[old_first] in marks:
                marks[start] = marks.pop(new_of[old_first])  # type: ignore[assignment]
    draft.rebuild([strip.bar for strip in numbered], [placed for strip in numbered for placed in strip.hits])


def _numbered(strip: Strip, number: int) -> Strip:
    if strip.bar.number == number:
        return strip
    hits = (replace(placed, bar=number) for placed in strip.hits)
    return Strip(replace(strip.bar, number=number), tuple(hits), strip.old)


def _carried(marks: Mapping[int, _Value], new_of: Mapping[int, int]) -> dict[int, _Value]:
    """Marks under their bars' new numbers; that of a bar that is gone goes to the next bar that is not."""
    carried: dict[int, _Value] = {}
    for bar in sorted(marks):
        following = _first_from(bar, new_of)
        if following is not None:
            carried[new_of[following]] = marks[bar]
    return carried


def _first_from(bar: int, numbers: Iterable[int]) -> int | None:
    return min((number for number in numbers if number >= bar), default=None)
