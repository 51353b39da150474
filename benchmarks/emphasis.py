"""Ghost notes and accents on what drummers played, measured against an explicit definition.

    python -m benchmarks.emphasis GROOVE_MIDI_FOLDER [--split validation]

Nobody has written down which strokes of the Groove MIDI Dataset are ghost notes, so the definition is: where
the velocities of a performance's snare (24 strokes or more) have two peaks, the lower at most 0.65 of the
upper, with a valley at most half as high as the lower peak between them and at least one stroke in twenty on
either side, the strokes below the valley are ghost notes. Peaks are those of the velocities smoothed by a
Gaussian of 6. Performances without such a valley count for accents only. Backbeats are snare strokes within
0.12 beats of the second and fourth beat in 4/4 rock, funk, hip-hop, pop and soul.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, field
from pathlib import Path

import mido
import numpy as np

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName as Name
from notation.core.spelling.emphasis import find_emphasis

# The keys of the Roland TD-11 on which the performances were recorded.
_KEYS = {
    Name.KICK: (36,), Name.SNARE: (38, 40), Name.SIDE_STICK: (37,), Name.HIHAT_CLOSED: (22, 42),
    Name.HIHAT_OPEN: (26, 46), Name.HIHAT_PEDAL: (44,), Name.TOM_HIGH: (48, 50), Name.TOM_MID: (45, 47),
    Name.TOM_LOW: (43, 58), Name.CRASH: (49, 52, 55, 57), Name.RIDE: (51, 59), Name.RIDE_BELL: (53,),
}  # fmt: skip
_INSTRUMENTS = {key: name for name, keys in _KEYS.items() for key in keys}
_BACKBEAT_STYLES = {"rock", "funk", "hiphop", "pop", "soul"}
_FEWEST_STROKES = 24
_SMOOTHING = 6.0
_DEEPEST_VALLEY, _NEAREST_PEAKS, _SMALLEST_GROUP = 0.5, 0.65, 0.05


@dataclass
class Counts:
    """What was found in a split."""

    performances: int = 0
    two_peaks: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    bars: set[tuple[int, int]] = field(default_factory=set)
    accented_bars: set[tuple[int, int]] = field(default_factory=set)
    backbeats: int = 0
    accented_backbeats: int = 0


def main() -> None:
    """Measure one split and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", choices=("train", "validation", "test"), default="validation")
    options = parser.parse_args()
    counts = Counts()
    with (options.folder / "info.csv").open(newline="") as rows:
        for row in csv.DictReader(rows):
            if row["split"] == options.split:
                _measure(row, _hits(options.folder / row["midi_filename"]), counts)
    found = 2 * counts.right / (2 * counts.right + counts.wrong + counts.missed)
    print(f"{counts.performances} performances, {counts.two_peaks} with two clear peaks on the snare")
    print(
        f"ghost notes: precision {counts.right / (counts.right + counts.wrong):.3f}, "
        f"recall {counts.right / (counts.right + counts.missed):.3f}, F {found:.3f}"
    )
    print(f"bars with an accent: {len(counts.accented_bars) / len(counts.bars):.3f}")
    print(f"backbeats with an accent: {counts.accented_backbeats / counts.backbeats:.4f}")


def _hits(path: Path) -> list[Hit]:
    """A performance's hits; ``onset_s`` holds beats here, of which 4 are a bar."""
    file = mido.MidiFile(path)
    hits: list[Hit] = []
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity and message.note in _INSTRUMENTS:
                beat = tick / file.ticks_per_beat
                hits.append(Hit(f"h{len(hits)}", beat, _INSTRUMENTS[message.note], message.velocity, 1.0))
    return hits


def _measure(row: dict[str, str], hits: list[Hit], counts: Counts) -> None:
    emphasis = find_emphasis(hits)
    counts.performances += 1
    snare = [hit for hit in hits if hit.instrument is Name.SNARE]
    valley = _valley([hit.velocity for hit in snare]) if len(snare) >= _FEWEST_STROKES else None
    if valley is not None:
        counts.two_peaks += 1
        found = {hit.id for hit in snare} & emphasis.ghosts
        wanted = {hit.id for hit in snare if hit.velocity <= valley}
        counts.right += len(found & wanted)
        counts.wrong += len(found - wanted)
        counts.missed += len(wanted - found)
    if row["beat_type"] != "beat" or row["time_signature"] != "4-4":
        return
    last = max((hit.onset_s for hit in hits), default=0.0)
    counts.bars |= {(counts.performances, bar) for bar in range(int(last // 4) + 1)}
    accented = [hit for hit in hits if hit.id in emphasis.accents]
    counts.accented_bars |= {(counts.performances, int(hit.onset_s // 4)) for hit in accented}
    if row["style"].split("/")[0] in _BACKBEAT_STYLES:
        backbeats = [hit for hit in snare if min(abs(hit.onset_s % 4 - 1), abs(hit.onset_s % 4 - 3)) < 0.12]
        counts.backbeats += len(backbeats)
        counts.accented_backbeats += sum(hit.id in emphasis.accents for hit in backbeats)


def _valley(velocities: list[int]) -> int | None:
    """The velocity that parts the soft strokes from the loud ones; None where nothing clearly does."""
    played, scale = np.array(velocities, float), np.arange(1, 128)
    density = np.exp(-0.5 * ((scale[:, None] - played[None]) / _SMOOTHING) ** 2).sum(axis=1)
    padded = np.concatenate(([0.0], density, [0.0]))
    peaks = np.flatnonzero((density >= padded[:-2]) & (density > padded[2:]))
    best: tuple[float, int] | None = None
    for low in peaks:
        for high in peaks[peaks > low]:
            place = low + int(np.argmin(density[low : high + 1]))
            depth = float(density[place] / min(density[low], density[high]))
            soft = float((played <= scale[place]).mean())
            clear = depth <= _DEEPEST_VALLEY and scale[low] <= _NEAREST_PEAKS * scale[high]
            both = _SMALLEST_GROUP <= soft <= 1 - _SMALLEST_GROUP
            if clear and both and (best is None or depth < best[0]):
                best = (depth, int(scale[place]))
    return best[1] if best else None


if __name__ == "__main__":
    main()
