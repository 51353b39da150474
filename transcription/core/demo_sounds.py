"""The sounds of the demo song: a drum kit, a bass and an electric piano, each computed.

No recording of anybody is used, so nobody's licence is needed. Decay times, modes and tone colours were
chosen near those of common kits. Every function returns float64 of shape (samples,) at ``RATE``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from notation.core.instruments import InstrumentName

RATE = 44_100

Sound = NDArray[np.float64]
# From a loudness (0..1] and a source of chance to one stroke.
Voice = Callable[[float, np.random.Generator], Sound]


def _seconds(duration_s: float) -> Sound:
    return np.arange(round(duration_s * RATE)) / RATE


def _faded(sound: Sound, fade_s: float = 0.01) -> Sound:
    """End in silence, so that no stroke ends in a click that could be taken for another."""
    samples = min(len(sound), round(fade_s * RATE))
    sound[len(sound) - samples :] *= np.linspace(1.0, 0.0, samples)
    return sound


def _noise(
    duration_s: float, low_hz: float, high_hz: float, rng: np.random.Generator, *, slope: float = 0.0
) -> Sound:
    """Noise between two frequencies with soft edges; ``slope`` is in powers of frequency. Its RMS is 1."""
    samples = round(duration_s * RATE)
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    hertz = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 1.0)
    gain = hertz**slope / np.sqrt((1 + (low_hz / hertz) ** 8) * (1 + (hertz / high_hz) ** 8))
    sound = np.fft.irfft(spectrum * gain, samples)
    return np.asarray(sound / np.sqrt(np.mean(sound**2)))


def _mode(time_s: Sound, hertz: float, decay_s: float, *, glide: float = 0.0, glide_s: float = 0.03) -> Sound:
    """One mode of a membrane; its pitch starts higher, by the share ``glide``, and falls in ``glide_s``."""
    phase = hertz * (time_s + glide * glide_s * (1 - np.exp(-time_s / glide_s)))
    return np.sin(2 * np.pi * phase) * np.exp(-time_s / decay_s)


def kick(force: float, rng: np.random.Generator) -> Sound:
    """A damped bass drum: a falling tone at 52 Hz, its shell, and the beater's click."""
    time_s = _seconds(0.42)
    body = _mode(time_s, 52.0, 0.11, glide=1.9, glide_s=0.022) + 0.35 * _mode(time_s, 98.0, 0.06, glide=0.8)
    click = _noise(0.42, 1800.0, 6500.0, rng) * np.exp(-time_s / 0.004)
    thud = _noise(0.42, 120.0, 700.0, rng) * np.exp(-time_s / 0.016)
    return _faded(force * (body + (0.10 + 0.16 * force) * click + 0.20 * thud))


def snare(force: float, rng: np.random.Generator) -> Sound:
    """A snare drum: two modes of the head, then the wires; a soft stroke is darker and mostly wires."""
    time_s = _seconds(0.34)
    head = _mode(time_s, 188.0, 0.055, glide=0.25) + 0.6 * _mode(time_s, 331.0, 0.035, glide=0.15)
    top_hz = 6000.0 + 8000.0 * force
    wires = _noise(0.34, 1400.0, top_hz, rng) * (np.exp(-time_s / 0.055) + 0.25 * np.exp(-time_s / 0.13))
    stick = _noise(0.34, 3000.0, 12_000.0, rng) * np.exp(-time_s / 0.0025)
    return _faded(force * (0.55 * head + 0.42 * wires + 0.35 * force * stick))


def side_stick(force: float, rng: np.random.Generator) -> Sound:
    """The stick laid across the drum: two short wooden tones."""
    time_s = _seconds(0.12)
    wood = _mode(time_s, 820.0, 0.012) + 0.8 * _mode(time_s, 1710.0, 0.009) + 0.3 * _mode(time_s, 390.0, 0.02)
    click = _noise(0.12, 2000.0, 9000.0, rng) * np.exp(-time_s / 0.002)
    return _faded(force * (0.7 * wood + 0.3 * click))


# Partials of two small plates that beat against each other; the ratios are those of a struck disc, spread.
_HAT_PARTIALS_HZ = (3170.0, 4220.0, 5410.0, 6730.0, 7350.0, 8460.0, 9810.0, 11_300.0, 12_900.0, 14_200.0)


def hihat(force: float, rng: np.random.Generator, *, decay_s: float, length_s: float) -> Sound:
    """A hi-hat that rings for ``decay_s``."""
    time_s = _seconds(length_s)
    hiss = _noise(length_s, 6200.0, 16_500.0, rng, slope=0.3)
    chick = _noise(length_s, 2600.0, 9000.0, rng) * np.exp(-time_s / 0.008)
    ring = np.zeros_like(time_s)
    for hertz in _HAT_PARTIALS_HZ:
        phase = rng.uniform(0, 2 * np.pi)
        ring += np.sin(2 * np.pi * hertz * rng.uniform(0.995, 1.005) * time_s + phase)
    tail = np.exp(-time_s / decay_s) + 0.5 * np.exp(-time_s / 0.006)
    return _faded(force * ((0.26 * hiss + 0.035 * ring) * tail + 0.12 * chick), 0.02)


def pedal_hat(force: float, rng: np.random.Generator) -> Sound:
    """The hi-hat closed by the foot: no stick, a duller chick."""
    time_s = _seconds(0.14)
    chick = _noise(0.14, 2200.0, 9500.0, rng) * (1 - np.exp(-time_s / 0.002)) * np.exp(-time_s / 0.022)
    return _faded(0.28 * force * chick)


