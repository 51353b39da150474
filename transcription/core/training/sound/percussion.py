"""Percussion beside the kit, played from models: no two tambourines or shakers sound alike.

Few were recorded, and a detector that has heard few of them takes the next one for a hi-hat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from transcription.core.training.sound.effects import Sound
from transcription.core.training.sound.material import RATE

_SECONDS = 0.7


@dataclass(frozen=True, slots=True)
class _Shaken:
    """A shell of loose parts: how long it rings, how many parts, where its metal or shell resonates."""

    energy_decay_s: tuple[float, float]
    collisions_per_s: tuple[float, float]
    grain_decay_s: tuple[float, float]
    resonances: tuple[int, int]
    resonance_hz: tuple[float, float]
    bandwidth_hz: tuple[float, float]
    attack_s: tuple[float, float]


_SHAKEN = {
    "tambourine": _Shaken(
        energy_decay_s=(0.03, 0.14),
        collisions_per_s=(400, 6_000),
        grain_decay_s=(0.0004, 0.003),
        resonances=(3, 7),
        resonance_hz=(2_000, 14_000),
        bandwidth_hz=(20, 500),
        attack_s=(0.0003, 0.004),
    ),
    "shaker": _Shaken(
        energy_decay_s=(0.015, 0.09),
        collisions_per_s=(1_000, 15_000),
        grain_decay_s=(0.0002, 0.001),
        resonances=(1, 4),
        resonance_hz=(2_500, 12_000),
        bandwidth_hz=(700, 5_000),
        attack_s=(0.004, 0.04),
    ),
}


def shaken(rng: np.random.Generator, instrument: str) -> list[Sound]:
    """Build one tambourine or shaker and strike it a few times; each sound peaks at 1.

    Source:
        Cook, "Physically Informed Sonic Modeling (PhISM)", Computer Music Journal 21(3), 1997.
    """
    shape = _SHAKEN[instrument]

    def drawn(low_high: tuple[float, float]) -> float:
        return float(np.exp(rng.uniform(*np.log(low_high))))

    energy_decay_s, grain_decay_s = drawn(shape.energy_decay_s), drawn(shape.grain_decay_s)
    rate, attack_s = drawn(shape.collisions_per_s), drawn(shape.attack_s)
    count = int(rng.integers(*shape.resonances, endpoint=True))
    resonances = [(drawn(shape.resonance_hz), drawn(shape.bandwidth_hz)) for _ in range(count)]
    gains = 10.0 ** (rng.normal(0, 6, count) / 20)
    dry = float(rng.uniform(0.0, 0.5))
    thump = float(rng.uniform(0, 0.6)) if instrument == "tambourine" and rng.random() < 0.4 else 0.0
    rebound = float(rng.uniform(0.1, 0.7)) if instrument == "tambourine" and rng.random() < 0.5 else 0.0
    rebound_s = float(rng.uniform(0.025, 0.12))

    def stroke() -> Sound:
        return _struck(rng, energy_decay_s, grain_decay_s, rate, attack_s, resonances, gains, dry, thump)

    if not rebound:
        return [stroke() for _ in range(3)]
    return [_rebounding(rng, stroke(), stroke(), rebound, rebound_s) for _ in range(3)]


def _rebounding(
    rng: np.random.Generator, first: Sound, second: Sound, rebound: float, rebound_s: float
) -> Sound:
    """The jingles close again after the stroke: a softer ``second`` one ``rebound_s`` later, more or less."""
    later = round(rebound_s * float(rng.uniform(0.85, 1.15)) * RATE)
    sound = first.copy()
    sound[later:] += np.float32(rebound) * second[: len(second) - later]
    return _peaking_at_one(sound)


def _struck(
    rng: np.random.Generator,
    energy_decay_s: float,
    grain_decay_s: float,
    rate: float,
    attack_s: float,
    resonances: list[tuple[float, float]],
    gains: NDArray[np.float64],
    dry: float,
    thump: float,
) -> Sound:
    length = int(_SECONDS * RATE)
    time_s = np.arange(length, dtype=np.float32) / RATE
    energy = np.exp(-time_s / energy_decay_s) * np.minimum(1.0, time_s / attack_s)
    collides = rng.random(length, dtype=np.float32) < rate / RATE
    impulses = np.where(collides, energy, 0.0)
    pole = float(np.exp(-1 / (grain_decay_s * RATE)))
    grains = scipy.signal.lfilter([1.0], [1.0, -pole], impulses)
    grains *= rng.standard_normal(length, dtype=np.float32)
    sound = dry * grains
    for (centre_hz, width_hz), gain in zip(resonances, gains, strict=True):
        radius = float(np.exp(-np.pi * width_hz / RATE))
        angle = 2 * np.pi * min(centre_hz, 0.47 * RATE) / RATE
        poles = [1.0, -2 * radius * np.cos(angle), radius * radius]
        rung = scipy.signal.lfilter([1.0, 0.0, -1.0], poles, grains)
        sound = sound + gain * rung / (float(np.std(rung)) + 1e-9) * float(np.std(grains))
    sound = sound / (float(np.max(np.abs(sound))) or 1.0)
    if thump:
        tone_hz = float(rng.uniform(150, 600))
        sound = sound + thump * np.exp(-time_s / 0.03) * np.sin(2 * np.pi * tone_hz * time_s)
    return _peaking_at_one(sound)


def snare_buzz(rng: np.random.Generator) -> list[Sound]:
    """How one snare's wires rattle when another drum is struck: noise that peaks at 1 after a few ms."""
    decay_s = float(np.exp(rng.uniform(np.log(0.025), np.log(0.22))))
    delay = int(rng.uniform(0.0, 0.012) * RATE)
    low_hz, high_hz = float(rng.uniform(200, 3_000)), float(rng.uniform(4_000, 16_000))
    band = scipy.signal.butter(1, (low_hz, high_hz), "bandpass", fs=RATE)
    length = int(min(0.6, 5 * decay_s) * RATE)
    time_s = np.arange(length, dtype=np.float32) / RATE
    sounds = []
    for _ in range(3):
        noise = scipy.signal.lfilter(*band, rng.standard_normal(length, dtype=np.float32))
        buzz = noise * np.exp(-time_s / decay_s) * np.minimum(1.0, time_s / 0.002)
        buzz = np.concatenate((np.zeros(delay), buzz))
        sounds.append(_peaking_at_one(buzz))
    return sounds


