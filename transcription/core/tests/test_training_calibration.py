from __future__ import annotations

import numpy as np
import pytest

from transcription.core.activations import Activations
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.picking import Family, PeakPicking, find_candidates
from transcription.core.training.calibrate import HeardSong, fitted, scored

_NONE: dict[Family, np.ndarray] = {family: np.zeros(0) for family in Family}


def song_of_kicks(height: float, right: int, wrong: int, buried: int = 0) -> HeardSong:
    """Peaks of one height, half a second apart: first those that are strokes, then those that are not."""
    count = right + wrong + buried
    frames = 100 + 50 * np.arange(count)
    onsets = np.zeros((frames[-1] + 100, len(INSTRUMENTS_HEARD)), np.float32)
    onsets[frames, 0] = height
    nothing = np.zeros(len(onsets), np.float32)
    return HeardSong(
        activations=Activations(onsets, np.zeros_like(onsets), nothing, nothing.copy()),
        onsets_s=_NONE | {Family.KICK: frames[:right] / 100},
        buried_s=_NONE | {Family.KICK: frames[right : right + buried] / 100},
        accompanied=False,
    )


@pytest.mark.parametrize(("right", "wrong"), [(90, 10), (50, 50), (10, 90)])
def test_a_fitted_chance_is_how_often_such_peaks_are_strokes(right: int, wrong: int) -> None:
    song = song_of_kicks(0.3, right, wrong)

    picking = fitted([song], PeakPicking())

    chances = find_candidates(song.activations, Family.KICK, picking).chances
    np.testing.assert_allclose(chances, right / (right + wrong), atol=0.05)


def test_buried_strokes_are_neither_right_nor_wrong() -> None:
    song = song_of_kicks(0.9, right=20, wrong=5, buried=40)

    counts = scored([song], PeakPicking())[Family.KICK]

    assert (counts.matched, counts.reference, counts.estimated) == (20, 20, 25)
