"""A song read piece by piece at the separator's rate, in stereo, as Demucs wants to hear it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from media.core.errors import UndecodableAudio, UnsupportedAudio
from transcription.core.separation.separator import CHANNELS

# Resampling and files take any; at ten seconds what a piece costs besides no longer shows.
_PIECE_S = 10
_QUIETEST = 1e-8  # Demucs adds it to the deviation, so that silence can be divided by it


@dataclass(frozen=True, slots=True)
class Song:
    """A FLAC or WAV file: ``samples`` of each of its 1 or 2 ``channels`` at ``rate``.

    At the separator's rate, ``heard_rate``, there are ``heard_samples``; ``mean`` and ``deviation`` are
    those of the channels' mean there.
    """

    path: Path
    rate: int
    channels: int
    samples: int
    heard_rate: int
    heard_samples: int
    mean: float
    deviation: float


def survey(path: Path, heard_rate: int, check: Callable[[], None]) -> Song:
    """Read the song once for its length and level; ``check`` is called at every piece, and may raise.

    Raises:
        UndecodableAudio: it is no such file, a damaged one, or has no samples.
        UnsupportedAudio: it has more than two channels.
    """
    try:
        with soundfile.SoundFile(path) as file:
            rate, channels = int(file.samplerate), int(file.channels)
    except soundfile.LibsndfileError as error:
        raise UndecodableAudio from error
    if channels > CHANNELS:
        raise UnsupportedAudio(rate=rate, channels=channels)
    samples, heard, total, squares = 0, 0, 0.0, 0.0

    def counted() -> Iterator[NDArray[np.float32]]:
        nonlocal samples
        for piece in native_pieces(path):
            check()
            samples += len(piece)
            yield piece

    for piece in _at_rate(counted(), rate, heard_rate, channels):
        # As a product: mean(axis=1) over two columns takes forty times as long (measured).
        mono = piece @ np.full(channels, 1.0 / channels, np.float32)
        heard += len(mono)
        total += float(mono.sum(dtype=np.float64))
        squares += float(np.square(mono, dtype=np.float64).sum())
    if not heard:
        raise UndecodableAudio
    mean = total / heard
    variance = max(0.0, squares - heard * mean * mean) / max(1, heard - 1)
    return Song(path, rate, channels, samples, heard_rate, heard, mean, math.sqrt(variance) + _QUIETEST)


def native_pieces(path: Path) -> Iterator[NDArray[np.float32]]:
    """Give the file's own samples, each piece of shape (samples, channels); raises UndecodableAudio where
    it is damaged.
    """
    try:
        with soundfile.SoundFile(path) as file:
            while len(piece := file.read(_PIECE_S * file.samplerate, dtype="float32", always_2d=True)):
                yield piece
    except soundfile.LibsndfileError as error:
        raise UndecodableAudio from error


def heard_pieces(song: Song) -> Iterator[NDArray[np.float32]]:
    """Give the song as the networks hear it, shape (2, samples): at their rate, levelled, in stereo."""
    for piece in _at_rate(native_pieces(song.path), song.rate, song.heard_rate, song.channels):
        levelled = (piece.T - np.float32(song.mean)) / np.float32(song.deviation)
        yield np.broadcast_to(levelled, (CHANNELS, levelled.shape[1]))


def _at_rate(
    pieces: Iterator[NDArray[np.float32]], rate: int, wanted: int, channels: int
) -> Iterator[NDArray[np.float32]]:
    if rate == wanted:
        yield from pieces
        return
    stream = soxr.ResampleStream(rate, wanted, channels, dtype="float32", quality="HQ")
    for piece in pieces:
        yield stream.resample_chunk(piece)
    yield stream.resample_chunk(np.zeros((0, channels), np.float32), last=True)


class RollingSong:
    """The part of a song that is needed at the moment."""

    def __init__(self, song: Song) -> None:
        self._pieces = heard_pieces(song)
        self._begin = 0
        self._held: list[NDArray[np.float32]] = []

    def window(self, begin: int, length: int) -> NDArray[np.float32]:
        """Return the samples from ``begin`` on, shape (2, length); before and after the song is silence."""
        while self._end < begin + length:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._held.append(piece)
        window = np.zeros((CHANNELS, length), np.float32)
        at = self._begin
        for piece in self._held:
            first, last = max(at, begin), min(at + piece.shape[1], begin + length)
            if first < last:
                window[:, first - begin : last - begin] = piece[:, first - at : last - at]
            at += piece.shape[1]
        return window

    def forget(self, before: int) -> None:
        """Let go of pieces that end before the sample ``before``."""
        while self._held and self._begin + self._held[0].shape[1] <= before:
            self._begin += self._held.pop(0).shape[1]

    @property
    def _end(self) -> int:
        return self._begin + sum(int(piece.shape[1]) for piece in self._held)
