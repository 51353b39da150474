"""The stems' files: written as the sound comes, as long as the song to the sample, or not there at all.

A stem may go beyond full scale where the song does not, for stems cancel each other out. What is beyond is
clipped and counted. Demucs turns such a stem down as a whole, which moves it against the others; here all
stay at the song's own level, so that they add up to it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from media.core.errors import StorageFull
from transcription.core.separation.separator import DRUMS
from transcription.core.separation.song_reading import Song, native_pieces

DRUMLESS = "drumless"


@dataclass(frozen=True, slots=True)
class Stem:
    """A file with one stem. ``peak`` is before clipping, 1 being full scale; ``clipped`` counts samples
    beyond it.
    """

    name: str
    path: Path
    peak: float
    clipped: int


class StemFiles:
    """Writes ``NAME.flac`` for every stem, and ``drumless.flac``: the song less its drums.

    Used with ``with``: if the block raises, no file is left.
    """

    def __init__(self, folder: Path, song: Song, stems: tuple[str, ...], *, bits: int) -> None:
        self._song, self._stems = song, stems
        self._written = 0
        self._mix = _Mix(song)
        self._files: dict[str, _StemFile] = {}
        self._resampler = (
            soxr.ResampleStream(
                song.heard_rate, song.rate, len(stems) * song.channels, dtype="float32", quality="HQ"
            )
            if song.heard_rate != song.rate
            else None
        )
        try:
            for name in (*stems, DRUMLESS):
                self._files[name] = _StemFile(folder / f"{name}.flac", song, bits)
        except BaseException:
            self._remove()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._remove()

    def write(self, sound: NDArray[np.float32]) -> None:
        """Write the next samples, shape (stems, 2, samples), at the separator's rate."""
        if self._song.channels == 1:
            sound = sound.mean(axis=1, keepdims=True, dtype=np.float32)
        columns = sound.reshape(len(self._stems) * self._song.channels, sound.shape[-1]).T
        if self._resampler is not None:
            columns = self._resampler.resample_chunk(np.ascontiguousarray(columns))
        self._write(columns)

    def finish(self) -> tuple[Stem, ...]:
        """Write what is left, close and check the files.

        Raises:
            StorageFull: a file did not become as long as the song.
        """
        width = len(self._stems) * self._song.channels
        if self._resampler is not None:
            self._write(self._resampler.resample_chunk(np.zeros((0, width), np.float32), last=True))
        self._write(np.zeros((self._song.samples - self._written, width), np.float32))
        for file in self._files.values():
            file.close(self._song.samples)
        return tuple(
            Stem(name, file.path, round(file.peak, 6), file.clipped) for name, file in self._files.items()
        )

    def _write(self, columns: NDArray[np.float32]) -> None:
        # A resampled song may be a sample longer than it was.
        columns = columns[: self._song.samples - self._written]
        if not len(columns):
            return
        self._written += len(columns)
        channels = self._song.channels
        for place, name in enumerate(self._stems):
            self._files[name].write(columns[:, place * channels : (place + 1) * channels])
        drums = self._stems.index(DRUMS) * channels
        rest = self._mix.next(len(columns))
        rest -= columns[:, drums : drums + channels]
        self._files[DRUMLESS].write(rest)

    def _remove(self) -> None:
        for file in self._files.values():
            file.remove()


class _StemFile:
    def __init__(self, path: Path, song: Song, bits: int) -> None:
        self.path = path
        self.peak, self.clipped = 0.0, 0
        try:
            self._file = soundfile.SoundFile(
                path, "w", song.rate, song.channels, format="FLAC", subtype=f"PCM_{bits}"
            )
        except (OSError, soundfile.LibsndfileError) as error:
            path.unlink(missing_ok=True)
            raise _no_room(path, error) from error

    def write(self, samples: NDArray[np.float32]) -> None:
        peak = max(float(samples.max()), -float(samples.min()))
        self.peak = max(self.peak, peak)
        if peak > 1.0:
            self.clipped += int(np.count_nonzero(np.abs(samples) > 1.0))
            samples = np.clip(samples, -1.0, 1.0)
        try:
            self._file.write(samples)
        except (OSError, soundfile.LibsndfileError) as error:
            raise _no_room(self.path, error) from error

    def close(self, samples: int) -> None:
        try:
            self._file.close()
            if soundfile.info(self.path).frames != samples:
                raise StorageFull
        except (OSError, soundfile.LibsndfileError) as error:
            raise _no_room(self.path, error) from error

    def remove(self) -> None:
        with suppress(OSError, soundfile.LibsndfileError):  # a full disk does not even let a file be closed
            self._file.close()
        self.path.unlink(missing_ok=True)


def _no_room(path: Path, error: Exception) -> Exception:
    # libsndfile hides errno: with a good format and open directory, writing fails for want of room.
    return StorageFull() if path.parent.is_dir() else error


class _Mix:
    """The song's own samples, in step with the stems."""

    def __init__(self, song: Song) -> None:
        self._pieces: Iterator[NDArray[np.float32]] = native_pieces(song.path)
        self._channels = song.channels
        self._rest = np.zeros((0, song.channels), np.float32)

    def next(self, samples: int) -> NDArray[np.float32]:
        """Return the next ``samples``, shape (samples, channels), to be changed as the caller likes."""
        taken = np.zeros((samples, self._channels), np.float32)
        at = 0
        while at < samples:
            if not len(self._rest):
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._rest = piece
            part = self._rest[: samples - at]
            taken[at : at + len(part)] = part
            self._rest = self._rest[len(part) :]
            at += len(part)
        return taken
