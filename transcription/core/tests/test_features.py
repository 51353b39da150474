from __future__ import annotations

import numpy as np
import pytest

from transcription.core.features import RATE, band_normalised, levelled, log_mel


def tone(hz: float, seconds: float = 1.0, amplitude: float = 0.5) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def test_there_are_a_hundred_frames_a_second_of_84_bands_through_two_windows() -> None:
    picture = log_mel(tone(440, seconds=2.0))

    assert picture.shape == (201, 168)
    assert picture.dtype == np.float32


def test_silence_is_zero_everywhere() -> None:
    assert not log_mel(np.zeros(RATE, np.float32)).any()


def test_a_click_is_highest_in_the_frame_of_its_instant() -> None:
    sound = np.zeros(RATE, np.float32)
    sound[round(0.37 * RATE)] = 1.0

    energy = log_mel(sound).sum(axis=1)

    assert int(energy.argmax()) == 37


def test_a_click_in_the_first_sample_is_heard_in_the_first_frame() -> None:
    sound = np.zeros(RATE // 2, np.float32)
    sound[0] = 1.0

    assert int(log_mel(sound).sum(axis=1).argmax()) == 0


@pytest.mark.parametrize("window", [0, 1])
def test_higher_tones_fall_in_higher_bands(window: int) -> None:
    pictures = [log_mel(tone(hz))[50].reshape(2, 84)[window] for hz in (60, 200, 1_000, 4_000, 12_000)]
    loudest = [int(picture.argmax()) for picture in pictures]

    assert loudest == sorted(set(loudest))
    assert loudest[0] < 8
    assert loudest[-1] > 70


def test_a_tone_is_as_bright_through_either_window() -> None:
    long, short = log_mel(tone(1_000))[50].reshape(2, 84)

    assert np.expm1(short).sum() == pytest.approx(np.expm1(long).sum(), rel=0.1)


def test_two_clicks_30_ms_apart_are_two_through_the_short_window_only() -> None:
    sound = np.zeros(RATE, np.float32)
    sound[[20 * 441, 23 * 441]] = 0.5

    long, short = log_mel(sound)[18:26].reshape(8, 2, 84).sum(axis=2).T

    assert min(short[3:5]) < 0.5 * min(short[2], short[5])
    assert min(long[3:5]) > 0.5 * min(long[2], long[5])


def test_no_band_is_deaf() -> None:
    noise = np.random.default_rng(1).normal(0, 0.2, RATE).astype(np.float32)

    assert (log_mel(noise).mean(axis=0) > 0.1).all()


def test_other_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="48000"):
        log_mel(tone(440), rate=48_000)


def test_no_sound_gives_no_frames() -> None:
    assert log_mel(np.zeros(0, np.float32)).shape == (0, 168)


def test_levelling_brings_quiet_and_loud_songs_together() -> None:
    quiet, loud = tone(300, amplitude=0.01), tone(300, amplitude=0.9)

    np.testing.assert_allclose(levelled(quiet), levelled(loud), atol=1e-5)


def test_silence_is_not_blown_up_by_levelling() -> None:
    faint = np.full(RATE, 1e-7, np.float32)

    np.testing.assert_array_equal(levelled(faint), faint)


def test_after_normalising_every_band_has_the_same_mean_and_spread() -> None:
    noise = np.random.default_rng(2).normal(0, 0.2, 3 * RATE).astype(np.float32)

    picture = band_normalised(log_mel(noise))

    np.testing.assert_allclose(picture.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(picture.std(axis=0), 1, atol=1e-3)


def test_a_band_that_never_moves_is_not_blown_up() -> None:
    still = np.ones((100, 168), np.float32)
    still[:, 3] += 1e-4 * np.arange(100, dtype=np.float32)

    assert np.abs(band_normalised(still)).max() < 0.1
