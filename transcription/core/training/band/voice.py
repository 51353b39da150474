"""A made-up singer: a buzz through moving formants, with consonants, whose noise is no hi-hat's.

Formants: Peterson and Barney, "Control Methods Used in a Study of the Vowels", JASA 24, 1952; men's means.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transcription.core.training.band.parts import Note
from transcription.core.training.band.sounds import (
    add,
    faded,
    noise_cut,
    one_period,
    read_table,
)
from transcription.core.training.sound.effects import Sound, gain
from transcription.core.training.sound.material import RATE

_FORMANTS_HZ = (
    (730, 1090, 2440, 3400), (530, 1840, 2480, 3500), (270, 2290, 3010, 3700), (570, 840, 2410, 3300),
    (300, 870, 2240, 3200), (660, 1720, 2410, 3400), (490, 1350, 1690, 3200), (640, 1190, 2390, 3400),
)  # fmt: skip
_WIDTHS_HZ = np.array((80, 100, 140, 220), np.float32)
_LEVELS_DB = np.array((0, -4, -10, -14), np.float32)
# Noise of each consonant: its band in Hz, its level to a vowel in dB, seconds, and whether it bursts.
_CONSONANTS = {
    "s": (4_800, 10_500, -7.0, 0.09, False), "sh": (2_300, 7_000, -7.0, 0.09, False),
    "f": (1_500, 11_000, -16.0, 0.09, False), "h": (700, 4_500, -18.0, 0.07, False),
    "t": (2_500, 9_000, -5.0, 0.035, True), "k": (1_300, 4_500, -6.0, 0.04, True),
    "p": (300, 2_000, -8.0, 0.03, True), "ch": (2_500, 8_000, -5.0, 0.08, True),
}  # fmt: skip


class Singer:
    """Sings each note on two vowels that glide, after a consonant; one in five speaks: its pitch falls."""

    def __init__(self, rng: np.random.Generator, cents: float = 0.0) -> None:
        self._cents = cents
        self._tract = float(rng.uniform(0.92, 1.28))
        self._tilt = float(rng.uniform(0.7, 1.5))
        self._vibrato_cents = float(rng.choice((0, 15, 35, 70)))
        self._vibrato_hz = float(rng.uniform(4.5, 6.5))
        self._breath = float(rng.uniform(0.0, 0.08))
        self._consonant_share = float(rng.uniform(0.3, 0.95))
        self._ending_share = float(rng.uniform(0.05, 0.35))
        self._sharpness_db = float(rng.normal(0, 5))
        self._speaks = bool(rng.random() < 0.2)

    def play(self, rng: np.random.Generator, notes: Sequence[Note], bus: Sound) -> None:
        before_hz = 0.0
        for note in notes:
            begin, length = int(note.onset_s * RATE), int(note.length_s * RATE)
            hz = 440.0 * 2.0 ** ((note.pitch - 69 + self._cents / 100) / 12)
            if begin + length > 0 and begin < len(bus) and length > 0:
                add(bus, self._vowels(rng, hz, before_hz or hz, length) * np.float32(note.velocity), begin)
                if rng.random() < self._consonant_share:
                    self._add_consonant(rng, bus, note.onset_s, note.velocity)
                if rng.random() < self._ending_share:
                    self._add_consonant(rng, bus, note.onset_s + note.length_s, note.velocity)
            before_hz = hz

    def _vowels(self, rng: np.random.Generator, hz: float, before_hz: float, length: int) -> Sound:
        first, last = rng.integers(len(_FORMANTS_HZ), size=2)
        time_s = np.arange(length, dtype=np.float32) / RATE
        glide_s = float(rng.uniform(0.02, 0.08))
        semitones = np.clip(12 * np.log2(before_hz / hz), -5, 5) * np.exp(-time_s / np.float32(glide_s))
        semitones += (
            np.float32(self._vibrato_cents / 100)
            * np.minimum(1, 2 * time_s)
            * np.sin(np.float32(2 * np.pi * self._vibrato_hz) * time_s + np.float32(rng.uniform(0, 6.28)))
        )
        if self._speaks:
            semitones += np.float32(rng.normal(0, 3)) - np.float32(rng.uniform(0, 10)) * time_s
        phase = np.cumsum(np.exp2(semitones / 12) * np.float32(hz / RATE), dtype=np.float64)
        begins = read_table(self._period(int(first), hz), phase)
        ends = read_table(self._period(int(last), hz), phase)
        share = np.clip((time_s - np.float32(rng.uniform(0, 0.1))) / np.float32(rng.uniform(0.06, 0.4)), 0, 1)
        sound = begins + share * (ends - begins)
        if self._breath:
            sound += self._breath * noise_cut(rng, 700, 4_500, length)
        rise = min(length, int(rng.uniform(0.008, 0.07) * RATE))
        sound[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
        return faded(np.asarray(sound, np.float32), int(0.05 * RATE))

    def _period(self, vowel: int, hz: float) -> Sound:
        numbers = np.arange(1, max(2, min(400, int(9_000 / hz))), dtype=np.float32)
        away = numbers[:, None] * hz - np.array(_FORMANTS_HZ[vowel], np.float32) * self._tract
        resonances = 10 ** (_LEVELS_DB / 20) / (1 + (away / _WIDTHS_HZ) ** 2)
        return one_period((0.01 + resonances.sum(axis=1)) * numbers ** -(self._tilt - 0.5))

    def _add_consonant(self, rng: np.random.Generator, bus: Sound, onset_s: float, velocity: float) -> None:
        names = list(_CONSONANTS)
        name = names[int(rng.choice(len(names), p=(0.26, 0.1, 0.08, 0.08, 0.2, 0.14, 0.08, 0.06)))]
        low_hz, high_hz, level_db, seconds, bursts = _CONSONANTS[name]
        length = int(seconds * float(rng.uniform(0.6, 1.5)) * RATE)
        noise = noise_cut(rng, low_hz, high_hz, length)
        noise *= np.float32(velocity * gain(level_db + self._sharpness_db))
        if bursts:
            noise *= np.exp(np.arange(length, dtype=np.float32) * np.float32(-4 / length))
            add(bus, noise, int(onset_s * RATE))
        else:
            noise *= np.hanning(length).astype(np.float32)
            add(bus, noise, int(onset_s * RATE) - int(0.85 * length))
