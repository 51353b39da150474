"""The sounds of the demo song: a drum kit, a bass and an electric piano, each computed.

No recording of anybody is used, so nobody's licence is needed. Decay times and the levels of the bands were
chosen near the averages of common kits. Every function returns float64 of shape (samples,) at ``RATE``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

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


def _noise(duration_s: float, low_hz: float, high_hz: float, rng: np.random.Generator) -> Sound:
    """Noise between two frequencies with soft edges; its RMS is 1."""
    samples = round(duration_s * RATE)
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    hertz = np.maximum(np.fft.rfftfreq(samples, 1 / RATE), 1.0)
    gain = 1 / np.sqrt((1 + (low_hz / hertz) ** 8) * (1 + (hertz / high_hz) ** 8))
    sound = np.fft.irfft(spectrum * gain, samples)
    return np.asarray(sound / np.sqrt(np.mean(sound**2)))


# The bands in which a noise is coloured, in Hz; and what a sound has in each of them.
_EDGES_HZ = (100.0, 300.0, 800.0, 1600.0, 3000.0, 5000.0, 8000.0, 12_000.0, 16_000.0)
_BANDS_HZ = tuple(pairwise(_EDGES_HZ))
_PerBand = tuple[float, float, float, float, float, float, float, float]


def _coloured(duration_s: float, level_db: _PerBand, decay_s: _PerBand, rng: np.random.Generator) -> Sound:
    """Noise of which each band has its own level and its own end, as that of metal and wires has."""
    time_s = _seconds(duration_s)
    white = np.fft.rfft(rng.standard_normal(len(time_s)))
    hertz = np.fft.rfftfreq(len(time_s), 1 / RATE)
    sound = np.zeros_like(time_s)
    for (low_hz, high_hz), band_db, band_decay_s in zip(_BANDS_HZ, level_db, decay_s, strict=True):
        band = np.fft.irfft(white * ((hertz >= low_hz) & (hertz < high_hz)), len(time_s))
        level = 10 ** (band_db / 20) / np.sqrt(np.mean(band**2))
        sound += level * band * np.exp(-time_s / band_decay_s)
    return sound


def _mode(time_s: Sound, hertz: float, decay_s: float, *, glide: float = 0.0, glide_s: float = 0.03) -> Sound:
    """One mode of a membrane; its pitch starts higher, by the share ``glide``, and falls in ``glide_s``."""
    phase = hertz * (time_s + glide * glide_s * (1 - np.exp(-time_s / glide_s)))
    return np.sin(2 * np.pi * phase) * np.exp(-time_s / decay_s)


def _partials(
    time_s: Sound, partials: Sequence[tuple[float, float, float]], rng: np.random.Generator
) -> Sound:
    """Modes of a plate: (Hz, level, decay in seconds) each."""
    sound = np.zeros_like(time_s)
    for hertz, level, decay_s in partials:
        sound += level * np.sin(2 * np.pi * (hertz * time_s + rng.uniform())) * np.exp(-time_s / decay_s)
    return sound


def kick(force: float, rng: np.random.Generator) -> Sound:
    """A damped bass drum: a falling tone at 52 Hz, its shell, and the beater's click."""
    time_s = _seconds(0.42)
    body = _mode(time_s, 52.0, 0.11, glide=1.9, glide_s=0.022) + 0.35 * _mode(time_s, 98.0, 0.06, glide=0.8)
    click = _noise(0.42, 1200.0, 6500.0, rng) * (np.exp(-time_s / 0.004) + 0.12 * np.exp(-time_s / 0.025))
    thud = _noise(0.42, 120.0, 900.0, rng) * (np.exp(-time_s / 0.016) + 0.10 * np.exp(-time_s / 0.06))
    return _faded(force * (body + (0.08 + 0.12 * force) * click + 0.20 * thud))


