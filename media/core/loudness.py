"""How loud a sound is: measured as it passes by, in memory that does not grow with its samples.

Sources:
    ITU-R BS.1770-5: K-weighting, gated loudness, true peak; EBU Tech 3342: loudness range. The filters for
    other rates than 48 kHz are those of De Man, "Evaluation of Implementations of the EBU R128 Loudness
    Measurement", AES 2018.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

SILENCE_LUFS = -70.0  # BS.1770's absolute gate: softer blocks are no part of a programme
_HOP_S = 0.1
_MOMENTARY_HOPS, _SHORT_TERM_HOPS = 4, 30
_OVERSAMPLING = 4
_CONTEXT = 32  # samples on each side that the interpolation filter looks at


@dataclass(frozen=True, slots=True)
class Loudness:
    """What a meter has found.

    ``lufs`` is the gated loudness of the whole, None for silence. ``range_lu`` is None where less than three
    seconds were heard. Peaks are in dB below full scale, None for digital silence.
    """

    lufs: float | None
    range_lu: float | None
    true_peak_dbtp: float | None
    sample_peak_dbfs: float | None


class LoudnessMeter:
    """Takes pieces of any length in their order; every channel counts alike, as left and right do."""

    def __init__(self, rate: int, channels: int) -> None:
        self._hop = round(_HOP_S * rate)
        self._filter = k_weighting(rate)
        self._state = np.zeros((len(self._filter), channels, 2))
        self._open_hop, self._open_samples = 0.0, 0
        self._hops: list[NDArray[np.float64]] = []  # mean power of each hop, over all channels
        self._tail = np.zeros((channels, 2 * _CONTEXT), dtype=np.float32)
        self._sample_peak = self._true_peak = 0.0

    def add(self, piece: NDArray[np.float32]) -> None:
        """Hear the next piece, shape (channels, samples)."""
        if piece.shape[1] == 0:
            return
        self._sample_peak = max(self._sample_peak, float(np.abs(piece).max()))
        weighted, self._state = signal.sosfilt(self._filter, piece, axis=1, zi=self._state)
        self._add_power(np.square(weighted).sum(axis=0))
        self._add_peaks(piece)

    def result(self) -> Loudness:
        """Say what was heard so far."""
        self._interpolate(np.pad(self._tail, ((0, 0), (0, _CONTEXT))))
        hops = np.concatenate(self._hops) if self._hops else np.zeros(0)
        if len(hops) < _MOMENTARY_HOPS and self._open_samples + len(hops):
            # Less than a block: what there is counts as one.
            total = hops.sum() * self._hop + self._open_hop
            hops = np.full(_MOMENTARY_HOPS, total / (len(hops) * self._hop + self._open_samples))
        return Loudness(
            lufs=_gated_lufs(_moving_mean(hops, _MOMENTARY_HOPS)),
            range_lu=_range_lu(_moving_mean(hops, _SHORT_TERM_HOPS)),
            true_peak_dbtp=_decibels(max(self._true_peak, self._sample_peak)),
            sample_peak_dbfs=_decibels(self._sample_peak),
        )

    def _add_power(self, power: NDArray[np.float64]) -> None:
        begin = min(self._hop - self._open_samples, len(power))
        self._open_hop += float(power[:begin].sum())
        self._open_samples += begin
        if self._open_samples < self._hop:
            return
        whole = (len(power) - begin) // self._hop
        rest = power[begin + whole * self._hop :]
        means = power[begin : begin + whole * self._hop].reshape(whole, self._hop).mean(axis=1)
        self._hops.append(np.concatenate([[self._open_hop / self._hop], means]))
        self._open_hop, self._open_samples = float(rest.sum()), len(rest)

    def _add_peaks(self, piece: NDArray[np.float32]) -> None:
        joined = np.concatenate([self._tail, piece], axis=1)
        self._interpolate(joined)
        self._tail = joined[:, -2 * _CONTEXT :]

    def _interpolate(self, joined: NDArray[np.float32]) -> None:
        """Look between the samples, but for the context at both ends."""
        block = 4096
        for begin in range(_CONTEXT, joined.shape[1] - _CONTEXT, block):
            end = min(begin + block, joined.shape[1] - _CONTEXT)
            part = joined[:, begin - _CONTEXT : end + _CONTEXT]
            # Between samples a sound rises by 6 dB at most, short of contrived signals: the rest is skipped.
            if 2 * float(np.abs(part).max()) <= self._true_peak:
                continue
            finer = signal.resample_poly(part, _OVERSAMPLING, 1, axis=1)
            inside = finer[:, _OVERSAMPLING * _CONTEXT : -_OVERSAMPLING * _CONTEXT]
            self._true_peak = max(self._true_peak, float(np.abs(inside).max()))


def k_weighting(rate: int) -> NDArray[np.float64]:
    """Return the two filters of BS.1770 at ``rate``, as second-order sections."""
    shelf_hz, gain_db, shelf_q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * shelf_hz / rate)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    whole = 1 + k / shelf_q + k * k
    shelf = [
        (high + band * k / shelf_q + k * k) / whole,
        2 * (k * k - high) / whole,
        (high - band * k / shelf_q + k * k) / whole,
        1.0,
        2 * (k * k - 1) / whole,
        (1 - k / shelf_q + k * k) / whole,
    ]
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * pass_hz / rate)
    whole = 1 + k / pass_q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / whole, (1 - k / pass_q + k * k) / whole]
    return np.array([shelf, high_pass])


def _moving_mean(hops: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    if len(hops) < count:
        return np.zeros(0)
    return np.convolve(hops, np.full(count, 1 / count), mode="valid")


def _lufs(power: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-0.691 + 10 * np.log10(np.maximum(power, 1e-20)), dtype=np.float64)


def _gated(blocks: NDArray[np.float64], below_lu: float) -> NDArray[np.float64]:
    blocks = blocks[_lufs(blocks) > SILENCE_LUFS]
    if len(blocks) == 0:
        return blocks
    gate = _lufs(blocks.mean(keepdims=True))[0] - below_lu
    return np.asarray(blocks[_lufs(blocks) > gate])


def _gated_lufs(blocks: NDArray[np.float64]) -> float | None:
    heard = _gated(blocks, 10.0)
    return float(_lufs(heard.mean(keepdims=True))[0]) if len(heard) else None


def _range_lu(blocks: NDArray[np.float64]) -> float | None:
    heard = _gated(blocks, 20.0)
    if len(heard) == 0:
        return None
    low, high = np.percentile(_lufs(heard), [10, 95])
    return float(high - low)


def _decibels(amplitude: float) -> float | None:
    return 20 * math.log10(amplitude) if amplitude > 0 else None
