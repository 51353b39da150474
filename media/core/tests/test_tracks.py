from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from media.core.decoding import decode
from media.core.errors import NoSuchTrack
from media.core.probing import probe, probe_in_child
from media.core.tests.songs import RATE, encode_any
from media.core.tracks import SoundTrack

TONES_HZ = (400, 1000, 2500)


def tone(frequency_hz: float) -> NDArray[np.float32]:
    time_s = np.arange(2 * RATE) / RATE
    return (0.3 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)[None, :]


def film(path: Path, muxer: str) -> Path:
    """Write a film with a tone of its own on each of three tracks."""
    words = ({"language": "eng"}, {"language": "deu", "title": "Nur\tSchlagzeug"}, {})
    with av.open(path, "w", format=muxer) as container:
        streams = [container.add_stream("aac", rate=RATE, layout="mono") for _ in TONES_HZ]
        for stream, said in zip(streams, words, strict=True):
            stream.metadata.update(said)
        picture = container.add_stream("mpeg4", rate=10)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        for number in range(20):
            image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            image.pts = number
            container.mux(picture.encode(image))
        container.mux(picture.encode(None))
        for stream, frequency_hz in zip(streams, TONES_HZ, strict=True):
            frame = av.AudioFrame.from_ndarray(tone(frequency_hz), format="fltp", layout="mono")
            frame.rate, frame.pts = RATE, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


def heard_hz(path: Path, track: int | None) -> float:
    samples = decode(path, max_duration_s=60, track=track).samples[0]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE / len(samples))


@pytest.mark.parametrize(("ending", "muxer"), [("mkv", "matroska"), ("mp4", "mp4")])
def test_every_track_can_be_heard_by_its_number(tmp_path: Path, ending: str, muxer: str) -> None:
    path = film(tmp_path / f"film.{ending}", muxer)

    assert [heard_hz(path, track) for track in range(3)] == pytest.approx(TONES_HZ, abs=2)
    assert heard_hz(path, None) == pytest.approx(TONES_HZ[0], abs=2)


@pytest.mark.parametrize(("ending", "muxer"), [("mkv", "matroska"), ("mp4", "mp4")])
def test_tracks_are_listed_with_what_the_file_says_of_them(tmp_path: Path, ending: str, muxer: str) -> None:
    path = film(tmp_path / f"film.{ending}", muxer)

    tracks = probe(path).tracks

    assert [track.index for track in tracks] == [0, 1, 2]
    assert [track.language for track in tracks][:2] == ["eng", "deu"]
    assert [track.title for track in tracks] == ["", "Nur Schlagzeug", ""]
    assert {(track.codec, track.rate, track.channels) for track in tracks} == {("aac", RATE, 1)}
    assert [track.is_default for track in tracks] == [True, False, False]
    assert probe_in_child(path).tracks == tracks


def test_a_song_has_one_track(tmp_path: Path) -> None:
    path = encode_any(tmp_path / "song.mp3")

    assert probe(path).tracks == (SoundTrack(0, "mp3float", 2, RATE, "", "", True),)
    assert decode(path, max_duration_s=60, track=0).info.codec == "mp3float"


@pytest.mark.parametrize("track", [-1, 3, 10**9])
def test_a_track_that_is_not_there_is_refused_with_the_list_of_those_that_are(
    tmp_path: Path, track: int
) -> None:
    path = film(tmp_path / "film.mkv", "matroska")

    with pytest.raises(NoSuchTrack) as refusal:
        decode(path, max_duration_s=60, track=track)

    assert refusal.value.details["track"] == track
    listed = refusal.value.details["tracks"]
    assert isinstance(listed, list)
    assert listed == [entry.as_dict() for entry in probe(path).tracks]


def test_a_header_that_claims_weeks_keeps_its_tracks(tmp_path: Path) -> None:
    path = encode_any(tmp_path / "song.flac")
    content = bytearray(path.read_bytes())
    content[8 + 14 : 8 + 18] = b"\xff\xff\xff\xff"  # the number of samples in STREAMINFO
    path.write_bytes(content)

    info = probe(path, max_duration_s=60)

    assert info.duration_s is None
    assert len(info.tracks) == 1
