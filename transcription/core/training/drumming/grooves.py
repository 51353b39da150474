"""What the drummer plays: human performances from the Groove MIDI Dataset and written patterns.

Times here are quarter notes, so that performances of different tempi can follow each other.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from transcription.core.training.drumming.drummer import played
from transcription.core.training.drumming.performance import Note, Performance
from transcription.core.training.drumming.written_styles import drawn_style, style_named

__all__ = ["Note", "Performance", "read_performances", "write_performance"]

# The Roland TD-11's own layout, not General MIDI: 22, 26 and 58 are its pitches, 52 and 55 are crash edges.
_TD11 = {
    36: "kick", 38: "snare", 40: "snare", 37: "side_stick",
    42: "hihat_closed", 22: "hihat_closed", 46: "hihat_open", 26: "hihat_open", 44: "hihat_pedal",
    48: "tom_high", 50: "tom_high", 45: "tom_mid", 47: "tom_mid", 43: "tom_low", 58: "tom_low",
    49: "crash", 55: "crash", 57: "crash", 52: "crash",
    51: "ride", 59: "ride", 53: "ride_bell",
}  # fmt: skip


def read_performances(folder: Path) -> tuple[Performance, ...]:
    """Read every performance of ``folder`` (laid out as the Groove MIDI Dataset is)."""
    with (folder / "info.csv").open(newline="") as table:
        return tuple(_performance(folder, row) for row in csv.DictReader(table))


def write_performance(rng: np.random.Generator, bars: int = 8, style: str | None = None) -> Performance:
    """Invent ``bars`` bars of what the recorded grooves lack: they are nearly all in 4/4 on a closed hi-hat.

    Args:
        style: one of ``written_styles.STYLES``; drawn by their weights where none is asked for.
    Raises:
        ValueError: there is no such style.
    """
    return played(rng, drawn_style(rng) if style is None else style_named(style), bars)


def _performance(folder: Path, row: dict[str, str]) -> Performance:
    beats, beat_type = (int(part) for part in row["time_signature"].split("-"))
    notes = tuple(_notes(folder / row["midi_filename"]))
    bar_quarters = 4.0 * beats / beat_type
    length = max((note.position for note in notes), default=0.0)
    return Performance(
        notes=notes,
        length_quarters=max(1.0, np.ceil(length / bar_quarters - 0.1)) * bar_quarters,
        bar_quarters=bar_quarters,
        beat_quarters=1.5 if beat_type == 8 and beats % 3 == 0 else 4.0 / beat_type,
        tempo_bpm=float(row["bpm"]),
        is_fill=row["beat_type"] == "fill",
        split={"validation": "valid"}.get(row["split"], row["split"]),
        style=row.get("style", ""),
    )


def _notes(path: Path) -> Iterator[Note]:
    import mido  # here, so that a machine that trains from packed tables needs no MIDI

    song = mido.MidiFile(path)
    ticks = 0
    for message in mido.merge_tracks(song.tracks):
        ticks += message.time
        if message.type == "note_on" and message.velocity > 0 and message.note in _TD11:
            yield Note(ticks / song.ticks_per_beat, _TD11[message.note], message.velocity)
