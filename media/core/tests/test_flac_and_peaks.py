from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from media.core.audio import Audio
from media.core.errors import StorageFull, UndecodableAudio
from media.core.flac import FlacWriter, read_flac, write_flac
from media.core.peaks import WaveformMeter, waveform_json
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


def measured(samples: np.ndarray, *, piece: int = 10_000) -> WaveformMeter:
    meter = WaveformMeter()
    for begin in range(0, samples.shape[1], piece):
        meter.add(samples[:, begin : begin + piece])
    return meter


@pytest.mark.parametrize("piece", [7, 1000, 64_000])
def test_peaks_are_the_lowest_and_highest_of_each_span_whatever_the_pieces(piece: int) -> None:
    samples = np.zeros((2, 64_000), dtype=np.float32)
    samples[0, 6_500], samples[1, 7_000], samples[1, 63_999] = 0.5, -0.25, 1.0

    peaks = measured(samples, piece=piece).peaks(points=10)

    assert peaks.shape == (10, 2)
    assert peaks.dtype == np.float32
    assert peaks[1].tolist() == [-0.25, 0.5]
    assert peaks[9].tolist() == [0.0, 1.0]
    assert not peaks[2:9].any()


def test_sound_shorter_than_the_drawing_gives_fewer_points() -> None:
    assert measured(np.ones((1, 130), dtype=np.float32)).peaks().shape == (3, 2)
    assert WaveformMeter().peaks().shape == (0, 2)


def test_sound_that_is_written_as_it_comes_is_the_same_file(tmp_path: Path) -> None:
    samples = clicks(channels=2)
    with FlacWriter(tmp_path / "pieces.flac", RATE) as out:
        for begin in range(0, samples.shape[1], 5_000):
            out.write(samples[:, begin : begin + 5_000])

    write_flac(Audio(samples=samples, rate=RATE), tmp_path / "whole.flac")

    pieces, whole = read_flac(tmp_path / "pieces.flac"), read_flac(tmp_path / "whole.flac")
    assert np.array_equal(pieces.samples, whole.samples)


def test_a_file_whose_sound_breaks_off_is_not_left_behind(tmp_path: Path) -> None:
    def break_off() -> None:
        with FlacWriter(tmp_path / "a.flac", RATE) as out:
            out.write(clicks())
            raise UndecodableAudio

    with pytest.raises(UndecodableAudio):
        break_off()

    assert not list(tmp_path.iterdir())


def test_peaks_as_json_are_whole_numbers_of_full_scale() -> None:
    waveform = waveform_json(Audio(samples=clicks() * 2, rate=RATE), points=500)

    again = json.loads(json.dumps(waveform))
    assert again["duration_s"] == 3.0
    assert len(again["peaks"]) == 500
    assert max(high for _, high in again["peaks"]) == again["scale"] == 127
