"""Where anything is struck: the spectral flux of a song and its peaks, without any network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

from transcription.core.keras_cnn.clips import streamed
from transcription.core.keras_cnn.mel_windows import RATE, hann, mel_matrix
from transcription.core.sound_pieces import SoundPieces

Report = Callable[[float], None]

_WINDOW = 1_024
_HOP = 220  # 200 frames a second, and a little
FPS = RATE / _HOP
_BANDS = 80
_HIGHEST_HZ = 16_000.0
# A stroke rises within 20 ms; what a neighbouring band held before is no rise (vibrato, glides).
_LAG = 4
_NEIGHBOURING_BANDS = 3
_SILENCE = 1e-5
# Magnitudes are compressed relative to the mean over the song of all bands: loudness drops out.
_BEND = 10.0
_LARGEST = 60_000.0


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """Instants at which something begins, in order: seconds and strengths, both of shape (onsets,).

    A strength of 1 is as strong as the median onset of the song; ``level_rms`` is the whole song's level, 0
    where nobody measured it.
    """

    times_s: NDArray[np.float64]
    strengths: NDArray[np.float32]
    level_rms: float = 0.0

    @classmethod
    def at(cls, times_s: Sequence[float] | NDArray[np.float64]) -> Onsets:
        """Onsets that somebody else found, in order, all equally strong."""
        times = np.asarray(times_s, np.float64)
        return cls(times, np.ones(len(times), np.float32))


@dataclass(frozen=True, slots=True)
class OnsetPicking:
    """How peaks of the flux become onsets: numbers chosen on rendered validation songs.

    A peak is the largest within ``around_s`` on both sides, and exceeds the mean flux over the last
    ``before_s`` and next ``after_s`` by ``above`` of the song's own spread; and it is no weaker than
    ``least`` of the song's median onset.
    """

    around_s: float = 0.025
    before_s: float = 0.10
    after_s: float = 0.06
    above: float = 0.05
    least: float = 0.04
    min_gap_s: float = 0.030
    later_s: float = 0.0058  # of the flux's peak behind the stroke's beginning; taken off


def find_onsets(
    sound: SoundPieces, picking: OnsetPicking | None = None, report: Report = lambda fraction: None
) -> Onsets:
    """Find where anything begins in ``sound``, whatever it is.

    Args:
        report: called with the fraction done, 0..1, before every piece; what it raises ends the work.
    Returns:
        Onsets, none in silence.
    Source:
        Böck and Widmer, "Maximum Filter Vibrato Suppression for Onset Detection", DAFx 2013 (the flux); Böck,
        Krebs and Schedl, "Evaluating the Online Capabilities of Onset Detection Methods", ISMIR 2012 (the
        peaks).
    """
    picking = picking or OnsetPicking()
    flux, level_rms = spectral_flux(sound, report)
    frames = pick_peaks(flux, picking)
    if len(frames) == 0:
        return Onsets(np.zeros(0), np.zeros(0, np.float32), level_rms)
    times_s = np.maximum(0.0, (frames + _parabola_offsets(flux, frames)) / FPS - picking.later_s)
    heights = flux[frames]
    return Onsets(times_s, np.asarray(heights / np.median(heights), np.float32), level_rms)


def spectral_flux(
    sound: SoundPieces, report: Report = lambda fraction: None
) -> tuple[NDArray[np.float32], float]:
    """Return how much rises at each frame, shape (frames,), frame ``i`` centred on sample ``220 * i``; and
    the song's level (root mean square).
    """
    picture = _Picture()
    length = max(1, round(sound.samples * RATE / sound.rate))
    for piece in streamed(sound):
        report(min(1.0, picture.samples / length))
        picture.add(piece)
    magnitudes, level_rms = picture.finish()
    if level_rms < _SILENCE or len(magnitudes) <= _LAG:
        return np.zeros(len(magnitudes), np.float32), level_rms
    flux = np.zeros(len(magnitudes), np.float32)
    bend = np.float32(_BEND / max(float(magnitudes.mean(dtype=np.float64)), 1e-12))
    # A minute at a time, so that an hour's copies do not lie in memory together.
    for begin in range(0, len(magnitudes), 12_000):
        rows = _bent(magnitudes[max(0, begin - _LAG) : begin + 12_000], bend)
        before = scipy.ndimage.maximum_filter1d(rows[:-_LAG], _NEIGHBOURING_BANDS, axis=1)
        rise = np.maximum(0.0, rows[_LAG:] - before).mean(axis=1)
        first = max(begin, _LAG)
        flux[first : first + len(rise)] = rise
    # What sounds from the first sample on begins there.
    flux[:_LAG] = _bent(magnitudes[:_LAG], bend).mean(axis=1)
    return flux, level_rms


def _bent(magnitudes: NDArray[np.float16], bend: np.float32) -> NDArray[np.float32]:
    return np.asarray(np.log1p(bend * magnitudes.astype(np.float32)), np.float32)


def pick_peaks(flux: NDArray[np.float32], picking: OnsetPicking) -> NDArray[np.int64]:
    """Return the frames of ``flux`` that are onsets."""
    if not bool(np.any(flux > 0)):
        return np.zeros(0, np.int64)
    around = 2 * round(picking.around_s * FPS) + 1
    before, after = round(picking.before_s * FPS), round(picking.after_s * FPS)
    width = before + after + 1
    mean = scipy.ndimage.uniform_filter1d(flux, width, origin=(before - after) // 2, mode="nearest")
    highest = scipy.ndimage.maximum_filter1d(flux, around, mode="nearest")
    spread = float(np.std(flux))
    frames = np.flatnonzero((flux == highest) & (flux > mean + picking.above * spread))
    kept: list[int] = []
    gap = picking.min_gap_s * FPS
    for frame in frames:
        if kept and frame - kept[-1] < gap:
            if flux[frame] > flux[kept[-1]]:
                kept[-1] = int(frame)
        else:
            kept.append(int(frame))
    peaks = np.array(kept, np.int64)
    return peaks[flux[peaks] >= picking.least * np.median(flux[peaks])] if kept else peaks


def _parabola_offsets(values: NDArray[np.float32], frames: NDArray[np.int64]) -> NDArray[np.float64]:
    """Where between frames each peak lies, -0.5..0.5."""
    padded = np.pad(np.asarray(values, np.float64), 1, mode="edge")
    before, at, after = padded[frames], padded[frames + 1], padded[frames + 2]
    bend = before - 2 * at + after
    offsets = 0.5 * (before - after) / np.where(bend < 0, bend, -1.0)
    return np.where(bend < 0, np.clip(offsets, -0.5, 0.5), 0.0)


class _Picture:
    """Mel magnitudes as soon as their windows are full; kept as float16, 116 MB for an hour."""

    def __init__(self) -> None:
        self.samples = 0
        self._energy = 0.0
        self._frames: list[NDArray[np.float16]] = []
        # Frame 0 is centred on sample 0.
        self._waiting = np.zeros(_WINDOW // 2, np.float32)

    def add(self, mono: NDArray[np.float32]) -> None:
        self.samples += mono.size
        self._energy += float(np.square(mono, dtype=np.float64).sum())
        self._waiting = np.concatenate([self._waiting, mono])
        self._take((len(self._waiting) - _WINDOW) // _HOP + 1)

    def finish(self) -> tuple[NDArray[np.float16], float]:
        """Return the magnitudes, shape (frames, 80), and the level."""
        self._waiting = np.pad(self._waiting, (0, _WINDOW // 2))
        self._take((len(self._waiting) - _WINDOW) // _HOP + 1)
        magnitudes = np.concatenate(self._frames) if self._frames else np.zeros((0, _BANDS), np.float16)
        return magnitudes, (self._energy / max(1, self.samples)) ** 0.5

    def _take(self, frames: int) -> None:
        if frames <= 0:
            return
        views = np.lib.stride_tricks.sliding_window_view(self._waiting, _WINDOW)[::_HOP][:frames]
        spectrum = scipy.fft.rfft(views * hann(_WINDOW), axis=1)
        magnitudes = np.sqrt(np.square(spectrum.real) + np.square(spectrum.imag))
        bands = magnitudes @ mel_matrix(_WINDOW, _BANDS, _HIGHEST_HZ)
        # Sound far beyond full scale stays finite.
        self._frames.append(np.minimum(bands, _LARGEST).astype(np.float16))
        self._waiting = self._waiting[frames * _HOP :]
