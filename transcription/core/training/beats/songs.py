"""Songs with known beats to validate beat tracking on: grooves on a time line, then heard with mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from transcription.core.activations import Activations
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.training.beats.styles import Stroke, Style, draw_bars, pickup, tempos
from transcription.core.training.drumming.grooves import Performance

Times = NDArray[np.float64]
_FPS = 100
_STEPS = 8  # of the tempo curve, in a quarter note


class Condition(StrEnum):
    """What is hard about a song."""

    STEADY = "steady"
    DRIFT = "drift"  # wanders by about six per cent, as a band without a click does
    STEP = "tempo step"  # one sudden change, by up to a quarter
    PICKUP = "pickup"
    MID_BAR = "starts mid-bar"
    METER_CHANGE = "meter change"
    SILENCE = "silence"  # four to ten bars in which nobody plays
    RUBATO = "rubato"  # the beat wanders by a quarter from one moment to the next, throughout


@dataclass(frozen=True, slots=True)
class Line:
    """Bars of music in written time: strokes and bar lines in quarter notes, a meter for each bar."""

    strokes: tuple[Stroke, ...]
    meters: tuple[tuple[int, int], ...]
    quarters_a_minute: float

    @property
    def bar_starts(self) -> Times:
        """Shape (bars + 1,), in quarter notes: where each bar begins, and where the last ends."""
        return np.cumsum([0.0, *(4.0 * beats / beat_type for beats, beat_type in self.meters)])


@dataclass(frozen=True, slots=True, eq=False)
class BeatSong:
    """A song as the detector hears it, and its beats; ``numbers``, shape (beats,), is 1 on a downbeat."""

    name: str
    condition: Condition
    hits: tuple[Hit, ...]
    activations: Activations
    duration_s: float
    beats_s: Times
    numbers: NDArray[np.int64]
    meters: tuple[tuple[int, int], ...]  # as they follow each other, without repeats
    tempo_bpm: float = field(default=0.0)


@dataclass(frozen=True, slots=True)
class Hearing:
    """How badly the drums, and the beat, are heard; near what a small detector does with a full mix."""

    missed: float = 0.08
    missed_ghosts: float = 0.5
    invented: float = 0.08  # of the true number, at any time
    mistaken: float = 0.06  # heard as a neighbour
    jitter_s: float = 0.006
    beat_missed: float = 0.12
    beat_invented: float = 0.15  # of the places half-way between beats
    misled: float = 0.12  # songs on which the network follows every other beat, or half the bar


_NEIGHBOURS = {
    "kick": ("tom_low",),
    "snare": ("side_stick", "tom_mid"),
    "side_stick": ("snare", "hihat_closed"),
    "hihat_closed": ("hihat_open", "ride", "hihat_pedal"),
    "hihat_open": ("crash", "hihat_closed"),
    "hihat_pedal": ("hihat_closed",),
    "ride": ("crash", "hihat_closed", "ride_bell"),
    "ride_bell": ("ride",),
    "crash": ("ride", "hihat_open"),
    "china": ("crash",),
    "tom_low": ("kick", "tom_mid"),
    "tom_mid": ("tom_low", "snare"),
    "tom_high": ("tom_mid", "snare"),
}


def written_line(rng: np.random.Generator, style: Style, seconds: float) -> Line:
    """Play a style for about ``seconds`` at one of its tempos."""
    span = tempos(style)
    tempo = float(np.exp(rng.uniform(np.log(span["low"]), np.log(span["high"]))))
    bars = max(8, round(seconds * tempo / 60 / style.bar_quarters))
    played = draw_bars(rng, style, bars)
    strokes = [
        (number * style.bar_quarters + place + float(rng.normal(0, 0.008)), name, velocity)
        for number, bar in enumerate(played)
        for place, name, velocity in bar
    ]
    return Line(tuple(strokes), ((style.beats, style.beat_type),) * bars, tempo)


def recorded_line(rng: np.random.Generator, performance: Performance, seconds: float) -> Line:
    """Cut about ``seconds`` of whole bars from a human performance, repeated where it is shorter."""
    tempo = performance.tempo_bpm * float(rng.uniform(0.85, 1.18))
    bar = performance.bar_quarters
    there = max(1, int(performance.length_quarters / bar + 0.01))
    wanted = max(8, round(seconds * tempo / 60 / bar))
    first = int(rng.integers(max(1, there - wanted + 1)))
    notes = [
        (note.position - first * bar, note.instrument, note.velocity)
        for note in performance.notes
        if first * bar - 0.1 <= note.position < (first + wanted) * bar - 0.1
    ]
    count = min(there - first, wanted)
    strokes = [
        (place + turn * count * bar, name, velocity)
        for turn in range(-(-wanted // count))
        for place, name, velocity in notes
    ]
    beat_type = 8 if performance.beat_quarters == 1.5 or bar % 1 else 4
    meter = (round(bar * beat_type / 4), beat_type)
    return Line(tuple(strokes), (meter,) * (count * -(-wanted // count)), tempo)


def joined(first: Line, second: Line) -> Line:
    """Let ``second`` follow ``first`` at the same tempo."""
    end = float(first.bar_starts[-1])
    later = ((place + end, name, velocity) for place, name, velocity in second.strokes)
    return Line((*first.strokes, *later), first.meters + second.meters, first.quarters_a_minute)


def perform(
    rng: np.random.Generator, name: str, line: Line, condition: Condition, hearing: Hearing
) -> BeatSong:
    """Play ``line`` under ``condition``, and hear it with mistakes."""
    starts = line.bar_starts
    strokes = list(line.strokes)
    lead = 0.0
    if condition is Condition.PICKUP:
        meter_beats, beat_type = line.meters[0]
        lead = min(float(rng.choice((1.0, 1.0, 2.0))), 4 * meter_beats / beat_type / 2)
        strokes = [stroke for stroke in strokes if stroke[0] > -0.1] + pickup(rng, lead)
    if condition is Condition.SILENCE:
        begin = int(
            rng.integers(len(line.meters) // 3, max(len(line.meters) // 2, len(line.meters) // 3 + 1))
        )
        end = min(begin + int(rng.integers(4, 11)), len(line.meters) - 4)
        strokes = [s for s in strokes if not starts[begin] - 0.1 < s[0] < starts[max(begin + 1, end)] - 0.1]
    places, times = _time_map(rng, line, condition, lead)
    cut_s = 0.0
    offset_s = float(rng.uniform(0.2, 3.0))
    if condition is Condition.MID_BAR:
        meter_quarters = float(starts[1])
        cut_s = float(np.interp(meter_quarters * rng.uniform(0.2, 0.9), places, times))
        offset_s = 0.0

    def seconds(quarters: Times) -> Times:
        return np.interp(quarters, places, times) - cut_s + offset_s

    beats, numbers = _beats(line)
    beats_s = seconds(beats)
    onset_s = seconds(np.array([place for place, _, _ in strokes]))
    played = [
        (float(time_s), instrument, velocity)
        for time_s, (_, instrument, velocity) in zip(onset_s, strokes, strict=True)
        if time_s >= 0
    ]
    duration_s = max(float(beats_s[-1]), max(time_s for time_s, _, _ in played)) + 1.0
    inside = beats_s >= 0
    beats_s, numbers = beats_s[inside], numbers[inside]
    changes = [i for i, meter in enumerate(line.meters) if i == 0 or meter != line.meters[i - 1]]
    return BeatSong(
        name=name,
        condition=condition,
        hits=_heard(rng, played, duration_s, hearing),
        activations=_beat_activations(rng, beats_s, numbers, duration_s, hearing),
        duration_s=duration_s,
        beats_s=beats_s,
        numbers=numbers,
        meters=tuple(line.meters[i] for i in changes),
        tempo_bpm=60 / float(np.median(np.diff(beats_s))),
    )


def without_network(song: BeatSong) -> BeatSong:
    """Return the song with the network's beats silenced, so that the hits alone decide."""
    silent = np.zeros_like(song.activations.beats)
    return replace(song, activations=replace(song.activations, beats=silent, downbeats=silent))


