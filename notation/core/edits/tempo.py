"""Commands on tempo and feel, and on the song's name."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from notation.core.edits.commands import Keep, SetSwing, SetTempo, SetTitle
from notation.core.edits.draft import Draft, with_hit
from notation.core.edits.places import places_in, units_in
from notation.core.edits.refused import Refused
from notation.core.edits.timeline import Retiming, median_bpm
from notation.core.edits.words import bar_name
from notation.core.score import Bar, ScoreHit, Swing
from notation.core.spelling.rhythm import QUARTER


def set_tempo(draft: Draft, command: SetTempo) -> None:
    """Print another tempo at a bar, or none.

    The beats of a recording are where they are: there the mark alone changes. Without a recording the bars up
    to the next mark are played at that tempo, and what follows earlier or later.
    """
    bar = draft.bar(command.bar)
    if command.bpm is None:
        if bar.number == draft.first:
            raise Refused("the song's first tempo can be changed, but not taken away")
        if bar.number not in draft.tempo_marks:
            return
        del draft.tempo_marks[bar.number]
        in_force = _bpm_before(draft, bar.number)
    else:
        draft.tempo_marks[bar.number] = command.bpm
        draft.tempo_unreliable = False
        in_force = command.bpm
    if not draft.has_recording and in_force is not None:
        _play_at(draft, bar, in_force)
        draft.tempo_bpm = median_bpm(draft.bars)
    elif len(draft.tempo_marks) == 1 and draft.first in draft.tempo_marks:
        draft.tempo_bpm = draft.tempo_marks[draft.first]


def _bpm_before(draft: Draft, number: int) -> float | None:
    earlier = [bar for bar in draft.tempo_marks if bar < number]
    return draft.tempo_marks[max(earlier)] if earlier else None


def _play_at(draft: Draft, start: Bar, bpm: float) -> None:
    """Space the beats from ``start`` to the next tempo mark evenly; ``bpm`` counts its felt beats."""
    later_marks = [number for number in draft.tempo_marks if number > start.number]
    stop = min(later_marks, default=draft.last + 1)
    a_quarter_s = 60 / bpm / float(start.meter.beat_quarters)
    bars: list[Bar] = []
    for bar in draft.bars:
        begins_s = bars[-1].end_s if bars else bar.start_s
        if start.number <= bar.number < stop:
            beat_s = a_quarter_s * float(bar.meter.beat_quarters)
            times = tuple(begins_s + beat * beat_s for beat in range(len(bar.beat_times_s)))
            bars.append(replace(bar, beat_times_s=times, end_s=begins_s + len(times) * beat_s))
        elif bar.number >= stop:
            shift_s = begins_s - bar.start_s
            times = tuple(time + shift_s for time in bar.beat_times_s)
            bars.append(replace(bar, beat_times_s=times, end_s=bar.end_s + shift_s))
        else:
            bars.append(bar)
    new_time = Retiming(draft.bars, bars)
    hits = list(draft.hits)
    draft.touch(sum(placed.bar >= start.number for placed in hits))
    draft.rebuild(bars, [with_hit(placed, onset_s=new_time(placed.hit.onset_s)) for placed in hits])


def set_swing(draft: Draft, command: SetSwing) -> None:
    """Set the feel from a bar up to the next feel.

    With ``keep`` "writing" the page stays as it is and the off-beats are meant otherwise: straight eighths
    become swung ones and back. With "sound" every stroke stays where it is played, so that thirds are written
    as triplets when the feel is straight.
    """
    bar = draft.bar(command.bar)
    start = bar.number
    if command.swing is not None and bar.meter.is_compound:
        raise Refused(
            f"{bar_name(start)} is in {bar.meter.beats}/{bar.meter.beat_type}, where the thirds of a beat "
            "are written out; only simple time swings"
        )
    stop = min((number for number in draft.swing_marks if number > start), default=draft.last + 1)
    before = draft.swing_at(start)
    if command.keep is Keep.WRITING and before is not command.swing:
        for number in range(start, stop):
            draft.work(1 + 3 * len(draft.hits_in(number)))
            for placed, position in _swung_anew(draft, draft.bar(number), before, command.swing):
                draft.touch(1)
                draft.put(replace(placed, position=position))
    earlier = [number for number in draft.swing_marks if number < start]
    in_force = draft.swing_marks[max(earlier)] if earlier else None
    draft.swing_marks.pop(start, None)
    if in_force is not command.swing:
        draft.swing_marks[start] = command.swing
    after = draft.swing_marks.get(stop)
    if stop in draft.swing_marks and after is command.swing:
        del draft.swing_marks[stop]


def _swung_anew(
    draft: Draft, bar: Bar, before: Swing | None, after: Swing | None
) -> list[tuple[ScoreHit, Fraction]]:
    """The hits of ``bar`` whose written off-beat is meant otherwise under another feel."""
    moved: list[tuple[ScoreHit, Fraction]] = []
    for unit in units_in(bar):
        start, length = unit
        inside = [placed for placed in draft.hits_in(bar.number) if start <= placed.position < start + length]
        places = places_in(inside, unit)
        if length != QUARTER or (before is not None and not before.fits(places)):
            continue
        on_page = {place: before.written(place) if before is not None else place for place in places}
        meant = {
            place: after.played(on_page[place]) if after is not None else on_page[place] for place in places
        }
        if after is not None and not after.fits(set(meant.values())):
            continue
        # Two places that are written alike (a straight and a swung eighth) stay apart as they are.
        if len(set(meant.values())) < len(places):
            continue
        moved += [
            (placed, start + meant[placed.position - start])
            for placed in inside
            if meant[placed.position - start] != placed.position - start
        ]
    return moved


def set_title(draft: Draft, command: SetTitle) -> None:
    """Name the song, its artist, or both."""
    draft.title = command.title if command.title is not None else draft.title
    draft.artist = command.artist if command.artist is not None else draft.artist
