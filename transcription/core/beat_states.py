"""The bar pointer: the most likely sequence of bars, each with its meter, its length and its pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from notation.core.beat_grid import Meter
from transcription.core.beat_scores import (
    FRAMES_PER_SECOND,
    IMPOSSIBLE,
    BarTuning,
    BeatEvidence,
    Float,
    Indices,
    MeterCandidate,
)


@dataclass(frozen=True, slots=True)
class PointerTuning:
    """How the bar pointer weighs what it hears; chosen on the training split of the Groove MIDI Dataset."""

    bars: BarTuning = field(default_factory=BarTuning)
    tempo_stiffness: float = 60.0  # cost of a tempo change from bar to bar, per natural-log unit
    pattern_change: float = 0.2  # chance that the next bar follows another pattern
    meter_change: float = 14.0  # cost of another meter from the next bar on


@dataclass(frozen=True, slots=True)
class Bar:
    """One decoded bar, in seconds. ``gain`` is its log-likelihood over strokes scattered evenly in time."""

    start_s: float
    length_s: float
    meter: Meter
    pattern: int
    gain: float

    @property
    def beat_times_s(self) -> NDArray[np.float64]:
        """Its felt beats, in seconds."""
        within = np.arange(self.meter.felt_beats) / self.meter.felt_beats
        times: NDArray[np.float64] = self.start_s + self.length_s * within
        return times


@dataclass(frozen=True, slots=True)
class BarPath:
    """The most likely bars; the first may start before the recording, and the last may end after it."""

    bars: tuple[Bar, ...]

    @property
    def score(self) -> float:
        """The log-likelihood of the whole path."""
        return sum(bar.gain for bar in self.bars)

    @property
    def beat_times_s(self) -> NDArray[np.float64]:
        """Felt beats of all bars, in seconds."""
        return np.concatenate([bar.beat_times_s for bar in self.bars])


def decode_bars(
    evidence: BeatEvidence,
    candidates: Sequence[MeterCandidate],
    scores: Sequence[Float],
    tuning: PointerTuning,
    bar_starts_at_s: float | None = None,
    before: Bar | None = None,
) -> BarPath:
    """Find the most likely bars, of one meter or of several in turn, by Viterbi decoding.

    A state is a bar: its first frame, its meter, its length and its pattern. The position within the bar
    advances by itself, so only whole bars need scoring, and all starts closer together than the shortest bar
    are decoded at once.

    Args:
        scores: of single bars, as ``BarScorer.score`` returns them; overwritten with those of paths.
        bar_starts_at_s: where a bar is known to begin, in seconds.
        before: the bar after which the recording begins, if it is part of a longer one.
    Source:
        Whiteley, Cemgil and Godsill, "Bayesian Modelling of Temporal Structure in Musical Audio", ISMIR 2006;
        the state space of Krebs, Böck and Widmer, "An Efficient State-Space Model for Joint Tempo and Meter
        Tracking", ISMIR 2015; patterns as in their "Rhythmic Pattern Modeling for Beat and Downbeat
        Tracking", ISMIR 2013.
    """
    layers = [
        _Layer.of(candidate, score, tuning, before)
        for candidate, score in zip(candidates, scores, strict=True)
    ]
    for layer in layers:
        if bar_starts_at_s is not None:
            _forbid_bars_across(bar_starts_at_s, layer, evidence)
    _accumulate(layers, evidence, tuning)
    return _trace_back(layers, evidence, tuning)


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """The bars of one meter, and log-probabilities from one to the next."""

    candidate: MeterCandidate
    scores: Float  # (patterns, lengths, frames)
    lengths: Indices
    logs: Float  # (lengths,): natural logarithms of the bars' lengths
    stay: np.float32
    change: Float  # (patterns,): to change into a pattern
    first: Float  # (patterns, lengths): to begin with a bar

    @classmethod
    def of(
        cls, candidate: MeterCandidate, scores: Float, tuning: PointerTuning, before: Bar | None
    ) -> _Layer:
        lengths = candidate.bar_frames
        logs = np.log(lengths).astype(np.float32)
        share = np.log(candidate.book.share).astype(np.float32)
        first = share[:, None] + np.zeros_like(logs)
        if before is not None and before.meter == candidate.book.meter:
            change = np.abs(logs - np.log(before.length_s * FRAMES_PER_SECOND))
            first -= np.float32(tuning.tempo_stiffness) * change
        elif before is not None:
            first -= np.float32(tuning.meter_change)
        stay, change_pattern = np.log(1 - tuning.pattern_change), np.log(tuning.pattern_change)
        return cls(
            candidate, scores, lengths, logs, np.float32(stay), share + np.float32(change_pattern), first
        )

    def ended(self, start: int, size: int) -> Float:
        """The scores of the bars that end where frames ``start`` and after begin, as ``scores``."""
        ended = np.empty((*self.scores.shape[:2], size), np.float32)
        for row, length in enumerate(self.lengths.tolist()):
            first = start - length
            if first >= 0:
                ended[:, row] = self.scores[:, row, first : first + size]
            else:
                skip = min(-first, size)
                ended[:, row, :skip] = IMPOSSIBLE
                ended[:, row, skip:] = self.scores[:, row, : max(0, first + size)]
        return ended


def _forbid_bars_across(time_s: float, layer: _Layer, evidence: BeatEvidence) -> None:
    """Leave no bar that runs across ``time_s``, so that one has to begin there."""
    frame = round(time_s * FRAMES_PER_SECOND) + evidence.padding
    slack = round(0.04 * FRAMES_PER_SECOND)
    for row, length in enumerate(layer.lengths):
        layer.scores[:, row, max(0, frame - int(length) + slack + 1) : max(0, frame - slack)] = IMPOSSIBLE


def _accumulate(layers: Sequence[_Layer], evidence: BeatEvidence, tuning: PointerTuning) -> None:
    """Turn the scores of single bars into those of the best paths that end with them, in place."""
    # A bar that starts in a block cannot follow one that starts in it too.
    block = min(int(layer.lengths.min()) for layer in layers)
    for start in range(0, evidence.end, block):
        size = min(block, evidence.end - start)
        ended = [layer.ended(start, size) for layer in layers]
        tops = [each.max(axis=0) for each in ended]  # (lengths, size): whatever the pattern
        best = [top.max(axis=0) for top in tops]
        for number, layer in enumerate(layers):
            arriving = _after_bars_of_the_meter(layer, ended[number], tops[number], tuning)
            others = [one for other, one in enumerate(best) if other != number]
            if others:
                changed = np.maximum.reduce(others) - np.float32(tuning.meter_change)
                np.maximum(arriving, changed + layer.change[:, None, None], out=arriving)
            if start <= evidence.padding:
                _enter(arriving, start, layer, evidence)
            layer.scores[:, :, start : start + size] += arriving
    for layer in layers:
        layer.scores[:, :, evidence.end :] = IMPOSSIBLE


def _after_bars_of_the_meter(layer: _Layer, ended: Float, top: Float, tuning: PointerTuning) -> Float:
    """The best that leads to each bar, (patterns, lengths, frames), within one meter.

    A pattern is kept by bars of the same or the neighbouring length; a greater change of tempo is one of
    pattern too, and costs by the logarithm, so that the best of all lengths is found by passing it along.
    """
    place = np.float32(tuning.tempo_stiffness) * (layer.logs - layer.logs[0])[:, None]
    # As large as what it is added to, so that NumPy takes both in one long stride.
    step = np.repeat(np.diff(place, axis=0) - layer.stay, ended.shape[2], axis=1)
    arriving: Float = ended + layer.stay
    other = np.empty_like(ended)
    neighbours = other[:, 1:]
    np.subtract(ended[:, :-1], step, out=neighbours)
    np.maximum(arriving[:, 1:], neighbours, out=arriving[:, 1:])
    np.subtract(ended[:, 1:], step, out=neighbours)
    np.maximum(arriving[:, :-1], neighbours, out=arriving[:, :-1])
    slower = np.maximum.accumulate(top + place, axis=0) - place
    faster = np.maximum.accumulate((top - place)[::-1], axis=0)[::-1] + place
    np.add(np.maximum(slower, faster), layer.change[:, None, None], out=other)
    np.maximum(arriving, other, out=arriving)
    return arriving


def _enter(arriving: Float, start: int, layer: _Layer, evidence: BeatEvidence) -> None:
    """Let paths begin with any bar that the recording's first frame lies in, and no path before."""
    frames = np.arange(start, start + arriving.shape[2])
    begins = (frames <= evidence.padding) & (frames + layer.lengths[:, None] > evidence.padding)
    first = np.where(begins, layer.first[:, :, None], IMPOSSIBLE)
    early = frames <= evidence.padding
    arriving[:, :, early] = first[:, :, early]