def tom(force: float, rng: np.random.Generator, *, hertz: float) -> Sound:
    """A tom: the first modes of a round membrane over a soft stick."""
    length_s = 0.55 + 20.0 / hertz
    time_s = _seconds(length_s)
    decay_s = 0.12 + 9.0 / hertz
    head = (
        _mode(time_s, hertz, decay_s, glide=0.30, glide_s=0.05)
        + 0.42 * _mode(time_s, 1.594 * hertz, 0.45 * decay_s, glide=0.2)
        + 0.22 * _mode(time_s, 2.136 * hertz, 0.3 * decay_s)
    )
    stick = _noise(length_s, 900.0, 6000.0, rng) * np.exp(-time_s / 0.006)
    return _faded(force * (0.8 * head + 0.22 * stick))


def crash(force: float, rng: np.random.Generator) -> Sound:
    """A crash cymbal: noise that swells for a few milliseconds, its high bands dying first."""
    length_s = 2.8
    time_s = _seconds(length_s)
    sound = np.zeros_like(time_s)
    # (low Hz, high Hz, share, decay s)
    bands = (
        (400.0, 1200.0, 0.07, 0.9),
        (1200.0, 3500.0, 0.17, 1.0),
        (3500.0, 8000.0, 0.26, 0.85),
        (8000.0, 17_000.0, 0.22, 0.5),
    )
    for low_hz, high_hz, share, decay_s in bands:
        swell = 1 - 0.7 * np.exp(-time_s / 0.006)
        sound += share * _noise(length_s, low_hz, high_hz, rng) * swell * np.exp(-time_s / decay_s)
    stick = _noise(length_s, 2500.0, 13_000.0, rng) * np.exp(-time_s / 0.005)
    return _faded(force * (sound + 0.22 * stick), 0.3)


def ride(force: float, rng: np.random.Generator, *, bell: bool = False) -> Sound:
    """A ride cymbal: the stick's ping over a quiet wash; on the bell, few strong partials."""
    length_s = 1.3
    time_s = _seconds(length_s)
    partials = (
        ((810.0, 0.5), (1532.0, 0.9), (2440.0, 0.8), (3320.0, 0.7), (4650.0, 0.5), (6120.0, 0.35))
        if bell
        else ((2310.0, 0.3), (3140.0, 0.5), (3980.0, 0.5), (5230.0, 0.45), (6540.0, 0.4), (8120.0, 0.3))
    )
    ping = np.zeros_like(time_s)
    for hertz, share in partials:
        decay_s = (0.42 if bell else 0.16) * (2000.0 / hertz) ** 0.35
        ping += share * np.sin(2 * np.pi * hertz * time_s + rng.uniform(0, 6.3)) * np.exp(-time_s / decay_s)
    wash = _noise(length_s, 3000.0, 12_000.0, rng) * np.exp(-time_s / 0.45)
    stick = _noise(length_s, 4000.0, 14_000.0, rng) * np.exp(-time_s / 0.0035)
    level = 0.30 if bell else 0.17
    return _faded(force * (level * ping + 0.075 * wash + 0.26 * stick), 0.2)


_I = InstrumentName
VOICES: dict[InstrumentName, Voice] = {
    _I.KICK: kick,
    _I.SNARE: snare,
    _I.SIDE_STICK: side_stick,
    _I.HIHAT_CLOSED: partial(hihat, decay_s=0.032, length_s=0.2),
    _I.HIHAT_OPEN: partial(hihat, decay_s=0.30, length_s=1.1),
    _I.HIHAT_PEDAL: pedal_hat,
    _I.TOM_HIGH: partial(tom, hertz=176.0),
    _I.TOM_MID: partial(tom, hertz=131.0),
    _I.TOM_LOW: partial(tom, hertz=88.0),
    _I.CRASH: crash,
    _I.RIDE: ride,
    _I.RIDE_BELL: partial(ride, bell=True),
}


def bass_note(pitch: int, duration_s: float) -> Sound:
    """A plucked bass string; ``pitch`` is a MIDI note number."""
    time_s = _seconds(duration_s)
    hertz = _hertz(pitch)
    sound = np.zeros_like(time_s)
    for harmonic in range(1, 9):
        decay_s = 0.9 / harmonic**0.7
        sound += np.sin(2 * np.pi * hertz * harmonic * time_s) / harmonic**1.3 * np.exp(-time_s / decay_s)
    attack = 1 - np.exp(-time_s / 0.006)
    return _faded(sound * attack, 0.03)


def piano_chord(pitches: tuple[int, ...], duration_s: float) -> Sound:
    """An electric piano: sines with a bell-like overtone, a little out of tune with each other."""
    time_s = _seconds(duration_s)
    sound = np.zeros_like(time_s)
    for pitch in pitches:
        for cents in (-4.0, 4.0):
            hertz = _hertz(pitch + cents / 100)
            sound += np.sin(2 * np.pi * hertz * time_s) * np.exp(-time_s / 1.4)
            sound += 0.18 * np.sin(2 * np.pi * 3 * hertz * time_s) * np.exp(-time_s / 0.5)
    attack = 1 - np.exp(-time_s / 0.012)
    return _faded(sound * attack / (2 * len(pitches)), 0.08)


def _hertz(pitch: float) -> float:
    return float(440.0 * 2 ** ((pitch - 69) / 12))
