from __future__ import annotations

import numpy as np
import pytest

from transcription.core.training.sound.effects import gated, lossy, rms
from transcription.core.training.sound.material import RATE
from transcription.core.training.sound.percussion import BODIES, brushed, shaken, snare_buzz, struck


def centroid_hz(sound: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(sound)) ** 2
    return float(np.sum(power * np.fft.rfftfreq(len(sound), 1 / RATE)) / np.sum(power))


@pytest.mark.parametrize("instrument", ["tambourine", "shaker"])
def test_what_is_shaken_is_bright_and_soon_over(instrument: str) -> None:
    for seed in range(8):
        for sound in shaken(np.random.default_rng(seed), instrument):
            assert np.max(np.abs(sound)) == pytest.approx(1.0)
            assert centroid_hz(sound) > 1_500
            assert rms(sound[-RATE // 10 :]) < 0.1 * rms(sound)


def test_another_seed_shakes_another_tambourine() -> None:
    one, other = (shaken(np.random.default_rng(seed), "tambourine")[0] for seed in (1, 2))

    assert not np.allclose(one, other)


def test_snare_wires_rattle_at_once_and_briefly() -> None:
    for sound in snare_buzz(np.random.default_rng(3)):
        assert np.argmax(np.abs(sound)) < 0.1 * RATE
        assert len(sound) < 0.7 * RATE


def test_a_lossy_copy_has_no_top_and_keeps_the_rest() -> None:
    rng = np.random.default_rng(5)
    sound = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE).astype(np.float32)
    sound += 0.3 * np.sin(2 * np.pi * 20_000 * np.arange(RATE) / RATE).astype(np.float32)

    copied = lossy(rng, sound)

    spectrum = np.abs(np.fft.rfft(copied))
    assert len(copied) == len(sound)
    assert spectrum[20_000] < 0.01 * spectrum[440]
    assert rms(copied) == pytest.approx(np.sqrt(0.5), rel=0.05)


def test_a_gate_cuts_what_is_faint_and_lets_strokes_through() -> None:
    sound = np.full(RATE, 1e-4, np.float32)
    sound[1_000:3_000] = 0.8

    heard = gated(np.random.default_rng(0), sound)

    assert rms(heard[1_200:2_800]) == pytest.approx(0.8, rel=1e-3)
    assert rms(heard[-4_410:]) < 0.5e-4


def test_brushes_are_softer_than_a_stick_and_louder_than_nothing() -> None:
    for sound in brushed(np.random.default_rng(2)):
        assert np.max(np.abs(sound)) == pytest.approx(1.0)
        assert rms(sound[-441:]) < 0.1 * rms(sound)


@pytest.mark.parametrize("body", BODIES)
def test_what_is_struck_rings_down(body: str) -> None:
    for sound in struck(np.random.default_rng(4), body):
        assert np.max(np.abs(sound)) == pytest.approx(1.0)
        assert rms(sound[-200:]) < 0.2 * rms(sound[:2_000])
