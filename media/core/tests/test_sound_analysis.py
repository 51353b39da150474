from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from media.core.audio import Audio
from media.core.errors import UndecodableAudio
from media.core.flac import write_flac
from media.core.pieces import AudioInPieces
from media.core.sound_analysis import SoundAnalysis, analyse, analyse_file

RATE = 44_100


def noise(channels: int = 2, seconds: float = 5.0, level: float = 0.1) -> NDArray[np.float32]:
    random = np.random.default_rng(2)
    return (level * random.standard_normal((channels, round(seconds * RATE)))).astype(np.float32)


def sine(frequency_hz: float, amplitude: float = 0.5) -> NDArray[np.float32]:
    time_s = np.arange(5 * RATE) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)[None, :]


def of(samples: NDArray[np.float32]) -> SoundAnalysis:
    return analyse(AudioInPieces(Audio(samples, RATE)))


def test_a_sine_is_all_in_its_octave() -> None:
    found = of(sine(1000.0))

    levels = {band.centre_hz: band.level_db for band in found.octaves}
    assert levels[1000.0] == pytest.approx(-9.03, abs=0.05)  # half of full scale, as power
    assert max(level for centre, level in levels.items() if centre != 1000.0) < -60
    assert found.centroid_hz == pytest.approx(1000, abs=5)
    assert found.rolloff_hz == pytest.approx(1000, abs=15)
    assert found.crest_db == pytest.approx(3.01, abs=0.02)
    assert found.rms_dbfs == pytest.approx(-9.03, abs=0.02)


def test_each_octave_of_white_noise_holds_twice_the_power_of_the_one_below() -> None:
    found = of(noise())

    levels = [band.level_db for band in found.octaves[2:9]]
    assert np.diff(levels) == pytest.approx(3.01, abs=0.7)
    assert found.centroid_hz == pytest.approx(RATE / 4, rel=0.02)
    assert found.rolloff_hz == pytest.approx(0.85 * RATE / 2, rel=0.02)


def test_the_octaves_add_up_to_the_whole() -> None:
    found = of(noise())

    heard = 10 * np.log10(sum(10 ** (band.level_db / 10) for band in found.octaves))
    assert heard == pytest.approx(found.rms_dbfs, abs=0.1)


@pytest.mark.parametrize(
    ("right", "correlation", "width"), [(1.0, 1.0, 0.0), (-1.0, -1.0, 1.0), (0.0, None, 0.5)]
)
def test_width_is_told_from_mid_and_side(right: float, correlation: float | None, width: float) -> None:
    left = noise(1)

    found = of(np.concatenate([left, right * left]))

    assert found.correlation == (None if correlation is None else pytest.approx(correlation, abs=1e-3))
    assert found.width == pytest.approx(width, abs=1e-3)


def test_unrelated_channels_are_half_wide_and_mono_has_no_width() -> None:
    assert of(noise()).width == pytest.approx(0.5, abs=0.01)
    assert of(noise()).correlation == pytest.approx(0.0, abs=0.01)
    assert (of(noise(1)).width, of(noise(1)).correlation) == (None, None)


def test_a_flattened_recording_has_less_between_peak_and_loudness() -> None:
    open_ = noise()

    flat = of(np.clip(open_, -0.12, 0.12))

    before = of(open_)
    assert flat.peak_to_loudness_db is not None
    assert before.peak_to_loudness_db is not None
    assert flat.peak_to_loudness_db < before.peak_to_loudness_db - 4


@pytest.mark.parametrize("length", [0, 1, 100, RATE])
def test_silence_of_any_length_has_no_figures(length: int) -> None:
    found = of(np.zeros((2, length), dtype=np.float32))

    assert found.lufs is found.rms_dbfs is found.crest_db is found.centroid_hz is found.width is None
    assert {band.level_db for band in found.octaves} == {-120.0}
    json.dumps(found.as_dict(), allow_nan=False)


def test_a_file_is_analysed_as_what_it_holds(tmp_path: Path) -> None:
    write_flac(Audio(noise(seconds=11.0), RATE), tmp_path / "song.flac", bits=24)
    heard: list[float] = []

    found = analyse_file(tmp_path / "song.flac", heard.append)

    assert found.duration_s == 11.0
    assert found.lufs == pytest.approx(of(noise(seconds=11.0)).lufs, abs=0.02)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert json.loads(json.dumps(found.as_dict()))["octaves"][0] == {
        "centre_hz": 31.5,
        "level_db": found.octaves[0].level_db,
    }


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "song.flac").write_bytes(b"fLaC" + bytes(1000))

    with pytest.raises(UndecodableAudio):
        analyse_file(tmp_path / "song.flac")
