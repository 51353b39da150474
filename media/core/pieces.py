"""Sound of any length, read piece by piece, as often as is needed, so that it never lies in memory whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from media.core.audio import Audio
from media.core.errors import UndecodableAudio

PIECE_S = 4


class Pieces(Protocol):
    """Sound of ``channels`` × ``samples`` at ``rate``."""

    @property
    def rate(self) -> int:
        """Samples a second."""

    @property
    def channels(self) -> int:
        """Of the sound."""

    @property
    def samples(self) -> int:
        """Of each channel."""

    def pieces(self) -> Iterator[NDArray[np.float32]]:
        """Give the sound from its first sample on, each piece of shape (channels, samples)."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioInPieces:
    """Sound that is in memory already."""

    audio: Audio

    @property
    def rate(self) -> int:
        """Samples a second."""
        return self.audio.rate

    @property
    def channels(self) -> int:
        """Of the sound."""
        return int(self.audio.samples.shape[0])

    @property
    def samples(self) -> int:
        """Of each channel."""
        return int(self.audio.samples.shape[1])

    def pieces(self) -> Iterator[NDArray[np.float32]]:
        """Give views of it."""
        length = PIECE_S * self.rate
        for begin in range(0, self.samples, length):
            yield self.audio.samples[:, begin : begin + length]


@dataclass(frozen=True, slots=True)
class FileInPieces:
    """A FLAC or WAV file of ours."""

    path: Path
    rate: int
    channels: int
    samples: int

    @classmethod
    def of(cls, path: Path) -> FileInPieces:
        """Look at the file's head; raises UndecodableAudio when it is no such file."""
        try:
            info = soundfile.info(path)
        except soundfile.LibsndfileError as error:
            raise UndecodableAudio from error
        return cls(path, int(info.samplerate), int(info.channels), int(info.frames))

    def pieces(self) -> Iterator[NDArray[np.float32]]:
        """Read it; raises UndecodableAudio where the file is damaged."""
        try:
            with soundfile.SoundFile(self.path) as file:
                while len(piece := file.read(PIECE_S * self.rate, dtype="float32", always_2d=True)):
                    yield np.ascontiguousarray(piece.T)
        except soundfile.LibsndfileError as error:
            raise UndecodableAudio from error
