"""Whether the detector hears better what was enhanced before: annotated songs, enhanced in several ways.

    python -m benchmarks.enhancement DIR [--sources drums mix] [--noise -45] [--hum -40] [--json FILE]

DIR is a folder of annotated songs as for script/evaluate. Every song is heard as it is, and enhanced in each
way; the table tells the pooled F-measure of the five classes within ±50 ms. ``--noise`` and ``--hum`` first
add white noise and 50 Hz hum of that level (dB below full scale, RMS): a poor recording.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from media.core.audio import Audio
from media.core.enhancement import EnhancementSettings, enhance
from transcription.core.detection import load_detector
from transcription.core.evaluation.estimate import heard, read_sound
from transcription.core.evaluation.matching import WIDEST_MS
from transcription.core.evaluation.reference import UnusableInput, read_reference, song_folders
from transcription.core.evaluation.scoring import pooled, score

_BARE = {"target_lufs": None, "high_pass_hz": None, "remove_hum": False, "denoise_db": 0.0}
WAYS: dict[str, EnhancementSettings | None] = {
    "as it is": None,
    "loudness": EnhancementSettings(**{**_BARE, "target_lufs": -16.0}),  # type: ignore[arg-type]
    "high-pass and hum": EnhancementSettings(**{**_BARE, "high_pass_hz": 25.0, "remove_hum": True}),  # type: ignore[arg-type]
    "noise": EnhancementSettings(**{**_BARE, "denoise_db": 12.0}),  # type: ignore[arg-type]
    "all": EnhancementSettings(),
}


def main() -> int:
    """Measure and print the table; exit status 2: there is nothing to measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sources", nargs="+", default=["drums", "mix"])
    parser.add_argument("--noise", type=float, help="level of the noise that is added, dBFS")
    parser.add_argument("--hum", type=float, help="level of the hum that is added, dBFS")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    options = parser.parse_args()
    try:
        songs = [(song, read_reference(song)) for song in song_folders(options.folder)]
    except UnusableInput as error:
        print(error, file=sys.stderr)
        return 2
    detector = load_detector(device="cpu")
    rows: dict[str, dict[str, float]] = {}
    for source in options.sources:
        figures = {way: [] for way in WAYS}
        for song, reference in songs:
            poor = _spoilt(read_sound(song / f"{source}.flac"), options.noise, options.hum)
            for way, settings in WAYS.items():
                audio = poor if settings is None else enhance(poor, settings)
                figures[way].append(score(reference, heard(audio, detector, beats=False)))
        for way, scores in figures.items():
            whole = pooled(scores)
            classes = {kind.value: c.f_measure for kind, c in whole.classes[WIDEST_MS].items()}
            rows[f"{source}, {way}"] = {"micro": whole.micro(WIDEST_MS).f_measure, **classes}
    for row, values in rows.items():
        print(f"{row:28}", *(f"{name} {value:.3f}" for name, value in values.items()))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    return 0


def _spoilt(audio: Audio, noise_dbfs: float | None, hum_dbfs: float | None) -> Audio:
    samples = audio.samples.astype(np.float64)
    if noise_dbfs is not None:
        random = np.random.default_rng(1)
        samples += 10 ** (noise_dbfs / 20) * random.standard_normal(samples.shape)
    if hum_dbfs is not None:
        time_s = np.arange(samples.shape[1]) / audio.rate
        hum = sum(np.sin(2 * np.pi * 50 * k * time_s + k) / k for k in range(1, 9))
        samples += 10 ** (hum_dbfs / 20) * hum / np.sqrt(np.mean(np.square(hum)))
    return Audio(samples.astype(np.float32), audio.rate)


if __name__ == "__main__":
    sys.exit(main())
