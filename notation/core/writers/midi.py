"""Standard MIDI files, straight from the hits: every stroke is one note."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import mido

from notation.core.instruments import InstrumentName
from notation.core.score import Score
from notation.core.texts import plain_text
from notation.core.writers.note_maps import (
    CHOKE_PRESSURE,
    GENERAL_MIDI,
    PEDAL_CONTROLLER,
    PEDAL_HALF_OPEN,
    PEDAL_OPEN,
    Key,
    NoteMap,
)
from notation.core.writers.ticks import TICKS_A_QUARTER, Ticked, TickedBar, TickedStroke, ticked

_DRUM_CHANNEL = 9  # 0-based: General MIDI's channel 10
_NOTE_TICKS = 60


def write_midi(score: Score, *, performed: bool = False, note_map: NoteMap = GENERAL_MIDI) -> bytes:
    """Write ``score`` as a type-1 MIDI file whose bars follow the recording's tempo.

    A roll is one note as long as it is written; all other notes are short. A bar shorter than its meter, such
    as a pickup, has a time signature of its own length, so that the barlines of a sequencer fall right.

    Args:
        performed: keep each stroke's own timing against the beat instead of its written position.
    """
    music = ticked(score, performed=performed)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_A_QUARTER, charset="utf-8")
    file.tracks.append(_tempo_track(score, music))
    file.tracks.append(_drum_track(music.strokes, note_map))
    packed = io.BytesIO()
    file.save(file=packed)
    return packed.getvalue()


def _tempo_track(score: Score, music: Ticked) -> mido.MidiTrack:
    """One tempo a bar: the notes keep in step with the recording and a player's grid stays readable."""
    events: list[tuple[int, mido.MetaMessage]] = []
    last = None
    if music.lead_in:
        last = (1, 4 * TICKS_A_QUARTER // music.lead_in)
        events.append((0, _signature(last)))
        events.append((0, _tempo(music.bars[0])))
    for ticked_bar in music.bars:
        if last != ticked_bar.signature:
            last = ticked_bar.signature
            events.append((ticked_bar.tick, _signature(last)))
        events.append((ticked_bar.tick, _tempo(ticked_bar)))
        if ticked_bar.bar.section:
            name = plain_text(ticked_bar.bar.section)
            events.append((ticked_bar.tick, mido.MetaMessage("marker", text=name)))
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=plain_text(score.title or "Drums"), time=0)])
    track += _with_deltas(events)
    return track


def _signature(signature: tuple[int, int]) -> mido.MetaMessage:
    return mido.MetaMessage("time_signature", numerator=signature[0], denominator=signature[1])


def _tempo(bar: TickedBar) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=max(1, min(0xFFFFFF, round(1e6 * bar.quarter_s))))


def _drum_track(strokes: Sequence[TickedStroke], note_map: NoteMap) -> mido.MidiTrack:
    keys = [note_map.key_of(stroke.placed.hit.instrument, stroke.placed.marks) for stroke in strokes]
    pedal_speaks = any(key.half_open_by_pedal for key in keys)
    pedal: int | None = None
    messages: list[tuple[int, mido.Message]] = []
    lengths = _lengths(strokes, keys)
    shortest: dict[tuple[int, int], int] = {}  # two strokes of a key at one tick end with the first note-off
    for stroke, key, length in zip(strokes, keys, lengths, strict=True):
        place = (key.note, stroke.tick)
        shortest[place] = min(length, shortest.get(place, length))
    for stroke, key, length in zip(strokes, keys, lengths, strict=True):
        tick = stroke.tick
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
            pressed = tick + shortest[(key.note, tick)] // 2
            messages.append((pressed, mido.Message("polytouch", value=CHOKE_PRESSURE, **common)))
        messages.append((tick + length, mido.Message("note_off", velocity=0, **common)))
    # At equal ticks a note must end before the next of its key begins; the sort keeps the rest as it is.
    messages.sort(key=lambda item: (item[0], item[1].type != "note_off"))
    track = mido.MidiTrack([mido.MetaMessage("track_name", name="Drums", time=0)])
    track += _with_deltas(messages)
    return track


def _lengths(strokes: Sequence[TickedStroke], keys: Sequence[Key]) -> list[int]:
    """How long each note is held: never into the next of its key, which would be cut off."""
    lengths = [1] * len(strokes)
    later: dict[int, tuple[int, int | None]] = {}  # by note: the last tick seen, and the one after that
    for place in reversed(range(len(strokes))):
        stroke, note = strokes[place], keys[place].note
        seen, after = later.get(note, (stroke.tick, None))
        following = after if seen == stroke.tick else seen
        wanted = _NOTE_TICKS if stroke.roll_ticks is None else max(_NOTE_TICKS, stroke.roll_ticks - 1)
        lengths[place] = wanted if following is None else min(wanted, following - stroke.tick)
        later[note] = (stroke.tick, following)
    return lengths


def _with_deltas(
    events: list[tuple[int, mido.Message]] | list[tuple[int, mido.MetaMessage]],
) -> Iterator[mido.Message | mido.MetaMessage]:
    now = 0
    for tick, message in events:
        message.time = tick - now
        now = tick
        yield message
