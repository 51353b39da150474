"""A whole song as the network sees it, taken in one pass over its sound, whatever its length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from transcription.core.features import (
    COLUMNS,
    FPS,
    HOP,
    RATE,
    WINDOW,
    BandStatistics,
    compressed,
    level_gain,
    mel_magnitudes,
)
from transcription.core.rows import Rows
from transcription.core.sound_pieces import SoundPieces, repaired, resampled

_PIECE_FRAMES = 10 * FPS

Report = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class SongPicture:
    """A song's spectrum, and what is known only at its end: its level and its bands' statistics.

    ``magnitudes`` has shape (frames, 168), in mel bands, at the level the sound came with. An hour is 242 MB.
    """

    magnitudes: NDArray[np.float32]
    gain: float
    statistics: BandStatistics

    def __len__(self) -> int:
        return len(self.magnitudes)

    def between(self, begin: int, end: int) -> NDArray[np.float32]:
        """Return the band-normalised log-mel picture of these frames, shape (frames, 168)."""
        return self.statistics.removed_from(compressed(self.magnitudes[begin:end], self.gain))

    def pieces(self, report: Report = lambda fraction: None) -> Iterator[NDArray[np.float32]]:
        """Give the whole picture in pieces; ``report`` is called with the fraction done before each."""
        for begin in range(0, len(self), _PIECE_FRAMES):
            report(begin / len(self))
            yield self.between(begin, begin + _PIECE_FRAMES)


def take_picture(sound: SoundPieces, report: Report = lambda fraction: None) -> SongPicture:
    """Take the picture of ``sound``: one frame for each whole hundredth of a second.

    Args:
        report: called with the fraction done, 0..1, before every piece; what it raises ends the work.
    """
    spectrum, energy, samples = _Spectrum(expected_frames=sound.samples * FPS // sound.rate + 1), 0.0, 0
    for mono in resampled(_reported(repaired(sound.mono_pieces()), sound.samples, report), sound.rate, RATE):
        spectrum.add(mono)
        energy += float(np.square(mono, dtype=np.float64).sum())
        samples += mono.size
    magnitudes, gain = spectrum.finish(), level_gain(energy / max(samples, 1))
    pieces = (
        compressed(magnitudes[begin : begin + _PIECE_FRAMES], gain)
        for begin in range(0, len(magnitudes), _PIECE_FRAMES)
    )
    return SongPicture(magnitudes, gain, BandStatistics.of(pieces))


def _reported(
    pieces: Iterable[NDArray[np.float32]], samples: int, report: Report
) -> Iterator[NDArray[np.float32]]:
    done = 0
    for piece in pieces:
        report(min(1.0, done / max(samples, 1)))
        done += piece.size
        yield piece


class _Spectrum:
    """Frames as soon as their windows are full; the sound itself is let go."""

    def __init__(self, expected_frames: int) -> None:
        # Frame 0 is centred on sample 0.
        self._waiting = np.zeros(WINDOW // 2, np.float32)
        self._frames = Rows(COLUMNS, room=expected_frames)
        self._samples = 0

    def add(self, mono: NDArray[np.float32]) -> None:
        self._samples += mono.size
        self._waiting = np.concatenate([self._waiting, mono])
        full = (self._waiting.size - WINDOW) // HOP + 1
        if full > 0:
            self._take(full)

    def finish(self) -> NDArray[np.float32]:
        """Return all frames, shape (frames, 168)."""
        missing = self._samples // HOP - len(self._frames)
        if missing > 0:
            self._waiting = np.pad(self._waiting, (0, WINDOW))
            self._take(missing)
        return np.asarray(self._frames.all().numpy(), np.float32)

    def _take(self, frames: int) -> None:
        used = (frames - 1) * HOP + WINDOW
        self._frames.add(torch.from_numpy(mel_magnitudes(self._waiting[:used])))
        self._waiting = self._waiting[frames * HOP :]
