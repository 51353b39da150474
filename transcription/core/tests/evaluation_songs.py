"""What the tests of the evaluation measure: strokes and hits by hand, a folder with one annotated waltz."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from notation.core.hits import Hit
from notation.core.instruments import INSTRUMENTS, InstrumentName
from transcription.core.evaluation import Estimate, Reference, Stroke


def stroke(onset_s: float, instrument: str, **details: object) -> Stroke:
    """A stroke on ``instrument``, labelled with its name."""
    name = InstrumentName(instrument)
    return Stroke(onset_s, **({"label": instrument, "drum_class": INSTRUMENTS[name].drum_class,
                               "instrument": name} | details))  # fmt: skip


def hit(onset_s: float, instrument: str, confidence: float = 0.9, velocity: int = 80) -> Hit:
    """A hit, with an id made of all that it is."""
    return Hit(f"{instrument}@{onset_s}", onset_s, InstrumentName(instrument), velocity, confidence)


def reference(*strokes: Stroke) -> Reference:
    """Strokes annotated by class and by instrument."""
    return Reference(class_strokes=strokes, own_strokes=strokes)


def estimate(*hits: Hit) -> Estimate:
    """Hits without beats."""
    return Estimate(hits)


def write_waltz(folder: Path) -> Path:
    """Write an annotated song, three seconds of a tone, to ``folder/Waltz``; returns ``folder``."""
    song = folder / "Waltz"
    song.mkdir(parents=True)
    (song / "class.tsv").write_text("0.50\tKD\n1.00\tSD\n1.50\tHH\n1.50\tOT\n2.00\tKD\n")
    (song / "subclass.tsv").write_text("0.50\tKD\n1.00\tSDG\n1.50\tOHH\n1.50\tTMB\n2.00\tKD\n")
    (song / "beats.tsv").write_text("0.5\t1\n1.0\t2\n1.5\t3\n2.0\t1\n")
    for source, pitch in (("drums", 200), ("mix", 300)):
        sound = 0.1 * np.sin(2 * np.pi * pitch * np.arange(3 * 44_100) / 44_100)
        soundfile.write(song / f"{source}.flac", sound, 44_100)
    return folder


def waltz_result(**changes: object) -> dict[str, object]:
    """A result of the waltz: kick, snare and open hi-hat heard, a kick and a cowbell where there are none."""
    hits = [(0.51, "kick"), (1.0, "snare"), (1.51, "hihat_open"), (2.2, "kick"), (2.3, "cowbell")]
    return {
        "schema": "drumsite.transcription/1",
        "audio": {"duration_s": 3.0, "sha256": "0" * 64},
        "hits": [
            {"id": f"h{number}", "onset_s": onset_s, "instrument": name, "velocity": 80, "confidence": 0.75}
            for number, (onset_s, name) in enumerate(hits, start=1)
        ],
        "beats": [{"time_s": 0.5 * n, "bar": (n - 1) // 3 + 1, "beat": (n - 1) % 3 + 1} for n in range(1, 5)],
        "tempo": {"bpm": 120.0, "unreliable": False},
        "meters": [{"bar": 1, "beats": 3, "beat_type": 4}],
        "engines": {"detect": "crnn 1.0"},
    } | changes
