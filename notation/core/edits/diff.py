"""What is different between two revisions of a score: which bars look different, and why, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from notation.core.edits.alignment import Alignment, align
from notation.core.edits.hit_sentences import HitChange, hit_sentences
from notation.core.edits.song_sentences import song_sentences
from notation.core.score import Score, ScoreHit
from notation.core.spelling.emphasis import emphasis_of


@dataclass(frozen=True, slots=True)
class ScoreDiff:
    """The difference between two revisions.

    ``changed_bars`` are numbers in the new score: every bar that is drawn differently, also one that only has
    another number. ``added``, ``removed`` and ``changed`` are ids of hits; a hit whose onset alone is another
    is not among them. ``rebuilt`` says that bars were inserted, deleted, renumbered or drawn anew, so that a
    page had better be drawn as a whole.
    """

    changed_bars: frozenset[int]
    sentences: tuple[str, ...]
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    rebuilt: bool = False


def compare(old: Score, new: Score) -> ScoreDiff:
    """Say what became of ``old`` in ``new``; hits are the same when their ids are."""
    alignment = align(old, new)
    changes = _hit_changes(old, new, alignment)
    sentences = (*song_sentences(old, new, alignment), *hit_sentences(old, new, alignment, changes))
    if not sentences and [bar.beat_times_s for bar in old.bars] != [bar.beat_times_s for bar in new.bars]:
        sentences = ("the times of the beats changed",)
    return ScoreDiff(
        changed_bars=_changed_bars(old, new, alignment, changes),
        sentences=sentences,
        added=frozenset(change.new.hit.id for change in changes if change.old is None and change.new),
        removed=frozenset(change.old.hit.id for change in changes if change.new is None and change.old),
        changed=frozenset(change.new.hit.id for change in changes if change.old and change.new),
        rebuilt=bool(alignment.inserted or alignment.deleted or alignment.rebarred or alignment.renumbered),
    )


def _hit_changes(old: Score, new: Score, alignment: Alignment) -> list[HitChange]:
    before = {placed.hit.id: placed for placed in old.hits}
    redrawn = {number for run in alignment.rebarred for number in run.new}
    changes: list[HitChange] = []
    for placed in new.hits:
        was = before.pop(placed.hit.id, None)
        if was is placed and alignment.old_of.get(placed.bar) == placed.bar:
            continue
        if was is None:
            changes.append(HitChange(None, placed))
            continue
        moved = placed.bar not in redrawn and (
            was.position != placed.position or alignment.old_of.get(placed.bar) != was.bar
        )
        if moved or _struck_otherwise(was, placed):
            changes.append(HitChange(was, placed, moved=moved))
    changes += [HitChange(was, None) for was in before.values()]
    return changes


def _struck_otherwise(was: ScoreHit, placed: ScoreHit) -> bool:
    return (was.hit.instrument, was.hit.velocity, was.marks, was.grace_of) != (
        placed.hit.instrument,
        placed.hit.velocity,
        placed.marks,
        placed.grace_of,
    )


def _changed_bars(old: Score, new: Score, alignment: Alignment, changes: list[HitChange]) -> frozenset[int]:
    new_of = {was: now for now, was in alignment.old_of.items()}
    bars = {now for now, was in alignment.old_of.items() if now != was}
    bars |= {*alignment.inserted}
    bars |= {number for run in alignment.rebarred for number in run.new}
    for change in changes:
        if change.new is not None:
            bars.add(change.new.bar)
        if change.old is not None and change.old.bar in new_of:
            bars.add(new_of[change.old.bar])
    bars |= _bars_with_other_emphasis(old, new) if changes else set()
    old_first, old_last = old.bars[0].number, old.bars[-1].number
    old_signs, new_signs = _signs(old), _signs(new)
    for now, was in alignment.old_of.items():
        other_end = (was == old_last) != (now == new.bars[-1].number)
        other_start = (was == old_first) != (now == new.bars[0].number)
        if old_signs[was] != new_signs[now] or other_end or other_start:
            bars.add(now)
    return frozenset(bars)


def _bars_with_other_emphasis(old: Score, new: Score) -> set[int]:
    """Bars in which a note became or ceased to be a ghost or an accent; the reason may lie elsewhere."""
    before, after = emphasis_of(old.hits), emphasis_of(new.hits)
    others = (before.ghosts ^ after.ghosts) | (before.accents ^ after.accents)
    return {placed.bar for placed in new.hits if placed.hit.id in others} if others else set()


def _signs(score: Score) -> Mapping[int, object]:
    """What stands above or before the notes of each bar: time signature, tempo, feel, section."""
    tempos = {mark.bar: mark.bpm for mark in score.tempo_marks}
    feels = {mark.bar: mark.swing for mark in score.swing_marks}
    signatures = [(bar.meter.beats, bar.meter.beat_type) for bar in score.bars]
    prints = {score.bars[0].number} | {
        bar.number
        for (before, after), bar in zip(pairwise(signatures), score.bars[1:], strict=True)
        if before != after
    }
    signs: dict[int, object] = {}
    feel = None
    for bar, signature in zip(score.bars, signatures, strict=True):
        feel = feels.get(bar.number, feel)
        signs[bar.number] = (
            signature if bar.number in prints else None,
            bar.quarters,
            tempos.get(bar.number),
            bar.number in feels,
            feel,
            bar.section,
        )
    return signs