@dataclass(frozen=True, slots=True)
class _State:
    """A bar on the way back: its layer, pattern, row of lengths and first frame, and its path's score."""

    layer: int
    pattern: int
    row: int
    frame: int
    total: float


def _trace_back(layers: Sequence[_Layer], evidence: BeatEvidence, tuning: PointerTuning) -> BarPath:
    ends = [_best_end(number, layer, evidence) for number, layer in enumerate(layers)]
    path = [max(ends, key=lambda state: state.total)]
    while path[-1].frame > evidence.padding:
        comings = [_best_before(path[-1], number, layers, tuning) for number in range(len(layers))]
        path.append(max(comings, key=lambda coming: coming[0])[1])
    path.reverse()
    gains = np.diff([0.0, *(state.total for state in path)])
    return BarPath(
        tuple(
            Bar(
                start_s=(state.frame - evidence.padding) / FRAMES_PER_SECOND,
                length_s=float(layers[state.layer].lengths[state.row]) / FRAMES_PER_SECOND,
                meter=layers[state.layer].candidate.book.meter,
                pattern=state.pattern,
                gain=float(gain),
            )
            for state, gain in zip(path, gains, strict=True)
        )
    )


def _best_end(number: int, layer: _Layer, evidence: BeatEvidence) -> _State:
    """The best bar in which the recording ends."""
    best = _State(number, 0, 0, 0, -np.inf)
    for row, length in enumerate(layer.lengths):
        from_frame = max(0, evidence.end - int(length))
        ending = layer.scores[:, row, from_frame : evidence.end]
        where = int(np.argmax(ending))
        if float(ending.flat[where]) > best.total:
            pattern, frame = divmod(where, ending.shape[1])
            best = _State(number, pattern, row, from_frame + frame, float(ending.flat[where]))
    return best


