from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from accounts.core.errors import DrumError
from media.core.decoding import decode
from media.core.errors import (
    AudioTooLong,
    AudioTooShort,
    EmptyFile,
    NoSound,
    NotAudio,
    SilentAudio,
    UndecodableAudio,
    UnsupportedAudio,
)
from media.core.probing import probe, probe_in_child
from media.core.tests.songs import (
    CLICKS_S,
    RATE,
    clicks,
    cut,
    encode,
    encode_any,
    onsets_s,
    wav_header,
)


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def is_refused(path: Path, error: type[DrumError]) -> bool:
    """Whether decoding and probing, here and in a child, all refuse the file in the same way."""
    for read in (lambda: decode(path, max_duration_s=60), lambda: probe(path), lambda: probe_in_child(path)):
        with pytest.raises(error):
            read()
    return True


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert is_refused(write(tmp_path / "song.mp3", b""), EmptyFile)


def test_text_named_mp3_is_refused(tmp_path: Path) -> None:
    assert is_refused(write(tmp_path / "song.mp3", b"Dear drummer,\n" * 5000), NotAudio)


@pytest.mark.parametrize("seed", range(5))
def test_noise_named_mp3_is_refused(tmp_path: Path, seed: int) -> None:
    noise = np.random.default_rng(seed).bytes(300_000)

    with pytest.raises((NotAudio, UndecodableAudio, AudioTooShort)):
        decode(write(tmp_path / "song.mp3", noise), max_duration_s=60)


def test_a_picture_is_refused(tmp_path: Path) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 4000

    assert is_refused(write(tmp_path / "song.mp3", png), NotAudio)


@pytest.mark.parametrize(
    "playlist",
    ["ffconcat version 1.0\nfile secret.wav\n", "#EXTM3U\n#EXTINF:3,\nsecret.wav\n#EXT-X-ENDLIST\n"],
)
def test_a_playlist_cannot_make_us_read_other_files(tmp_path: Path, playlist: str) -> None:
    encode_any(tmp_path / "secret.wav")

    assert is_refused(write(tmp_path / "song.mp3", playlist.encode()), NotAudio)


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    assert is_refused(encode(tmp_path / "song.mp4"), NoSound)


def test_the_front_part_of_an_m4a_is_refused_as_damaged(tmp_path: Path) -> None:
    assert is_refused(cut(encode_any(tmp_path / "song.m4a")), UndecodableAudio)


def test_a_header_without_one_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UndecodableAudio):
        decode(write(tmp_path / "song.wav", wav_header(claimed_bytes=1_000_000)), max_duration_s=60)


def test_a_fifth_of_a_second_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioTooShort) as refusal:
        decode(encode(tmp_path / "song.wav", clicks(0.2)), max_duration_s=60)

    assert refusal.value.details == {"duration_s": 0.2, "minimum_s": 1.0}


def test_digital_silence_is_refused(tmp_path: Path) -> None:
    silence = np.zeros((2, 3 * RATE), dtype=np.float32)

    with pytest.raises(SilentAudio):
        decode(encode(tmp_path / "song.flac", silence), max_duration_s=60)


def test_dither_around_silence_is_refused_too(tmp_path: Path) -> None:
    dither = (np.random.default_rng(1).integers(-1, 2, (2, 3 * RATE)) / 32768).astype(np.float32)

    with pytest.raises(SilentAudio):
        decode(encode(tmp_path / "song.wav", dither), max_duration_s=60)


def test_quiet_drums_are_not_silence(tmp_path: Path) -> None:
    quiet = decode(encode(tmp_path / "song.flac", clicks() * 0.003), max_duration_s=60)

    assert np.abs(quiet.samples).max() < 0.003


def test_sound_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "song.wav", clicks(12.0))

    with pytest.raises(AudioTooLong):
        decode(path, max_duration_s=10)
    with pytest.raises(AudioTooLong):
        probe_in_child(path, max_duration_s=10)


def test_sound_of_just_the_limit_is_taken(tmp_path: Path) -> None:
    path = encode(tmp_path / "song.wav", clicks(10.0))

    assert probe(path, max_duration_s=10).duration_s == 10.0
    assert decode(path, max_duration_s=10).duration_s == 10.0


