"""Beat tracking when the drums leave it open and the network's beats decide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.activations import Activations
from transcription.core.beats import track_beats
from transcription.core.network import INSTRUMENTS_HEARD


def activations_at(
    beats_s: np.ndarray, beats_per_bar: int, duration_s: float, height: float = 0.7
) -> Activations:
    """Activations that peak at the beats, as a trained network's do, and at nothing else."""
    frames = int(duration_s * 100)
    beats, downbeats = np.full(frames, 0.02, np.float32), np.full(frames, 0.02, np.float32)
    for number, time_s in enumerate(beats_s):
        frame = round(time_s * 100)
        if frame < frames:
            beats[frame] = height
            if number % beats_per_bar == 0:
                downbeats[frame] = height
    return Activations(
        onsets=np.zeros((frames, len(INSTRUMENTS_HEARD)), np.float32),
        velocities=np.zeros((frames, len(INSTRUMENTS_HEARD)), np.float32),
        beats=beats,
        downbeats=downbeats,
        fps=100,
    )


def even_hats(period_s: float, count: int) -> tuple[Hit, ...]:
    return tuple(
        Hit(f"h{number}", 0.5 + number * period_s, InstrumentName.HIHAT_CLOSED, 90, 0.9)
        for number in range(count)
    )


@pytest.mark.parametrize("beats_per_bar", [3, 4])
def test_even_hats_get_the_bars_that_the_network_hears(beats_per_bar: int) -> None:
    hits = even_hats(0.25, 144)
    beats_s = 0.5 + np.arange(72) * 0.5

    grid = track_beats(activations_at(beats_s, beats_per_bar, 37.0), hits, duration_s=37.0)

    assert grid.meters[0].beats == beats_per_bar
    assert grid.tempo_bpm == pytest.approx(120, abs=0.5)
    starts = np.array([beat.time_s for beat in grid.beats if beat.beat == 1])
    assert np.abs(starts[:, None] - beats_s[None, ::beats_per_bar]).min(axis=1)[:-1].max() < 0.01


def test_even_hats_get_the_tempo_that_the_network_hears() -> None:
    hits = even_hats(0.25, 144)
    beats_s = 0.5 + np.arange(144) * 0.25 * 3 / 2

    grid = track_beats(activations_at(beats_s, 4, 37.0), hits, duration_s=37.0)

    assert grid.tempo_bpm == pytest.approx(160, abs=1) or grid.tempo_bpm == pytest.approx(80, abs=1)


def test_a_few_certain_downbeats_say_more_than_many_doubtful_ones() -> None:
    hits = even_hats(0.25, 144)
    beats_s = 0.5 + np.arange(72) * 0.5
    heard = activations_at(beats_s, 4, 37.0)
    downbeats = np.zeros_like(heard.downbeats)
    frames = np.round(beats_s * 100).astype(np.int64)
    downbeats[frames[::8]] = 0.85
    downbeats[frames[4::8]] = 0.1
    downbeats[frames[2::4]] = 0.3

    grid = track_beats(replace(heard, downbeats=downbeats), hits, duration_s=37.0)

    starts = np.array([beat.time_s for beat in grid.beats if beat.beat == 1])
    assert np.abs(starts[:, None] - beats_s[None, ::4]).min(axis=1)[:-1].max() < 0.01
