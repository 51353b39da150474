"""Gentle removal of steady noise: hiss, a room, a fan.

The floor of each band is what the quietest moments have there; a band is turned down, by a limited amount,
while it holds little more than its floor. Bands are a third of an octave wide and gains move smoothly over
time and frequency, so that nothing is left that tinkles. A gain rises ahead of a sound and falls after it:
strokes keep their attack.

Source:
    Boll, "Suppression of Acoustic Noise in Speech Using Spectral Subtraction", IEEE ASSP-27, 1979; the floor
    as a low quantile of each band: Stahl, Fischer and Bippus, "Quantile Based Noise Estimation", ICASSP 2000.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FRAME_S = 0.023  # two periods of 87 Hz: longer would smear the noise before a stroke
_STEPS = 4  # hops a frame
_LOWEST_HZ = 80.0
_QUANTILE = 10.0  # percent of a song's frames
# Noise alone fluctuates: its mean lies over its quantile, little in wide bands, up to 9 times in a band of
# one line. Chosen low, so that narrow bands, where notes live, are turned down less.
_BIAS = 2.0
_OVERSUBTRACTION = 1.5
_AHEAD_FRAMES = 4
_RELEASE_S = 0.12
# A floor this near to a band's loudest moments is no noise, or nothing but noise: the band is left alone. The
# moments are few, for strokes are short; noise alone stays under 12 dB in the narrowest bands.
_LOUD_PERCENT = 97.5
_CLEARANCE_DB = 15.0


class Bands:
    """Frames of a sound and their power in bands, at one rate."""

    def __init__(self, rate: int) -> None:
        self.hop = max(1, 2 ** round(np.log2(_FRAME_S * rate / _STEPS)))
        self.length = self.hop * _STEPS
        # The root of a Hann window, twice: analysis and synthesis; overlapping, they add up to _STEPS / 2.
        window = np.sqrt(np.hanning(self.length + 1)[:-1])
        self.window = window.astype(np.float32)
        self.release = float(np.exp(-self.hop / (_RELEASE_S * rate)))
        bins = np.fft.rfftfreq(self.length, 1 / rate)
        edges = _LOWEST_HZ * 2 ** (np.arange(0, 3 * np.log2(rate / 2 / _LOWEST_HZ)) / 3)
        starts = np.unique(np.searchsorted(bins, np.concatenate([[0.0], edges])))
        self.starts = starts[starts < len(bins)]
        centres = np.add.reduceat(bins, self.starts) / np.diff(np.append(self.starts, len(bins)))
        # How much of a bin's gain comes from which band.
        self._spread = np.stack([np.interp(bins, centres, row) for row in np.eye(len(centres))]).astype(
            np.float32
        )

    def frames(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return windowed frames, shape (channels, frames, length), as many as fit."""
        views = np.lib.stride_tricks.sliding_window_view(samples, self.length, axis=1)[:, :: self.hop]
        return np.asarray(views * self.window, dtype=np.float32)

    def power(self, spectra: NDArray[np.complex64]) -> NDArray[np.float32]:
        """Return each frame's power in each band, all channels together: (frames, bands)."""
        power = np.square(np.abs(spectra)).sum(axis=0)
        return np.asarray(np.add.reduceat(power, self.starts, axis=1), dtype=np.float32)

    def over_bins(self, gains: NDArray[np.float32]) -> NDArray[np.float32]:
        """Spread gains of bands, (frames, bands), over the bins of a spectrum."""
        return np.asarray(gains @ self._spread, dtype=np.float32)


