from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from transcription.core.keras_cnn.mel_windows import (
    CLIP_SAMPLES,
    RATE,
    band_edges_hz,
    mel_matrix,
    mel_windows,
)


def by_the_formula(clip: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mel spectrogram written out: a sum for each bin, a triangle for each band, in double precision."""

    def mel_to_hz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1000 * np.exp(np.log(6.4) / 27 * (mel - 15))

    top = 15 + 27 * np.log(8000 / 1000) / np.log(6.4)
    corners = [mel_to_hz(top * step / 129) for step in range(130)]
    sound = np.concatenate([np.zeros(1024), clip, np.zeros(1024)])
    position = np.arange(2048)
    window = np.sin(np.pi * position / 2048) ** 2
    waves = np.exp(-2j * np.pi * np.outer(np.arange(400), position) / 2048)
    triangles = np.zeros((128, 400))
    for band in range(128):
        low, peak, high = corners[band : band + 3]
        for bin_number in range(400):
            hz = bin_number * 44100 / 2048
            height = min((hz - low) / (peak - low), (high - hz) / (high - peak))
            triangles[band, bin_number] = max(0.0, height) * 2 / (high - low)
    powers = [np.abs(waves @ (window * sound[512 * frame : 512 * frame + 2048])) ** 2 for frame in range(18)]
    return triangles @ np.stack(powers, axis=1)


def test_a_window_is_what_the_formula_says() -> None:
    clip = np.random.default_rng(3).normal(0, 0.2, CLIP_SAMPLES).astype(np.float32)

    window = mel_windows(clip[None])

    assert window.shape == (1, 128, 18)
    assert window.dtype == np.float32
    np.testing.assert_allclose(window[0], by_the_formula(clip), rtol=1e-3, atol=1e-6)


def test_every_clip_is_seen_by_itself() -> None:
    clips = np.random.default_rng(4).normal(0, 0.2, (3, CLIP_SAMPLES)).astype(np.float32)

    together = mel_windows(clips)

    for clip, window in zip(clips, together, strict=True):
        np.testing.assert_array_equal(mel_windows(clip[None])[0], window)


def test_a_tone_is_loudest_in_its_band() -> None:
    time_s = np.arange(CLIP_SAMPLES) / RATE
    tone = np.sin(2 * np.pi * 3_000 * time_s).astype(np.float32)

    loudest = int(mel_windows(tone[None])[0].sum(axis=1).argmax())

    edges = band_edges_hz()
    assert edges[loudest] < 3_000 < edges[loudest + 2]


def test_bands_reach_eight_kilohertz_and_no_further() -> None:
    matrix = mel_matrix(2_048, 128, 8_000.0)

    hertz = np.arange(1_025) * RATE / 2_048
    assert matrix[hertz > 8_000].sum() == 0
    assert (matrix.sum(axis=0) > 0).all()


def test_silence_is_nothing() -> None:
    assert mel_windows(np.zeros((2, CLIP_SAMPLES), np.float32)).max() == 0


def test_no_clips_are_no_windows() -> None:
    assert mel_windows(np.zeros((0, CLIP_SAMPLES), np.float32)).shape == (0, 128, 18)


def test_clips_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="8820"):
        mel_windows(np.zeros((1, 8_000), np.float32))
