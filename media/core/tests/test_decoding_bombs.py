"""Small files that ask for much memory or time, and headers that no library expects."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from media.core.decoding import decode
from media.core.errors import UndecodableAudio
from media.core.probing import MAXIMUM_TRACKS, probe
from media.core.tests.false_headers import many_tracks, png_of_zeros, with_cover
from media.core.tests.reading_child import Reader
from media.core.tests.songs import RATE, clicks, encode_any, wav_header


def test_the_cover_of_an_album_is_not_unfolded(tmp_path: Path) -> None:
    path = encode_any(tmp_path / "song.mp3")
    path.write_bytes(with_cover(png_of_zeros(12_000)) + path.read_bytes())  # 1.2 MB for 1.2 GB

    reader = Reader()
    reading = reader.read(path)
    reader.stop()

    assert (reading.probed, reading.decoded) == ("sound", "sound")
    assert reading.peak_bytes < 200_000_000


def test_tags_in_another_alphabet_do_not_keep_a_song_out(tmp_path: Path) -> None:
    path = encode_any(tmp_path / "song.mp3")
    path.write_bytes(path.read_bytes().replace(b"Lavf", b"\xe4\xf6\xfc\xdf", 1))

    assert probe(path).rate == RATE
    assert decode(path, max_duration_s=60).duration_s == pytest.approx(3.0, abs=0.05)


def test_as_many_tracks_as_a_mixing_desk_has_are_taken(tmp_path: Path) -> None:
    path = encode_any(tmp_path / "song.mp4")
    path.write_bytes(many_tracks(path.read_bytes(), 32))

    assert probe(path).has_video


def test_more_tracks_than_anybody_has_are_refused(tmp_path: Path) -> None:
    path = encode_any(tmp_path / "song.mp4")
    path.write_bytes(many_tracks(path.read_bytes(), 2 * MAXIMUM_TRACKS))

    with pytest.raises(UndecodableAudio):
        probe(path)
    with pytest.raises(UndecodableAudio):
        decode(path, max_duration_s=60)


def test_a_codec_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    content = bytearray(wav_header(data=(clicks().T * 32767).astype("<i2").tobytes()))
    content[20:22] = b"\0\0"
    (tmp_path / "song.wav").write_bytes(content)

    with pytest.raises(UndecodableAudio):
        probe(tmp_path / "song.wav")
    with pytest.raises(UndecodableAudio):
        decode(tmp_path / "song.wav", max_duration_s=60)


def test_samples_of_64_bits_are_refused_and_32_are_taken(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", clicks().T, RATE, subtype="PCM_32")
    content = bytearray((tmp_path / "song.wav").read_bytes())
    assert decode(tmp_path / "song.wav", max_duration_s=60).samples.max() > 0.5
    content[34:36] = b"\x40\0"
    (tmp_path / "song.wav").write_bytes(content)

    with pytest.raises(UndecodableAudio):
        decode(tmp_path / "song.wav", max_duration_s=60)


@pytest.mark.parametrize(("leap_s", "length_s"), [(0.5, 30 * 0.5), (20.0, 200.0)])
def test_a_clock_that_leaps_makes_no_hours_of_silence(tmp_path: Path, leap_s: float, length_s: float) -> None:
    path = tmp_path / "song.mkv"
    with av.open(path, "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for number in range(30):
            piece = np.full((1, 4410), 3000 * (1 + number % 2), np.int16)
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.rate, frame.pts = RATE, round(number * leap_s * RATE)
            container.mux(stream.encode(frame))

    audio = decode(path, max_duration_s=3_600)

    assert audio.duration_s <= length_s
    assert audio.duration_s >= 0.5 * length_s
