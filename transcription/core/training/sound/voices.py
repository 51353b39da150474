"""The instruments of one clip's kit: one-shots in a player's hands, or percussion from models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.signal

from transcription.core.training.sound.effects import Sound, gain, resampled
from transcription.core.training.sound.material import RATE, Material, OneShot
from transcription.core.training.sound.percussion import BODIES, brushed, shaken, struck

Shots = Mapping[str, Mapping[str, Sequence[OneShot]]]  # by instrument, then kit

# Peak levels in a mixed kit, by ear and from recorded kits; every clip scatters around them.
_LEVELS_DB = {
    "kick": 0.0, "snare": -1.0, "snare_rim": -1.0, "side_stick": -7.0,
    "hihat_closed": -8.5, "hihat_open": -7.5, "hihat_pedal": -12.0,
    "tom_high": -3.0, "tom_mid": -3.0, "tom_low": -2.5,
    "crash": -7.0, "china": -8.0, "splash": -9.0, "ride": -10.0, "ride_bell": -8.0,
    "tambourine": -11.0, "shaker": -16.0, "clap": -7.0, "cowbell": -11.0,
    "conga": -8.0, "woodblock": -14.0, "triangle": -18.0, "snap": -14.0,
}  # fmt: skip
_FAMILIES = {
    "hihat_closed": "hihat", "hihat_open": "hihat", "hihat_pedal": "hihat",
    "tom_high": "tom", "tom_mid": "tom", "tom_low": "tom",
    "ride": "ride", "ride_bell": "ride", "snare": "snare", "snare_rim": "snare",
}  # fmt: skip
_METAL = frozenset(
    {"crash", "china", "splash", "ride", "ride_bell", "hihat_open", "hihat_closed", "hihat_pedal"}
)
_RING = frozenset({"crash", "china", "splash", "ride", "ride_bell", "hihat_open"})
_BRUSHED_SHARE = 0.07


def _modelled(rng: np.random.Generator, instrument: str) -> list[Sound] | None:
    """Sounds of ``instrument`` from a model, or None where a recorded one-shot is to play."""
    if instrument in BODIES:
        return struck(rng, instrument)
    if instrument in {"tambourine", "shaker"} and rng.random() < 0.6:
        return shaken(rng, instrument)
    if instrument == "snare" and rng.random() < _BRUSHED_SHARE:
        return brushed(rng)
    return None


class Voice(Protocol):
    """One instrument of a kit."""

    def play(self, rng: np.random.Generator, level_db: float) -> Sound:
        """Strike it, ``level_db`` under its loudest stroke."""


def make_kit(
    rng: np.random.Generator, material: Material, shots: Shots, wanted: set[str]
) -> dict[str, Voice]:
    """Choose voices for the ``wanted`` instruments, mostly from one kit; what no kit has is left out."""
    complete = sorted({kit for kits in (shots["kick"], shots["snare"]) for kit in kits})
    base = str(rng.choice(complete))
    scatter_db = float(rng.uniform(1.5, 5.0))
    family_kit: dict[str, str] = {}
    family_db: dict[str, float] = {}
    kit: dict[str, Voice] = {}
    for instrument in sorted(wanted):
        family = _FAMILIES.get(instrument, instrument)
        family_db.setdefault(family, float(rng.normal(0, scatter_db)))
        gain_db = _LEVELS_DB[instrument] + family_db[family] + float(rng.normal(0, 1.5))
        modelled = _modelled(rng, instrument)
        if modelled is not None:
            kit[instrument] = ModelledVoice(modelled, gain_db)
            continue
        kits = shots[instrument]
        if not kits:
            continue
        # A family is usually from one kit: the same two cymbals closed and open.
        chosen = family_kit.get(family, "")
        if chosen not in kits or rng.random() < 0.1:
            chosen = base if base in kits and rng.random() < 0.6 else str(rng.choice(sorted(kits)))
        family_kit.setdefault(family, chosen)
        kit[instrument] = SampledVoice(
            material=material,
            shots=kits[chosen],
            gain_db=gain_db,
            # Few kits have cymbals, and cymbals differ more than drums do.
            pitch=float(2.0 ** (rng.normal(0, 2.5 if instrument in _METAL else 1.6) / 12)),
            tone=Tone.drawn(rng),
            decay_s=float(rng.uniform(0.08, 0.5)) if rng.random() < 0.15 else None,
            rings=instrument in _RING,
        )
    return kit


@dataclass(frozen=True, slots=True)
class Tone:
    """A low and a high shelf of first order: another drum, stick or microphone."""

    low_gain: float
    low_pole: float
    high_gain: float
    high_pole: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Tone:
        low_hz, high_hz = np.exp(rng.uniform(np.log((100, 1_500)), np.log((600, 8_000))))
        return cls(
            low_gain=gain(rng.normal(0, 4)),
            low_pole=float(np.exp(-2 * np.pi * low_hz / RATE)),
            high_gain=gain(rng.normal(0, 5)),
            high_pole=float(np.exp(-2 * np.pi * high_hz / RATE)),
        )

    def applied(self, sound: Sound) -> Sound:
        """Return ``sound`` in this tone at the peak it had."""
        low = scipy.signal.lfilter([1 - self.low_pole], [1, -self.low_pole], sound)
        below = scipy.signal.lfilter([1 - self.high_pole], [1, -self.high_pole], sound)
        shaped = sound + (self.low_gain - 1) * low + (self.high_gain - 1) * (sound - below)
        peak = float(np.max(np.abs(shaped), initial=0.0)) or 1.0
        return np.asarray(shaped * (np.max(np.abs(sound), initial=0.0) / peak), np.float32)


class SampledVoice:
    """One instrument of one kit's one-shots, in its own pitch and tone."""

    def __init__(
        self,
        *,
        material: Material,
        shots: Sequence[OneShot],
        gain_db: float,
        pitch: float,
        tone: Tone,
        decay_s: float | None,
        rings: bool,
    ) -> None:
        self._material, self._shots = material, shots
        self._levels = np.array([shot.level_db for shot in shots])
        self._gain_db, self._pitch, self._tone = gain_db, pitch, tone
        self._decay_s = None if decay_s is None else decay_s * (4.0 if rings else 1.0)
        self._ready: dict[int, Sound] = {}

    def play(self, rng: np.random.Generator, level_db: float) -> Sound:
        """Strike it with a recorded stroke of about this level, another one now and then."""
        distance = np.abs(self._levels - level_db) + rng.exponential(2.5, len(self._shots))
        index = int(np.argmin(distance))
        gain_db = float(np.clip(level_db - self._levels[index], -30, 6))
        if index not in self._ready:
            sound = self._material.samples(self._shots[index])
            sound = resampled(sound, self._pitch, int(len(sound) / self._pitch))
            sound = self._tone.applied(sound)
            if self._decay_s is not None:
                sound *= np.exp(-np.arange(len(sound), dtype=np.float32) / np.float32(self._decay_s * RATE))
            self._ready[index] = sound
        return np.asarray(self._ready[index] * np.float32(gain(gain_db + self._gain_db)), np.float32)


class ModelledVoice:
    """Percussion from :mod:`transcription.core.training.sound.percussion`."""

    def __init__(self, sounds: Sequence[Sound], gain_db: float) -> None:
        self._sounds, self._gain_db = sounds, gain_db

    def play(self, rng: np.random.Generator, level_db: float) -> Sound:
        """Strike it; each stroke is one of the few that were modelled."""
        sound = self._sounds[int(rng.integers(len(self._sounds)))]
        return np.asarray(sound * np.float32(gain(level_db + self._gain_db)), np.float32)
