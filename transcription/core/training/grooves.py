"""What the drummer plays: human performances from the Groove MIDI Dataset and written patterns.

Times here are quarter notes, so that performances of different tempi can follow each other.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

# The Roland TD-11's own layout, not General MIDI: 22, 26 and 58 are its pitches, 52 and 55 are crash edges.
_TD11 = {
    36: "kick", 38: "snare", 40: "snare", 37: "side_stick",
    42: "hihat_closed", 22: "hihat_closed", 46: "hihat_open", 26: "hihat_open", 44: "hihat_pedal",
    48: "tom_high", 50: "tom_high", 45: "tom_mid", 47: "tom_mid", 43: "tom_low", 58: "tom_low",
    49: "crash", 55: "crash", 57: "crash", 52: "crash",
    51: "ride", 59: "ride", 53: "ride_bell",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """One stroke in written time: ``position`` in quarter notes from the start, ``velocity`` 1–127."""

    position: float
    instrument: str
    velocity: int


@dataclass(frozen=True, slots=True)
class Performance:
    """A stretch of drumming that starts on a bar. ``beat_quarters`` is a felt beat: 1.5 in 6/8."""

    notes: tuple[Note, ...]
    length_quarters: float
    bar_quarters: float
    beat_quarters: float
    tempo_bpm: float  # quarter notes a minute
    is_fill: bool
    split: str


def read_performances(folder: Path) -> tuple[Performance, ...]:
    """Read every performance of ``folder`` (laid out as the Groove MIDI Dataset is)."""
    with (folder / "info.csv").open(newline="") as table:
        return tuple(_performance(folder, row) for row in csv.DictReader(table))


def _performance(folder: Path, row: dict[str, str]) -> Performance:
    beats, beat_type = (int(part) for part in row["time_signature"].split("-"))
    tempo_bpm = float(row["bpm"])
    notes = tuple(_notes(mido.MidiFile(folder / row["midi_filename"])))
    bar_quarters = 4.0 * beats / beat_type
    length = max((note.position for note in notes), default=0.0)
    return Performance(
        notes=notes,
        length_quarters=max(1.0, np.ceil(length / bar_quarters - 0.1)) * bar_quarters,
        bar_quarters=bar_quarters,
        beat_quarters=1.5 if beat_type == 8 and beats % 3 == 0 else 4.0 / beat_type,
        tempo_bpm=tempo_bpm,
        is_fill=row["beat_type"] == "fill",
        split={"validation": "valid"}.get(row["split"], row["split"]),
    )


def _notes(song: mido.MidiFile) -> Iterator[Note]:
    ticks = 0
    for message in mido.merge_tracks(song.tracks):
        ticks += message.time
        if message.type == "note_on" and message.velocity > 0 and message.note in _TD11:
            yield Note(ticks / song.ticks_per_beat, _TD11[message.note], message.velocity)


@dataclass(frozen=True, slots=True)
class _Meter:
    beats: int
    beat_type: int
    steps: int  # sixteenths in a bar
    beat_steps: int  # sixteenths in a felt beat
    backbeats: Sequence[int]


_METERS = {
    "4/4": _Meter(4, 4, 16, 4, (4, 12)),
    "3/4": _Meter(3, 4, 12, 4, (4, 8)),
    "6/8": _Meter(6, 8, 12, 6, (6,)),
    "12/8": _Meter(12, 8, 24, 6, (6, 18)),
}
_METER_WEIGHTS = (0.50, 0.20, 0.22, 0.08)
_TIMEKEEPERS = (
    "hihat_closed", "hihat_open", "ride", "crash", "tom_low", "ride_bell", "hihat_pedal", "none",
)  # fmt: skip
_TIMEKEEPER_WEIGHTS = (0.40, 0.16, 0.15, 0.08, 0.05, 0.05, 0.06, 0.05)


def write_performance(rng: np.random.Generator, bars: int = 8) -> Performance:
    """Invent a plausible pattern: the grooves that were recorded are nearly all in 4/4 on a closed hi-hat."""
    meter = _METERS[str(rng.choice(list(_METERS), p=_METER_WEIGHTS))]
    swing = float(rng.uniform(0.06, 0.17)) if rng.random() < 0.25 else 0.0
    pattern = _pattern(rng, meter)
    variant = pattern | _kick_and_snare(rng, meter)
    loose_quarters = float(rng.uniform(0.004, 0.025))
    bar_quarters = 4.0 * meter.beats / meter.beat_type
    notes: list[Note] = []
    for bar in range(bars):
        chosen = variant if bar % 4 == 3 or rng.random() < 0.1 else pattern
        if bar % 4 == 3 and rng.random() < 0.6:
            chosen = _with_fill(rng, chosen, meter)
        if bar % 4 == 0 and bar and rng.random() < 0.6:
            chosen = chosen | {(0, "crash"): 110}
        for (step, instrument), velocity in chosen.items():
            position = bar * bar_quarters + step / 4 + (swing if step % 4 == 2 else 0.0)
            position += float(rng.normal(0, loose_quarters))
            loudness = int(np.clip(velocity + rng.normal(0, 7), 6, 127))
            notes.append(Note(max(0.0, position), instrument, loudness))
    notes.sort(key=lambda note: note.position)
    tempo_bpm = float(rng.uniform(70, 190)) if meter.beat_type == 4 else float(rng.uniform(80, 220))
    return Performance(
        notes=tuple(notes),
        length_quarters=bars * bar_quarters,
        bar_quarters=bar_quarters,
        beat_quarters=meter.beat_steps / 4,
        tempo_bpm=tempo_bpm,
        is_fill=False,
        split="any",
    )


def _pattern(rng: np.random.Generator, meter: _Meter) -> dict[tuple[int, str], int]:
    hits = _kick_and_snare(rng, meter)
    keeper = str(rng.choice(_TIMEKEEPERS, p=_TIMEKEEPER_WEIGHTS))
    every = int(rng.choice((1, 2, 4), p=(0.15, 0.6, 0.25)))
    loud, soft = int(rng.integers(70, 121)), int(rng.integers(35, 100))
    for step in range(0, meter.steps, every):
        if keeper != "none" and rng.random() < 0.96:
            hits[step, keeper] = loud if step % meter.beat_steps == 0 else soft
    if keeper == "hihat_closed" and rng.random() < 0.5:
        for step in rng.choice(meter.steps // 2, 2) * 2:
            hits.pop((int(step), keeper), None)
            hits[int(step), "hihat_open"] = loud
    if keeper in {"ride", "ride_bell", "crash", "tom_low", "none"} and rng.random() < 0.6:
        for step in range(0, meter.steps, meter.beat_steps):
            if rng.random() < 0.5 or step in meter.backbeats:
                hits[step, "hihat_pedal"] = int(rng.integers(40, 100))
    if keeper == "ride" and rng.random() < 0.35:
        for step in rng.choice(meter.steps // 2, 2) * 2:
            hits.pop((int(step), "ride"), None)
            hits[int(step), "ride_bell"] = int(rng.integers(80, 127))
    if rng.random() < 0.15:
        for step in rng.choice(meter.steps, 3):
            hits[int(step), str(rng.choice(("tom_high", "tom_mid", "tom_low")))] = int(rng.integers(60, 120))
    return hits


def _kick_and_snare(rng: np.random.Generator, meter: _Meter) -> dict[tuple[int, str], int]:
    hits: dict[tuple[int, str], int] = {(0, "kick"): 115}
    for step in range(1, meter.steps):
        chance = 0.35 if step % meter.beat_steps == 0 else 0.22 if step % 2 == 0 else 0.05
        if step not in meter.backbeats and rng.random() < chance:
            hits[step, "kick"] = int(rng.integers(80, 120))
    stick = "side_stick" if rng.random() < 0.15 else "snare"
    for step in meter.backbeats:
        hits[step, stick] = int(rng.integers(95, 127))
    if stick == "snare" and rng.random() < 0.4:
        for step in range(meter.steps):
            if step not in meter.backbeats and rng.random() < 0.15:
                hits[step, "snare"] = int(rng.integers(14, 55))
    return hits


def _with_fill(
    rng: np.random.Generator, pattern: dict[tuple[int, str], int], meter: _Meter
) -> dict[tuple[int, str], int]:
    begin = meter.steps - meter.beat_steps * int(rng.integers(1, 3))
    fill = {key: velocity for key, velocity in pattern.items() if key[0] < begin or key[1] == "kick"}
    drums = ("snare", "tom_high", "tom_mid", "tom_low")
    every = int(rng.choice((1, 2), p=(0.6, 0.4)))
    steps = range(begin, meter.steps, every)
    for index, step in enumerate(steps):
        drum = drums[min(3, 4 * index // len(steps))] if rng.random() < 0.75 else str(rng.choice(drums))
        fill[step, drum] = int(rng.integers(65, 125))
    return fill
