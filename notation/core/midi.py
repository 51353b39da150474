"""Standard MIDI files, straight from the hits: every stroke is one note."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import mido

from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.musicxml import plain_text
from notation.core.note_maps import (
    CHOKE_PRESSURE,
    GENERAL_MIDI,
    PEDAL_CONTROLLER,
    PEDAL_HALF_OPEN,
    PEDAL_OPEN,
    Key,
    NoteMap,
)
from notation.core.rhythm import units_of
from notation.core.score import Bar, Mark, Score, ScoreHit

TICKS_A_QUARTER = 480
_DRUM_CHANNEL = 9  # 0-based: General MIDI's channel 10
_NOTE_TICKS = 60
_GRACE_TICKS = 30
_MOST_GRACE_TICKS = 90  # a ruff of many strokes is squeezed into a dotted 32nd
_LEAD_IN_TICKS = 120  # a sixteenth of silence, when a grace note comes before the first beat


def write_midi(score: Score, *, performed: bool = False, note_map: NoteMap = GENERAL_MIDI) -> bytes:
    """Write ``score`` as a type-1 MIDI file whose bars follow the recording's tempo.

    A roll is one note as long as it is written; all other notes are short. A bar shorter than its meter, such
    as a pickup, has a time signature of its own length, so that the barlines of a sequencer fall right.

    Args:
        performed: keep each stroke's own timing against the beat instead of its written position.
    """
    strokes = _strokes(score, performed=performed)
    lead_in = _LEAD_IN_TICKS if any(stroke.is_grace and stroke.tick < 0 for stroke in strokes) else 0
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_A_QUARTER, charset="utf-8")
    file.tracks.append(_tempo_track(score, lead_in))
    file.tracks.append(_drum_track(strokes, lead_in, note_map))
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


def _tempo_track(score: Score, lead_in: int) -> mido.MidiTrack:
    """One tempo a bar: the notes keep in step with the recording and a player's grid stays readable."""
    events: list[tuple[int, mido.MetaMessage]] = []
    starts = _bar_starts(score)
    last = None
    if lead_in:
        last = (1, 16)
        events.append((0, mido.MetaMessage("time_signature", numerator=1, denominator=16)))
        events.append((0, _tempo(score.bars[0])))
    for bar in score.bars:
        tick = starts[bar.number] + lead_in
        signature = (int(bar.quarters * bar.meter.beat_type / 4), bar.meter.beat_type)
        if last != signature:
            events.append(
                (tick, mido.MetaMessage("time_signature", numerator=signature[0], denominator=signature[1]))
            )
        events.append((tick, _tempo(bar)))
        if bar.section:
            events.append((tick, mido.MetaMessage("marker", text=plain_text(bar.section))))
        last = signature
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=plain_text(score.title or "Drums"), time=0)])
    track += _with_deltas(events)
    return track


def _tempo(bar: Bar) -> mido.MetaMessage:
    microseconds = round(1e6 * (bar.end_s - bar.start_s) / float(bar.quarters))
    return mido.MetaMessage("set_tempo", tempo=max(1, min(0xFFFFFF, microseconds)))


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A hit in ticks from the first bar's start; ``ticks`` is how long it is held at most."""

    placed: ScoreHit
    tick: int
    ticks: int

    @property
    def is_grace(self) -> bool:
        return self.placed.is_grace


def _strokes(score: Score, *, performed: bool) -> list[_Stroke]:
    bars = {bar.number: bar for bar in score.bars}
    starts = _bar_starts(score)
    roll_ends = _roll_ends(score, bars)
    strokes = []
    for placed, ticks_before in _with_grace_steps(score):
        bar = bars[placed.bar]
        if performed:
            tick = _performed_ticks(placed, bar)
        else:
            tick = round(placed.position * TICKS_A_QUARTER) - ticks_before
        ticks = _NOTE_TICKS
        if (end := roll_ends.get(placed.hit.id)) is not None:
            ticks = max(ticks, round((end - placed.position) * TICKS_A_QUARTER) - 1)
        strokes.append(_Stroke(placed, starts[placed.bar] + tick, ticks))
    strokes.sort(key=lambda stroke: (stroke.tick, not stroke.is_grace))
    return strokes


