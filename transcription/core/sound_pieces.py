"""Sound that is read piece by piece, so that an hour of it never lies in memory whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from media.core.audio import Audio
from media.core.errors import UndecodableAudio

# Short enough that a piece and its spectrum stay in the processor's cache: at a minute a piece, the spectrum
# of a song took three times as long (measured).
PIECE_S = 2


class SoundPieces(Protocol):
    """Sound at one ``rate``, as consecutive pieces; ``samples`` is its whole length."""

    @property
    def rate(self) -> int:
        """Samples a second."""

    @property
    def samples(self) -> int:
        """Samples of each channel, in all."""

    def mono_pieces(self) -> Iterator[NDArray[np.float32]]:
        """Give the mean of the channels from the first sample on, each piece of shape (samples,)."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioPieces:
    """Sound that is in memory already."""

    audio: Audio

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self.audio.rate

    @property
    def samples(self) -> int:
        """Samples of each channel."""
        return int(self.audio.samples.shape[1])

    def mono_pieces(self) -> Iterator[NDArray[np.float32]]:
        """Give the mean of the channels."""
        length = PIECE_S * self.rate
        for begin in range(0, self.samples, length):
            yield np.asarray(self.audio.samples[:, begin : begin + length].mean(axis=0), np.float32)


@dataclass(frozen=True, slots=True)
class FilePieces:
    """A FLAC or WAV file, read as its pieces are asked for."""

    path: Path
    rate: int
    samples: int

    @classmethod
    def of(cls, path: Path) -> FilePieces:
        """Look at the file's head.

        Raises:
            UndecodableAudio: it is no such file, or a damaged one.
        """
        try:
            info = soundfile.info(path)
        except soundfile.LibsndfileError as error:
            raise UndecodableAudio from error
        return cls(path, int(info.samplerate), int(info.frames))

    def mono_pieces(self) -> Iterator[NDArray[np.float32]]:
        """Give the mean of the channels; raises UndecodableAudio where the file is damaged."""
        try:
            with soundfile.SoundFile(self.path) as file:
                # As a product: mean(axis=1) over two columns takes forty times as long (measured).
                shares = np.full(file.channels, 1.0 / file.channels, np.float32)
                while len(piece := file.read(PIECE_S * self.rate, dtype="float32", always_2d=True)):
                    yield np.asarray(piece @ shares, np.float32)
        except soundfile.LibsndfileError as error:
            raise UndecodableAudio from error


def repaired(pieces: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Give ``pieces`` with every sample that is no number made one.

    A damaged decoder's NaN or infinity in one sample would otherwise be heard everywhere.
    """
    for piece in pieces:
        yield piece if np.isfinite(piece).all() else np.nan_to_num(piece, nan=0.0, posinf=1.0, neginf=-1.0)


def resampled(
    pieces: Iterable[NDArray[np.float32]], rate: int, wanted_rate: int
) -> Iterator[NDArray[np.float32]]:
    """Give the sound of ``pieces``, which are at ``rate``, at ``wanted_rate``."""
    if rate == wanted_rate:
        yield from pieces
        return
    resampler = soxr.ResampleStream(rate, wanted_rate, 1, dtype="float32", quality="HQ")
    for piece in pieces:
        yield resampler.resample_chunk(piece)
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)