def _time_map(rng: np.random.Generator, line: Line, condition: Condition, lead: float) -> tuple[Times, Times]:
    """Quarter notes, and the second of each."""
    places = np.arange(-lead - 1, line.bar_starts[-1] + 2, 1 / _STEPS)
    change = np.zeros(len(places))  # of the tempo, as a logarithm
    if condition is Condition.DRIFT:
        walk = np.cumsum(rng.normal(0, 1, len(places)))
        smooth = np.convolve(walk, np.hanning(16 * _STEPS) / (8 * _STEPS), "same")
        change = 0.06 * (smooth - smooth.mean()) / (np.abs(smooth - smooth.mean()).max() + 1e-9)
    if condition is Condition.STEP:
        bar = int(rng.integers(len(line.meters) // 3, 2 * len(line.meters) // 3 + 1))
        size = float(rng.uniform(0.07, 0.22)) * float(rng.choice((-1, 1)))
        change[places >= line.bar_starts[bar]] = size
    if condition is Condition.RUBATO:
        noise = np.convolve(rng.normal(0, 1, len(places)), np.hanning(3 * _STEPS), "same")
        change = 0.25 * noise / noise.std()
    seconds = np.cumsum(60 / line.quarters_a_minute * np.exp(-change) / _STEPS)
    return places, seconds - np.interp(-lead, places, seconds)


def _beats(line: Line) -> tuple[Times, NDArray[np.int64]]:
    places: list[float] = []
    numbers: list[int] = []
    for start, (beats, beat_type) in zip(line.bar_starts, line.meters, strict=False):
        compound = beat_type == 8 and beats % 3 == 0 and beats > 3
        count = beats // 3 if compound else beats
        length = 4.0 * beats / beat_type / count
        places += [float(start) + length * number for number in range(count)]
        numbers += range(1, count + 1)
    return np.array(places), np.array(numbers, dtype=np.int64)


def _heard(
    rng: np.random.Generator, played: Sequence[Stroke], duration_s: float, hearing: Hearing
) -> tuple[Hit, ...]:
    heard = []
    for time_s, name, velocity in played:
        missed = hearing.missed_ghosts if velocity < 40 else hearing.missed
        if rng.random() < missed:
            continue
        known = str(rng.choice(_NEIGHBOURS[name])) if rng.random() < hearing.mistaken else name
        loudness = int(np.clip(velocity + rng.normal(0, 10), 5, 127))
        place_s = max(0.0, time_s + float(rng.normal(0, hearing.jitter_s)))
        heard.append((place_s, known, loudness, float(rng.beta(6, 1.5))))
    names = list(_NEIGHBOURS)
    for _ in range(rng.poisson(hearing.invented * len(played))):
        heard.append(
            (
                float(rng.uniform(0, duration_s)),
                str(rng.choice(names)),
                int(rng.integers(20, 90)),
                float(rng.beta(3, 3)),
            )
        )
    heard.sort()
    return tuple(
        Hit(f"h{number}", time_s, InstrumentName(name), loudness, confidence)
        for number, (time_s, name, loudness, confidence) in enumerate(heard, start=1)
    )


def _beat_activations(
    rng: np.random.Generator,
    beats_s: Times,
    numbers: NDArray[np.int64],
    duration_s: float,
    hearing: Hearing,
) -> Activations:
    """Peaks as a trained network's: of any height, now and then missing, off the beat, or half a bar off."""
    frames = int(duration_s * _FPS)
    beats = rng.uniform(0.0, 0.03, frames).astype(np.float32)
    downbeats = rng.uniform(0.0, 0.02, frames).astype(np.float32)
    misled = rng.random() < hearing.misled
    follows_halves = misled and rng.random() < 0.5
    half_bar = int(numbers.max()) // 2 + 1 if numbers.max() > 2 else 1
    trusted = half_bar if misled and not follows_halves else 1
    for time_s, number in zip(beats_s, numbers, strict=True):
        if rng.random() < hearing.beat_missed or (follows_halves and number % 2 == 0):
            continue
        _add_peak(beats, time_s + rng.normal(0, 0.008), rng.beta(5, 3))
        if number == trusted and rng.random() < 0.8:
            _add_peak(downbeats, time_s + rng.normal(0, 0.008), rng.beta(4, 4))
        elif rng.random() < (0.35 if number in (1, half_bar) else 0.1):
            _add_peak(downbeats, time_s, rng.beta(2, 4))
    for time_s in (beats_s[1:] + beats_s[:-1]) / 2:
        if rng.random() < hearing.beat_invented:
            _add_peak(beats, time_s, rng.beta(3, 4))
    heard = np.zeros((frames, len(INSTRUMENTS_HEARD)), np.float32)
    return Activations(onsets=heard, velocities=heard, beats=beats, downbeats=downbeats, fps=_FPS)


def _add_peak(values: NDArray[np.float32], time_s: float, height: float) -> None:
    frame = round(time_s * _FPS)
    for offset, share in ((-2, 0.25), (-1, 0.7), (0, 1.0), (1, 0.7), (2, 0.25)):
        if 0 <= frame + offset < len(values):
            values[frame + offset] = max(values[frame + offset], np.float32(share * height))