def _roll_ends(score: Score, bars: dict[int, Bar]) -> dict[str, Fraction]:
    """Where each roll ends, as written: at the next stroke of its voice or at the end of its beat."""
    rolls = [placed for placed in score.hits if Mark.ROLL in placed.marks and not placed.is_grace]
    if not rolls:
        return {}
    grouped = score.hits_by_bar()
    ends = {}
    for roll in rolls:
        bar = bars[roll.bar]
        edge = Fraction(0)
        for length in units_of(bar.meter, bar.quarters):
            edge += length
            if edge > roll.position:
                break
        voice = INSTRUMENTS[roll.hit.instrument].voice
        ends[roll.hit.id] = min(
            [
                other.position
                for other in grouped[roll.bar]
                if other.position > roll.position and INSTRUMENTS[other.hit.instrument].voice == voice
            ],
            default=edge,
        )
        ends[roll.hit.id] = min(ends[roll.hit.id], edge)
    return ends


def _drum_track(strokes: list[_Stroke], lead_in: int, note_map: NoteMap) -> mido.MidiTrack:
    keys = [note_map.key_of(stroke.placed.hit.instrument, stroke.placed.marks) for stroke in strokes]
    ticks = [max(0, stroke.tick + lead_in) for stroke in strokes]
    pedal_speaks = any(key.half_open_by_pedal for key in keys)
    pedal: int | None = None
    messages: list[tuple[int, mido.Message]] = []
    for stroke, key, tick, length in zip(strokes, keys, ticks, _lengths(strokes, keys, ticks), strict=True):
        if pedal_speaks and stroke.placed.hit.instrument is InstrumentName.HIHAT_OPEN:
            wanted = PEDAL_HALF_OPEN if key.half_open_by_pedal else PEDAL_OPEN
            if wanted != pedal:
                pedal = wanted
                control = {"control": PEDAL_CONTROLLER, "value": wanted}
                messages.append((tick, mido.Message("control_change", channel=_DRUM_CHANNEL, **control)))
        common = {"channel": _DRUM_CHANNEL, "note": key.note}
        messages.append((tick, mido.Message("note_on", velocity=stroke.placed.hit.velocity, **common)))
        if key.choked_by_aftertouch:
            # Half-way through the note, so that nothing is choked before it has sounded.
            pressed = tick + length // 2
            messages.append((pressed, mido.Message("polytouch", value=CHOKE_PRESSURE, **common)))
        messages.append((tick + length, mido.Message("note_off", velocity=0, **common)))
    # At equal ticks a note must end before the next of its key begins; the sort keeps the rest as it is.
    messages.sort(key=lambda item: (item[0], item[1].type != "note_off"))
    track = mido.MidiTrack([mido.MetaMessage("track_name", name="Drums", time=0)])
    track += _with_deltas(messages)
    return track


def _lengths(strokes: Sequence[_Stroke], keys: Sequence[Key], ticks: Sequence[int]) -> list[int]:
    """How long each note is held: never into the next of its key, which would be cut off."""
    lengths = [1] * len(strokes)
    later: dict[int, tuple[int, int | None]] = {}  # by note: the last tick seen, and the one after that
    for place in reversed(range(len(strokes))):
        note, tick = keys[place].note, ticks[place]
        seen, after = later.get(note, (tick, None))
        following = after if seen == tick else seen
        room = strokes[place].ticks if following is None else following - tick
        lengths[place] = min(strokes[place].ticks, room)
        later[note] = (tick, following)
    return lengths


def _with_grace_steps(score: Score) -> Iterator[tuple[ScoreHit, int]]:
    """Each hit with how many ticks it comes before its written place: 0 for a main note."""
    graces: dict[str, list[ScoreHit]] = {}
    for placed in score.hits:
        if placed.grace_of is not None:
            graces.setdefault(placed.grace_of, []).append(placed)
        else:
            yield placed, 0
    for run in graces.values():
        run.sort(key=lambda placed: placed.hit.onset_s)
        step = max(1, min(_GRACE_TICKS, _MOST_GRACE_TICKS // len(run)))
        for index, placed in enumerate(run):
            yield placed, (len(run) - index) * step


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
