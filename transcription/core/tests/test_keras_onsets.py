from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from media.core.audio import Audio
from media.core.errors import UndecodableAudio
from transcription.core.keras_cnn.clips import BEFORE_SAMPLES, cut_clips
from transcription.core.keras_cnn.mel_windows import CLIP_SAMPLES, RATE
from transcription.core.keras_cnn.onsets import Onsets, find_onsets
from transcription.core.sound_pieces import AudioPieces, FilePieces

STRUCK_S = np.array([0.5, 0.75, 1.0, 1.33, 2.1, 2.25, 3.4])


def clicks(times_s: NDArray[np.float64], seconds: float = 4.0, rate: int = RATE) -> NDArray[np.float32]:
    """Bursts of noise that decay in 30 ms."""
    rng = np.random.default_rng(1)
    sound = rng.normal(0, 1e-4, round(seconds * rate))
    burst = rng.normal(0, 0.3, rate // 5) * np.exp(-np.arange(rate // 5) / (0.03 * rate))
    for time_s in times_s:
        begin = round(time_s * rate)
        sound[begin : begin + len(burst)] += burst[: len(sound) - begin]
    return sound.astype(np.float32)


def pieces(mono: NDArray[np.float32], rate: int = RATE) -> AudioPieces:
    return AudioPieces(Audio(np.ascontiguousarray(mono[None]), rate))


def test_every_stroke_is_found_within_a_hundredth_of_a_second() -> None:
    onsets = find_onsets(pieces(clicks(STRUCK_S)))

    assert len(onsets.times_s) == len(STRUCK_S)
    np.testing.assert_allclose(onsets.times_s, STRUCK_S, atol=0.010)
    np.testing.assert_allclose(onsets.strengths, 1.0, atol=0.3)


def test_a_stroke_at_the_very_beginning_is_found() -> None:
    onsets = find_onsets(pieces(clicks(np.array([0.0, 1.0]))))

    np.testing.assert_allclose(onsets.times_s, [0.0, 1.0], atol=0.010)


def test_the_level_of_the_song_does_not_matter() -> None:
    sound = clicks(STRUCK_S)

    loud, soft = find_onsets(pieces(sound)), find_onsets(pieces(sound * np.float32(0.01)))

    np.testing.assert_allclose(loud.times_s, soft.times_s, atol=1e-4)
    assert loud.level_rms == pytest.approx(100 * soft.level_rms, rel=1e-3)


def test_another_rate_gives_the_same_onsets() -> None:
    onsets = find_onsets(pieces(clicks(STRUCK_S, rate=22_050), 22_050))

    np.testing.assert_allclose(onsets.times_s, STRUCK_S, atol=0.015)


@pytest.mark.parametrize("samples", [0, 1, 500, 44_100])
def test_silence_of_any_length_has_no_onsets(samples: int) -> None:
    onsets = find_onsets(pieces(np.zeros(samples, np.float32)))

    assert len(onsets.times_s) == len(onsets.strengths) == 0


def test_a_file_is_heard_like_what_is_in_memory_and_progress_is_reported(tmp_path: Path) -> None:
    sound = clicks(STRUCK_S)
    path = tmp_path / "song.wav"
    soundfile.write(path, sound, RATE, subtype="FLOAT")
    told: list[float] = []

    from_file = find_onsets(FilePieces.of(path), report=told.append)

    np.testing.assert_array_equal(from_file.times_s, find_onsets(pieces(sound)).times_s)
    assert told == sorted(told)
    assert len(told) >= 2
    assert told[-1] <= 1


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    path.write_bytes(b"fLaC and nothing else")

    with pytest.raises(UndecodableAudio):
        find_onsets(FilePieces.of(path))


def test_clips_begin_a_fiftieth_of_a_second_before_their_onsets() -> None:
    rng = np.random.default_rng(2)
    sound = rng.normal(0, 0.1, 7 * RATE).astype(np.float32)
    times_s = np.sort(rng.uniform(0, 7, 400))

    clips = np.concatenate(list(cut_clips(pieces(sound), times_s)))

    padded = np.pad(sound, (BEFORE_SAMPLES, CLIP_SAMPLES))
    begins = np.rint(times_s * RATE).astype(np.int64)
    np.testing.assert_array_equal(clips, padded[begins[:, None] + np.arange(CLIP_SAMPLES)])


def test_clips_come_in_batches_of_bounded_size() -> None:
    times_s = np.sort(np.random.default_rng(3).uniform(0, 4, 1_000))

    sizes = [len(clips) for clips in cut_clips(pieces(clicks(STRUCK_S)), times_s)]

    assert sum(sizes) == 1_000
    assert max(sizes) < 256


def test_around_onsets_at_and_behind_the_end_there_is_silence() -> None:
    sound = np.ones(RATE, np.float32)

    at_start, at_end, behind = np.concatenate(list(cut_clips(pieces(sound), np.array([0.0, 1.0, 9.0]))))

    assert at_start[:BEFORE_SAMPLES].max() == 0
    assert at_start[BEFORE_SAMPLES:].min() == 1
    assert at_end[:BEFORE_SAMPLES].min() == 1
    assert at_end[BEFORE_SAMPLES:].max() == 0
    assert behind.max() == 0


@pytest.mark.parametrize("times_s", [[1.0, 0.5], [-0.1, 0.5]])
def test_onsets_that_are_not_in_order_are_refused(times_s: list[float]) -> None:
    with pytest.raises(ValueError, match="order"):
        list(cut_clips(pieces(clicks(STRUCK_S)), Onsets.at(times_s).times_s))


def test_not_a_number_in_one_sample_spoils_nothing_else() -> None:
    sound = clicks(STRUCK_S)
    sound[round(1.7 * RATE)] = np.nan

    onsets = find_onsets(pieces(sound))

    np.testing.assert_allclose(onsets.times_s, STRUCK_S, atol=0.010)
