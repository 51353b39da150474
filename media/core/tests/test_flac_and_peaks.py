from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from media.core.audio import Audio
from media.core.errors import StorageFull, UndecodableAudio
from media.core.flac import read_flac, write_flac
from media.core.peaks import waveform_json, waveform_peaks
from media.core.tests.full_disk import no_file_over
from media.core.tests.songs import RATE, clicks


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("bits", "step"), [(16, 2**-15), (24, 2**-23)])
def test_flac_gives_back_what_was_written(tmp_path: Path, channels: int, bits: int, step: float) -> None:
    audio = Audio(samples=clicks(channels=channels), rate=RATE)

    write_flac(audio, tmp_path / "a.flac", bits=bits)
    again = read_flac(tmp_path / "a.flac")

    assert again.rate == RATE
    assert again.samples.shape == audio.samples.shape
    assert np.abs(again.samples - audio.samples).max() <= step


def test_flac_clips_what_is_over_full_scale(tmp_path: Path) -> None:
    audio = Audio(samples=clicks() * 3, rate=RATE)

    write_flac(audio, tmp_path / "a.flac")

    assert np.abs(read_flac(tmp_path / "a.flac").samples).max() == pytest.approx(1.0, abs=1e-4)


def test_a_damaged_flac_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"fLaC nonsense")

    with pytest.raises(UndecodableAudio):
        read_flac(tmp_path / "a.flac")


def test_no_room_is_storage_full_and_leaves_nothing(tmp_path: Path) -> None:
    audio = Audio(samples=clicks(30.0), rate=RATE)

    with no_file_over(50_000), pytest.raises(StorageFull):
        write_flac(audio, tmp_path / "a.flac")

    assert not list(tmp_path.iterdir())


def test_peaks_are_the_lowest_and_highest_of_each_span() -> None:
    samples = np.zeros((2, 1000), dtype=np.float32)
    samples[0, 105], samples[1, 107], samples[1, 999] = 0.5, -0.25, 1.0

    peaks = waveform_peaks(Audio(samples=samples, rate=RATE), points=10)

    assert peaks.shape == (10, 2)
    assert peaks.dtype == np.float32
    assert peaks[1].tolist() == [-0.25, 0.5]
    assert peaks[9].tolist() == [0.0, 1.0]
    assert not peaks[2:9].any()


def test_sound_shorter_than_the_drawing_gives_a_point_a_sample() -> None:
    peaks = waveform_peaks(Audio(samples=np.ones((1, 7), dtype=np.float32), rate=RATE))

    assert peaks.shape == (7, 2)


def test_peaks_as_json_are_whole_numbers_of_full_scale() -> None:
    waveform = waveform_json(Audio(samples=clicks() * 2, rate=RATE), points=500)

    again = json.loads(json.dumps(waveform))
    assert again["duration_s"] == 3.0
    assert len(again["peaks"]) == 500
    assert max(high for _, high in again["peaks"]) == again["scale"] == 127
