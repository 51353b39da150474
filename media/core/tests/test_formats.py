"""What is told of formats is true: a file of each kind and codec is opened and decoded."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from media.core.decoding import decode
from media.core.formats import FileFormat, accepted_formats
from media.core.probing import probe
from media.core.tests.songs import FORMATS, RATE, clicks

MUXERS = {"m4a": "ipod", "aac": "adts", "mkv": "matroska", "wma": "asf"}
ENCODERS = {"mp3": "libmp3lame", "opus": "libopus"}
PAIRS = [(known, codec) for known in accepted_formats() for codec in known.codecs]


def encoded(path: Path, known: FileFormat, codec: str) -> Path:
    rate = 48_000 if codec == "opus" else RATE
    samples = np.ascontiguousarray(clicks(1.5, rate))
    with av.open(path, "w", format=MUXERS.get(known.container, known.container)) as container:
        sound = container.add_stream(
            ENCODERS.get(codec, codec), rate=rate, layout="stereo", options={"strict": "experimental"}
        )
        sound.bit_rate = 128_000  # some encoders have no default that they accept
        picture = None
        if known.has_video:
            picture = container.add_stream("libvpx" if known.container == "webm" else "mpeg4", rate=10)
            picture.width = picture.height = 64
            picture.pix_fmt = "yuv420p"
            image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            image.pts = 0
            container.mux(picture.encode(image))
            container.mux(picture.encode(None))
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.rate, frame.pts = rate, 0
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


@pytest.mark.parametrize(
    ("known", "codec"), PAIRS, ids=[f"{known.container}-{codec}" for known, codec in PAIRS]
)
def test_a_file_of_every_kind_and_codec_is_read(tmp_path: Path, known: FileFormat, codec: str) -> None:
    path = encoded(tmp_path / "song", known, codec)

    info, audio = probe(path), decode(path, max_duration_s=60)

    assert (info.container, info.has_video) == (known.container, known.has_video)
    assert info.codec.removesuffix("float") == codec
    assert audio.samples.shape[0] == 2
    assert audio.duration_s == pytest.approx(1.5, abs=0.15)
    assert np.abs(audio.samples).max() > 0.2


def test_every_format_that_is_tested_to_decode_is_told() -> None:
    assert set(FORMATS) <= {known.container for known in accepted_formats()}


def test_no_extension_stands_for_two_kinds() -> None:
    extensions = [extension for known in accepted_formats() for extension in known.extensions]

    assert len(extensions) == len(set(extensions))
