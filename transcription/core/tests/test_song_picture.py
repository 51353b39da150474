from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soxr

from media.core.audio import Audio
from media.core.errors import UndecodableAudio
from media.core.flac import write_flac
from transcription.core.features import RATE, band_normalised, levelled, log_mel
from transcription.core.song_picture import SongPicture, take_picture
from transcription.core.sound_pieces import AudioPieces, FilePieces


@dataclass(frozen=True)
class CutInto:
    """Sound that comes in pieces of one odd length."""

    mono: np.ndarray
    length: int
    rate: int = RATE

    @property
    def samples(self) -> int:
        return len(self.mono)

    def mono_pieces(self) -> Iterator[np.ndarray]:
        for begin in range(0, len(self.mono), self.length):
            yield self.mono[begin : begin + self.length]


def noise(seconds: float, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(4)
    swell = np.linspace(0.01, 0.2, int(seconds * RATE))
    return (rng.normal(0, 1, (channels, len(swell))) * swell).astype(np.float32)


def taken_at_once(mono: np.ndarray) -> np.ndarray:
    return band_normalised(log_mel(levelled(mono))[: mono.size // 441])


def whole(picture: SongPicture) -> np.ndarray:
    return np.concatenate([np.zeros((0, 168), np.float32), *picture.pieces()])


@pytest.mark.parametrize("length", [100, 441, 2_047, 44_100, 10**7])
def test_sound_in_pieces_gives_the_picture_of_the_whole(length: int) -> None:
    mono = noise(3.217)[0]

    picture = take_picture(CutInto(mono, length))

    np.testing.assert_allclose(whole(picture), taken_at_once(mono), atol=1e-4)


def test_the_picture_can_be_read_from_anywhere() -> None:
    picture = take_picture(CutInto(noise(12.5)[0], 44_100))

    np.testing.assert_array_equal(picture.between(990, 1_020), whole(picture)[990:1_020])


@pytest.mark.parametrize("samples", [0, 1, 440, 441, 882, 1_023, 1_024, 2_048, 2_490])
def test_hardly_any_sound_gives_a_frame_for_each_whole_hundredth(samples: int) -> None:
    assert len(take_picture(CutInto(noise(1.0)[0, :samples], 300))) == samples // 441


@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_resampling_in_pieces_is_resampling_at_once(rate: int) -> None:
    mono = noise(2.0)[0]
    at_once = soxr.resample(mono, rate, RATE, quality="HQ").astype(np.float32)

    picture = take_picture(CutInto(mono, 5_000, rate))

    expected = taken_at_once(at_once)
    np.testing.assert_allclose(whole(picture)[: len(expected)], expected, atol=1e-3)
    assert len(picture) == len(expected)


def test_a_file_gives_the_picture_of_its_sound(tmp_path: Path) -> None:
    audio = Audio(np.round(noise(5.0, channels=2) * 2**15) / np.float32(2**15), RATE)
    write_flac(audio, tmp_path / "song.flac")

    from_file = take_picture(FilePieces.of(tmp_path / "song.flac"))

    np.testing.assert_allclose(whole(from_file), whole(take_picture(AudioPieces(audio))), atol=1e-5)


def test_a_file_that_is_no_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "song.flac"
    path.write_bytes(b"not a song")

    with pytest.raises(UndecodableAudio):
        FilePieces.of(path)


def test_a_file_that_is_cut_off_is_heard_to_its_end_or_refused(tmp_path: Path) -> None:
    whole_file = tmp_path / "song.flac"
    write_flac(Audio(noise(6.0), RATE), whole_file)
    broken = tmp_path / "broken.flac"
    broken.write_bytes(whole_file.read_bytes()[: whole_file.stat().st_size // 2])

    try:
        frames = len(take_picture(FilePieces.of(broken)))
    except UndecodableAudio:
        return

    assert 200 < frames <= 300


def test_infinities_in_the_sound_do_not_reach_the_picture() -> None:
    mono = noise(2.0)[0]
    mono[[10_000, 40_000]] = np.nan, np.inf

    assert np.isfinite(whole(take_picture(CutInto(mono, 1_000)))).all()
