"""Sound to and from FLAC files, the form in which stages hand sound to each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile
from numpy.typing import NDArray

from media.core.audio import Audio
from media.core.errors import StorageFull, UndecodableAudio

_PIECE_S = 10


class FlacWriter:
    """Writes sound to a FLAC file as it comes, piece by piece; samples beyond ±1 are clipped.

    Used with ``with``: if the block raises, nothing half-written is left behind.

    Args:
        rate: samples a second.
        bits: 16 or 24 a sample.
    """

    def __init__(self, path: Path, rate: int, *, bits: int = 16) -> None:
        self._path, self._rate, self._bits = path, rate, bits
        self._file: soundfile.SoundFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._close()
            return
        with suppress(OSError, soundfile.LibsndfileError):
            if self._file is not None:
                self._file.close()
        self._path.unlink(missing_ok=True)

    def write(self, piece: NDArray[np.float32]) -> None:
        """Append ``piece``, of shape (channels, samples); the first one decides how many channels there are.

        Raises:
            StorageFull: there is no room.
        """
        with self._no_room_is_storage_full():
            if self._file is None:
                self._file = soundfile.SoundFile(
                    self._path, "w", self._rate, piece.shape[0], format="FLAC", subtype=f"PCM_{self._bits}"
                )
            self._file.write(np.clip(piece, -1.0, 1.0).T)

    def _close(self) -> None:
        try:
            with self._no_room_is_storage_full():
                if self._file is not None:
                    self._file.close()
        except BaseException:
            self._path.unlink(missing_ok=True)
            raise

    @contextmanager
    def _no_room_is_storage_full(self) -> Iterator[None]:
        try:
            yield
        except (OSError, soundfile.LibsndfileError) as error:
            # libsndfile hides errno: with a good format and open directory, writing fails for want of room.
            if self._path.parent.is_dir():
                raise StorageFull from error
            raise


def write_flac(audio: Audio, path: Path, *, bits: int = 16) -> None:
    """Write ``audio`` as FLAC; see :class:`FlacWriter`.

    Raises:
        StorageFull: there is no room; nothing half-written is left behind.
    """
    piece = _PIECE_S * audio.rate
    with FlacWriter(path, audio.rate, bits=bits) as out:
        # Piece by piece: clipping makes a copy, and a song's sound is large enough once.
        for begin in range(0, max(1, audio.samples.shape[1]), piece):
            out.write(audio.samples[:, begin : begin + piece])


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
