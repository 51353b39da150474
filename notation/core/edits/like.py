"""Which other strokes are like the ones that a person pointed at."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from notation.core.edits.commands import Like
from notation.core.edits.draft import Draft
from notation.core.score import Bar, ScoreHit


def similar_hits(draft: Draft, pointed_at: Iterable[ScoreHit], like: Like | None) -> list[ScoreHit]:
    """The other hits that a command with ``like`` reaches; none twice, none that was pointed at."""
    if like is None:
        return []
    named = {placed.hit.id for placed in pointed_at}
    found: dict[str, ScoreHit] = {}
    for placed in pointed_at:
        others = _like_hits(draft, placed) if like is Like.HITS else _in_equal_bars(draft, placed)
        found |= {other.hit.id: other for other in others if other.hit.id not in named}
    return list(found.values())


def equal_bars(draft: Draft, number: int) -> list[int]:
    """The other bars in which the same strokes are played, however loud and however marked."""
    wanted = draft.strokes_in(number)
    frame = _frame(draft.bar(number))
    return [
        bar.number
        for bar in draft.bars
        if bar.number != number and _frame(bar) == frame and draft.strokes_in(bar.number) == wanted
    ]


def _like_hits(draft: Draft, placed: ScoreHit) -> list[ScoreHit]:
    frame = _frame(draft.bar(placed.bar))
    return [
        other
        for other in draft.hits
        if other.hit.instrument is placed.hit.instrument
        and other.position == placed.position
        and other.marks == placed.marks
        and other.is_grace == placed.is_grace
        and _frame(draft.bar(other.bar)) == frame
    ]


def _in_equal_bars(draft: Draft, placed: ScoreHit) -> list[ScoreHit]:
    stroke = draft.stroke(placed)
    return [
        other
        for number in equal_bars(draft, placed.bar)
        for other in draft.hits_in(number)
        if other.position == placed.position and draft.stroke(other) == stroke
    ]


def _frame(bar: Bar) -> tuple[int, int, Fraction]:
    return (bar.meter.beats, bar.meter.beat_type, bar.quarters)
