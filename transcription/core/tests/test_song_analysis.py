from __future__ import annotations

import pytest

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.song_analysis import onset_density, tempo_curve


def hits_at(*times: float) -> list[Hit]:
    return [
        Hit(f"h{number}", time, InstrumentName.SNARE, 90, 0.9) for number, time in enumerate(times, start=1)
    ]


def grid_of(*bar_lengths_s: float, pickup: bool = False) -> BeatGrid:
    beats, time_s = [], 0.0
    if pickup:
        beats, time_s = [Beat(0.0, 0, 4)], 0.5
    for bar, length_s in enumerate(bar_lengths_s, start=1):
        beats += [Beat(time_s + beat * length_s / 4, bar, beat + 1) for beat in range(4)]
        time_s += length_s
    beats.append(Beat(time_s, len(bar_lengths_s) + 1, 1))
    return BeatGrid(tuple(beats), (Meter(1, 4, 4),), tempo_bpm=120.0, unreliable=False)


def test_density_is_counted_in_pieces():
    density = onset_density(hits_at(0.1, 0.6, 1.1, 5.2, 10.5), duration_s=11.0)

    assert density["per_s"] == [0.6, 0.2, 1.0]
    assert density["mean_per_s"] == pytest.approx(5 / 11, abs=1e-3)
    assert density["peak_per_s"] == 0.6


def test_strokes_that_fall_together_count_once():
    assert onset_density(hits_at(1.0, 1.005, 2.0), duration_s=5.0)["per_s"] == [0.4]


def test_silence_has_no_density():
    assert onset_density([], duration_s=0.0)["per_s"] == []
    assert onset_density([], duration_s=6.0)["per_s"] == [0.0, 0.0]


def test_a_steady_song_has_one_tempo():
    tempo = tempo_curve(grid_of(*[2.0] * 8))

    assert {point["bpm"] for point in tempo["curve"]} == {120.0}
    assert (tempo["spread_bpm"], tempo["drift_percent"]) == (0.0, 0.0)


def test_a_song_that_slows_down_says_by_how_much():
    tempo = tempo_curve(grid_of(*[2.0] * 8, *[2.5] * 8))

    assert (tempo["fastest_bpm"], tempo["slowest_bpm"]) == (120.0, 96.0)
    assert tempo["drift_percent"] == -20.0


def test_a_pickup_is_no_bar_of_the_curve():
    tempo = tempo_curve(grid_of(2.0, 2.0, pickup=True))

    assert [point["bar"] for point in tempo["curve"]] == [1, 2]
    assert tempo["curve"][0] == {"time_s": 0.5, "bar": 1, "bpm": 120.0}


def test_a_song_of_one_bar_has_no_curve():
    grid = BeatGrid((Beat(0.0, 1, 1),), (Meter(1, 4, 4),), tempo_bpm=90.0, unreliable=True)

    assert tempo_curve(grid) == {"bpm": 90.0, "unreliable": True, "curve": []}
