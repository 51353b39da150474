"""What each part of the judgement buys: ``python -m transcription.core.training.measuring.ablations``.

Everything is fitted to rendered validation songs, as :mod:`.calibrate` does, and measured on others and on
annotated songs.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from transcription.core.activations import Activations
from transcription.core.detection import Detector, detect_onsets, load_detector
from transcription.core.evaluation.estimate import Estimate, read_sound
from transcription.core.evaluation.matching import WIDEST_MS
from transcription.core.evaluation.reference import Reference, read_reference, song_folders
from transcription.core.evaluation.scoring import pooled, score, total
from transcription.core.evaluation.songs import SOURCES
from transcription.core.judgement import PeakPicking
from transcription.core.picking import pick_hits
from transcription.core.training.measuring.calibrate import (
    HeardSong,
    Shares,
    drummers_shares,
    fitted,
    heard_song,
    scored,
    validation_songs,
)

_MEASURED_ON_SEED = 22  # other songs than those that calibrate fits to


def variants(songs: list[HeardSong], usual: Shares) -> dict[str, PeakPicking]:
    """Return what ships, fitted to ``songs``, and the same with one part taken out or changed."""
    whole = fitted(songs, PeakPicking(), usual=usual)
    by_height = fitted(songs, PeakPicking(), by_song=False)
    unrivalled = fitted(songs, PeakPicking(), by_rivals=False)
    as_rendered = fitted(songs, PeakPicking())
    return {
        "as shipped": whole,
        "heights taken for chances": replace(whole, calibrations={}),
        "chances from heights alone, not the song": replace(whole, calibrations=by_height.calibrations),
        "nothing else that is heard at the same instant": replace(
            whole, calibrations=unrivalled.calibrations
        ),
        "the tallest member, whatever is confused": replace(whole, choices=PeakPicking().choices),
        "cymbals as often as rendered, not as drummers play them": replace(
            whole, choices=as_rendered.choices
        ),
        "as many hands as it takes": replace(whole, hands=99),
        "a second tom or cymbal from 0.5 on": replace(whole, second=0.5),
        "no second tom or cymbal at one instant": replace(whole, second=1.01),
        "threshold 0.35": replace(whole, threshold=0.35),
        "threshold 0.40": replace(whole, threshold=0.40),
        "threshold 0.50": replace(whole, threshold=0.50),
    }


def on_rendered(songs: list[HeardSong], picking: PeakPicking, accompanied: bool) -> float:
    """Return the F-measure of all strokes, families told apart and members not."""
    counts = scored([song for song in songs if song.accompanied is accompanied], picking)
    return total(counts).f_measure


def on_annotated(
    heard: Mapping[str, list[tuple[Reference, Activations]]], picking: PeakPicking, source: str
) -> tuple[float, float]:
    """Return the micro F of five classes, and of our own instruments, within ±50 ms."""
    figures = pooled(
        [
            score(reference, Estimate(pick_hits(activations, picking)))
            for reference, activations in heard[source]
        ]
    )
    return figures.micro().f_measure, total(figures.instruments[WIDEST_MS]).f_measure


def _heard_annotated(folder: Path, detector: Detector) -> dict[str, list[tuple[Reference, Activations]]]:
    return {
        source: [
            (read_reference(song), detect_onsets(read_sound(song / f"{source}.flac"), detector))
            for song in song_folders(folder)
        ]
        for source in SOURCES
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, required=True, help="annotated songs, as script/evaluate reads")
    parser.add_argument("--weights", type=Path, help="default: the shipped detector")
    parser.add_argument("--cache", type=Path, default=Path("data/material"))
    parser.add_argument("--fit", type=int, default=240, help="rendered songs to fit to; %(default)s")
    parser.add_argument("--measure", type=int, default=120, help="rendered songs to measure on; %(default)s")
    options = parser.parse_args()
    torch.set_num_threads(1)
    detector = load_detector(options.weights)
    to_fit, to_measure = (
        [heard_song(clip, behind, detector) for clip, behind in validation_songs(options.cache, count, seed)]
        for count, seed in ((options.fit, 21), (options.measure, _MEASURED_ON_SEED))
    )
    annotated = _heard_annotated(options.songs, detector)
    print("| judgement | rendered drums | rendered mix | drums | mix | drums, own | mix, own |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, picking in variants(to_fit, drummers_shares(options.cache)).items():
        rendered = [on_rendered(to_measure, picking, behind) for behind in (False, True)]
        real = [on_annotated(annotated, picking, source) for source in SOURCES]
        figures = [*rendered, *(classes for classes, _ in real), *(own for _, own in real)]
        print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")


if __name__ == "__main__":
    main()