def brushed(rng: np.random.Generator) -> list[Sound]:
    """One snare under brushes: soft noise, without a stick's crack; each sound peaks at 1."""
    attack_s = float(np.exp(rng.uniform(np.log(0.001), np.log(0.02))))
    decay_s = float(np.exp(rng.uniform(np.log(0.03), np.log(0.2))))
    low_hz, high_hz = float(rng.uniform(150, 1_500)), float(rng.uniform(5_000, 15_000))
    band = scipy.signal.butter(1, (low_hz, high_hz), "bandpass", fs=RATE)
    skin_hz, skin = float(rng.uniform(150, 260)), float(rng.uniform(0, 0.3))
    time_s = np.arange(int(6 * decay_s * RATE), dtype=np.float32) / RATE
    sounds = []
    for _ in range(3):
        noise = scipy.signal.lfilter(*band, rng.standard_normal(len(time_s), dtype=np.float32))
        envelope = np.exp(-time_s / (decay_s * rng.uniform(0.8, 1.25))) * np.minimum(1.0, time_s / attack_s)
        sound = noise / np.max(np.abs(noise)) * envelope
        sound += skin * np.exp(-time_s / 0.05) * np.sin(2 * np.pi * skin_hz * time_s)
        sounds.append(_peaking_at_one(sound))
    return sounds


@dataclass(frozen=True, slots=True)
class _Struck:
    """A body that rings: where its lowest tone lies, how long it rings, how far its tones are apart."""

    tone_hz: tuple[float, float]
    decay_s: tuple[float, float]
    tones: tuple[float, ...]
    glide: float  # by how much it starts higher, as a share of its tone
    click: float


_BODIES = {
    "conga": _Struck((120, 450), (0.05, 0.3), (1.0, 1.6, 2.2), 0.08, 0.5),
    "woodblock": _Struck((600, 3_000), (0.008, 0.05), (1.0, 2.4), 0.0, 0.3),
    "triangle": _Struck((2_500, 6_000), (0.2, 1.2), (1.0, 1.53, 2.17, 2.9), 0.0, 0.1),
    "snap": _Struck((1_000, 2_600), (0.004, 0.015), (1.0, 1.9), 0.0, 1.0),
}
BODIES = tuple(_BODIES)


def struck(rng: np.random.Generator, body: str) -> list[Sound]:
    """Build one of :data:`BODIES` and strike it a few times; each sound peaks at 1."""
    shape = _BODIES[body]
    tone_hz, decay_s = (
        float(np.exp(rng.uniform(*np.log(low_high)))) for low_high in (shape.tone_hz, shape.decay_s)
    )
    gains = [float(10 ** (rng.normal(-6 * index, 4) / 20)) for index in range(len(shape.tones))]
    spread = 1 + rng.normal(0, 0.05, len(shape.tones))
    time_s = np.arange(int(min(1.2, 6 * decay_s) * RATE) + 400, dtype=np.float32) / RATE
    bend = 1 + shape.glide * np.exp(-time_s / 0.02)
    sounds = []
    for _ in range(3):
        sound = np.zeros(len(time_s))
        for index, (ratio, gain) in enumerate(zip(shape.tones * spread, gains, strict=True)):
            phase = 2 * np.pi * np.cumsum(tone_hz * ratio * bend) / RATE
            sound += gain * np.sin(phase) * np.exp(-time_s * (1 + 0.6 * index) / decay_s)
        noise = rng.standard_normal(len(time_s), dtype=np.float32) * np.exp(-time_s / 0.004)
        sounds.append(_peaking_at_one(sound + shape.click * rng.uniform(0.3, 1.0) * noise))
    return sounds


def _peaking_at_one(sound: NDArray[np.floating[Any]]) -> Sound:
    return np.asarray(sound / (float(np.max(np.abs(sound))) or 1.0), np.float32)
