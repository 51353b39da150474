"""A MIDI file's strokes, tempi, meters and markers, by their ticks, whatever else is in it."""

from __future__ import annotations

import contextlib
import io
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import mido
from mido.midifiles.meta import KeySignatureError

from accounts.core.text import one_line
from notation.core.readers.errors import ImportNoDrums, ImportUnreadable, ImportUnsupported
from notation.core.readers.gm import DRUM_NAME
from notation.core.readers.limits import MAX_MIDI_BYTES, check_bytes, check_notes, check_tracks
from notation.core.readers.report import Findings

_DRUM_CHANNEL = 9  # 0-based: General MIDI's channel 10
_PEDAL = 4  # the controller of the hi-hat's pedal
_LONGEST_TEXT = 200
# A number has four such bytes at most; mido would go on, squaring the work with each.
_ENDLESS_NUMBER = re.compile(rb"[\x80-\xff]{4096}")


@dataclass(frozen=True, slots=True)
class MidiStroke:
    """One drum struck. ``pedal`` is how far the hi-hat's pedal was down, 0..127, where the file tells."""

    tick: int
    key: int
    velocity: int
    pedal: int | None


@dataclass(frozen=True, slots=True)
class MidiMusic:
    """What of a file is music for drums; everything is in order of its tick.

    ``tempi`` are (tick, microseconds a quarter), ``meters`` (tick, beats, beat type), ``markers`` (tick,
    text), ``grabs`` (tick, key) where a ringing cymbal is grabbed. ``title`` may be empty.
    """

    ticks_a_quarter: int
    strokes: tuple[MidiStroke, ...]
    tempi: tuple[tuple[int, int], ...]
    meters: tuple[tuple[int, int, int], ...]
    markers: tuple[tuple[int, str], ...]
    grabs: tuple[tuple[int, int], ...]
    title: str


def parse_midi(data: bytes, findings: Findings) -> MidiMusic:
    """Parse a standard MIDI file.

    Raises:
        ImportUnreadable: damaged.
        ImportUnsupported: independent patterns (type 2), or a time code instead of beats.
        ImportNoDrums: nothing on channel 10, and no track that is named after drums.
        ImportTooLarge: too many bytes, tracks or strokes.
    """
    check_bytes(len(data), MAX_MIDI_BYTES)
    if data.startswith(b"RIFF"):  # as some programs wrap it
        start = data.find(b"MThd")
        data = data[start:] if start >= 0 else data
    if len(data) < 14:
        raise ImportUnreadable(reason="it ends before its first track")
    kind, declared, division = struct.unpack(">HHH", data[8:14])
    if kind not in (0, 1):
        raise ImportUnsupported(reason=f"MIDI of type {kind}")
    if division & 0x8000:
        raise ImportUnsupported(reason="MIDI that counts a time code and not beats")
    if division == 0:
        raise ImportUnreadable(reason="it has no ticks to a beat")
    check_tracks(declared)
    tracks = _tracks(data)
    drums = _drum_tracks(tracks)
    # Told apart by identity: two tracks may say the same, and to compare all they say takes forever.
    chosen = {id(track) for track in drums}
    left_out = sum(1 for track in tracks if id(track) not in chosen and any(_is_stroke(m) for _, m in track))
    if left_out:
        findings.add("part_left_out", "Tracks that are not drums were left out.", count=left_out)
    return _music(tracks, drums, division)


_Track = list[tuple[int, "mido.Message | mido.MetaMessage"]]


def _tracks(data: bytes) -> list[_Track]:
    if _ENDLESS_NUMBER.search(data):
        raise ImportUnreadable(reason="it holds a number without an end")
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except (OSError, EOFError, ValueError, LookupError, TypeError, struct.error, KeySignatureError) as error:
        raise ImportUnreadable(reason="it is damaged, or no MIDI file") from error
    tracks = []
    for messages in file.tracks:
        now = 0
        track: _Track = []
        for message in messages:
            now += message.time
            track.append((now, message))
        tracks.append(track)
    return tracks


def _is_stroke(message: mido.Message | mido.MetaMessage) -> bool:
    return bool(message.type == "note_on" and message.velocity > 0)


def _name(track: _Track) -> str:
    return next((_text(message.name) for _, message in track if message.type == "track_name"), "")


def _text(raw: str) -> str:
    """A text of the file; the standard says ASCII, programs write UTF-8 or Latin-1."""
    with contextlib.suppress(UnicodeError):
        raw = raw.encode("latin-1").decode("utf-8")
    return one_line(raw[:1000])[:_LONGEST_TEXT]


def _drum_tracks(tracks: Sequence[_Track]) -> list[_Track]:
    """The tracks' drum messages: channel 10, or else whole tracks by their names."""
    on_channel = [track for track in tracks if any(_is_drum(message) for _, message in track)]
    if on_channel:
        return on_channel
    named = [
        track
        for track in tracks
        if DRUM_NAME.search(_name(track)) and any(_is_stroke(message) for _, message in track)
    ]
    if not named:
        raise ImportNoDrums(reason="nothing is on channel 10, and no track is named after drums")
    return named


def _is_drum(message: mido.Message | mido.MetaMessage) -> bool:
    return _is_stroke(message) and message.channel == _DRUM_CHANNEL


def _music(tracks: Sequence[_Track], drums: Sequence[_Track], division: int) -> MidiMusic:
    tempi, meters, markers = [], [], []
    for tick, message in (event for track in tracks for event in track):
        if message.type == "set_tempo":
            tempi.append((tick, int(message.tempo)))
        elif message.type == "time_signature":
            meters.append((tick, int(message.numerator), int(message.denominator)))
        elif message.type in ("marker", "cue_marker"):
            markers.append((tick, _text(message.text)))
    strokes, grabs = _drum_events(drums)
    check_notes(len(strokes))
    has_title = bool(tracks) and not any(_is_stroke(message) for _, message in tracks[0])
    return MidiMusic(
        ticks_a_quarter=division,
        strokes=tuple(sorted(strokes, key=lambda stroke: (stroke.tick, stroke.key))),
        tempi=tuple(sorted(tempi, key=lambda tempo: tempo[0])),
        meters=tuple(sorted(meters, key=lambda meter: meter[0])),
        markers=tuple(sorted(markers, key=lambda marker: marker[0])),
        grabs=tuple(sorted(grabs)),
        title=_name(tracks[0]) if has_title else "",
    )


def _drum_events(drums: Sequence[_Track]) -> tuple[list[MidiStroke], list[tuple[int, int]]]:
    on_channel = any(_is_drum(message) for track in drums for _, message in track)
    strokes: list[MidiStroke] = []
    grabs: list[tuple[int, int]] = []
    for track in drums:
        pedal: int | None = None
        for tick, message in _of_channel(track, on_channel=on_channel):
            if _is_stroke(message):
                strokes.append(MidiStroke(tick, message.note, message.velocity, pedal))
            elif message.type == "control_change" and message.control == _PEDAL:
                pedal = int(message.value)
            elif message.type == "polytouch" and message.value >= 64:
                grabs.append((tick, message.note))
    return strokes, grabs


def _of_channel(track: _Track, *, on_channel: bool) -> Iterator[tuple[int, mido.Message]]:
    for tick, message in track:
        if not message.is_meta and (not on_channel or getattr(message, "channel", None) == _DRUM_CHANNEL):
            yield tick, message