class FloorFinder:
    """Finds the floor of noise in each band: half a MB a minute is kept until it is known."""

    def __init__(self, rate: int, channels: int) -> None:
        self._bands = Bands(rate)
        self._tail = np.zeros((channels, 0), dtype=np.float32)
        self._powers: list[NDArray[np.float32]] = []

    def add(self, piece: NDArray[np.float32]) -> None:
        """Hear the next piece, shape (channels, samples)."""
        joined = np.concatenate([self._tail, piece], axis=1)
        bands = self._bands
        if joined.shape[1] < bands.length:
            self._tail = joined
            return
        # Every second frame is enough for a quantile.
        spectra = np.fft.rfft(bands.frames(joined)[:, ::2], axis=2).astype(np.complex64)
        power = bands.power(spectra)
        self._powers.append(power[power.max(axis=1) > 1e-12])  # digital silence is no floor
        used = (joined.shape[1] - bands.length) // bands.hop + 1
        self._tail = joined[:, used * bands.hop :]

    def result(self) -> NDArray[np.float32] | None:
        """Return the floor of each band, as power; None where the song has no pauses to tell it by."""
        powers = np.concatenate(self._powers) if self._powers else np.zeros((0, 1), dtype=np.float32)
        if len(powers) < 20:
            return None
        floor = np.percentile(powers, _QUANTILE, axis=0) * _BIAS
        loud = np.percentile(powers, _LOUD_PERCENT, axis=0)
        clear = 10 * np.log10(np.maximum(loud, 1e-20) / np.maximum(floor, 1e-20)) > _CLEARANCE_DB
        if not clear.any():
            return None
        return np.asarray(np.where(clear, floor, 0.0), dtype=np.float32)


class NoiseGate:
    """Turns each band down while it holds little more than its floor; pieces come out a frame later."""

    def __init__(self, rate: int, channels: int, floor: NDArray[np.float32], reduction_db: float) -> None:
        self._bands = Bands(rate)
        self._floor = floor * _OVERSUBTRACTION
        self._lowest = 10 ** (-reduction_db / 20)
        self._ahead = self._bands.length + _AHEAD_FRAMES * self._bands.hop
        # Frames before the first sample, so that every sample lies in as many.
        self._input = np.zeros((channels, self._bands.length), dtype=np.float32)
        self._output = np.zeros((channels, self._bands.length), dtype=np.float32)
        self._last = np.ones(len(floor), dtype=np.float32)
        self._skip = self._bands.length
        self._left = 0

    def add(self, piece: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next piece, and give what is finished of the sound so far."""
        self._left += piece.shape[1]
        return self._advance(piece)

    def finish(self) -> NDArray[np.float32]:
        """Give the rest."""
        silence = np.zeros((self._input.shape[0], self._ahead + self._bands.length), dtype=np.float32)
        left = self._left
        return self._advance(silence)[:, :left]

    def _advance(self, piece: NDArray[np.float32]) -> NDArray[np.float32]:
        bands = self._bands
        self._input = np.concatenate([self._input, piece], axis=1)
        count = (self._input.shape[1] - self._ahead) // bands.hop
        if count < 1:
            return np.zeros((piece.shape[0], 0), dtype=np.float32)
        seen = self._input[:, : (count + _AHEAD_FRAMES - 1) * bands.hop + bands.length]
        spectra = np.fft.rfft(bands.frames(seen), axis=2).astype(np.complex64)
        gains = bands.over_bins(self._gains(bands.power(spectra), count))
        shaped = np.fft.irfft(spectra[:, :count] * gains, bands.length, axis=2) * (bands.window * 2 / _STEPS)
        finished = self._overlapped(shaped.astype(np.float32), count)
        self._input = self._input[:, count * bands.hop :]
        finished = finished[:, min(self._skip, finished.shape[1]) :]
        self._skip = max(0, self._skip - count * bands.hop)
        self._left -= finished.shape[1]
        return finished

    def _gains(self, power: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        raw = np.sqrt(np.maximum(0.0, 1.0 - self._floor / np.maximum(power, 1e-20)))
        raw = np.maximum(raw, self._lowest).astype(np.float32)
        ahead = np.max([raw[step : step + count] for step in range(_AHEAD_FRAMES)], axis=0)
        for number in range(count):
            self._last = ahead[number] = np.maximum(ahead[number], self._last * self._bands.release)
        return np.asarray(np.maximum(ahead, self._lowest), dtype=np.float32)

    def _overlapped(self, frames: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        hop = self._bands.hop
        total = np.zeros((frames.shape[0], (count + _STEPS - 1) * hop), dtype=np.float32)
        for step in range(_STEPS):
            part = frames[:, :, step * hop : (step + 1) * hop].reshape(frames.shape[0], count * hop)
            total[:, step * hop : step * hop + count * hop] += part
        total[:, : self._output.shape[1] - hop] += self._output[:, hop:]
        finished = total[:, : count * hop].copy()
        self._output = np.zeros_like(self._output)
        self._output[:, hop:] = total[:, count * hop :]
        return finished
