"""Beats and bars: from what the network and the drums say to a beat grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.hits import Hit
from transcription.core.activations import Activations
from transcription.core.beat_evidence import NetworkBeats, Strokes, gather_evidence
from transcription.core.beat_patterns import PatternBook, pattern_book
from transcription.core.beat_scores import TempoRange
from transcription.core.beat_states import BarPath, PointerTuning, decode_bars, padding_frames
from transcription.core.beat_times import BeatFitting, fit_beats

_EARLY_BEATS = 0.12  # a stroke this little before a beat belongs to it
_EARLY_S = 0.060


@dataclass(frozen=True, slots=True)
class BeatHints:
    """What a person already knows: ``tempo_bpm`` in felt beats a minute, the meter as printed, a downbeat in
    seconds.

    ``beats_per_bar`` without a ``beat_type`` counts quarters. ``first_downbeat_s`` is where bar 1 begins;
    strokes before it are its pickup or, where they fill more than a bar, bars before it.
    """

    tempo_bpm: float | None = None
    beats_per_bar: int | None = None
    beat_type: int | None = None
    first_downbeat_s: float | None = None


@dataclass(frozen=True, slots=True)
class MeterChoice:
    """A meter tried on every song; ``cost_per_s``, a log-likelihood, is how much better it has to fit."""

    beats: int
    beat_type: int
    cost_per_s: float
    tempo: TempoRange


@dataclass(frozen=True, slots=True)
class BeatTracking:
    """How beats are tracked; numbers chosen on the training split of the Groove MIDI Dataset."""

    pointer: PointerTuning = field(default_factory=PointerTuning)
    fitting: BeatFitting = field(default_factory=BeatFitting)
    meters: tuple[MeterChoice, ...] = (
        MeterChoice(4, 4, 0.0, TempoRange(50.0, 105.0, 215.0)),
        MeterChoice(3, 4, 0.2, TempoRange(60.0, 120.0, 215.0)),
        MeterChoice(6, 8, 0.2, TempoRange(35.0, 65.0, 110.0)),
    )
    network_weight: float = 0.5
    entry_bonus: float = (
        2.0  # log-likelihood that the first stroke, and one after a long rest, is on a downbeat
    )
    hinted_tempo_tolerance: float = 0.12  # relative: a hint is an average, and people drift
    fallback_bpm: float = 120.0
    fewest_hits: int = 8  # below this, and without a network's beat, any grid is a guess


def track_beats(
    activations: Activations,
    hits: tuple[Hit, ...],
    hints: BeatHints = BeatHints(),
    duration_s: float | None = None,
    tracking: BeatTracking = BeatTracking(),
) -> BeatGrid:
    """Find the beats, bars and meter of a recording.

    Every meter in question is decoded by a bar pointer over the drum strokes and the network's beat and
    downbeat activations; the best is kept, and its beats are fitted to the strokes. Bars count from 1 at the
    first bar with strokes in it; a bar that they enter only in its second half is a pickup, bar 0, and begins
    with their beat.

    Args:
        duration_s: the recording's length; that of the activations if not given.
    Returns:
        A grid from the beat at or before the first hit to the first beat after the last hit and the
        recording's end.
    """
    if duration_s is None:
        duration_s = len(activations.beats) / activations.fps
    end_s = max([duration_s, *(hit.onset_s for hit in hits)])
    network = NetworkBeats.of(activations, tracking.network_weight)
    strokes = Strokes.of(hits)
    if len(hits) < tracking.fewest_hits and network is None:
        meter = _hinted_meter(hints) or Meter(bar=1, beats=4, beat_type=4)
        return _number_bars(
            _even_beats(strokes, hints, end_s, tracking), meter, strokes, end_s, unreliable=True
        )
    best: BarPath | None = None
    best_score = -np.inf
    for book, tempo, cost_per_s in _candidates(hints, tracking):
        evidence = gather_evidence(strokes, network, end_s, padding_frames(book, tempo), tracking.entry_bonus)
        path = decode_bars(evidence, book, tempo, tracking.pointer, hints.first_downbeat_s)
        score = path.score - cost_per_s * end_s
        if best is None or score > best_score:
            best, best_score = path, score
    assert best is not None  # there is always a candidate
    beats = fit_beats(best.beat_times_s, strokes.onset_s, strokes.strength, tracking.fitting)
    return _number_bars(beats, best.book.meter, strokes, end_s, unreliable=_is_weak(best, strokes))


def _hinted_meter(hints: BeatHints) -> Meter | None:
    if hints.beats_per_bar is None:
        return None
    return Meter(bar=1, beats=hints.beats_per_bar, beat_type=hints.beat_type or 4)


def _candidates(hints: BeatHints, tracking: BeatTracking) -> list[tuple[PatternBook, TempoRange, float]]:
    hinted = _hinted_meter(hints)
    choices = tracking.meters
    if hinted is not None:
        known = tuple(c for c in choices if (c.beats, c.beat_type) == (hinted.beats, hinted.beat_type))
        choices = known or (MeterChoice(hinted.beats, hinted.beat_type, 0.0, _usual_tempo(hinted)),)
    if hints.tempo_bpm is None:
        return [(pattern_book(c.beats, c.beat_type), c.tempo, c.cost_per_s) for c in choices]
    slack = 1 + tracking.hinted_tempo_tolerance
    tempo = TempoRange(hints.tempo_bpm / slack, hints.tempo_bpm, hints.tempo_bpm * slack)
    return [(pattern_book(c.beats, c.beat_type), tempo, c.cost_per_s) for c in choices]


def _usual_tempo(meter: Meter) -> TempoRange:
    if meter.is_compound:
        return TempoRange(35.0, 70.0, 150.0)
    quarters = 4 / meter.beat_type
    return TempoRange(50.0 / quarters, 110.0 / quarters, 215.0 / quarters)


def _even_beats(
    strokes: Strokes, hints: BeatHints, end_s: float, tracking: BeatTracking
) -> NDArray[np.float64]:
    """Whole bars of even beats, one of which begins at the hinted downbeat, at the first stroke, or at 0."""
    meter = _hinted_meter(hints) or Meter(bar=1, beats=4, beat_type=4)
    length_s = 60 / (hints.tempo_bpm or tracking.fallback_bpm)
    bar_s = length_s * meter.felt_beats
    downbeat_s = hints.first_downbeat_s
    if downbeat_s is None:
        downbeat_s = float(strokes.onset_s[0]) if len(strokes.onset_s) else 0.0
    bars_before = int(np.ceil(downbeat_s / bar_s))
    bars_after = int(np.ceil((end_s - downbeat_s) / bar_s)) + 1
    first_s = downbeat_s - bars_before * bar_s
    count = (bars_before + bars_after) * meter.felt_beats
    return first_s + length_s * np.arange(count, dtype=np.float64)


def _number_bars(
    beats_s: NDArray[np.float64], meter: Meter, strokes: Strokes, end_s: float, *, unreliable: bool
) -> BeatGrid:
    """Number beats that make whole bars, and keep those that the grid needs."""
    felt = meter.felt_beats
    length_s = float(np.median(np.diff(beats_s)))
    # One more bar on either side, at the tempo there, so that every stroke lies between two beats.
    before = beats_s[0] - (beats_s[1] - beats_s[0]) * np.arange(felt, 0, -1)
    after = beats_s[-1] + (beats_s[-1] - beats_s[-2]) * np.arange(1, felt + 2)
    times = np.concatenate([before, beats_s, after])
    first_s = float(strokes.onset_s[0]) if len(strokes.onset_s) else max(0.0, float(times[felt]))
    early_s = min(_EARLY_S, _EARLY_BEATS * length_s)
    entry = max(0, int(np.searchsorted(times, first_s + early_s, side="right")) - 1)
    in_bar = entry % felt
    has_pickup = in_bar * 2 >= felt or (times[entry - in_bar] < -early_s and in_bar > 0)
    start = entry if has_pickup else entry - in_bar
    stop = int(np.searchsorted(times, max(end_s, *strokes.onset_s[-1:], 0.0), side="right")) + 1
    times = times[start:stop].copy()
    times[0] = min(times[0], first_s)  # a stroke just before the first beat is on it
    if -early_s < times[0] < 0:
        times[0] = 0.0
    first_bar = 0 if has_pickup else 1
    offset = in_bar if has_pickup else 0
    beats = tuple(
        Beat(time_s=float(time), bar=first_bar + (offset + index) // felt, beat=(offset + index) % felt + 1)
        for index, time in enumerate(times)
    )
    return BeatGrid(
        beats=beats,
        meters=(Meter(bar=first_bar, beats=meter.beats, beat_type=meter.beat_type),),
        tempo_bpm=60 / float(np.median(np.diff(times))),
        unreliable=unreliable,
    )


def _is_weak(path: BarPath, strokes: Strokes) -> bool:
    return len(strokes.onset_s) < 16 or path.score < 0
