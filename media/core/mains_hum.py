"""Hum of the mains: is there any, at which frequency, and a filter that takes it out.

Hum is told from music by its constancy: it sounds in the quietest moments too. So the spectrum that is
looked at is, frequency by frequency, that of the softer moments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

MAINS_HZ = (50.0, 60.0)
_WINDOW_S = 4.0  # a quarter of a hertz a line: hum is one line, a bass note is seldom so still
_HIGHEST_HZ = 1_000.0
_QUIET_PERCENT = 20
_WINDOWS_AT_MOST = 600  # 40 minutes; of longer sound that is plenty
# Chosen: how far a line stands out of what surrounds it, how many must, and how far the mains stray.
_STANDS_OUT_DB = 14.0
_LINES_AT_LEAST = 3
_STRAYS_HZ = 0.4
_NOTCH_WIDTH_HZ = 1.5  # a fundamental that is 0.05 Hz off still falls by 23 dB, a neighbour 5 Hz off by 0.1


@dataclass(frozen=True, slots=True)
class Hum:
    """Hum of ``fundamental_hz``, at each of ``lines_hz``."""

    fundamental_hz: float
    lines_hz: tuple[float, ...]


class HumFinder:
    """Takes mono pieces of any length."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._length = round(_WINDOW_S * rate)
        self._lines = int(_HIGHEST_HZ * _WINDOW_S)
        self._window = np.hanning(self._length).astype(np.float32)
        self._spectra: list[NDArray[np.float32]] = []
        self._waiting: list[NDArray[np.float32]] = []

    def add(self, mono: NDArray[np.float32]) -> None:
        """Hear the next piece."""
        if len(self._spectra) >= _WINDOWS_AT_MOST:
            return
        self._waiting.append(mono)
        if sum(map(len, self._waiting)) < self._length:
            return
        joined = np.concatenate(self._waiting)
        for begin in range(0, len(joined) - self._length + 1, self._length):
            part = joined[begin : begin + self._length]
            if part.any():  # digital silence holds no hum, and would hide that of the rest
                spectrum = np.abs(np.fft.rfft(part * self._window))[: self._lines]
                self._spectra.append(spectrum.astype(np.float32))
        self._waiting = [joined[len(joined) - len(joined) % self._length :]]

    def result(self) -> Hum | None:
        """Say what hum there was."""
        if len(self._spectra) < 2:  # too little to tell it from a note
            return None
        quiet = np.percentile(np.stack(self._spectra), _QUIET_PERCENT, axis=0).astype(np.float64)
        found = [hum for mains_hz in MAINS_HZ if (hum := _hum_at(quiet, mains_hz)) is not None]
        return max(found, key=lambda hum: len(hum.lines_hz), default=None)


def notches(hum: Hum, rate: int) -> NDArray[np.float64]:
    """Return filters that take out each line, as second-order sections."""
    sections = []
    for line_hz in hum.lines_hz:
        numerator, denominator = signal.iirnotch(line_hz, line_hz / _NOTCH_WIDTH_HZ, rate)
        sections.append(np.concatenate([numerator, denominator]))
    return np.array(sections)


def _hum_at(quiet: NDArray[np.float64], mains_hz: float) -> Hum | None:
    """Look at the fundamental and its multiples, which all stray together."""
    decibels = 20 * np.log10(np.maximum(quiet, 1e-12))
    found: dict[int, float] = {}  # number of the multiple: the fundamental that it speaks for
    for number in range(1, int(_HIGHEST_HZ / mains_hz)):
        peak = _peak_near(decibels, number * mains_hz, min(2.0, number * _STRAYS_HZ))
        if peak is not None and _stands_out_db(decibels, peak) >= _STANDS_OUT_DB:
            found[number] = _summit(decibels, peak) / _WINDOW_S / number
    if not {1, 2, 3} & set(found):
        return None
    # Notes near a multiple do not agree on one fundamental; hum does, to a few hundredths.
    middle = float(np.median(list(found.values())))
    agreeing = {number: own for number, own in found.items() if abs(own - middle) * number < 0.5}
    if len(agreeing) < _LINES_AT_LEAST or abs(middle - mains_hz) > _STRAYS_HZ:
        return None
    # A higher multiple says more exactly how far the mains stray.
    fundamental = float(np.average(list(agreeing.values()), weights=list(agreeing)))
    # The multiples between them go as well: beside a drum's own tone a line may be hard to see.
    lines = [round(number * fundamental, 2) for number in range(1, max(agreeing) + 1)]
    return Hum(round(fundamental, 3), tuple(lines))


def _peak_near(decibels: NDArray[np.float64], frequency_hz: float, reach_hz: float) -> int | None:
    """Return the highest line about there; None too near to either end to be compared with others."""
    low = round((frequency_hz - reach_hz) * _WINDOW_S)
    high = max(low, round((frequency_hz + reach_hz) * _WINDOW_S))
    peak = low + int(np.argmax(decibels[low : high + 1]))
    return peak if 30 <= peak < len(decibels) - 25 else None


def _stands_out_db(decibels: NDArray[np.float64], peak: int) -> float:
    around = np.r_[decibels[peak - 24 : peak - 5], decibels[peak + 6 : peak + 25]]
    return float(decibels[peak] - np.median(around))


def _summit(decibels: NDArray[np.float64], peak: int) -> float:
    """Place a peak between the lines, by the parabola through it and its neighbours."""
    left, middle, right = decibels[peak - 1 : peak + 2]
    bend = left - 2 * middle + right
    return peak + (0.5 * (left - right) / bend if bend < 0 else 0.0)
