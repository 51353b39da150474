"""Which other strokes are like the ones that a person pointed at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from notation.core.edits.commands import Like
from notation.core.edits.draft import Draft, Stroke
from notation.core.score import Bar, ScoreHit


def similar_hits(draft: Draft, pointed_at: Sequence[ScoreHit], like: Like | None) -> list[ScoreHit]:
    """The other hits that a command with ``like`` reaches; none twice, none that was pointed at."""
    if like is None:
        return []
    named = {placed.hit.id for placed in pointed_at}
    others = _like_hits(draft, pointed_at) if like is Like.HITS else _in_equal_bars(draft, pointed_at)
    return [other for other in others if other.hit.id not in named]


def equal_bars(draft: Draft, number: int) -> list[int]:
    """The other bars in which the same strokes are played, however loud and however marked."""
    draft.work(len(draft.bars))
    wanted = _content(draft, draft.bar(number))
    return [bar.number for bar in draft.bars if bar.number != number and _content(draft, bar) == wanted]


def _like_hits(draft: Draft, pointed_at: Sequence[ScoreHit]) -> list[ScoreHit]:
    draft.work(len(draft.hits))
    instruments = {placed.hit.instrument for placed in pointed_at}
    wanted = {_looks(draft, placed) for placed in pointed_at}
    return [
        other
        for other in draft.hits
        if other.hit.instrument in instruments and _looks(draft, other) in wanted
    ]


def _looks(draft: Draft, placed: ScoreHit) -> tuple[object, ...]:
    """What must be the same in like hits: what, where, how marked, in a bar of the same length."""
    frame = draft.bar(placed.bar).frame
    return (placed.hit.instrument, placed.position, placed.marks, placed.is_grace, frame)


def _in_equal_bars(draft: Draft, pointed_at: Iterable[ScoreHit]) -> list[ScoreHit]:
    draft.work(len(draft.hits))
    wanted: dict[tuple[object, ...], set[Stroke]] = {}
    for placed in pointed_at:
        content = _content(draft, draft.bar(placed.bar))
        wanted.setdefault(content, set()).add(draft.stroke(placed))
    return [
        other
        for bar in draft.bars
        for strokes in (wanted.get(_content(draft, bar)),)
        if strokes is not None
        for other in draft.hits_in(bar.number)
        if draft.stroke(other) in strokes
    ]


def _content(draft: Draft, bar: Bar) -> tuple[object, ...]:
    return (*bar.frame, draft.strokes_in(bar.number))
