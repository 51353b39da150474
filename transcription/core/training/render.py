"""Drum music whose every stroke is known: one-shots played by compositions, in rooms, behind other music."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.training.band.accompaniment import Band
from transcription.core.training.drumming.compose import Composition, Stroke, compose
from transcription.core.training.drumming.grooves import Performance
from transcription.core.training.sound.effects import (
    Sound,
    coloured,
    compressed,
    distorted,
    equaliser,
    gain,
    gated,
    level,
    lossy,
    noise,
    resampled,
    rms,
    room,
)
from transcription.core.training.sound.material import RATE, Material, OneShot, Recording
from transcription.core.training.sound.percussion import snare_buzz
from transcription.core.training.sound.voices import make_kit

# What a one-shot is heard as; percussion that is absent here is rendered but never labelled.
_HEARD_AS = {name.value: index for index, name in enumerate(INSTRUMENTS_HEARD)} | {
    "snare_rim": 1,
}
# A stroke this far under what sounds around it teaches nothing but doubt: it is neither right nor wrong.
_BURIED_DB = -21.0
_CHOKE_S = 0.04
_BUZZ_SHARE = 0.6
_SHAKES_SNARE = frozenset({"kick", "tom_high", "tom_mid", "tom_low"})
_VELOCITY_DB = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Drums:
    """Rendered drums with their labels; ``peaks`` holds each labelled stroke's own peak amplitude."""

    sound: Sound
    onsets_s: NDArray[np.float64]
    heard_as: NDArray[np.int64]
    velocities: NDArray[np.float32]  # 0..1, see sounding_velocity
    peaks: Sound
    beats_s: NDArray[np.float64]
    downbeats_s: NDArray[np.float64]
    composition: Composition | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A finished mix. ``buried`` marks strokes too far under the mix to be asked for."""

    sound: Sound
    drums: Drums
    buried: NDArray[np.bool_]


def sounding_velocity(level_db: float) -> float:
    """Return the velocity, 0..1, that a stroke has by its level under the instrument's loudest.

    How far apart soft and loud strokes are is drawn for every clip, as drummers and compressors differ. What
    a drummer was noted to have played can then not be told from a clip. What sounds can, and is asked for: by
    the middle of those draws, 30 dB for a velocity ten times as high.
    """
    return float(np.clip(10.0 ** (level_db / _VELOCITY_DB), 1 / 127, 1.0))


class Renderer:
    """Renders drums and mixes from one split of the material, as the generator handed in chooses."""

    def __init__(
        self,
        material: Material,
        performances: Sequence[Performance],
        split: str,
        seconds: float = 8.0,
        band: Band | None = None,
    ) -> None:
        self._material, self._band = material, band
        self._performances = [p for p in performances if p.split == split]
        self._seconds = seconds
        self._shots: dict[str, dict[str, list[OneShot]]] = defaultdict(lambda: defaultdict(list))
        for shot in material.one_shots:
            if shot.split == split:
                self._shots[shot.instrument][shot.kit].append(shot)
        self._recordings: dict[str, list[Recording]] = defaultdict(list)
        for recording in material.recordings:
            if recording.split == split:
                self._recordings[recording.kind].append(recording)

    def drums(self, rng: np.random.Generator) -> Drums:
        """Render one stretch of drums alone, as if recorded."""
        composition = compose(rng, self._performances, self._seconds)
        length = int(self._seconds * RATE)
        kit = make_kit(
            rng, self._material, self._shots, {stroke.instrument for stroke in composition.strokes}
        )
        buses = {"kick": np.zeros(length, np.float32), "rest": np.zeros(length, np.float32)}
        buzz = _Buzz.drawn(rng) if rng.random() < _BUZZ_SHARE else None
        labels = _Labels()
        softness = float(rng.uniform(0.45, 1.05))  # how much quieter a soft stroke is
        for stroke, choke_s in _with_chokes(composition.strokes):
            if stroke.instrument not in kit:
                continue
            voice = kit[stroke.instrument]
            level_db = 40.0 * np.log10(stroke.velocity / 127.0) * softness + float(rng.normal(0, 0.7))
            sound = voice.play(rng, level_db)
            begin = round(stroke.onset_s * RATE)
            peak = _add(buses["kick" if stroke.instrument == "kick" else "rest"], sound, begin, choke_s)
            labels.add(stroke, sounding_velocity(level_db), peak)
            if buzz is not None and stroke.instrument in _SHAKES_SNARE:
                _add(buses["rest"], buzz.answer(rng, peak), begin, None)
        sound = _recorded(rng, buses["kick"], buses["rest"])
        if rng.random() < 0.12:
            sound = gated(rng, sound)
        loudest = float(np.max(np.abs(sound))) or 1.0
        return labels.drums(sound / np.float32(loudest), composition)

    def mix(self, rng: np.random.Generator, drums: Drums, accompanied: bool | None = None) -> Clip:
        """Put ``drums`` behind other music, or in their room alone, and master the result."""
        sound = drums.sound.copy()
        length = len(sound)
        if rng.random() < 0.5:
            sound = coloured(rng, sound, spread_db=3.5)
        if accompanied is None:
            accompanied = bool(rng.random() < 0.72)
        reference = rms(sound) or 0.05
        if accompanied:
            backing = self._accompaniment(rng, drums, length)
            backing *= np.float32(reference / (level(backing) or 1.0) * gain(rng.uniform(-15, 8)))
            sound = sound + backing
        noise_db = float(rng.uniform(-75, -38))
        sound = sound + noise(rng, length) * np.float32(reference * gain(noise_db))
        if rng.random() < (0.5 if accompanied else 0.25):
            sound = compressed(rng, sound)
        if rng.random() < 0.25:
            drive = float(rng.uniform(1.0, 4.0)) / (float(np.max(np.abs(sound))) or 1.0)
            sound = np.tanh(sound * np.float32(drive))
        if rng.random() < 0.25:
            sound = lossy(rng, sound)
        return Clip(sound=np.asarray(sound, np.float32), drums=drums, buried=_buried(drums, sound))

    def _accompaniment(self, rng: np.random.Generator, drums: Drums, length: int) -> Sound:
        """A band in time with the drums, recordings that are not, or one over the other."""
        draw = rng.random()
        if self._band is None or drums.composition is None or draw < 0.40:
            return self.backing(rng, length)
        band = self._band.play(rng, drums.composition, length)
        if draw < 0.65:
            backing = self.backing(rng, length)
            band = band + backing * np.float32(gain(rng.normal(-2, 5)) / (level(backing) or 1.0))
        if rng.random() < 0.3:
            band = coloured(rng, band, spread_db=4.0)
        return band

    def backing(self, rng: np.random.Generator, length: int) -> Sound:
        """Layer recordings without drums, ``length`` samples of them."""
        layers = int(rng.choice((1, 2, 3, 4), p=(0.25, 0.35, 0.28, 0.12)))
        kinds = list(self._recordings)
        weights = np.array([_KIND_WEIGHTS.get(kind, 1.0) for kind in kinds])
        chosen = rng.choice(len(kinds), min(layers, len(kinds)), replace=False, p=weights / weights.sum())
        total = np.zeros(length, np.float32)
        for kind in chosen:
            recordings = self._recordings[kinds[kind]]
            layer = self._excerpt(rng, recordings[int(rng.integers(len(recordings)))], length)
            layer *= np.float32(gain(rng.normal(0, 4)) / (rms(layer) or 1.0))
            total += layer
        if rng.random() < 0.35:
            total = distorted(rng, total)
        if rng.random() < 0.6:
            total = coloured(rng, total, spread_db=4.0)
        return total

    def _excerpt(self, rng: np.random.Generator, recording: Recording, length: int) -> Sound:
        speed = float(2.0 ** rng.uniform(-0.35, 0.35))
        needed = int(length * speed) + 2
        if recording.length <= needed:
            sound = self._material.samples(recording)
            sound = np.roll(np.tile(sound, needed // len(sound) + 1)[:needed], int(rng.integers(needed)))
        else:
            begin = int(rng.integers(recording.length - needed))
            sound = self._material.samples(recording, begin, begin + needed)
        return resampled(sound, speed, length)


_KIND_WEIGHTS = {
    "voice": 2.0, "guitar": 2.2, "bass": 2.0, "keys": 1.4, "ensemble": 1.3,
    "electronic": 1.0, "brass_wind": 0.9, "strings_orchestra": 0.8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Buzz:
    """How the snare's wires answer to other drums; without hi-hats it is the brightest thing there is."""

    sounds: tuple[Sound, ...]
    level_db: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> _Buzz:
        return cls(tuple(snare_buzz(rng)), float(rng.uniform(-36, -7)))

    def answer(self, rng: np.random.Generator, peak: float) -> Sound:
        level_db = self.level_db + float(rng.normal(0, 1.5))
        return self.sounds[int(rng.integers(len(self.sounds)))] * np.float32(peak * gain(level_db))


