"""Files for tests, of every format that people bring, encoded here: no recording of anybody is needed."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 44_100
CLICKS_S = (0.5, 1.25, 2.0)
# Ending of the file: codec, muxer, sampling rate, whether there is a picture.
FORMATS = {
    "mp3": ("libmp3lame", "mp3", 44_100, False),
    "wav": ("pcm_s16le", "wav", 44_100, False),
    "flac": ("flac", "flac", 44_100, False),
    "opus": ("libopus", "opus", 48_000, False),
    "m4a": ("aac", "ipod", 44_100, False),
    "aac": ("aac", "adts", 44_100, False),
    "mp4": ("aac", "mp4", 44_100, True),
    "mov": ("aac", "mov", 44_100, True),
    "mkv": ("libopus", "matroska", 48_000, True),
    "webm": ("libopus", "webm", 48_000, True),
    "avi": ("pcm_s16le", "avi", 44_100, True),
}


def clicks(duration_s: float = 3.0, rate: int = RATE, channels: int = 2) -> NDArray[np.float32]:
    """Return decaying 2 kHz bursts at ``CLICKS_S`` over faint noise, shape (channels, samples)."""
    noise = np.random.default_rng(1)
    sound = 0.003 * noise.standard_normal(round(duration_s * rate))
    time_s = np.arange(round(0.1 * rate)) / rate
    burst = 0.6 * np.sin(2 * np.pi * 2000 * time_s) * np.exp(-time_s / 0.02)
    for onset_s in CLICKS_S:
        start = round(onset_s * rate)
        if start + len(burst) < len(sound):
            sound[start : start + len(burst)] += burst
    return np.tile(sound.astype(np.float32), (channels, 1))


def onsets_s(samples: NDArray[np.float32], rate: int) -> list[float]:
    """Return where the bursts of :func:`clicks` begin: each first sample over 0.05 after 0.3 s of less."""
    loud = np.flatnonzero(np.abs(samples).max(axis=0) > 0.05)
    first = np.concatenate([[True], np.diff(loud) > 0.3 * rate])
    return [float(sample / rate) for sample in loud[first]]


def encode(
    path: Path,
    samples: NDArray[np.float32] | None = None,
    *,
    ending: str | None = None,
    rate: int | None = None,
    layout: str | None = None,
    starts_at_s: float = 0.0,
    frame_count: int = 30,
    options: dict[str, str] | None = None,
) -> Path:
    """Write ``samples`` in the format of ``ending`` (default: the path's); None: a video without sound.

    Args:
        layout: FFmpeg's name of the channel layout; default: mono or stereo.
        starts_at_s: when the sound begins on the container's clock.
        frame_count: pictures, ten a second, where the format has a picture.
        options: of FFmpeg's muxer.
    """
    codec, muxer, default_rate, has_picture = FORMATS[ending or path.suffix[1:]]
    rate = rate or default_rate
    with av.open(path, "w", format=muxer, container_options=options or {}) as container:
        sound = picture = None
        if samples is not None:
            layout = layout or ("mono" if samples.shape[0] == 1 else "stereo")
            sound = container.add_stream(codec, rate=rate, layout=layout)
        if has_picture:
            picture = container.add_stream("libvpx" if muxer == "webm" else "mpeg4", rate=10)
            picture.width = picture.height = 64
            picture.pix_fmt = "yuv420p"
        if picture is not None:
            for number in range(frame_count):
                image = av.VideoFrame.from_ndarray(
                    np.full((64, 64, 3), number % 256, np.uint8), format="rgb24"
                )
                image.pts = number
                container.mux(picture.encode(image))
            container.mux(picture.encode(None))
        if sound is not None and samples is not None:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
            frame.rate = rate
            frame.pts = round(starts_at_s * rate)
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return path


def encode_any(path: Path, duration_s: float = 3.0) -> Path:
    """Write :func:`clicks` in the format that the path's ending names, Ogg Vorbis too."""
    if path.suffix == ".ogg":
        soundfile.write(path, clicks(duration_s).T, RATE, format="OGG", subtype="VORBIS")
        return path
    return encode(path, clicks(duration_s, FORMATS[path.suffix[1:]][2]))


def cut(path: Path, share: float = 0.5) -> Path:
    """Keep only the first part of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def wav_header(
    *, rate: int = RATE, channels: int = 2, data: bytes = b"", claimed_bytes: int | None = None
) -> bytes:
    """Return a 16-bit WAV file whose header says what it is told to say."""
    size = len(data) if claimed_bytes is None else claimed_bytes
    block = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * block & 0xFFFFFFFF, block, 16)
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", min(36 + size, 0xFFFFFFFF)) + body