def snare(force: float, rng: np.random.Generator) -> Sound:
    """A snare drum: two modes of the head, then the wires; a soft stroke is darker and mostly wires."""
    length_s = 0.40
    time_s = _seconds(length_s)
    head = _mode(time_s, 188.0, 0.050, glide=0.25) + 0.6 * _mode(time_s, 331.0, 0.035, glide=0.15)
    soft_db = 8.0 * (1 - force)
    level_db = (-12.0, -9.0, -11.0, -10.0, -10.0, -10.0 - soft_db, -15.0 - soft_db, -27.0 - soft_db)
    wires = _coloured(length_s, level_db, (0.05, 0.055, 0.06, 0.06, 0.06, 0.058, 0.055, 0.05), rng)
    stick = _noise(length_s, 400.0, 5000.0, rng) * np.exp(-time_s / 0.004)
    return _faded(force * (0.60 * head + 0.95 * wires + 0.22 * force * stick))


def side_stick(force: float, rng: np.random.Generator) -> Sound:
    """The stick laid across the drum: short wooden tones."""
    time_s = _seconds(0.12)
    wood = _mode(time_s, 820.0, 0.012) + 0.8 * _mode(time_s, 1710.0, 0.009) + 0.3 * _mode(time_s, 390.0, 0.02)
    click = _noise(0.12, 2000.0, 9000.0, rng) * np.exp(-time_s / 0.002)
    return _faded(force * (0.7 * wood + 0.3 * click))


# Strongest modes of a pair of hi-hat cymbals; two plates of nearly equal size beat against each other.
_HAT_HZ = (347.0, 521.0, 3170.0, 4220.0, 5410.0, 6730.0, 7350.0, 8460.0, 9810.0, 11_300.0)


def _hat(
    force: float, rng: np.random.Generator, level_db: _PerBand, decay_s: _PerBand, length_s: float
) -> Sound:
    time_s = _seconds(length_s)
    ring = _partials(
        time_s, [(hertz * rng.uniform(0.995, 1.005), 0.12, decay_s[4]) for hertz in _HAT_HZ], rng
    )
    stick = _noise(length_s, 250.0, 9000.0, rng) * np.exp(-time_s / 0.0045)
    sound = _coloured(length_s, level_db, decay_s, rng) + ring + 0.7 * stick
    return _faded(0.30 * force * sound, 0.02)


def closed_hat(force: float, rng: np.random.Generator) -> Sound:
    """A hi-hat held shut: the stick, and a short bright tick."""
    level_db = (-15.0, -9.0, -12.0, -12.0, -6.0, -1.0, -1.0, -4.0)
    return _hat(force, rng, level_db, (0.03, 0.028, 0.027, 0.027, 0.027, 0.027, 0.025, 0.024), 0.22)


def open_hat(force: float, rng: np.random.Generator) -> Sound:
    """A hi-hat whose cymbals ring and rattle against each other."""
    level_db = (-28.0, -11.0, -16.0, -15.0, -6.0, -2.0, -2.0, -6.0)
    return _hat(force, rng, level_db, (0.12, 0.18, 0.20, 0.24, 0.28, 0.27, 0.22, 0.14), 1.1)


def pedal_hat(force: float, rng: np.random.Generator) -> Sound:
    """The hi-hat closed by the foot: no stick, a duller chick."""
    time_s = _seconds(0.16)
    level_db = (-8.0, -7.0, -9.0, -10.0, -5.0, -1.0, -1.0, -4.0)
    chick = _coloured(0.16, level_db, (0.03, 0.028, 0.022, 0.022, 0.020, 0.020, 0.020, 0.018), rng)
    return _faded(0.22 * force * chick * (1 - np.exp(-time_s / 0.002)))


# Ratios of the modes of a round membrane to its lowest: the zeros of the Bessel functions.
_MEMBRANE = (1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.501, 3.600, 4.060, 4.903, 5.540)


def tom(force: float, rng: np.random.Generator, *, hertz: float) -> Sound:
    """A tom: the modes of a round membrane, the higher the sooner gone, over a soft stick."""
    length_s = 0.60 + 20.0 / hertz
    time_s = _seconds(length_s)
    decay_s = 0.12 + 9.0 / hertz
    head = np.zeros_like(time_s)
    for number, ratio in enumerate(_MEMBRANE):
        level = 1.0 if number == 0 else 0.42 / number**0.8
        head += level * _mode(time_s, ratio * hertz, decay_s / ratio**0.9, glide=0.25, glide_s=0.05)
    stick = _noise(length_s, 500.0, 5000.0, rng) * (np.exp(-time_s / 0.005) + 0.10 * np.exp(-time_s / 0.06))
    return _faded(force * (0.75 * head + 0.20 * stick))


