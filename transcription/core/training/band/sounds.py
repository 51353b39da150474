"""What an accompaniment's notes sound like: stored notes of a bank, or simple synthesisers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from transcription.core.training.band.note_bank import BankNote, NoteBank
from transcription.core.training.band.parts import Note
from transcription.core.training.sound.effects import Sound
from transcription.core.training.sound.material import RATE

_RELEASE_S = 0.06
_TABLE = 2048
_NOISE_S = 2.0
_PICK = np.exp(np.arange(1_100, dtype=np.float32) * np.float32(-1 / (0.004 * RATE)))
# Families whose stored notes may be looped; all others die away by themselves.
_HELD = frozenset({"organ", "strings", "choir", "brass", "reed", "pipe", "lead", "pad"})


class Instrument(Protocol):
    """Something that plays notes into ``bus``."""

    def play(self, rng: np.random.Generator, notes: Sequence[Note], bus: Sound) -> None: ...


def add(bus: Sound, sound: Sound, begin: int) -> None:
    """Add ``sound`` to ``bus`` from sample ``begin``, which may lie outside of it."""
    if begin < 0:
        sound, begin = sound[-begin:], 0
    end = min(len(bus), begin + len(sound))
    if end > begin:
        bus[begin:end] += sound[: end - begin]


def faded(sound: Sound, samples: int) -> Sound:
    """Return ``sound`` with its last ``samples`` faded to nothing, in place."""
    count = min(samples, len(sound))
    if count:
        sound[-count:] *= _fade(count)
    return sound


def _fade(count: int) -> Sound:
    ramp = np.linspace(1, 0, count, dtype=np.float32)
    return ramp * ramp


class SampledInstrument:
    """One program of a note bank, tuned ``cents`` away from its own pitch.

    ``plectrum`` is the level of a pick's noise beside the note's, which stored notes have little of.
    """

    def __init__(self, bank: NoteBank, program: int, cents: float = 0.0, plectrum: float = 0.0) -> None:
        self._bank = bank
        self._cents = cents
        self._plectrum = plectrum
        self._release = int(_RELEASE_S * RATE)
        self._notes = [note for note in bank.notes if note.program == program]
        self._lowest = min(note.pitch for note in self._notes) - 3
        self._highest = max(note.pitch for note in self._notes) + 3
        self._ready: dict[tuple[BankNote, int], Sound] = {}

    def play(self, rng: np.random.Generator, notes: Sequence[Note], bus: Sound) -> None:
        for note in notes:
            begin = int(note.onset_s * RATE)
            length = int(note.length_s * RATE) + self._release
            if begin + length <= 0 or begin >= len(bus):
                continue
            sound = self._sound(self._within_range(note.pitch), note.velocity, length)
            if note.is_damped:
                add(bus, _damped(rng, sound, note.velocity), begin)
            else:
                add(bus, faded(sound * np.float32(note.velocity), self._release), begin)
            if self._plectrum:
                pick = noise_cut(rng, 1_800, 11_000, len(_PICK)) * _PICK
                add(bus, pick * np.float32(self._plectrum * note.velocity**2), begin)

    def _within_range(self, pitch: int) -> int:
        while pitch < self._lowest:
            pitch += 12
        while pitch > self._highest:
            pitch -= 12
        return max(pitch, self._lowest)

    def _sound(self, pitch: int, velocity: float, length: int) -> Sound:
        stored = min(
            self._notes, key=lambda note: abs(note.pitch - pitch) + 4 * abs(note.velocity / 112 - velocity)
        )
        ready = self._ready.get((stored, pitch))
        if ready is None or (len(ready) < length and self._can_grow(stored, len(ready))):
            ready = self._resampled(stored, pitch, length)
            self._ready[stored, pitch] = ready
        return ready[:length]

    def _can_grow(self, stored: BankNote, length: int) -> bool:
        return stored.family in _HELD or length < 0.6 * stored.length

    def _resampled(self, stored: BankNote, pitch: int, length: int) -> Sound:
        speed = 2.0 ** ((pitch - stored.pitch + self._cents / 100) / 12)
        needed = int(length * speed) + 2
        sound = self._bank.samples(stored, needed)
        if len(sound) < needed and stored.family in _HELD:
            sound = _looped(sound, needed)
        return read_at(sound, speed, min(length, int((len(sound) - 2) / speed)))


def _damped(rng: np.random.Generator, sound: Sound, velocity: float) -> Sound:
    """Under a resting hand a string's pitch is gone at once, and the plectrum's scratch remains."""
    time = np.arange(len(sound), dtype=np.float32)
    scratch = noise_cut(rng, 900, 7_000, len(sound)) * np.exp(time * np.float32(-1 / (0.006 * RATE)))
    tone = sound * np.exp(time * np.float32(-1 / (0.015 * RATE)))
    return np.asarray((tone + np.float32(rng.uniform(0.1, 0.6)) * scratch) * np.float32(velocity), np.float32)


def noise_cut(rng: np.random.Generator, low_hz: float, high_hz: float, length: int) -> Sound:
    """Return ``length`` samples of noise between two frequencies, of RMS 0.3."""
    noise = _noise(low_hz, high_hz)
    begin = int(rng.integers(len(noise)))
    return np.asarray(np.take(noise, np.arange(begin, begin + length), mode="wrap"), np.float32)


@cache
def _noise(low_hz: float, high_hz: float) -> Sound:
    length = int(_NOISE_S * RATE)
    generator = np.random.default_rng(int(low_hz + high_hz))
    spectrum = scipy.fft.rfft(generator.standard_normal(length, dtype=np.float32))
    hz = np.arange(len(spectrum)) * (RATE / length)
    spectrum *= 1 / (1 + (low_hz / np.maximum(hz, 1)) ** 6) / (1 + (hz / high_hz) ** 8)
    noise = scipy.fft.irfft(spectrum, length)
    return np.asarray(0.3 * noise / np.sqrt(np.mean(noise**2)), np.float32)


def read_at(sound: Sound, speed: float, length: int) -> Sound:
    """Return ``length`` samples of ``sound`` played at ``speed``, interpolated linearly."""
    positions = np.arange(length, dtype=np.float64) * speed
    whole = positions.astype(np.int32)
    part = (positions - whole).astype(np.float32)
    here = sound[whole]
    return np.asarray(here + part * (sound[whole + 1] - here), np.float32)


def _looped(sound: Sound, length: int) -> Sound:
    """Repeat the steady part of ``sound``, cross-faded, until ``length`` samples."""
    begin, end = int(0.35 * len(sound)), int(0.8 * len(sound))
    loop, overlap = sound[begin:end], (end - begin) // 3
    ramp = np.linspace(0, 1, overlap, dtype=np.float32)
    hop = len(loop) - overlap
    out = np.zeros(length + len(loop), np.float32)
    out[:end] = sound[:end]
    position = end
    while position < length:
        start = position - overlap
        out[start:position] = out[start:position] * (1 - ramp) + loop[:overlap] * ramp
        out[position : position + hop] = loop[overlap:]
        position += hop
    return out[:length]


def one_period(harmonics: Sound) -> Sound:
    """Return a table of one period, of RMS 0.3, from the amplitudes of ``harmonics`` 1, 2, 3 …"""
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex64)
    count = min(len(harmonics), _TABLE // 2 - 1)
    # A sixth of Schroeder's phases: the pulse that a throat or a string gives, a little blunted.
    numbers = np.arange(1, count + 1)
    spectrum[1 : count + 1] = harmonics[:count] * np.exp(-1j * np.pi / 6 * numbers**2 / max(count, 1) - 1.5j)
    table = scipy.fft.irfft(spectrum, _TABLE)
    return np.asarray(0.3 * table / (np.sqrt(np.mean(table**2)) + 1e-9), np.float32)


def read_table(table: Sound, phase: NDArray[np.float64]) -> Sound:
    """Return ``table`` read at ``phase`` in periods."""
    return np.asarray(table[(phase * _TABLE).astype(np.int64) & (_TABLE - 1)], np.float32)


class SynthInstrument:
    """A subtractive synthesiser: a harmonic wave whose top closes at ``decay_s`` after each attack."""

    def __init__(self, rng: np.random.Generator, cents: float = 0.0) -> None:
        self._slope = float(rng.choice((1.0, 1.0, 0.6, 2.0)))
        self._odd_only = bool(rng.random() < 0.3)
        self._open_hz = float(np.exp(rng.uniform(np.log(1_500), np.log(14_000))))
        self._closed_hz = float(np.exp(rng.uniform(np.log(150), np.log(1_500))))
        self._decay_s = float(np.exp(rng.uniform(np.log(0.03), np.log(0.8))))
        self._attack = int(rng.choice((0.001, 0.003, 0.01, 0.06)) * RATE)
        self._detunes = (0.0,) if rng.random() < 0.5 else (-0.06, 0.0, 0.07)
        self._cents = cents
        self._sustain = float(rng.choice((0.0, 0.4, 0.9)))
        self._amplitude_s = float(rng.uniform(0.08, 0.6))
        self._ready: dict[int, Sound] = {}

    def play(self, rng: np.random.Generator, notes: Sequence[Note], bus: Sound) -> None:
        for note in notes:
            begin, length = int(note.onset_s * RATE), int((note.length_s + 0.03) * RATE)
            if begin + length <= 0 or begin >= len(bus):
                continue
            ready = self._ready.get(note.pitch)
            if ready is None or len(ready) < length:
                ready = self._sound(note.pitch, length)
                self._ready[note.pitch] = ready
            add(bus, faded(ready[:length] * np.float32(note.velocity), int(0.03 * RATE)), begin)

    def _sound(self, pitch: int, length: int) -> Sound:
        hz = 440.0 * 2.0 ** ((pitch - 69 + self._cents / 100) / 12)
        numbers = np.arange(1, max(2, min(600, int(16_000 / hz))), dtype=np.float32)
        amplitudes = numbers**-self._slope
        if self._odd_only:
            amplitudes[1::2] *= 0.03
        bright, dark = (
            one_period(amplitudes / (1 + (numbers * hz / edge_hz) ** 4))
            for edge_hz in (self._open_hz, max(self._closed_hz, 1.2 * hz))
        )
        time_s = np.arange(length, dtype=np.float32) / RATE
        opening = np.exp(time_s * np.float32(-1 / self._decay_s))
        sound = np.zeros(length, np.float32)
        for detune in self._detunes:
            phase = np.arange(length, dtype=np.float64) * (hz * 2.0 ** (detune / 12) / RATE) + 7 * detune
            low = read_table(dark, phase)
            sound += low + opening * (read_table(bright, phase) - low)
        loudness = np.exp(time_s * np.float32(-1 / self._amplitude_s))
        sound *= self._sustain + (1 - self._sustain) * loudness
        rise = min(self._attack, length)
        sound[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
        return sound