def _best_before(
    now: _State, number: int, layers: Sequence[_Layer], tuning: PointerTuning
) -> tuple[float, _State]:
    """The best bar of a layer that ends where ``now`` begins, and what the path to ``now`` is then worth."""
    layer, here = layers[number], layers[now.layer]
    rows = np.flatnonzero(now.frame - layer.lengths >= 0)
    if not len(rows):
        return -np.inf, now
    totals = layer.scores[:, rows, now.frame - layer.lengths[rows]]  # (patterns, rows)
    worth = totals + here.change[now.pattern]
    if number == now.layer:
        worth -= np.float32(tuning.tempo_stiffness) * np.abs(layer.logs[rows] - layer.logs[now.row])
        near = np.abs(rows - now.row) <= 1
        steps = np.float32(tuning.tempo_stiffness) * np.abs(layer.logs[rows[near]] - layer.logs[now.row])
        kept = totals[now.pattern, near] + layer.stay - steps
        worth[now.pattern, near] = np.maximum(worth[now.pattern, near], kept)
    else:
        worth -= np.float32(tuning.meter_change)
    where = int(np.argmax(worth))
    pattern, column = divmod(where, worth.shape[1])
    row = int(rows[column])
    frame = now.frame - int(layer.lengths[row])
    return float(worth.flat[where]), _State(number, pattern, row, frame, float(totals.flat[where]))
