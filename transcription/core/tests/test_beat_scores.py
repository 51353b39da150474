from __future__ import annotations

import numpy as np

from transcription.core.beat_patterns import Limb, pattern_book
from transcription.core.beat_scores import (
    FRAMES_PER_SECOND,
    BarScorer,
    BarTuning,
    BeatEvidence,
    MeterCandidate,
    TempoRange,
    beat_frames,
)

_SHIFT = 1500  # frames: further than the scorer looks at once


def evidence(first: int, frames: int) -> BeatEvidence:
    """Kicks and snares in turn, half a second apart, from frame ``first`` on."""
    strokes = np.zeros((len(Limb), frames), np.float32)
    for number in range(16):
        strokes[number % 2, first + number * FRAMES_PER_SECOND // 2] = 1
    silent = np.zeros(frames, np.float32)
    return BeatEvidence(strokes, np.zeros_like(strokes), silent, silent, padding=0, end=frames)


def candidate() -> MeterCandidate:
    index = next(i for i in range(400) if beat_frames(i) >= FRAMES_PER_SECOND / 2)
    return MeterCandidate(
        pattern_book(4, 4, plain=True), TempoRange(40.0, 110.0, 240.0), 0.0, np.array([index])
    )


def scores(first: int, frames: int) -> np.ndarray:
    tried = candidate()
    return BarScorer.of(evidence(first, frames), beat_frames(int(tried.indices[0])), BarTuning()).score(tried)


def test_a_bar_fits_as_well_in_the_first_frames_as_later() -> None:
    early, late = scores(4, 4000)[..., 4:40], scores(4 + _SHIFT, 4000 + _SHIFT)[..., 4 + _SHIFT : 40 + _SHIFT]

    np.testing.assert_allclose(early, late, rtol=1e-4, atol=1e-3)
