"""What a recording sounds like, in figures: loudness, spectrum, dynamics, width. Read once, in pieces."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.core.loudness import Loudness, LoudnessMeter
from media.core.pieces import FileInPieces, Pieces

# IEC 61260: nominal middles of the octave bands; a band reaches half an octave to each side.
OCTAVES_HZ = (31.5, 63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)
_FRAME = 4096
_ROLLOFF_SHARE = 0.85
_FLOOR_DB = -120.0


@dataclass(frozen=True, slots=True)
class OctaveBand:
    """The power of the octave about ``centre_hz``, in dB below a full-scale square wave's."""

    centre_hz: float
    level_db: float


@dataclass(frozen=True, slots=True)
class SoundAnalysis:
    """Figures of a whole recording; None where silence or mono has no such figure.

    Args:
        lufs, range_lu, true_peak_dbtp: as of :class:`media.core.loudness.Loudness`.
        rms_dbfs: the mean power of the channels.
        crest_db: sample peak over RMS: 3 is a sine, 12 to 20 most music.
        peak_to_loudness_db: true peak over integrated loudness (PLR), small where a limiter was at work.
        octaves: levels of the octave bands that lie below half the sampling rate.
        centroid_hz: the middle of the spectrum, weighed by power.
        rolloff_hz: 85 % of the power lies below.
        correlation: of left and right, -1..1; 1 is mono.
        width: side over mid, as a share of both in power, 0..1: 0 is mono, 0.5 unrelated channels.
    """

    duration_s: float
    rate: int
    channels: int
    lufs: float | None
    range_lu: float | None
    true_peak_dbtp: float | None
    rms_dbfs: float | None
    crest_db: float | None
    peak_to_loudness_db: float | None
    octaves: tuple[OctaveBand, ...]
    centroid_hz: float | None
    rolloff_hz: float | None
    correlation: float | None
    width: float | None

    def as_dict(self) -> dict[str, object]:
        """Return it in a form that can be stored and sent as JSON."""
        return asdict(self) | {"octaves": [asdict(band) for band in self.octaves]}


def analyse_file(path: Path, report: Callable[[float], None] | None = None) -> SoundAnalysis:
    """Analyse a FLAC file that :func:`media.core.flac.write_flac` wrote; raises UndecodableAudio."""
    return analyse(FileInPieces.of(path), report)


def analyse(sound: Pieces, report: Callable[[float], None] | None = None) -> SoundAnalysis:
    """Analyse a sound; ``report`` hears of 0..1."""
    meter, spectrum = LoudnessMeter(sound.rate, sound.channels), _MeanSpectrum(sound.channels)
    products = np.zeros((sound.channels, sound.channels))  # of each channel with each, summed up
    heard = 0
    for piece in sound.pieces():
        meter.add(piece)
        spectrum.add(piece)
        wide = piece.astype(np.float64)
        products += wide @ wide.T
        heard += piece.shape[1]
        if report is not None:
            report(min(1.0, heard / max(1, sound.samples)))
    loudness, power = meter.result(), float(np.trace(products)) / max(1, heard * sound.channels)
    centroid_hz, rolloff_hz = _shape(spectrum.power(), sound.rate)
    correlation, width = _stereo(products)
    return SoundAnalysis(
        duration_s=round(heard / sound.rate, 3),
        rate=sound.rate,
        channels=sound.channels,
        lufs=_rounded(loudness.lufs),
        range_lu=_rounded(loudness.range_lu),
        true_peak_dbtp=_rounded(loudness.true_peak_dbtp),
        rms_dbfs=_rounded(10 * math.log10(power)) if power > 0 else None,
        crest_db=_crest(loudness, power),
        peak_to_loudness_db=_plr(loudness),
        octaves=_octaves(spectrum.power(), sound.rate),
        centroid_hz=centroid_hz,
        rolloff_hz=rolloff_hz,
        correlation=correlation,
        width=width,
    )


class _MeanSpectrum:
    """The mean power of each frequency over time and channels; its sum is the sound's mean power."""

    def __init__(self, channels: int) -> None:
        self._window = np.hanning(_FRAME + 1)[:-1].astype(np.float32)
        self._scale = 2.0 / (_FRAME * float(np.square(self._window).sum()))
        self._sum = np.zeros(_FRAME // 2 + 1)
        self._frames = 0
        self._tail = np.zeros((channels, 0), dtype=np.float32)

    def add(self, piece: NDArray[np.float32]) -> None:
        joined = np.concatenate([self._tail, piece], axis=1)
        count = max(0, (joined.shape[1] - _FRAME) // (_FRAME // 2) + 1)
        if count:
            views = np.lib.stride_tricks.sliding_window_view(joined, _FRAME, axis=1)[:, :: _FRAME // 2]
            self._sum += np.square(np.abs(np.fft.rfft(views * self._window, axis=2))).sum(axis=1).mean(axis=0)
            self._frames += count
        self._tail = joined[:, count * (_FRAME // 2) :]

    def power(self) -> NDArray[np.float64]:
        if not self._frames and self._tail.shape[1]:  # shorter than a frame
            self.add(np.zeros((self._tail.shape[0], _FRAME - self._tail.shape[1]), dtype=np.float32))
        return self._sum * self._scale / max(1, self._frames)


def _octaves(power: NDArray[np.float64], rate: int) -> tuple[OctaveBand, ...]:
    bins = np.fft.rfftfreq(_FRAME, 1 / rate)
    bands = []
    for centre_hz in OCTAVES_HZ:
        if centre_hz >= rate / 2:
            break
        inside = (bins >= centre_hz / 2**0.5) & (bins < centre_hz * 2**0.5)
        total = float(power[inside].sum())
        level = 10 * math.log10(total) if total > 10 ** (_FLOOR_DB / 10) else _FLOOR_DB
        bands.append(OctaveBand(centre_hz, round(level, 2)))
    return tuple(bands)


def _shape(power: NDArray[np.float64], rate: int) -> tuple[float | None, float | None]:
    power = power.copy()
    power[0] = 0.0  # an offset is no sound
    total = float(power.sum())
    if total <= 10 ** (_FLOOR_DB / 10):
        return None, None
    bins = np.fft.rfftfreq(_FRAME, 1 / rate)
    below = np.cumsum(power)
    rolloff = bins[int(np.searchsorted(below, _ROLLOFF_SHARE * below[-1]))]
    return round(float((bins * power).sum() / total), 1), round(float(rolloff), 1)


def _stereo(products: NDArray[np.float64]) -> tuple[float | None, float | None]:
    if products.shape != (2, 2) or not products.trace() > 0:
        return None, None
    (left, both), (_, right) = products
    mid, side = (left + right + 2 * both) / 4, (left + right - 2 * both) / 4
    width = round(float(max(0.0, side) / (mid + side)), 4)
    return (round(float(both / math.sqrt(left * right)), 4) if left * right > 0 else None), width


def _crest(loudness: Loudness, power: float) -> float | None:
    if loudness.sample_peak_dbfs is None or power <= 0:
        return None
    return round(loudness.sample_peak_dbfs - 10 * math.log10(power), 2)


def _plr(loudness: Loudness) -> float | None:
    if loudness.true_peak_dbtp is None or loudness.lufs is None:
        return None
    return round(loudness.true_peak_dbtp - loudness.lufs, 2)


def _rounded(level: float | None) -> float | None:
    return None if level is None else round(level, 2)
