"""Measure beat tracking on made-up songs: ``python -m transcription.core.training.beats.validate GROOVES``.

``GROOVES`` is laid out as the Groove MIDI Dataset is. Every song is a recorded or a written groove under one
condition, heard with the mistakes of ``Hearing``; it is tracked from the hits alone and with the network's
beats. Tune on ``--split train``, whose recordings and styles are others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from notation.core.beat_grid import BeatGrid
from transcription.core.beats import track_beats
from transcription.core.evaluation.beats import f_of_beats
from transcription.core.training.beats.songs import (
    BeatSong,
    Condition,
    Hearing,
    Line,
    joined,
    perform,
    recorded_line,
    without_network,
    written_line,
)
from transcription.core.training.beats.styles import HELD_OUT, STYLES, Style
from transcription.core.training.drumming.grooves import Performance, read_performances

_TEMPO_TOLERANCE = 0.02
_FASTEST_RECORDED = 200.0  # a few were played at 300 to a click that counts eighths
_SEEDS = {"train": 1, "valid": 2}


@dataclass(frozen=True, slots=True)
class BeatScore:
    """How one song was tracked; beats count within ±70 ms, ``tempo`` and ``meter`` are whether right."""

    song: str
    condition: str
    groove: str  # the meter of written grooves, "recorded" otherwise
    evidence: str
    beat_f: float
    downbeat_f: float
    tempo: bool
    meter: bool
    flagged: bool
    found: str


def songs(
    performances: Sequence[Performance], split: str, *, seconds: float = 45.0, every: int = 1
) -> Iterator[BeatSong]:
    """Make the songs of a split: each groove steadily, and every other condition with each groove in turn."""
    rng = np.random.default_rng(_SEEDS[split])
    chosen = [p for p in performances if p.split == split and not p.is_fill and len(p.notes) > 60]
    chosen = [p for p in chosen if p.tempo_bpm <= _FASTEST_RECORDED]
    hearing = Hearing()
    sources: list[tuple[str, Performance | Style]] = [(f"recorded {i}", p) for i, p in enumerate(chosen)]
    styles = STYLES
    if split == "train":  # as many recordings as there are to validate on
        sources = [sources[int(i)] for i in rng.permutation(len(sources))[:48]]
        styles = tuple(style for style in STYLES if style.name not in HELD_OUT)
    sources += [(style.name, style) for style in styles]

    def line(source: Performance | Style, length_s: float) -> Line:
        if isinstance(source, Style):
            return written_line(rng, source, length_s)
        return recorded_line(rng, source, length_s)

    others = [c for c in Condition if c not in (Condition.STEADY, Condition.METER_CHANGE)]
    for number, (name, source) in enumerate(sources):
        song = perform(rng, name, line(source, seconds), Condition.STEADY, hearing)
        harder = perform(
            rng, name, line(source, seconds), others[(number + number // len(others)) % len(others)], hearing
        )
        if number % every == 0:
            yield song
            yield harder
    for number, first in enumerate(styles):
        second = styles[(number * 7 + 3) % len(styles)]
        if first.beats / first.beat_type == second.beats / second.beat_type or "swing" in first.name:
            continue
        pair = joined(written_line(rng, first, seconds * 0.6), written_line(rng, second, seconds * 0.6))
        song = perform(rng, f"{first.name} > {second.name}", pair, Condition.METER_CHANGE, hearing)
        if number % every == 0:
            yield song


def score_song(song: BeatSong, grid: BeatGrid, evidence: str) -> BeatScore:
    """Compare a grid with the true beats."""
    beats_s = np.array([beat.time_s for beat in grid.beats])
    downbeats_s = np.array([beat.time_s for beat in grid.beats if beat.beat == 1])
    found = tuple((meter.beats, meter.beat_type) for meter in grid.meters)
    first = "recorded" if song.name.startswith("recorded") else f"{song.meters[0][0]}/{song.meters[0][1]}"
    return BeatScore(
        song=song.name,
        condition=song.condition.value,
        groove=first,
        evidence=evidence,
        beat_f=f_of_beats(song.beats_s, beats_s),
        downbeat_f=f_of_beats(song.beats_s[song.numbers == 1], downbeats_s),
        tempo=abs(grid.tempo_bpm / song.tempo_bpm - 1) < _TEMPO_TOLERANCE,
        meter=found == song.meters,
        flagged=grid.unreliable,
        found=f"{song.tempo_bpm:.0f}>{grid.tempo_bpm:.0f} " + " ".join(f"{b}/{t}" for b, t in found),
    )


def table(scores: Sequence[BeatScore]) -> str:
    """Return mean figures by condition, and by groove under the steady one, as Markdown."""
    lines = [
        "| songs | evidence | number | beat F | downbeat F | tempo right | meter right | flagged |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    groups: dict[tuple[str, str], list[BeatScore]] = defaultdict(list)
    for score in scores:
        groups[score.condition, score.evidence].append(score)
        if score.condition == Condition.STEADY:
            groups[f"steady, {score.groove}", score.evidence].append(score)
            if score.song in HELD_OUT:
                groups["steady, styles held out", score.evidence].append(score)
        groups["**all**", score.evidence].append(score)
    for name, evidence in sorted(groups):
        group = groups[name, evidence]
        figures = [
            float(np.mean([getattr(score, what) for score in group]))
            for what in ("beat_f", "downbeat_f", "tempo", "meter", "flagged")
        ]
        cells = " | ".join(f"{figure:.3f}" for figure in figures)
        lines.append(f"| {name} | {evidence} | {len(group)} | {cells} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("grooves", type=Path, help="folder of the Groove MIDI Dataset")
    parser.add_argument("--split", choices=sorted(_SEEDS), default="valid", help="train is for tuning")
    parser.add_argument("--every", type=int, default=1, help="only every so many grooves, for a quick look")
    parser.add_argument("--evidence", choices=("hits", "network", "both"), default="both")
    parser.add_argument("--json", type=Path, help="also write each song's figures here")
    options = parser.parse_args(arguments)
    scores = []
    for song in songs(read_performances(options.grooves), options.split, every=options.every):
        for evidence in ("hits", "network"):
            if options.evidence in (evidence, "both"):
                heard = song if evidence == "network" else without_network(song)
                grid = track_beats(heard.activations, heard.hits, duration_s=heard.duration_s)
                scores.append(score_song(song, grid, evidence))
    print(table(scores))
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(score) for score in scores], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
