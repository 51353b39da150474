from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from notation.core.beat_grid import Beat
from transcription.core.click import render_click, write_click

RATE = 44_100
BEATS = tuple(Beat(time_s=0.5 + 0.5 * index, bar=1 + index // 4, beat=1 + index % 4) for index in range(8))


def first_sounding(sound: NDArray[np.float32], begin: int, end: int) -> int:
    return begin + int(np.flatnonzero(np.abs(sound[begin:end]) > 0.01)[0])


def test_a_click_sounds_at_every_beat_within_a_millisecond() -> None:
    sound = render_click(BEATS, RATE, begin=0, end=5 * RATE)

    for beat in BEATS:
        at = round(beat.time_s * RATE)
        assert 0 <= first_sounding(sound, at - 4_000, at + 4_000) - at < RATE // 1_000
    assert sound.dtype == np.float32


def test_between_the_clicks_is_silence() -> None:
    sound = render_click(BEATS, RATE, begin=0, end=5 * RATE)

    for beat in BEATS:
        quiet = round((beat.time_s + 0.05) * RATE)
        assert not sound[quiet : quiet + round(0.4 * RATE)].any()


def test_downbeats_are_louder_and_higher() -> None:
    sound = render_click(BEATS, RATE, begin=0, end=5 * RATE)

    ticks = [sound[(at := round(beat.time_s * RATE)) : at + RATE // 25] for beat in BEATS]
    peaks = [float(np.abs(tick).max()) for tick in ticks]
    crossings = [int(np.count_nonzero(np.diff(np.signbit(tick)))) for tick in ticks]

    assert peaks == pytest.approx([0.8, 0.4, 0.4, 0.4] * 2)
    assert crossings[0] == crossings[4] > crossings[1]


def test_pieces_are_the_same_as_the_whole() -> None:
    whole = render_click(BEATS, RATE, begin=0, end=5 * RATE)
    cut = round(BEATS[3].time_s * RATE) + 300  # in the middle of a click

    halves = [render_click(BEATS, RATE, begin=a, end=b) for a, b in ((0, cut), (cut, 5 * RATE))]

    assert np.array_equal(np.concatenate(halves), whole)


def test_beats_before_and_after_the_song_are_left_out() -> None:
    beats = (Beat(-3.0, 0, 3), Beat(-0.01, 0, 4), Beat(0.5, 1, 1), Beat(0.99, 1, 2), Beat(7.0, 1, 3))

    sound = render_click(beats, RATE, begin=0, end=RATE)

    assert len(sound) == RATE
    assert sound[RATE // 2 : RATE // 2 + 1_000].any()
    assert np.abs(sound).max() <= 1.0


def test_beats_on_top_of_each_other_stay_within_full_scale() -> None:
    sound = render_click((Beat(0.1, 1, 1), Beat(0.1, 2, 1)), RATE, begin=0, end=RATE)

    assert np.abs(sound).max() <= 1.0


@pytest.mark.parametrize("samples", [1, 100, 25 * 8_000 + 3])
def test_the_file_is_as_long_as_asked_for(tmp_path: Path, samples: int) -> None:
    path = tmp_path / "click.flac"

    write_click(BEATS, path, 8_000, samples=samples)

    sound, rate = soundfile.read(path, dtype="float32")
    assert (len(sound), rate) == (samples, 8_000)
    expected = render_click(BEATS, 8_000, begin=0, end=samples)
    assert np.abs(sound - expected).max() < 2 / 2**15


def test_no_beats_are_silence() -> None:
    assert not render_click((), RATE, begin=0, end=RATE).any()


def test_a_folder_that_is_not_there_is_no_full_disk(tmp_path: Path) -> None:
    with pytest.raises((OSError, soundfile.LibsndfileError)):
        write_click(BEATS, tmp_path / "nowhere" / "click.flac", RATE, samples=RATE)
