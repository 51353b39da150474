"""Moving notes: within the bar, over bar lines, to a place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from notation.core.edits.claims import Claims
from notation.core.edits.commands import Move
from notation.core.edits.draft import Draft, struck, with_hit
from notation.core.edits.like import similar_hits
from notation.core.edits.notes import check_inside, where
from notation.core.edits.places import places_in, unit_at, written_in
from notation.core.edits.refused import Refused
from notation.core.edits.words import instrument_name
from notation.core.score import Bar, ScoreHit
from notation.core.spelling.rhythm import QUARTER

_SIXTEENTH = Fraction(1, 4)
_HEARD_WITHIN = 1.5  # 16ths: one that a note is moved by, and a half by which it was quantised
_SAME_TIME_S = 1e-6


@dataclass(frozen=True, slots=True)
class _Step:
    """Where a note goes; ``position`` is the written one until ``_swung`` says the one that is meant."""

    placed: ScoreHit
    bar: Bar
    position: Fraction


def move(draft: Draft, claims: Claims, command: Move, index: int) -> None:
    """Move notes together: as a group they may pass through each other's places.

    Steps are counted in what is written, so that an eighth later is the next eighth under a swing mark too.
    Notes that are only like those pointed at stay where their way is barred.
    """
    if command.by is not None:
        by = command.by
        named = _mains(draft, command.ids)
        steps = _steps(draft, named, by, may_stay=False)
    else:
        assert command.id is not None
        assert command.bar is not None
        assert command.position is not None
        named = _mains(draft, [command.id])
        bar = draft.bar(command.bar)
        check_inside(bar, command.position)
        steps = [_Step(named[0], bar, command.position)]
        by = draft.start_of(bar.number) + command.position - _written_start(draft, named[0])
    similar = [placed for placed in similar_hits(draft, named, command.like) if not placed.is_grace]
    if by == 0:
        return
    pointed_at = frozenset(placed.hit.id for placed in named)
    steps += _steps(draft, similar, by, may_stay=True)
    steps = _free(draft, _swung(draft, steps), pointed_at)
    for step in steps:
        if step.placed.hit.id not in pointed_at:
            claims.claim_if_readable(step.placed, draft.graces_of(step.placed))
    _carry_out(draft, claims, steps, index)


def _mains(draft: Draft, ids: Iterable[str]) -> list[ScoreHit]:
    """The notes of those ids; grace notes among them go with their notes."""
    hits = [draft.hit(identifier) for identifier in ids]
    named = {placed.hit.id for placed in hits}
    for placed in hits:
        if placed.grace_of is not None and placed.grace_of not in named:
            raise Refused(f"{where(draft, placed)}: a grace note stands with its note; move that")
    return [placed for placed in hits if not placed.is_grace]


def _written_start(draft: Draft, placed: ScoreHit) -> Fraction:
    return draft.start_of(placed.bar) + written_in(draft, placed)


def _steps(draft: Draft, hits: Iterable[ScoreHit], by: Fraction, *, may_stay: bool) -> list[_Step]:
    """Where each of ``hits`` goes; one that would leave the song stays, if it may, and is refused else."""
    targets: dict[tuple[int, Fraction], tuple[Bar, Fraction] | None] = {}
    steps: list[_Step] = []
    for placed in hits:
        place = (placed.bar, placed.position)
        if place not in targets:
            quarters = _written_start(draft, placed) + by
            bar = draft.bar_at(quarters)
            targets[place] = None if bar is None else (bar, quarters - draft.start_of(bar.number))
        target = targets[place]
        if target is not None:
            steps.append(_Step(placed, *target))
        elif not may_stay:
            edge = "before the first" if by < 0 else "after the last"
            name = instrument_name(placed.hit.instrument)
            raise Refused(f"{where(draft, placed)}: the {name} would come to lie {edge} bar")
    return steps


def _swung(draft: Draft, steps: Sequence[_Step]) -> list[_Step]:
    """Say which positions are meant, beat by beat, since whether a beat swings depends on all its notes."""
    if not draft.swing_marks:
        return list(steps)
    moving = {step.placed.hit.id for step in steps}
    by_unit: dict[tuple[int, Fraction], list[_Step]] = {}
    for step in steps:
        start, _ = unit_at(step.bar, step.position)
        by_unit.setdefault((step.bar.number, start), []).append(step)
    result: list[_Step] = []
    for (number, start), inside in by_unit.items():
        swing = draft.swing_at(number)
        unit = unit_at(inside[0].bar, start)
        if swing is not None and unit[1] == QUARTER:
            staying = [placed for placed in draft.hits_in(number) if placed.hit.id not in moving]
            late = {step.placed.hit.id: swing.played(step.position - start) for step in inside}
            if swing.fits(places_in(staying, unit) | set(late.values())):
                inside = [replace(step, position=start + late[step.placed.hit.id]) for step in inside]
        result += inside
    return result


def _free(draft: Draft, steps: Sequence[_Step], pointed_at: frozenset[str]) -> list[_Step]:
    """The steps whose places are free; raises Refused when the place of a note pointed at is not.

    A similar note that has to stay may bar another one's way, so this is repeated until nothing changes.
    """
    going = list(steps)
    while True:
        moving = {step.placed.hit.id for step in going}
        taken: dict[tuple[int, Fraction, str], _Step] = {}
        free: list[_Step] = []
        for step in sorted(going, key=lambda step: step.placed.hit.id not in pointed_at):
            key = (step.bar.number, step.position, struck(step.placed.hit.instrument))
            there = draft.at(step.placed.hit.instrument, step.bar.number, step.position)
            if key not in taken and (there is None or there.hit.id in moving):
                taken[key] = step
                free.append(step)
            elif step.placed.hit.id in pointed_at:
                name = instrument_name(step.placed.hit.instrument)
                raise Refused(
                    f"{where(draft, replace(step.placed, bar=step.bar.number, position=step.position))}: "
                    f"the {name} cannot be moved there, its place is taken"
                )
        if len(free) == len(going):
            return free
        going = free


def _carry_out(draft: Draft, claims: Claims, steps: Sequence[_Step], index: int) -> None:
    graces = {step.placed.hit.id: draft.graces_of(step.placed) for step in steps}
    for step in steps:
        shift_s = _onset_shift_s(draft, step)
        draft.touch(1 + len(graces[step.placed.hit.id]))
        for placed in (step.placed, *graces[step.placed.hit.id]):
            onset_s = max(0.0, placed.hit.onset_s + shift_s)
            moved = replace(placed, bar=step.bar.number, position=step.position)
            draft.put(with_hit(moved, onset_s=onset_s) if shift_s else moved)
        claims.claim(step.bar, replace(step.placed, position=step.position), index)


def _onset_shift_s(draft: Draft, step: _Step) -> float:
    """By how much the onset moves with the note, in seconds.

    What was heard was heard when it was heard: a note that is only written elsewhere lights up at the same
    instant as before. But a note that a person put there, and one moved by more than a 16th from where it was
    heard, goes by the beat of its new place.
    """
    onset_s = step.placed.hit.onset_s
    there_s = draft.time_s_at(step.bar, step.position)
    was_s = draft.time_s_at(draft.bar(step.placed.bar), step.placed.position)
    was_put_there = abs(was_s - onset_s) < _SAME_TIME_S
    sixteenth_s = abs(draft.time_s_at(step.bar, step.position + _SIXTEENTH) - there_s)
    if draft.has_recording and not was_put_there and abs(there_s - onset_s) <= _HEARD_WITHIN * sixteenth_s:
        return 0.0
    return there_s - onset_s
