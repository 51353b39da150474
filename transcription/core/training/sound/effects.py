"""What a studio, a room and a copy do to sound; every effect is drawn from the generator handed in."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import scipy.fft
import scipy.ndimage
import scipy.signal
import torch
from numpy.typing import NDArray

from transcription.core.training.sound.material import RATE

Sound = NDArray[np.float32]

# Responses are drawn at as many knots, about an octave and a half apart, from 20 Hz up.
_BLOCK = 1024
_KNOTS = 8
_KNOTS_AT = np.linspace(0, 10.2, _KNOTS)


def room(rng: np.random.Generator) -> Sound:
    """A room's answer of about unit energy: early reflections, then a tail that loses its top first."""
    decay_s = float(np.exp(rng.uniform(np.log(0.12), np.log(1.3))))
    length = int(min(1.0, decay_s) * RATE)
    time = np.arange(length, dtype=np.float32) / RATE
    tail = rng.standard_normal(length, dtype=np.float32)
    dull = scipy.signal.lfilter([0.15], [1, -0.85], tail).astype(np.float32)
    top = float(rng.uniform(0.2, 0.9))
    answer = dull * 2.5 * np.exp(-6.9 * time / decay_s) + tail * np.exp(-6.9 * time / (decay_s * top))
    answer[: int(rng.uniform(0.001, 0.025) * RATE)] = 0
    for _ in range(int(rng.integers(0, 7))):
        answer[int(rng.uniform(0.001, 0.05) * RATE)] += float(rng.normal(0, 6))
    return np.asarray(answer / (np.sqrt(np.sum(answer**2)) + 1e-9), np.float32)


def equaliser(rng: np.random.Generator, bins: int, size: int, spread_db: float) -> Sound:
    """A smooth random frequency response, sometimes with its ends cut as in old or cheap recordings."""
    octaves = _octaves(bins, size)
    knots_db = rng.normal(0, spread_db, _KNOTS) + np.linspace(-1, 1, _KNOTS) * rng.normal(0, 4)
    response_db = np.interp(octaves, _KNOTS_AT, knots_db)
    if rng.random() < 0.25:
        response_db += np.minimum(0, np.log2(rng.uniform(5_000, 15_000) / 20.0) - octaves) * rng.uniform(
            12, 48
        )
    if rng.random() < 0.25:
        response_db += np.minimum(0, octaves - np.log2(rng.uniform(30, 90) / 20.0)) * rng.uniform(6, 24)
    return np.asarray(10.0 ** (response_db / 20.0), np.float32)


def coloured(rng: np.random.Generator, sound: Sound, spread_db: float) -> Sound:
    """``sound`` through a random :func:`equaliser`."""
    return _filtered(sound, lambda bins, size: equaliser(rng, bins, size, spread_db))


def tinted(rng: np.random.Generator, sound: Sound, spread_db: float) -> Sound:
    """``sound`` through a smooth random response that cuts nothing: for records, which are mastered."""
    knots_db = rng.normal(0, spread_db, _KNOTS)

    def response(bins: int, size: int) -> Sound:
        response_db = np.interp(_octaves(bins, size), _KNOTS_AT, knots_db)
        return np.asarray(10.0 ** (response_db / 20.0), np.float32)

    return _filtered(sound, response)


def _filtered(sound: Sound, response: Callable[[int, int], Sound]) -> Sound:
    """``sound`` with its spectrum weighed by ``response(bins, size)``."""
    size = scipy.fft.next_fast_len(len(sound), real=True)
    spectrum = scipy.fft.rfft(sound, size)
    spectrum *= response(len(spectrum), size)
    return np.asarray(scipy.fft.irfft(spectrum, size)[: len(sound)], np.float32)


def _octaves(bins: int, size: int) -> Sound:
    """How far each bin of a spectrum lies above 20 Hz."""
    hz = np.arange(bins, dtype=np.float32) * (RATE / size)
    return np.asarray(np.log2(np.maximum(hz, 20.0) / 20.0), np.float32)