@pytest.mark.parametrize("rate", [1, 100, 4_000_000])
def test_an_absurd_sample_rate_is_refused_before_it_becomes_memory(tmp_path: Path, rate: int) -> None:
    assert is_refused(
        write(tmp_path / "song.wav", wav_header(rate=rate, data=b"\1\2" * 25_000)), UnsupportedAudio
    )


def test_two_hundred_channels_are_refused(tmp_path: Path) -> None:
    content = wav_header(channels=200, data=os.urandom(400_000))

    with pytest.raises((UnsupportedAudio, UndecodableAudio, NotAudio)):
        decode(write(tmp_path / "song.wav", content), max_duration_s=60)


def test_a_header_that_claims_weeks_is_not_believed(tmp_path: Path) -> None:
    path = encode(tmp_path / "song.flac", clicks())
    content = bytearray(path.read_bytes())
    content[8 + 13] |= 0x0F  # the 36-bit number of samples in STREAMINFO
    content[8 + 14 : 8 + 18] = b"\xff\xff\xff\xff"
    path.write_bytes(content)

    info = probe(path, max_duration_s=60)
    audio = decode(path, max_duration_s=60)

    assert info.duration_s is None
    assert audio.duration_s == pytest.approx(3.0)


def test_a_wav_written_without_knowing_its_length_is_taken(tmp_path: Path) -> None:
    data = (clicks().T * 32767).astype("<i2").tobytes()
    path = write(tmp_path / "song.wav", wav_header(data=data, claimed_bytes=0xFFFFFFFF))

    audio = decode(path, max_duration_s=60)

    assert audio.duration_s == pytest.approx(3.0)
    assert audio.warnings == ()


@pytest.mark.parametrize("ending", ["mp3", "wav", "flac", "ogg", "opus", "aac", "mkv", "webm"])
def test_a_truncated_file_is_decoded_as_far_as_it_goes_and_said_to_be_short(
    tmp_path: Path, ending: str
) -> None:
    path = cut(encode_any(tmp_path / f"song.{ending}", duration_s=10.0), 0.6)

    audio = decode(path, max_duration_s=60)

    assert 3.0 < audio.duration_s < 9.0
    assert onsets_s(audio.samples, RATE) == pytest.approx(CLICKS_S, abs=0.03)
    assert [warning.code for warning in audio.warnings] == ["audio_truncated"]
    assert audio.warnings[0].details["decoded_s"] == pytest.approx(audio.duration_s, abs=0.05)


@pytest.mark.parametrize("ending", ["mp3", "flac", "opus", "mkv", "mp4"])
def test_damage_in_the_middle_does_not_move_what_follows(tmp_path: Path, ending: str) -> None:
    sound = np.concatenate([clicks(20.0, rate=48_000), clicks(10.0, rate=48_000)], axis=1)
    path = encode(tmp_path / f"song.{ending}", sound, rate=48_000, frame_count=300)
    content = bytearray(path.read_bytes())
    start = int(len(content) * 0.3)
    content[start : start + len(content) // 20] = b"\0" * (len(content) // 20)
    path.write_bytes(content)

    audio = decode(path, max_duration_s=60)

    later = [onset for onset in onsets_s(audio.samples, RATE) if onset > 19.0]
    assert later == pytest.approx(np.array(CLICKS_S) + 20.0, abs=0.06)
    assert audio.warnings[0].code == "audio_damaged"


def test_infinities_and_absurd_levels_are_tamed(tmp_path: Path) -> None:
    import soundfile

    sound = clicks().T.copy()
    sound[1000:1003, 0] = [np.inf, np.nan, 1e30]
    soundfile.write(tmp_path / "song.wav", sound, RATE, subtype="FLOAT")

    audio = decode(tmp_path / "song.wav", max_duration_s=60)

    assert np.isfinite(audio.samples).all()
    assert np.abs(audio.samples).max() <= 8.0


def test_a_file_that_is_not_there_is_our_own_bug(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "nothing.mp3", max_duration_s=60)
