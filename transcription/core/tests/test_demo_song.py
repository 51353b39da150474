"""The demo song is a song whose every stroke is known."""

from __future__ import annotations

import numpy as np
import pytest

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.demo_song import LEAD_IN_S, TEMPO_BPM, DemoSong, render_demo_song

BANDS_HZ = ((30.0, 150.0), (150.0, 1000.0), (1000.0, 5000.0), (5000.0, 16_000.0))


@pytest.fixture(scope="module")
def song() -> DemoSong:
    return render_demo_song(bars=5, backing=0.0)


def _band_levels_db(song: DemoSong, at_s: float) -> np.ndarray:
    """Levels in the four bands of the 10 ms that begin at ``at_s``."""
    begin = round(at_s * song.audio.rate)
    piece = song.audio.mono()[max(0, begin) : begin + 441]
    power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 4096)) ** 2
    hertz = np.fft.rfftfreq(4096, 1 / song.audio.rate)
    levels = [power[(hertz >= low) & (hertz < high)].sum() for low, high in BANDS_HZ]
    return 10 * np.log10(np.array(levels) + 1e-9)


def test_the_sound_gets_louder_in_some_band_at_every_stroke(song: DemoSong) -> None:
    rises = {
        hit.id: float((_band_levels_db(song, hit.onset_s) - _band_levels_db(song, hit.onset_s - 0.025)).max())
        for hit in song.hits
    }

    assert {name: rise for name, rise in rises.items() if rise < 2.0} == {}


def test_it_starts_in_silence_and_ends_in_silence(song: DemoSong) -> None:
    samples = np.abs(song.audio.samples)

    assert samples[:, : round((LEAD_IN_S - 0.05) * song.audio.rate)].max() < 1e-6
    assert samples[:, -100:].max() < 0.01


def test_strokes_lie_near_the_grid_and_are_numbered_in_order(song: DemoSong) -> None:
    step_s = 60.0 / TEMPO_BPM / 4
    distances_s = [
        abs((hit.onset_s - LEAD_IN_S) - round((hit.onset_s - LEAD_IN_S) / step_s) * step_s)
        for hit in song.hits
    ]

    assert max(distances_s) <= 0.0081
    assert [hit.id for hit in song.hits] == [f"h{number}" for number in range(1, len(song.hits) + 1)]
    assert list(song.hits) == sorted(song.hits, key=lambda hit: hit.onset_s)


def test_the_grid_covers_every_bar(song: DemoSong) -> None:
    assert len(song.grid.beats) == 6 * 4
    assert song.grid.beats[0].time_s == LEAD_IN_S
    assert song.grid.tempo_bpm == TEMPO_BPM


def test_equal_arguments_give_equal_samples_and_another_seed_others() -> None:
    once, again, other = (render_demo_song(bars=1, seed=seed) for seed in (1, 1, 2))

    assert np.array_equal(once.audio.samples, again.audio.samples)
    assert once.hits == again.hits
    assert not np.array_equal(once.audio.samples, other.audio.samples)


@pytest.mark.slow
def test_sixteen_bars_take_forty_seconds_and_use_the_whole_kit() -> None:
    song = render_demo_song()

    assert song.audio.samples.shape[0] == 2
    assert song.audio.samples.dtype == np.float32
    assert 38.0 < song.audio.duration_s < 42.0
    assert 0.5 < np.abs(song.audio.samples).max() <= 1.0
    played = {hit.instrument for hit in song.hits}
    assert {InstrumentName.CRASH, InstrumentName.HIHAT_OPEN, InstrumentName.TOM_LOW} <= played
    assert _ghosts(song.hits)


def _ghosts(hits: tuple[Hit, ...]) -> list[Hit]:
    return [hit for hit in hits if hit.instrument is InstrumentName.SNARE and hit.velocity < 45]
