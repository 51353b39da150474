from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.core.decoding import decode
from media.core.probing import probe, probe_in_child
from media.core.tests.songs import CLICKS_S, FORMATS, RATE, clicks, encode, encode_any, onsets_s

# ADTS has no place to note the encoder's delay, so nobody can take it off: 1024 samples.
UNKNOWABLE_DELAY_S = {"aac": 1024 / 44_100}


@pytest.mark.parametrize("ending", [*FORMATS, "ogg"])
def test_every_format_is_decoded_with_its_hits_where_they_were(tmp_path: Path, ending: str) -> None:
    path = encode_any(tmp_path / f"song.{ending}")

    audio = decode(path, max_duration_s=60)

    expected = np.array(CLICKS_S) + UNKNOWABLE_DELAY_S.get(ending, 0.0)
    assert onsets_s(audio.samples, audio.rate) == pytest.approx(expected, abs=0.002)
    assert audio.rate == RATE
    assert audio.samples.dtype == np.float32
    assert audio.samples.shape[0] == 2
    assert audio.duration_s == pytest.approx(3.0, abs=0.05)
    assert audio.warnings == ()


@pytest.mark.parametrize("ending", [*FORMATS, "ogg"])
def test_the_content_says_what_a_file_is_whatever_its_name(tmp_path: Path, ending: str) -> None:
    path = encode_any(tmp_path / f"song.{ending}").rename(tmp_path / "holiday.jpg")

    info = probe(path)

    assert info.container == ending
    assert info.has_video == (ending in {"mp4", "mov", "mkv", "webm", "avi"})
    assert info.channels == 2
    assert info.duration_s == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("bits", ["PCM_16", "PCM_24", "PCM_32", "PCM_U8", "FLOAT", "DOUBLE"])
def test_every_sample_format_keeps_its_level(tmp_path: Path, bits: str) -> None:
    path = tmp_path / "song.wav"
    soundfile.write(path, clicks().T, RATE, subtype=bits)

    audio = decode(path, max_duration_s=60)

    assert np.abs(audio.samples - clicks()).max() < (0.01 if bits == "PCM_U8" else 1e-4)


def test_mono_at_8_khz_stays_mono_at_its_level(tmp_path: Path) -> None:
    path = encode(tmp_path / "song.wav", clicks(rate=8_000, channels=1), rate=8_000)

    audio = decode(path, max_duration_s=60)

    assert audio.samples.shape == (1, 3 * RATE)
    assert onsets_s(audio.samples, RATE) == pytest.approx(CLICKS_S, abs=0.002)
    assert np.abs(audio.samples).max() == pytest.approx(np.abs(clicks(rate=8_000)).max(), abs=0.05)


def test_surround_sound_becomes_stereo_without_overload(tmp_path: Path) -> None:
    full_scale = np.ones((6, 2 * RATE), dtype=np.float32) * 0.999
    path = encode(tmp_path / "song.wav", full_scale, layout="5.1")

    audio = decode(path, max_duration_s=60)

    assert audio.samples.shape[0] == 2
    assert 0.9 < np.abs(audio.samples).max() <= 1.0


def test_surround_sound_keeps_left_and_right_apart_and_the_centre_in_both(tmp_path: Path) -> None:
    left_only, centre_only = (np.zeros((6, 2 * RATE), dtype=np.float32) for _ in range(2))
    left_only[0] = clicks(2.0)[0]
    centre_only[2] = clicks(2.0)[0]
    encode(tmp_path / "left.wav", left_only, layout="5.1")
    encode(tmp_path / "centre.wav", centre_only, layout="5.1")

    left = decode(tmp_path / "left.wav", max_duration_s=60)
    centre = decode(tmp_path / "centre.wav", max_duration_s=60)

    assert np.abs(left.samples[0]).max() > 0.1
    assert np.abs(left.samples[1]).max() == 0.0
    assert centre.samples[0] == pytest.approx(centre.samples[1])


def test_another_rate_is_reached_without_moving_the_hits(tmp_path: Path) -> None:
    path = encode(tmp_path / "song.flac", clicks(rate=96_000), rate=96_000)

    audio = decode(path, max_duration_s=60, rate=22_050)

    assert audio.rate == 22_050
    assert audio.samples.shape[1] == pytest.approx(3 * 22_050, abs=2)
    assert onsets_s(audio.samples, 22_050) == pytest.approx(CLICKS_S, abs=0.002)


def test_sound_that_starts_late_in_a_video_keeps_its_distance_to_the_picture(tmp_path: Path) -> None:
    path = encode(tmp_path / "song.mp4", clicks(), starts_at_s=0.75)

    audio = decode(path, max_duration_s=60)

    assert onsets_s(audio.samples, RATE) == pytest.approx(np.array(CLICKS_S) + 0.75, abs=0.03)
    assert audio.warnings == ()


def test_progress_is_reported_and_ends_at_one(tmp_path: Path) -> None:
    path = encode(tmp_path / "song.flac", clicks(12.0))
    heard: list[float] = []

    decode(path, max_duration_s=60, report=heard.append)

    assert heard == sorted(heard)
    assert len(heard) > 2
    assert heard[-1] == 1.0


def test_a_child_process_finds_the_same_as_this_one(tmp_path: Path) -> None:
    path = encode_any(tmp_path / "song.mp4")

    assert probe_in_child(path) == probe(path)
