"""Beams: which flagged notes stand under one, and what each beam does at each note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from notation.core.beat_grid import Meter
from notation.core.spelling.engraved import Event
from notation.core.spelling.rhythm import Value

_EIGHTH = Fraction(1, 2)


def beamed(values: list[Value], start: Fraction, beam: int) -> tuple[list[Value], int]:
    """Beam the flagged notes of one unit, over rests between them; 32nds are parted at the eighth."""
    runs: list[list[int]] = [[]]
    for position, value in enumerate(values):
        if value.is_rest:
            continue
        if value.flags:
            runs[-1].append(position)
        else:
            runs.append([])
    result = list(values)
    for run in (part for whole in runs for part in _nested(whole, values)):
        if len(run) < 2:
            continue
        beam += 1
        members = range(run[0], run[-1] + 1)
        has_32nds = any(values[position].flags >= 3 for position in members)
        for position in members:
            value = values[position]
            end = value.onset + value.duration - start
            parted = has_32nds and end % _EIGHTH == 0 and position != run[-1]
            result[position] = replace(value, beam=beam, beams_after=1 if parted else None)
    return result, beam


def _nested(run: list[int], values: Sequence[Value]) -> list[list[int]]:
    """Part a beam where it would hold only some of a tuplet and something else besides."""
    covered = range(run[0], run[-1] + 1) if run else range(0)
    inside = {values[position].tuplet for position in covered}
    whole = all(
        position in covered
        for position, value in enumerate(values)
        if value.tuplet is not None and value.tuplet in inside
    )
    if whole or len(inside) == 1:
        return [run]
    parts: list[list[int]] = []
    for position in run:
        if parts and values[parts[-1][-1]].tuplet == values[position].tuplet:
            parts[-1].append(position)
        else:
            parts.append([position])
    return parts


def joined_eighths(meter: Meter, values: list[Value]) -> list[Value]:
    """In a whole bar of 4/4, beam the four plain eighths of beats 1–2 or 3–4 together."""
    if (meter.beats, meter.beat_type) not in ((4, 4), (2, 4)):
        return values
    result = list(values)
    for half in range(meter.beats // 2):
        inside = [index for index, value in enumerate(values) if 2 * half <= value.onset < 2 * half + 2]
        plain = all(
            not values[index].is_rest
            and values[index].base == _EIGHTH
            and values[index].dots == 0
            and values[index].tuplet is None
            for index in inside
        )
        if plain and len(inside) == 4:
            first = values[inside[0]].beam
            for index in inside:
                result[index] = replace(values[index], beam=first)
    return result


def beam_states(events: Sequence[Event]) -> dict[int, tuple[str, ...]]:
    """Say, for each note in a beam, what each of its beams does, in MusicXML's words.

    Returns:
        For an index into ``events``, one of ``begin``, ``continue``, ``end``, ``forward hook``, ``backward
        hook`` per beam level, the outermost first.
    """
    states: dict[int, tuple[str, ...]] = {}
    groups: dict[int, list[int]] = {}
    for index, event in enumerate(events):
        if event.beam is not None and not event.is_rest:
            groups.setdefault(event.beam, []).append(index)
    for group in groups.values():
        for place, index in enumerate(group):
            levels = []
            for level in range(1, events[index].flags + 1):
                before = place > 0 and _beam_goes_on(events, group[place - 1], index, level)
                after = place + 1 < len(group) and _beam_goes_on(events, index, group[place + 1], level)
                if before and after:
                    levels.append("continue")
                elif before:
                    levels.append("end")
                elif after:
                    levels.append("begin")
                else:
                    levels.append("forward hook" if place == 0 else "backward hook")
            states[index] = tuple(levels)
    return states


def _beam_goes_on(events: Sequence[Event], left: int, right: int, level: int) -> bool:
    if min(events[left].flags, events[right].flags) < level:
        return False
    return all(
        events[index].beams_after is None or level <= (events[index].beams_after or 0)
        for index in range(left, right)
    )
