"""Choose how peaks become hits: ``python -m transcription.core.training.calibrate --weights FILE``.

Renders songs from the validation kits, grooves and recordings, none of which was trained on, and fits each
family's calibration there. Prints what goes into :class:`transcription.core.picking.PeakPicking`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import mir_eval
import numpy as np
import torch
from numpy.typing import NDArray

from media.core.audio import Audio
from transcription.core.activations import Activations
from transcription.core.detection import Detector, detect_onsets, load_detector
from transcription.core.evaluation import Counts
from transcription.core.features import RATE
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.picking import Calibration, Family, PeakPicking, family_of, find_candidates, pick_hits
from transcription.core.training.dataset import Source
from transcription.core.training.render import Clip

_WINDOW_S = 0.05
_SONG_S = 16.0


@dataclass(frozen=True, slots=True, eq=False)
class HeardSong:
    """A rendered song as the network hears it, with its strokes; ``buried`` ones are not asked for."""

    activations: Activations
    onsets_s: dict[Family, NDArray[np.float64]]
    buried_s: dict[Family, NDArray[np.float64]]
    accompanied: bool


def validation_songs(cache: Path, count: int, seed: int = 21) -> list[tuple[Clip, bool]]:
    """Render ``count`` songs from the validation split, three of four with accompaniment."""
    renderer = Source(cache, split="valid", seconds=_SONG_S).renderer()
    rng = np.random.default_rng(seed)
    accompanied = [number % 4 != 0 for number in range(count)]
    return [(renderer.mix(rng, renderer.drums(rng), accompanied=behind), behind) for behind in accompanied]


def heard_song(clip: Clip, accompanied: bool, detector: Detector) -> HeardSong:
    """Run the network on ``clip``."""
    activations = detect_onsets(Audio(clip.sound[None], RATE), detector)
    families = np.array([family_of(INSTRUMENTS_HEARD[heard]) for heard in clip.drums.heard_as])
    onsets = {family: np.sort(clip.drums.onsets_s[(families == family) & ~clip.buried]) for family in Family}
    buried = {family: np.sort(clip.drums.onsets_s[(families == family) & clip.buried]) for family in Family}
    return HeardSong(activations, onsets, buried, accompanied)


def fitted(songs: Sequence[HeardSong], picking: PeakPicking) -> PeakPicking:
    """Return ``picking`` with each family's calibration fitted to ``songs`` by logistic regression."""
    fits: dict[Family, Calibration] = {}
    for family in Family:
        rows, right = [], []
        for song in songs:
            candidates = find_candidates(song.activations, family, picking)
            times = candidates.frames / song.activations.fps
            asked = _far_from(times, song.buried_s[family])
            matched = np.zeros(len(times), np.bool_)
            pairs = mir_eval.util.match_events(song.onsets_s[family], times, 0.03)
            matched[[estimated for _, estimated in pairs]] = True
            clipped = np.clip(candidates.heights.astype(np.float64), 1e-3, 1 - 1e-3)
            columns = np.ones((len(times), 4))
            columns[:, 0] = np.log(clipped / (1 - clipped))
            columns[:, 1:3] = candidates.song.clarity, candidates.song.density
            rows.append(columns[asked])
            right.append(matched[asked])
        right_or_not = np.concatenate(right).astype(np.float64)
        if right_or_not.all() or not right_or_not.any():
            continue  # never struck, or never wrong: nothing to fit
        weights = _logistic(np.concatenate(rows), right_or_not)
        fits[family] = Calibration(*(round(float(weight), 3) for weight in weights))
    return picking.calibrated(fits)


def scored(songs: Sequence[HeardSong], picking: PeakPicking) -> dict[Family, Counts]:
    """Pick hits from ``songs`` and pool the strokes found and missed."""
    total = {family: Counts() for family in Family}
    for song in songs:
        hits = pick_hits(song.activations, picking)
        for family in Family:
            times = np.array([h.onset_s for h in hits if family_of(h.instrument) is family])
            reference = song.onsets_s[family]
            pairs = mir_eval.util.match_events(reference, times, _WINDOW_S)
            unmatched = np.ones(len(times), np.bool_)
            unmatched[[estimated for _, estimated in pairs]] = False
            wrong = int(np.sum(unmatched & _far_from(times, song.buried_s[family])))
            total[family] += Counts(len(pairs), len(reference), len(pairs) + wrong)
    return total


def _far_from(times: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    if len(others) == 0 or len(times) == 0:
        return np.ones(len(times), np.bool_)
    return np.asarray(np.abs(times[:, None] - others[None, :]).min(axis=1) > _WINDOW_S)


def _logistic(columns: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Newton's method on the ridge-regularised likelihood."""
    weights = np.zeros(columns.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-columns @ weights))
        slope = columns.T @ (right - chance) - weights
        bend = (columns * (chance * (1 - chance))[:, None]).T @ columns + np.eye(len(weights))
        weights = weights + np.linalg.solve(bend, slope)
    return weights


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path("data/material"))
    parser.add_argument("--songs", type=int, default=200)
    options = parser.parse_args()
    torch.set_num_threads(1)
    detector = load_detector(options.weights)
    clips = validation_songs(options.cache, options.songs)
    songs = [heard_song(clip, accompanied, detector) for clip, accompanied in clips]
    picking = fitted(songs, PeakPicking())
    print(picking)
    for name, part in (("drums", False), ("mix", True)):
        counts = scored([song for song in songs if song.accompanied is part], picking)
        figures = " ".join(f"{family.value} {counts[family].f_measure:.3f}" for family in Family)
        print(f"{name}: {figures} micro {sum(counts.values(), Counts()).f_measure:.3f}")


if __name__ == "__main__":
    main()