def compressed(rng: np.random.Generator, sound: Sound) -> Sound:
    """A feed-forward compressor on blocks of 64 samples: it ducks what follows a stroke, as records do."""
    block = 64
    blocks = len(sound) // block
    power = np.square(sound[: blocks * block]).reshape(blocks, block).mean(axis=1)
    release = float(np.exp(-block / RATE / rng.uniform(0.03, 0.3)))
    smooth = scipy.signal.lfilter([1 - release], [1, -release], power)
    level_db = 10 * np.log10(np.maximum(smooth, 0.5 * power) + 1e-9)
    threshold_db = float(np.percentile(level_db, 90)) - float(rng.uniform(3, 18))
    ratio = float(rng.uniform(0.3, 0.85))
    gain_db = -np.maximum(0, level_db - threshold_db) * ratio
    gain = np.repeat((10 ** (gain_db / 20)).astype(np.float32), block)
    return np.asarray(sound * np.pad(gain, (0, len(sound) - len(gain)), mode="edge"), np.float32)


def distorted(rng: np.random.Generator, sound: Sound) -> Sound:
    """An overdriven amplifier."""
    drive = float(rng.uniform(1.5, 12)) / (3 * rms(sound) + 1e-6)
    return np.asarray(np.tanh(sound * np.float32(drive)) * np.float32(rms(sound) * 1.5), np.float32)


def gated(rng: np.random.Generator, sound: Sound) -> Sound:
    """A noise gate: what stays under its threshold for a while is cut, as on close-miked drums."""
    block = 64
    blocks = len(sound) // block
    peaks = np.abs(sound[: blocks * block]).reshape(blocks, block).max(axis=1)
    hold = max(1, int(rng.uniform(0.03, 0.25) * RATE / block))
    held = scipy.ndimage.maximum_filter1d(peaks, hold, origin=(hold - 1) // 2)
    open_ = (held > float(np.max(peaks, initial=0.0)) * gain(rng.uniform(-40, -20))).astype(np.float32)
    envelope = np.repeat(scipy.ndimage.uniform_filter1d(open_, 5), block)
    floor = gain(rng.uniform(-60, -12))
    envelope = np.pad(envelope, (0, len(sound) - len(envelope)), mode="edge") * (1 - floor) + floor
    return np.asarray(sound * envelope, np.float32)


def lossy(rng: np.random.Generator, sound: Sound) -> Sound:
    """What a low bit rate does: masked bins and faint bands go, frame by frame, and the top is cut."""
    window = torch.hann_window(1152)
    spectrum = torch.stft(
        torch.from_numpy(np.ascontiguousarray(sound)), 1152, 576, window=window, return_complex=True
    )
    power = spectrum.abs().square()
    edges = np.unique(np.geomspace(2, 577, 26).astype(int))
    edges[0] = 0
    faintest = float(power.max()) * 10.0 ** float(rng.uniform(-9.5, -6.5))
    masked = 10.0 ** (-float(rng.uniform(12, 32)) / 10)
    for low, high in pairwise(edges):
        band = power[low:high]
        loudest = band.amax(dim=0, keepdim=True)
        spectrum[low:high] *= (band >= loudest * masked) & (loudest >= faintest)
    spectrum[int(float(rng.uniform(11_000, 19_000)) / RATE * 1152) :] = 0
    copied = torch.istft(spectrum, 1152, 576, window=window, length=len(sound))
    return np.asarray(copied.numpy(), np.float32)


def noise(rng: np.random.Generator, length: int) -> Sound:
    """White noise, sometimes duller."""
    noise = rng.standard_normal(length, dtype=np.float32)
    if rng.random() < 0.5:
        noise[1:] = 0.5 * (noise[1:] + noise[:-1])
    return noise


def resampled(sound: Sound, speed: float, length: int) -> Sound:
    """``length`` samples of ``sound`` played ``speed`` times as fast, pitch included."""
    positions = np.arange(length, dtype=np.float64) * speed
    return np.asarray(np.interp(positions, np.arange(len(sound)), sound), np.float32)


def rms(sound: Sound) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0


def level(sound: Sound) -> float:
    """Return the RMS of ``sound`` where it sounds at all, so that a rare stab is no louder than a pad."""
    blocks = len(sound) // _BLOCK
    if not blocks:
        return rms(sound)
    shaped = sound[: blocks * _BLOCK].reshape(blocks, _BLOCK)
    power = np.einsum("ij,ij->i", shaped, shaped) / _BLOCK
    loud = power[power > 0.02 * power.max(initial=0.0)]
    return float(np.sqrt(loud.mean())) if len(loud) else 0.0


def gain(level_db: float) -> float:
    """The factor that ``level_db`` stands for."""
    return float(10.0 ** (level_db / 20.0))
