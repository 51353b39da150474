"""Sound to and from FLAC files, the form in which stages hand sound to each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from media.core.audio import Audio
from media.core.errors import StorageFull, UndecodableAudio

_PIECE_S = 10


def write_flac(audio: Audio, path: Path, *, bits: int = 16) -> None:
    """Write ``audio`` as FLAC; samples beyond ±1 are clipped.

    Args:
        bits: 16 or 24 a sample.
    Raises:
        StorageFull: there is no room; nothing half-written is left behind.
    """
    channels, length = audio.samples.shape
    piece = _PIECE_S * audio.rate
    try:
        with soundfile.SoundFile(
            path, "w", audio.rate, channels, format="FLAC", subtype=f"PCM_{bits}"
        ) as out:
            # Piece by piece: clipping makes a copy, and a song's sound is large enough once.
            for begin in range(0, length, piece):
                out.write(np.clip(audio.samples[:, begin : begin + piece], -1.0, 1.0).T)
    except (OSError, soundfile.LibsndfileError) as error:
        path.unlink(missing_ok=True)
        # libsndfile hides errno: with a good format and open directory, writing fails for want of room.
        if path.parent.is_dir():
            raise StorageFull from error
        raise


def read_flac(path: Path) -> Audio:
    """Read what :func:`write_flac` wrote: float32 of shape (channels, samples).

    Raises:
        UndecodableAudio: it is no FLAC file, or a damaged one.
    """
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise UndecodableAudio from error
    return Audio(samples=np.ascontiguousarray(samples.T), rate=rate)
