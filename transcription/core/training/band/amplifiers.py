"""What happens to one player's sound before it is mixed: amplifiers, pumping, echoes, tone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.signal

from transcription.core.training.sound.effects import Sound, level
from transcription.core.training.sound.material import RATE

_DUCKING_S = 0.012


def overdriven(sound: Sound, drive: float, cabinet_hz: float) -> Sound:
    """Return ``sound`` through a tube amplifier and a cabinet that ends at ``cabinet_hz``.

    ``drive`` is gain over clipping, 1 to 40 or so.
    """
    scale = level(sound)
    if not scale:
        return sound
    # The asymmetry adds the even harmonics that a tube has.
    hot = np.tanh(sound * np.float32(drive / (3 * scale)) + np.float32(0.15))
    return _through_cabinet(hot, cabinet_hz) * np.float32(scale)


def _through_cabinet(sound: Sound, cabinet_hz: float) -> Sound:
    steep = scipy.signal.butter(4, cabinet_hz, fs=RATE)
    no_offset = scipy.signal.butter(1, 70, "highpass", fs=RATE)
    return np.asarray(scipy.signal.lfilter(*no_offset, scipy.signal.lfilter(*steep, sound)), np.float32)


def pumped(sound: Sound, kicks_s: Sequence[float], depth: float, recovery_s: float) -> Sound:
    """Duck ``sound`` to 1 - ``depth`` at each of ``kicks_s``, in place: a compressor keyed by the kick."""
    # Falling at once would click, and the click would be learnt as the kick's.
    fall = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, int(_DUCKING_S * RATE)))
    rise = 1 - np.exp(np.arange(int(4 * recovery_s * RATE)) / -(recovery_s * RATE))
    duck = (1 - depth * (1 - np.concatenate((fall, rise)))).astype(np.float32)
    gain = np.ones(len(sound), np.float32)
    for kick_s in kicks_s:
        begin = max(0, int((kick_s - _DUCKING_S / 2) * RATE))
        place = gain[begin : begin + len(duck)]
        np.minimum(place, duck[: len(place)], out=place)
    sound *= gain
    return sound


def echoed(sound: Sound, delay_s: float, gain: float, repeats: int = 2) -> Sound:
    """Add ``repeats`` echoes, each ``gain`` of the one before."""
    delay = int(delay_s * RATE)
    out = sound.copy()
    for number in range(1, repeats + 1):
        if 0 < number * delay < len(sound):
            out[number * delay :] += np.float32(gain**number) * sound[: -number * delay]
    return out


def roomy(rng: np.random.Generator, sound: Sound, gain: float) -> Sound:
    """Add a few early reflections: a small room's."""
    out = sound.copy()
    for _ in range(5):
        delay = int(rng.uniform(0.004, 0.06) * RATE)
        out[delay:] += np.float32(rng.normal(0, gain)) * sound[:-delay]
    return out


def tilted(sound: Sound, edge_hz: float, low_gain: float, high_gain: float) -> Sound:
    """Weigh what lies under and over ``edge_hz``, parted by a filter of first order."""
    pole = np.float32(np.exp(-2 * np.pi * edge_hz / RATE))
    one = np.array([1 - pole], np.float32)
    low = scipy.signal.lfilter(one, np.array([1, -pole], np.float32), sound)
    return np.asarray(high_gain * sound + (low_gain - high_gain) * low, np.float32)


def trembling(sound: Sound, rate_hz: float, depth: float) -> Sound:
    """Swell ``sound`` ``rate_hz`` times a second, in place."""
    blocks = np.arange(len(sound) // 64 + 2) * (64 / RATE)
    swell = 1 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * rate_hz * blocks))
    sound *= np.repeat(swell.astype(np.float32), 64)[: len(sound)]
    return sound