class _Labels:
    """Collects what the network should answer."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, int, float, float]] = []

    def add(self, stroke: Stroke, velocity: float, peak: float) -> None:
        heard = _HEARD_AS.get(stroke.instrument)
        if heard is not None and stroke.onset_s >= 0:
            self._rows.append((stroke.onset_s, heard, velocity, peak))

    def drums(self, sound: Sound, composition: Composition) -> Drums:
        rows = np.array(self._rows, dtype=np.float64).reshape(-1, 4)
        return Drums(
            sound=np.asarray(sound, np.float32),
            onsets_s=rows[:, 0],
            heard_as=rows[:, 1].astype(np.int64),
            velocities=rows[:, 2].astype(np.float32),
            peaks=rows[:, 3].astype(np.float32),
            beats_s=composition.beats_s,
            downbeats_s=composition.downbeats_s,
            composition=composition,
        )


def _with_chokes(strokes: Sequence[Stroke]) -> list[tuple[Stroke, float | None]]:
    """Pair each stroke with the seconds after which it is choked: a closing hi-hat stops the open one."""
    paired: list[tuple[Stroke, float | None]] = []
    next_hat_s: float | None = None
    for stroke in reversed(strokes):
        choke_s = None
        if stroke.instrument.startswith("hihat"):
            if stroke.instrument == "hihat_open" and next_hat_s is not None:
                choke_s = max(0.03, next_hat_s - stroke.onset_s)
            next_hat_s = stroke.onset_s
        paired.append((stroke, choke_s))
    return paired[::-1]


def _add(bus: Sound, sound: Sound, begin: int, choke_s: float | None) -> float:
    """Add ``sound`` to ``bus`` at sample ``begin``; returns its peak."""
    if choke_s is not None:
        stop, fade = int(choke_s * RATE), int(_CHOKE_S * RATE)
        if stop + fade < len(sound):
            sound = sound[: stop + fade].copy()
            sound[stop:] *= np.linspace(1, 0, len(sound) - stop, dtype=np.float32)
    peak = float(np.max(np.abs(sound[:4410]), initial=0.0))
    if begin < 0:
        sound, begin = sound[-begin:], 0
    end = min(len(bus), begin + len(sound))
    if end > begin:
        bus[begin:end] += sound[: end - begin]
    return peak


def _recorded(rng: np.random.Generator, kick: Sound, rest: Sound) -> Sound:
    """Both buses through a room, microphones and, sometimes, a compressor and a worn tape."""
    size = scipy.fft.next_fast_len(len(rest) + RATE, real=True)
    answer = scipy.fft.rfft(room(rng), size)
    wet = np.float32(gain(rng.uniform(-26, -3)))
    kick_wet = wet * np.float32(gain(rng.uniform(-14, 0)))
    spectrum = scipy.fft.rfft(rest, size)
    kick_spectrum = scipy.fft.rfft(kick, size)
    spectrum = spectrum * (1 + wet * answer) + kick_spectrum * (1 + kick_wet * answer)
    if rng.random() < 0.8:
        spectrum *= equaliser(rng, len(spectrum), size, spread_db=4.0)
    sound = np.asarray(scipy.fft.irfft(spectrum, size)[: len(rest)], np.float32)
    if rng.random() < 0.35:
        sound = compressed(rng, sound)
    if rng.random() < 0.25:
        drive = float(rng.uniform(0.8, 5.0)) / (float(np.max(np.abs(sound))) or 1.0)
        sound = np.tanh(sound * np.float32(drive))
    return sound


def _buried(drums: Drums, sound: Sound) -> NDArray[np.bool_]:
    buried = np.zeros(len(drums.onsets_s), np.bool_)
    scale = 1.0 / (float(np.max(drums.peaks, initial=0.0)) or 1.0)
    loudness = np.sqrt(_sliding_power(sound))
    loudest = float(np.max(np.abs(drums.sound))) or 1.0
    for index, (onset_s, peak) in enumerate(zip(drums.onsets_s, drums.peaks, strict=True)):
        frame = min(len(loudness) - 1, int(onset_s * 100))
        around = float(loudness[frame])
        buried[index] = 20 * np.log10(max(peak * scale * loudest, 1e-9) / max(around, 1e-9)) < _BURIED_DB
    return buried


def _sliding_power(sound: Sound) -> Sound:
    """Mean power in the 30 ms from each hundredth of a second on."""
    hop = RATE // 100
    frames = len(sound) // hop
    power = np.square(sound[: frames * hop]).reshape(frames, hop).mean(axis=1)
    return np.asarray(np.convolve(power, np.ones(3) / 3)[2:] if frames > 2 else power, np.float32)
