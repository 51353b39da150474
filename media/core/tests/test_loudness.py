from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from numpy.typing import NDArray

from media.core.loudness import Loudness, LoudnessMeter

RATE = 48_000


def measured(samples: NDArray[np.float32], rate: int = RATE, piece: int = 12_345) -> Loudness:
    meter = LoudnessMeter(rate, samples.shape[0])
    for begin in range(0, samples.shape[1], piece):
        meter.add(samples[:, begin : begin + piece])
    return meter.result()


def sine(
    level_db: float, *, seconds: float = 5.0, frequency_hz: float = 1000.0, rate: int = RATE
) -> NDArray[np.float32]:
    time_s = np.arange(round(seconds * rate)) / rate
    tone = 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * time_s)
    return np.tile(tone.astype(np.float32), (2, 1))


@pytest.mark.parametrize("level_db", [-23.0, -33.0])
def test_a_stereo_sine_of_a_level_has_that_loudness(level_db: float) -> None:
    # EBU Tech 3341, cases 1 and 2.
    assert measured(sine(level_db, seconds=20.0)).lufs == pytest.approx(level_db, abs=0.1)


def test_soft_passages_do_not_count() -> None:
    # EBU Tech 3341, case 3: -36 dB, -23 dB, -36 dB.
    samples = np.concatenate(
        [sine(-36.0, seconds=10), sine(-23.0, seconds=60), sine(-36.0, seconds=10)], axis=1
    )

    assert measured(samples).lufs == pytest.approx(-23.0, abs=0.1)


def test_the_range_is_that_between_the_soft_and_the_loud_half() -> None:
    # EBU Tech 3342, case 1: 20 s at -20 dB, 20 s at -30 dB.
    samples = np.concatenate([sine(-20.0, seconds=20), sine(-30.0, seconds=20)], axis=1)

    assert measured(samples).range_lu == pytest.approx(10.0, abs=1.0)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
def test_another_meter_agrees_at_every_rate(rate: int) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal((2, 6 * rate))
    noise[:, 2 * rate : 4 * rate] *= 0.2
    samples = noise.astype(np.float32)

    other = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(samples.T.astype(np.float64))

    assert measured(samples, rate).lufs == pytest.approx(other, abs=0.05)


@pytest.mark.parametrize("piece", [1, 37, 4_800, 10**6])
def test_pieces_of_any_length_make_no_difference(piece: int) -> None:
    samples = 0.1 * np.random.default_rng(1).standard_normal((2, 1_000 if piece == 1 else 50_000))
    samples = samples.astype(np.float32)

    whole, cut = measured(samples, piece=7_000), measured(samples, piece=piece)

    assert cut.lufs == pytest.approx(whole.lufs)
    assert cut.true_peak_dbtp == pytest.approx(whole.true_peak_dbtp, abs=0.01)


def test_the_true_peak_lies_between_the_samples() -> None:
    # A quarter of the rate, an eighth of a turn late: each sample is 3 dB below the sine's own peak.
    turn = 2 * np.pi * (np.arange(RATE) / 4 + 1 / 8)
    samples = np.sin(turn).astype(np.float32)[None, :] * np.hanning(RATE).astype(np.float32)

    result = measured(samples)

    assert result.sample_peak_dbfs == pytest.approx(-3.01, abs=0.05)
    assert result.true_peak_dbtp == pytest.approx(0.0, abs=0.3)


def test_silence_has_no_loudness() -> None:
    assert measured(np.zeros((2, RATE), dtype=np.float32)) == Loudness(None, None, None, None)
    assert LoudnessMeter(RATE, 1).result() == Loudness(None, None, None, None)


def test_a_tenth_of_a_second_can_be_measured() -> None:
    assert measured(sine(-23.0, seconds=0.15)).lufs == pytest.approx(-23.0, abs=1.0)