def crash(force: float, rng: np.random.Generator) -> Sound:
    """A crash cymbal: full down to its low modes; it swells for some milliseconds, its top dies first."""
    length_s = 2.8
    time_s = _seconds(length_s)
    level_db = (-20.0, -5.0, -11.0, -11.0, -6.0, -7.0, -10.0, -17.0)
    wash = _coloured(length_s, level_db, (0.35, 0.40, 0.6, 0.9, 1.0, 0.8, 0.40, 0.16), rng)
    modes = [(hertz, 0.25, 0.5) for hertz in (411.0, 468.0, 532.0, 641.0, 713.0)]
    swell = 1 - 0.6 * np.exp(-time_s / 0.006)
    stick = _noise(length_s, 400.0, 9000.0, rng) * np.exp(-time_s / 0.006)
    return _faded(0.42 * force * ((wash + _partials(time_s, modes, rng)) * swell + 0.35 * stick), 0.3)


def ride(force: float, rng: np.random.Generator) -> Sound:
    """A ride cymbal struck on its bow: the stick's clear ping over a wash that stays."""
    length_s = 1.4
    time_s = _seconds(length_s)
    level_db = (-32.0, -20.0, -25.0, -22.0, -18.0, -16.0, -13.0, -18.0)
    wash = _coloured(length_s, level_db, (0.18, 0.35, 0.43, 0.43, 0.32, 0.26, 0.17, 0.08), rng)
    ping = [(438.0, 0.56, 0.6), (583.0, 0.48, 0.6), (2310.0, 0.24, 0.5), (2890.0, 0.48, 0.45)]
    ping += [(3420.0, 0.72, 0.4), (3980.0, 0.64, 0.35), (4420.0, 0.48, 0.3), (5230.0, 0.48, 0.24)]
    stick = _noise(length_s, 2500.0, 14_000.0, rng) * np.exp(-time_s / 0.004)
    return _faded(0.22 * force * (wash + _partials(time_s, ping, rng) + 1.2 * stick), 0.2)


def ride_bell(force: float, rng: np.random.Generator) -> Sound:
    """A ride cymbal struck on its bell: a few strong, clear tones."""
    length_s = 1.4
    time_s = _seconds(length_s)
    level_db = (-34.0, -20.0, -22.0, -16.0, -12.0, -11.0, -12.0, -20.0)
    wash = _coloured(length_s, level_db, (0.15, 0.25, 0.25, 0.28, 0.20, 0.15, 0.11, 0.06), rng)
    bell = [(533.0, 0.30, 0.5), (1262.0, 0.16, 0.45), (2330.0, 0.40, 0.40), (3320.0, 0.65, 0.30)]
    bell += [(4410.0, 0.60, 0.24), (5570.0, 0.50, 0.17), (6890.0, 0.40, 0.13), (8240.0, 0.30, 0.10)]
    stick = _noise(length_s, 2500.0, 14_000.0, rng) * np.exp(-time_s / 0.004)
    return _faded(0.26 * force * (wash + _partials(time_s, bell, rng) + 0.7 * stick), 0.2)


_I = InstrumentName
VOICES: dict[InstrumentName, Voice] = {
    _I.KICK: kick,
    _I.SNARE: snare,
    _I.SIDE_STICK: side_stick,
    _I.HIHAT_CLOSED: closed_hat,
    _I.HIHAT_OPEN: open_hat,
    _I.HIHAT_PEDAL: pedal_hat,
    _I.TOM_HIGH: partial(tom, hertz=176.0),
    _I.TOM_MID: partial(tom, hertz=131.0),
    _I.TOM_LOW: partial(tom, hertz=88.0),
    _I.CRASH: crash,
    _I.RIDE: ride,
    _I.RIDE_BELL: ride_bell,
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
