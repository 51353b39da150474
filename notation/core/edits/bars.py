"""Commands on whole bars: insert, delete, copy, name a section.

Where the score has a recording its bars stand in that recording's time. A bar that is inserted needs time of
its own there, which is found after the end, before the beginning, and where bars were deleted; nowhere else,
for else no two beats of the page and of the sound would agree from there on. Without a recording, what comes
later is played later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from notation.core.edits.bar_strips import Strip, string_together, strips_of
from notation.core.edits.commands import CopyBars, DeleteBars, InsertBars, SetSection
from notation.core.edits.draft import Draft, with_hit
from notation.core.edits.refused import Refused
from notation.core.edits.words import bar_name, counted
from notation.core.hits import Hit
from notation.core.score import Bar, ScoreHit

_SHORTEST_BEAT_S = 0.05  # 1200 beats a minute; less room than that is none
_NO_GAP_S = 1e-3


def insert_bars(draft: Draft, command: InsertBars) -> None:
    """Insert empty bars in the meter of the bar before."""
    index = _place_before(draft, command.before)
    model = draft.bars[max(0, index - 1)]
    beats = int(model.meter.bar_quarters / model.meter.beat_quarters)
    period_s = (model.end_s - model.start_s) / len(model.beat_times_s)
    times = tuple(period_s * beat for beat in range(beats))
    empty = replace(
        model, quarters=model.meter.bar_quarters, beat_times_s=times, end_s=period_s * beats, section=None
    )
    _insert(draft, index, [Strip(empty, (), None)] * command.count)


def delete_bars(draft: Draft, command: DeleteBars) -> None:
    """Delete bars with all that is in them."""
    first, last = _run(draft, command.from_bar, command.to_bar)
    strips = strips_of(draft)
    kept, rest = strips[: first - draft.first], strips[last + 1 - draft.first :]
    if not kept and not rest:
        raise Refused("a song needs one bar at least")
    draft.touch(sum(len(strip.hits) for strip in strips) - sum(len(strip.hits) for strip in (*kept, *rest)))
    if rest and not draft.has_recording:
        gap_s = rest[0].bar.start_s - draft.bar(first).start_s
        rest = [strip.later(-gap_s) for strip in rest]
    string_together(draft, [*kept, *rest])


def copy_bars(draft: Draft, command: CopyBars) -> None:
    """Copy bars with their hits, as new bars or over others."""
    first, last = _run(draft, command.from_bar, command.to_bar)
    sources = [Strip(draft.bar(bar), tuple(draft.hits_in(bar)), bar) for bar in range(first, last + 1)]
    if any(strip.bar.is_pickup for strip in sources):
        raise Refused("a pickup cannot be copied; it stands before the first bar alone")
    if command.over is not None:
        for place, source in enumerate(sources):
            _copy_over(draft, source, command.over + place)
        return
    assert command.before is not None
    index = _place_before(draft, command.before)
    _insert(draft, index, [replace(source, bar=replace(source.bar, section=None)) for source in sources])


def set_section(draft: Draft, command: SetSection) -> None:
    """Begin a section at a bar, name it otherwise, or end its being one."""
    draft.set_bar(replace(draft.bar(command.bar), section=command.name))


def _run(draft: Draft, first: int, last: int) -> tuple[int, int]:
    draft.bar(first)
    draft.bar(last)
    if first > last:
        raise Refused(f"bars {first} to {last}: the first comes after the last")
    return first, last


def _place_before(draft: Draft, number: int) -> int:
    """The index before which bars are to be inserted; that after the last bar appends."""
    if number != draft.last + 1:
        draft.bar(number)
    if number < 1:
        raise Refused(f"no bar can be inserted before {bar_name(number)}; it leads in to bar 1")
    return number - draft.first


def _insert(draft: Draft, index: int, models: Sequence[Strip]) -> None:
    """Insert copies of ``models``, as long as they are where there is time for it."""
    length_s = sum(strip.bar.end_s - strip.bar.start_s for strip in models)
    start_s, room_s = _room(draft, index, models, length_s)
    stretch = room_s / length_s
    new: list[Strip] = []
    for strip in models:
        bar = _timed(strip.bar, start_s, stretch)
        draft.touch(len(strip.hits))
        new.append(Strip(bar, tuple(_copied(draft, strip.hits, bar)), None))
        start_s = bar.end_s
    strips = strips_of(draft)
    rest = strips[index:]
    if not draft.has_recording:
        rest = [strip.later(length_s) for strip in rest]
    string_together(draft, [*strips[:index], *new, *rest])


def _room(draft: Draft, index: int, models: Sequence[Strip], length_s: float) -> tuple[float, float]:
    """Where new bars begin, in seconds, and how long they may last together.

    Raises:
        Refused: the score keeps to a recording that has no time for them there.
    """
    if index == len(draft.bars):
        return draft.bars[-1].end_s, length_s
    following_s = draft.bars[index].start_s
    if index == 0:
        if draft.has_recording and following_s < length_s:
            raise Refused(
                f"the recording has {following_s:.1f} s before {bar_name(draft.first)}, "
                f"{counted(len(models), 'bar')} would need {length_s:.1f} s"
            )
        return (following_s - length_s if draft.has_recording else following_s), length_s
    if not draft.has_recording:
        return following_s, length_s
    free_from_s = draft.bars[index - 1].end_s
    gap_s = following_s - free_from_s
    beats = sum(len(strip.bar.beat_times_s) for strip in models)
    if gap_s < max(_NO_GAP_S, beats * _SHORTEST_BEAT_S):
        before, after = draft.bars[index - 1].number, draft.bars[index].number
        raise Refused(
            f"the recording goes on from {bar_name(before)} to {bar_name(after)}, so that no bar fits in "
            "between; insert bars at the end, copy bars over others, or move the bar lines"
        )
    return free_from_s, gap_s


def _timed(bar: Bar, start_s: float, stretch: float) -> Bar:
    times = tuple(start_s + stretch * (time - bar.start_s) for time in bar.beat_times_s)
    return replace(bar, beat_times_s=times, end_s=start_s + stretch * (bar.end_s - bar.start_s))


def _copied(draft: Draft, hits: Sequence[ScoreHit], bar: Bar) -> list[ScoreHit]:
    """New hits like ``hits``, on the beat of ``bar``; grace notes as long before their notes as there."""
    ids = {placed.hit.id: draft.fresh_id() for placed in hits}
    mains_s = {placed.hit.id: placed.hit.onset_s for placed in hits if not placed.is_grace}
    copies = []
    for placed in hits:
        before_s = mains_s[placed.grace_of] - placed.hit.onset_s if placed.grace_of is not None else 0.0
        onset_s = max(0.0, bar.time_s_at(placed.position) - before_s)
        hit = Hit(ids[placed.hit.id], onset_s, placed.hit.instrument, placed.hit.velocity, 1.0)
        grace_of = ids[placed.grace_of] if placed.grace_of is not None else None
        copies.append(ScoreHit(hit, bar.number, placed.position, grace_of, placed.marks))
    return copies


def _copy_over(draft: Draft, source: Strip, number: int) -> None:
    """Make bar ``number`` hold what ``source`` holds; a stroke that is there already stays the same hit."""
    bar = draft.bar(number)
    if bar.frame != source.bar.frame:
        raise Refused(
            f"{bar_name(source.bar.number)} has another meter or length than {bar_name(number)} "
            "and cannot be copied over it"
        )
    if source.old == number:
        return
    there = _strokes(draft.hits_in(number))
    draft.touch(len(there) + len(source.hits))
    by_place = {(main.hit.instrument, main.position): (main, graces) for main, graces in there}
    kept_ids: set[str] = set()
    for main, graces in _strokes(source.hits):
        kept, its_graces = by_place.get((main.hit.instrument, main.position), (None, []))
        copies = _copied(draft, [main, *graces], bar)
        if kept is None or kept.hit.id in kept_ids:
            kept_ids |= {copy.hit.id for copy in copies}
            for copy in copies:
                draft.put(copy)
            continue
        kept_ids.add(kept.hit.id)
        draft.put(_as(kept, main))
        if [grace.hit.instrument for grace in its_graces] == [grace.hit.instrument for grace in graces]:
            for grace, model in zip(its_graces, graces, strict=True):
                draft.put(_as(grace, model))
            kept_ids |= {grace.hit.id for grace in its_graces}
        else:
            shift_s = kept.hit.onset_s - copies[0].hit.onset_s
            for copy in copies[1:]:
                onset_s = max(0.0, copy.hit.onset_s + shift_s)
                draft.put(replace(with_hit(copy, onset_s=onset_s), grace_of=kept.hit.id))
            kept_ids |= {copy.hit.id for copy in copies[1:]}
    for placed in list(draft.hits_in(number)):
        if placed.hit.id not in kept_ids:
            draft.drop(placed.hit.id)


def _as(placed: ScoreHit, model: ScoreHit) -> ScoreHit:
    """The same hit, struck and marked like ``model``."""
    return replace(with_hit(placed, velocity=model.hit.velocity), marks=model.marks)


def _strokes(hits: Iterable[ScoreHit]) -> list[tuple[ScoreHit, list[ScoreHit]]]:
    """Each note with its grace notes, the earliest first."""
    hits = list(hits)
    graces: dict[str | None, list[ScoreHit]] = {}
    for placed in sorted(hits, key=lambda placed: (placed.hit.onset_s, placed.hit.id)):
        graces.setdefault(placed.grace_of, []).append(placed)
    return [(placed, graces.get(placed.hit.id, [])) for placed in hits if not placed.is_grace]
