"""Drumming in seconds: performances joined at bars, dressed up so that no instrument is rare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transcription.core.training.drumming.grooves import Performance, write_performance

_TOMS = ("tom_high", "tom_mid", "tom_low")
_TIMEKEEPERS = frozenset({"hihat_closed", "hihat_open", "hihat_pedal", "ride", "ride_bell"})
_HANDS_KEEPING_TIME = _TIMEKEEPERS - {"hihat_pedal"}
_WRITTEN_SHARE = 0.40
_FILL_SHARE = 0.22
_PERCUSSION_SHARE = 0.25
_PERCUSSION_SHARE_INSTEAD = 0.5  # where the drummer's hands keep no time, somebody else's often do
_LIFTED_SHARE = 0.25
_PERCUSSION = {
    "tambourine": 0.38, "shaker": 0.21, "clap": 0.14, "cowbell": 0.10,
    "conga": 0.05, "woodblock": 0.04, "triangle": 0.04, "snap": 0.04,
}  # fmt: skip
_SCATTERED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Stroke:
    """One stroke to render. ``instrument`` names a folder of one-shots; ``velocity`` is 1–127."""

    onset_s: float
    instrument: str
    velocity: int


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """Strokes in order of onset, with the felt beats and downbeats they were played to, in seconds."""

    strokes: tuple[Stroke, ...]
    beats_s: NDArray[np.float64]
    downbeats_s: NDArray[np.float64]
    seconds: float


def compose(rng: np.random.Generator, performances: Sequence[Performance], seconds: float) -> Composition:
    """Put ``seconds`` of drumming together from ``performances`` or a written pattern."""
    written = rng.random() < _WRITTEN_SHARE
    first = write_performance(rng) if written else performances[int(rng.integers(len(performances)))]
    quarter_s = 60.0 / (first.tempo_bpm * float(rng.uniform(0.78, 1.28)))
    quarter_s = float(np.clip(quarter_s, 0.22, 1.2))
    begin_quarters = float(rng.uniform(0, max(0.0, first.length_quarters - 0.5 * seconds / quarter_s)))
    strokes: list[Stroke] = []
    beats: list[float] = []
    downbeats: list[float] = []
    bar_start, current = 0.0, first
    while True:
        shift_s = (bar_start - begin_quarters) * quarter_s
        if shift_s > seconds:
            break
        strokes += [
            Stroke(shift_s + note.position * quarter_s, note.instrument, note.velocity)
            for note in current.notes
        ]
        bars = np.arange(0, current.length_quarters - 1e-6, current.bar_quarters)
        downbeats += list(shift_s + bars * quarter_s)
        felt = np.arange(0, current.length_quarters - 1e-6, current.beat_quarters)
        beats += list(shift_s + felt * quarter_s)
        bar_start += current.length_quarters
        current = _what_follows(rng, current, performances)
    if rng.random() < _SCATTERED_SHARE:
        strokes, beats, downbeats = _scattered(rng, strokes, seconds), [], []
    elif not written or rng.random() < 0.25:
        strokes = _dressed_up(rng, strokes, np.array(beats), np.array(downbeats), quarter_s)
    strokes = [s for s in strokes if -0.8 < s.onset_s < seconds and s.velocity >= 8]
    strokes.sort(key=lambda stroke: stroke.onset_s)
    return Composition(
        strokes=tuple(strokes),
        beats_s=np.array([b for b in beats if 0 <= b < seconds]),
        downbeats_s=np.array([b for b in downbeats if 0 <= b < seconds]),
        seconds=seconds,
    )


def _what_follows(
    rng: np.random.Generator, current: Performance, performances: Sequence[Performance]
) -> Performance:
    """Another performance in the same meter: often a fill, since fills hold the toms and crashes."""
    if current.split == "any":
        return current
    wants_fill = rng.random() < _FILL_SHARE
    for _ in range(60):
        other = performances[int(rng.integers(len(performances)))]
        alike = other.bar_quarters == current.bar_quarters and other.beat_quarters == current.beat_quarters
        if alike and other.is_fill == wants_fill and 0.6 < other.tempo_bpm / current.tempo_bpm < 1.7:
            return other
    return current


def _dressed_up(
    rng: np.random.Generator,
    strokes: list[Stroke],
    beats: NDArray[np.float64],
    downbeats: NDArray[np.float64],
    quarter_s: float,
) -> list[Stroke]:
    strokes = _remapped(rng, strokes)
    if rng.random() < 0.20:
        # Who always hears a hi-hat with the kick soon hears one in every bright kick.
        dropped = float(rng.uniform(0.2, 0.8))
        strokes = [s for s in strokes if s.instrument not in _TIMEKEEPERS or rng.random() > dropped]
    elif rng.random() < _LIFTED_SHARE:
        strokes = _lifted(rng, strokes)
    if rng.random() < 0.55:
        strokes = [s for s in strokes if s.instrument != "hihat_pedal"]
    if rng.random() < 0.30:
        chosen = downbeats[rng.random(len(downbeats)) < 0.5]
        cymbal = str(rng.choice(("crash", "crash", "crash", "china", "splash")))
        strokes = [
            s
            for s in strokes
            if not (_near(s.onset_s, chosen) and s.instrument.startswith(("hihat", "ride")))
        ]
        strokes += [
            Stroke(float(t + rng.normal(0, 0.006)), cymbal, int(rng.integers(75, 127))) for t in chosen
        ]
    if rng.random() < 0.15 and len(beats):
        sixteenths = np.arange(beats[0], beats[-1], quarter_s / 4)
        chosen = sixteenths[rng.random(len(sixteenths)) < 0.15]
        strokes += [Stroke(float(t), "snare", int(rng.integers(10, 34))) for t in chosen]
    if rng.random() < 0.18 and len(downbeats):
        bar = float(rng.choice(downbeats))
        steps = bar + np.arange(int(rng.integers(4, 13))) * quarter_s * float(rng.choice((0.25, 1 / 3, 0.5)))
        toms = np.sort(rng.integers(0, 3, len(steps)))
        strokes = [
            s for s in strokes if not (bar - 0.05 < s.onset_s < steps[-1] + 0.05 and s.instrument != "kick")
        ]
        strokes += [
            Stroke(float(t), _TOMS[tom], int(rng.integers(60, 125)))
            for t, tom in zip(steps, toms, strict=True)
        ]
    if rng.random() < 0.15:
        strokes += _flams(rng, strokes)
    keeps_time = any(stroke.instrument in _HANDS_KEEPING_TIME for stroke in strokes)
    if rng.random() < (_PERCUSSION_SHARE if keeps_time else _PERCUSSION_SHARE_INSTEAD):
        strokes += _percussion(rng, np.array(beats), downbeats, quarter_s)
    return strokes


def _lifted(rng: np.random.Generator, strokes: list[Stroke]) -> list[Stroke]:
    """Leave out the timekeeping hand where it falls on the kick, the snare or either, as some drummers do."""
    under = ({"kick"}, {"snare", "side_stick"}, {"kick", "snare", "side_stick"})[int(rng.integers(3))]
    times = np.array([stroke.onset_s for stroke in strokes if stroke.instrument in under])
    share = float(rng.uniform(0.4, 1.0))
    return [
        stroke
        for stroke in strokes
        if stroke.instrument not in _HANDS_KEEPING_TIME
        or not _near(stroke.onset_s, times)
        or rng.random() > share
    ]


def _scattered(rng: np.random.Generator, strokes: list[Stroke], seconds: float) -> list[Stroke]:
    """The same strokes at times of their own: what is struck must be heard, not guessed from the rest."""
    played = [stroke for stroke in strokes if -0.5 < stroke.onset_s < seconds]
    times = rng.uniform(-0.5, seconds, len(played))
    return [replace(stroke, onset_s=float(time)) for stroke, time in zip(played, times, strict=True)]


def _remapped(rng: np.random.Generator, strokes: list[Stroke]) -> list[Stroke]:
    swap: dict[str, str] = {}
    draw = rng.random()
    if draw < 0.14:
        swap = {"hihat_closed": "ride", "hihat_open": "ride_bell" if rng.random() < 0.5 else "ride"}
    elif draw < 0.18:
        swap = {"hihat_closed": "crash", "hihat_open": "crash"}
    elif draw < 0.28:
        swap = {"hihat_closed": "hihat_open"}
    elif draw < 0.32:
        swap = {"hihat_closed": str(rng.choice(_TOMS)), "hihat_open": "crash"}
    elif draw < 0.35:
        swap = {"ride": "ride_bell"}
    elif draw < 0.50:
        swap = {"ride": "hihat_closed"}
    elif draw < 0.67:
        # Without a hi-hat, what rattles along with the drums is bright too, and is none.
        swap = {"hihat_closed": "none", "hihat_open": "none", "hihat_pedal": "none", "ride": "none"}
    elif draw < 0.79:
        instead = "tambourine" if rng.random() < 0.6 else "shaker"
        swap = {"hihat_closed": instead, "hihat_open": "none", "hihat_pedal": "none"}
    snares = rng.random()
    if snares < 0.11:
        swap["snare"] = "side_stick"
    elif snares < 0.16:
        swap["snare"] = str(rng.choice(_TOMS))
    elif snares < 0.20:
        swap["snare"] = "snare_rim"
    if rng.random() < 0.06:
        swap["kick"] = "none"
    if rng.random() < 0.10:
        swap["crash"] = "china" if rng.random() < 0.5 else "splash"
    changed = (replace(s, instrument=swap.get(s.instrument, s.instrument)) for s in strokes)
    return [s for s in changed if s.instrument != "none"]


def _flams(rng: np.random.Generator, strokes: list[Stroke]) -> list[Stroke]:
    """Second sticks, a little before some strokes on a snare or tom, from grace notes to nearly as loud."""
    apart_s, share = float(rng.uniform(0.018, 0.05)), float(rng.uniform(0.1, 0.5))
    softer = float(rng.uniform(0.3, 1.0))
    return [
        replace(
            stroke,
            onset_s=stroke.onset_s - apart_s + float(rng.normal(0, 0.003)),
            velocity=max(8, round(stroke.velocity * softer)),
        )
        for stroke in strokes
        if stroke.instrument in {"snare", *_TOMS} and rng.random() < share
    ]


def _percussion(
    rng: np.random.Generator, beats: NDArray[np.float64], downbeats: NDArray[np.float64], quarter_s: float
) -> list[Stroke]:
    """Somebody else's tambourine, shaker, claps or cowbell, so that none of them is heard as a hi-hat."""
    if len(beats) < 2:
        return []
    instrument = str(rng.choice(list(_PERCUSSION), p=list(_PERCUSSION.values())))
    if rng.random() < 0.4:
        off_bar = np.min(np.abs(beats[:, None] - downbeats[None, :]), axis=1) if len(downbeats) else beats
        backbeats = beats[off_bar > 0.5 * quarter_s]
        times = backbeats[int(rng.integers(2)) :: int(rng.integers(1, 3))]
    else:
        times = np.arange(beats[0], beats[-1], quarter_s * float(rng.choice((0.25, 0.5, 1.0, 2.0))))
    times = times[rng.random(len(times)) < rng.uniform(0.7, 1.0)]
    loud, soft = int(rng.integers(60, 120)), int(rng.integers(30, 100))
    return [
        Stroke(
            float(time + rng.normal(0, 0.008)),
            instrument,
            int(np.clip((loud if index % 2 == 0 else soft) + rng.normal(0, 6), 10, 127)),
        )
        for index, time in enumerate(times)
    ]


def _near(time_s: float, times: NDArray[np.float64]) -> bool:
    return bool(len(times)) and bool(np.min(np.abs(times - time_s)) < 0.05)
