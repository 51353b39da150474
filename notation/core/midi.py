"""Standard MIDI files, straight from the hits."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction

import mido

from notation.core.instruments import INSTRUMENTS
from notation.core.musicxml import plain_text
from notation.core.score import Bar, Score, ScoreHit

TICKS_A_QUARTER = 480
_DRUM_CHANNEL = 9  # 0-based: General MIDI's channel 10
_NOTE_TICKS = 60
_GRACE_TICKS = 30


def write_midi(score: Score, *, performed: bool = False) -> bytes:
    """Write ``score`` as a type-1 MIDI file whose bars follow the recording's tempo.

    Args:
        performed: keep each stroke's own timing against the beat instead of its written position.
    """
    starts = _bar_starts(score)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_A_QUARTER, charset="utf-8")
    file.tracks.append(_tempo_track(score, starts))
    file.tracks.append(_drum_track(score, starts, performed=performed))
    packed = io.BytesIO()
    file.save(file=packed)
    return packed.getvalue()


def _bar_starts(score: Score) -> dict[int, int]:
    starts: dict[int, int] = {}
    tick = Fraction(0)
    for bar in score.bars:
        starts[bar.number] = int(tick)
        tick += bar.quarters * TICKS_A_QUARTER
    return starts


def _tempo_track(score: Score, starts: dict[int, int]) -> mido.MidiTrack:
    """One tempo a bar: the notes keep in step with the recording and a player's grid stays readable."""
    events: list[tuple[int, mido.MetaMessage]] = []
    last: Bar | None = None
    for bar in score.bars:
        tick = starts[bar.number]
        signature = (bar.meter.beats, bar.meter.beat_type)
        if last is None or (last.meter.beats, last.meter.beat_type) != signature:
            events.append(
                (tick, mido.MetaMessage("time_signature", numerator=signature[0], denominator=signature[1]))
            )
        microseconds = round(1e6 * (bar.end_s - bar.start_s) / float(bar.quarters))
        events.append((tick, mido.MetaMessage("set_tempo", tempo=max(1, min(0xFFFFFF, microseconds)))))
        if bar.section:
            events.append((tick, mido.MetaMessage("marker", text=plain_text(bar.section))))
        last = bar
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=plain_text(score.title or "Drums"), time=0)])
    track += _with_deltas(events)
    return track


def _drum_track(score: Score, starts: dict[int, int], *, performed: bool) -> mido.MidiTrack:
    bars = {bar.number: bar for bar in score.bars}
    notes: list[tuple[int, mido.Message]] = []
    for placed, behind in _with_grace_steps(score):
        bar = bars[placed.bar]
        tick = starts[placed.bar]
        if performed:
            tick += _performed_ticks(placed, bar)
        else:
            tick += round(placed.position * TICKS_A_QUARTER) - behind * _GRACE_TICKS
        tick = max(0, tick)
        key = INSTRUMENTS[placed.hit.instrument].gm_note
        common = {"channel": _DRUM_CHANNEL, "note": key}
        notes.append((tick, mido.Message("note_on", velocity=placed.hit.velocity, **common)))
        notes.append((tick + _NOTE_TICKS, mido.Message("note_off", velocity=0, **common)))
    # At equal ticks a note must end before the next of its key begins.
    notes.sort(key=lambda item: (item[0], item[1].type == "note_on"))
    track = mido.MidiTrack([mido.MetaMessage("track_name", name="Drums", time=0)])
    track += _with_deltas(notes)
    return track


def _with_grace_steps(score: Score) -> Iterator[tuple[ScoreHit, int]]:
    """Each hit with how many grace steps it comes before its written place: 0 for a main note."""
    graces: dict[str, list[ScoreHit]] = {}
    for placed in score.hits:
        if placed.grace_of is not None:
            graces.setdefault(placed.grace_of, []).append(placed)
    for placed in score.hits:
        if placed.grace_of is None:
            yield placed, 0
    for run in graces.values():
        run.sort(key=lambda placed: placed.hit.onset_s)
        for index, placed in enumerate(run):
            yield placed, len(run) - index


def _performed_ticks(placed: ScoreHit, bar: Bar) -> int:
    """Where the stroke really fell, in ticks from the bar's start; may lie just outside the bar.

    Within the bar the file has one tempo, so plain proportion in seconds gives back the real onset.
    """
    share = (placed.hit.onset_s - bar.start_s) / (bar.end_s - bar.start_s)
    return round(share * float(bar.quarters) * TICKS_A_QUARTER)


def _with_deltas(
    events: list[tuple[int, mido.Message]] | list[tuple[int, mido.MetaMessage]],
) -> Iterator[mido.Message | mido.MetaMessage]:
    now = 0
    for tick, message in events:
        message.time = tick - now
        now = tick
        yield message
