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
from transcription.core.training.compose import Composition, Stroke, compose
from transcription.core.training.grooves import Performance
from transcription.core.training.material import RATE, Material, OneShot, Recording

Sound = NDArray[np.float32]

# What a one-shot is heard as; percussion that is absent here is rendered but never labelled.
_HEARD_AS = {name.value: index for index, name in enumerate(INSTRUMENTS_HEARD)} | {
    "snare_rim": 1,
    "china": 9,
    "splash": 9,
}
# Peak levels in a mixed kit, by ear and from recorded kits; every clip scatters around them.
_LEVELS_DB = {
    "kick": 0.0, "snare": -1.0, "snare_rim": -1.0, "side_stick": -7.0,
    "hihat_closed": -8.5, "hihat_open": -7.5, "hihat_pedal": -12.0,
    "tom_high": -3.0, "tom_mid": -3.0, "tom_low": -2.5,
    "crash": -7.0, "china": -8.0, "splash": -9.0, "ride": -10.0, "ride_bell": -8.0,
    "tambourine": -12.0, "shaker": -16.0, "clap": -8.0, "cowbell": -12.0,
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
# A stroke this far under what sounds around it teaches nothing but doubt: it is neither right nor wrong.
_BURIED_DB = -21.0
_CHOKE_S = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class Drums:
    """Rendered drums with their labels; ``peaks`` holds each labelled stroke's own peak amplitude."""

    sound: Sound
    onsets_s: NDArray[np.float64]
    heard_as: NDArray[np.int64]
    velocities: NDArray[np.float32]  # 0..1
    peaks: Sound
    beats_s: NDArray[np.float64]
    downbeats_s: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A finished mix. ``buried`` marks strokes too far under the mix to be asked for."""

    sound: Sound
    drums: Drums
    buried: NDArray[np.bool_]


class Renderer:
    """Renders drums and mixes from one split of the material, as the generator handed in chooses."""

    def __init__(
        self, material: Material, performances: Sequence[Performance], split: str, seconds: float = 8.0
    ) -> None:
        self._material = material
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
        kit = self._kit(rng, {stroke.instrument for stroke in composition.strokes})
        buses = {"kick": np.zeros(length, np.float32), "rest": np.zeros(length, np.float32)}
        labels = _Labels()
        softness = float(rng.uniform(0.35, 0.9))  # how much quieter a soft stroke is
        for stroke, choke_s in _with_chokes(composition.strokes):
            if stroke.instrument not in kit:
                continue
            voice = kit[stroke.instrument]
            level_db = 40.0 * np.log10(stroke.velocity / 127.0) * softness + float(rng.normal(0, 1.0))
            sound = voice.play(rng, level_db)
            begin = round(stroke.onset_s * RATE)
            peak = _add(buses["kick" if stroke.instrument == "kick" else "rest"], sound, begin, choke_s)
            labels.add(stroke, peak)
        sound = _recorded(rng, buses["kick"], buses["rest"])
        gain = float(np.max(np.abs(sound))) or 1.0
        return labels.drums(sound / np.float32(gain), composition)

    def mix(self, rng: np.random.Generator, drums: Drums, accompanied: bool | None = None) -> Clip:
        """Put ``drums`` behind other music, or in their room alone, and master the result."""
        sound = drums.sound.copy()
        length = len(sound)
        if rng.random() < 0.5:
            sound = _coloured(rng, sound, spread_db=3.5)
        if accompanied is None:
            accompanied = bool(rng.random() < 0.68)
        reference = _rms(sound) or 0.05
        if accompanied:
            backing = self._backing(rng, length)
            backing *= np.float32(reference / (_rms(backing) or 1.0) * _gain(rng.uniform(-16, 6)))
            sound = sound + backing
        noise_db = float(rng.uniform(-75, -38))
        sound = sound + _noise(rng, length) * np.float32(reference * _gain(noise_db))
        if rng.random() < (0.5 if accompanied else 0.25):
            sound = _compressed(rng, sound)
        if rng.random() < 0.25:
            drive = float(rng.uniform(1.0, 4.0)) / (float(np.max(np.abs(sound))) or 1.0)
            sound = np.tanh(sound * np.float32(drive))
        return Clip(sound=np.asarray(sound, np.float32), drums=drums, buried=_buried(drums, sound))

    def _kit(self, rng: np.random.Generator, wanted: set[str]) -> dict[str, _Voice]:
        complete = sorted({kit for kits in (self._shots["kick"], self._shots["snare"]) for kit in kits})
        base = str(rng.choice(complete))
        scatter_db = float(rng.uniform(1.5, 5.0))
        family_kit: dict[str, str] = {}
        family_db: dict[str, float] = {}
        kit: dict[str, _Voice] = {}
        for instrument in sorted(wanted):
            kits = self._shots[instrument]
            if not kits:
                continue
            family = _FAMILIES.get(instrument, instrument)
            # A family is usually from one kit: the same two cymbals closed and open.
            chosen = family_kit.get(family)
            if chosen not in kits or rng.random() < 0.1:
                chosen = base if base in kits and rng.random() < 0.6 else str(rng.choice(sorted(kits)))
            family_kit.setdefault(family, chosen)
            family_db.setdefault(family, float(rng.normal(0, scatter_db)))
            gain_db = _LEVELS_DB[instrument] + family_db[family] + float(rng.normal(0, 1.5))
            kit[instrument] = _Voice(
                material=self._material,
                shots=kits[chosen],
                gain_db=gain_db,
                # Few kits have cymbals, and cymbals differ more than drums do.
                pitch=float(2.0 ** (rng.normal(0, 2.5 if instrument in _METAL else 1.6) / 12)),
                tone=_Tone.drawn(rng),
                decay_s=float(rng.uniform(0.08, 0.5)) if rng.random() < 0.15 else None,
                rings=instrument in _RING,
            )
        return kit

    def _backing(self, rng: np.random.Generator, length: int) -> Sound:
        layers = int(rng.choice((1, 2, 3, 4), p=(0.25, 0.35, 0.28, 0.12)))
        kinds = list(self._recordings)
        weights = np.array([_KIND_WEIGHTS.get(kind, 1.0) for kind in kinds])
        chosen = rng.choice(len(kinds), min(layers, len(kinds)), replace=False, p=weights / weights.sum())
        total = np.zeros(length, np.float32)
        for kind in chosen:
            recordings = self._recordings[kinds[kind]]
            layer = self._excerpt(rng, recordings[int(rng.integers(len(recordings)))], length)
            layer *= np.float32(_gain(rng.normal(0, 4)) / (_rms(layer) or 1.0))
            total += layer
        if rng.random() < 0.35:
            total = _distorted(rng, total)
        if rng.random() < 0.6:
            total = _coloured(rng, total, spread_db=4.0)
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
        return _resampled(sound, speed, length)


_KIND_WEIGHTS = {
    "voice": 2.0, "guitar": 2.2, "bass": 2.0, "keys": 1.4, "ensemble": 1.3,
    "electronic": 1.0, "brass_wind": 0.9, "strings_orchestra": 0.8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Tone:
    """A low and a high shelf of first order: another drum, stick or microphone."""

    low_gain: float
    low_pole: float
    high_gain: float
    high_pole: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> _Tone:
        low_hz, high_hz = np.exp(rng.uniform(np.log((100, 1_500)), np.log((600, 8_000))))
        return cls(
            low_gain=_gain(rng.normal(0, 4)),
            low_pole=float(np.exp(-2 * np.pi * low_hz / RATE)),
            high_gain=_gain(rng.normal(0, 5)),
            high_pole=float(np.exp(-2 * np.pi * high_hz / RATE)),
        )

    def applied(self, sound: Sound) -> Sound:
        """Return ``sound`` in this tone at the peak it had."""
        low = scipy.signal.lfilter([1 - self.low_pole], [1, -self.low_pole], sound)
        below = scipy.signal.lfilter([1 - self.high_pole], [1, -self.high_pole], sound)
        shaped = sound + (self.low_gain - 1) * low + (self.high_gain - 1) * (sound - below)
        peak = float(np.max(np.abs(shaped), initial=0.0)) or 1.0
        return np.asarray(shaped * (np.max(np.abs(sound), initial=0.0) / peak), np.float32)


class _Voice:
    """One instrument of one clip's kit."""

    def __init__(
        self,
        *,
        material: Material,
        shots: list[OneShot],
        gain_db: float,
        pitch: float,
        tone: _Tone,
        decay_s: float | None,
        rings: bool,
    ) -> None:
        self._material, self._shots = material, shots
        self._levels = np.array([shot.level_db for shot in shots])
        self._gain_db, self._pitch, self._tone = gain_db, pitch, tone
        self._decay_s = None if decay_s is None else decay_s * (4.0 if rings else 1.0)
        self._ready: dict[int, Sound] = {}

    def play(self, rng: np.random.Generator, level_db: float) -> Sound:
        distance = np.abs(self._levels - level_db) + rng.exponential(2.5, len(self._shots))
        index = int(np.argmin(distance))
        gain_db = float(np.clip(level_db - self._levels[index], -30, 6))
        if index not in self._ready:
            sound = self._material.samples(self._shots[index])
            sound = _resampled(sound, self._pitch, int(len(sound) / self._pitch))
            sound = self._tone.applied(sound)
            if self._decay_s is not None:
                sound *= np.exp(-np.arange(len(sound), dtype=np.float32) / np.float32(self._decay_s * RATE))
            self._ready[index] = sound
        return np.asarray(self._ready[index] * np.float32(_gain(gain_db + self._gain_db)), np.float32)


class _Labels:
    """Collects what the network should answer."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, int, float, float]] = []

    def add(self, stroke: Stroke, peak: float) -> None:
        heard = _HEARD_AS.get(stroke.instrument)
        if heard is not None and stroke.onset_s >= 0:
            self._rows.append((stroke.onset_s, heard, stroke.velocity / 127.0, peak))

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
    room = scipy.fft.rfft(_room(rng), size)
    wet = np.float32(_gain(rng.uniform(-26, -3)))
    kick_wet = wet * np.float32(_gain(rng.uniform(-14, 0)))
    spectrum = scipy.fft.rfft(rest, size)
    kick_spectrum = scipy.fft.rfft(kick, size)
    spectrum = spectrum * (1 + wet * room) + kick_spectrum * (1 + kick_wet * room)
    if rng.random() < 0.8:
        spectrum *= _equaliser(rng, len(spectrum), size, spread_db=4.0)
    sound = np.asarray(scipy.fft.irfft(spectrum, size)[: len(rest)], np.float32)
    if rng.random() < 0.35:
        sound = _compressed(rng, sound)
    if rng.random() < 0.25:
        drive = float(rng.uniform(0.8, 5.0)) / (float(np.max(np.abs(sound))) or 1.0)
        sound = np.tanh(sound * np.float32(drive))
    return sound


def _room(rng: np.random.Generator) -> Sound:
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


def _equaliser(rng: np.random.Generator, bins: int, size: int, spread_db: float) -> Sound:
    """A smooth random frequency response, sometimes with its ends cut as in old or cheap recordings."""
    octaves = np.log2(np.maximum(np.arange(bins, dtype=np.float32) * (RATE / size), 20.0) / 20.0)
    knots = np.linspace(0, 10.2, 8)
    response_db = np.interp(
        octaves, knots, rng.normal(0, spread_db, 8) + np.linspace(-1, 1, 8) * rng.normal(0, 4)
    )
    if rng.random() < 0.25:
        response_db += np.minimum(0, np.log2(rng.uniform(5_000, 15_000) / 20.0) - octaves) * rng.uniform(
            12, 48
        )
    if rng.random() < 0.25:
        response_db += np.minimum(0, octaves - np.log2(rng.uniform(30, 90) / 20.0)) * rng.uniform(6, 24)
    return np.asarray(10.0 ** (response_db / 20.0), np.float32)


def _coloured(rng: np.random.Generator, sound: Sound, spread_db: float) -> Sound:
    size = scipy.fft.next_fast_len(len(sound), real=True)
    spectrum = scipy.fft.rfft(sound, size)
    spectrum *= _equaliser(rng, len(spectrum), size, spread_db)
    return np.asarray(scipy.fft.irfft(spectrum, size)[: len(sound)], np.float32)


def _compressed(rng: np.random.Generator, sound: Sound) -> Sound:
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


def _distorted(rng: np.random.Generator, sound: Sound) -> Sound:
    drive = float(rng.uniform(1.5, 12)) / (3 * _rms(sound) + 1e-6)
    return np.asarray(np.tanh(sound * np.float32(drive)) * np.float32(_rms(sound) * 1.5), np.float32)


def _noise(rng: np.random.Generator, length: int) -> Sound:
    noise = rng.standard_normal(length, dtype=np.float32)
    if rng.random() < 0.5:
        noise[1:] = 0.5 * (noise[1:] + noise[:-1])
    return noise


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


def _resampled(sound: Sound, speed: float, length: int) -> Sound:
    positions = np.arange(length, dtype=np.float64) * speed
    return np.asarray(np.interp(positions, np.arange(len(sound)), sound), np.float32)


def _rms(sound: Sound) -> float:
    return float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0


def _gain(level_db: float) -> float:
    return float(10.0 ** (level_db / 20.0))
