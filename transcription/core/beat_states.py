"""The bar pointer: the most likely sequence of bars, each with its length and its rhythm pattern."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from transcription.core.beat_patterns import PatternBook
from transcription.core.beat_scores import (
    FRAMES_PER_SECOND,
    IMPOSSIBLE,
    BarTuning,
    BeatEvidence,
    Float,
    TempoRange,
    score_bars,
)

_TEMPO_STEP = 0.015  # between neighbouring lengths of a bar, relative
_LARGEST_TEMPO_CHANGE = 0.06  # relative, from one bar to the next


@dataclass(frozen=True, slots=True)
class PointerTuning:
    """How the bar pointer weighs what it hears; chosen on the training split of the Groove MIDI Dataset."""

    bars: BarTuning = field(default_factory=BarTuning)
    tempo_stiffness: float = 60.0  # cost of a tempo change from bar to bar, per natural-log unit
    pattern_change: float = 0.2  # chance that the next bar follows another pattern


@dataclass(frozen=True, slots=True)
class BarPath:
    """The most likely bars of one meter.

    ``start_s`` and ``length_s`` have shape (bars,), in seconds; the first bar may start before the recording
    and the last may end after it. ``score`` is the log-likelihood over strokes scattered evenly in time, with
    the priors.
    """

    book: PatternBook
    start_s: NDArray[np.float64]
    length_s: NDArray[np.float64]
    pattern: NDArray[np.int64]
    score: float

    @property
    def beat_times_s(self) -> NDArray[np.float64]:
        """Felt beats, shape (bars * felt beats,), in seconds."""
        within = np.arange(self.book.meter.felt_beats) / self.book.meter.felt_beats
        return (self.start_s[:, None] + self.length_s[:, None] * within).ravel()


def padding_frames(book: PatternBook, tempo: TempoRange) -> int:
    """Return how many frames of padding the slowest bar of a meter needs on either side."""
    return int(_bar_lengths(book, tempo)[-1]) + book.slots


def decode_bars(
    evidence: BeatEvidence,
    book: PatternBook,
    tempo: TempoRange,
    tuning: PointerTuning,
    bar_starts_at_s: float | None = None,
) -> BarPath:
    """Find the most likely bars of one meter by Viterbi decoding.

    A state is a bar: its first frame, its length and its pattern. The position within the bar advances by
    itself, so only whole bars need scoring, and all starts closer together than the shortest bar are decoded
    at once.

    Args:
        bar_starts_at_s: where a bar is known to begin, in seconds.
    Source:
        Whiteley, Cemgil and Godsill, "Bayesian Modelling of Temporal Structure in Musical Audio", ISMIR 2006;
        the state space of Krebs, Böck and Widmer, "An Efficient State-Space Model for Joint Tempo and Meter
        Tracking", ISMIR 2015; patterns as in their "Rhythmic Pattern Modeling for Beat and Downbeat
        Tracking", ISMIR 2013.
    """
    lengths = _bar_lengths(book, tempo)
    scores = score_bars(evidence, book, lengths, tempo, tuning.bars)
    if bar_starts_at_s is not None:
        _forbid_bars_across(bar_starts_at_s, scores, lengths, evidence)
    transitions = _Transitions.of(lengths, book, tuning)
    _accumulate(scores, lengths, transitions, evidence)
    return _trace_back(scores, lengths, transitions, evidence, book)


def _bar_lengths(book: PatternBook, tempo: TempoRange) -> NDArray[np.int64]:
    """Every bar length in frames that the tempo range allows, about one per cent apart."""
    beats = book.meter.felt_beats
    shortest = np.log(beats * 60 / tempo.fastest_bpm * FRAMES_PER_SECOND)
    longest = np.log(beats * 60 / tempo.slowest_bpm * FRAMES_PER_SECOND)
    steps = np.exp(np.arange(shortest, longest + _TEMPO_STEP / 2, _TEMPO_STEP))
    return np.unique(np.maximum(np.round(steps), beats).astype(np.int64))


def _forbid_bars_across(
    time_s: float, scores: Float, lengths: NDArray[np.int64], evidence: BeatEvidence
) -> None:
    """Leave no bar that runs across ``time_s``, so that one has to begin there."""
    frame = round(time_s * FRAMES_PER_SECOND) + evidence.padding
    slack = round(0.04 * FRAMES_PER_SECOND)
    for index, length in enumerate(lengths):
        scores[index, :, max(0, frame - int(length) + slack + 1) : max(0, frame - slack)] = IMPOSSIBLE


@dataclass(frozen=True, slots=True)
class _Transitions:
    """Log-probabilities from one bar to the next."""

    reach: int  # how many lengths up or down the next bar may lie
    tempo: Float  # (lengths, 2 * reach + 1): from length n + j - reach to length n
    stay: float
    change: Float  # (patterns,): to change into a pattern
    first: Float  # (patterns,): to begin with it

    @classmethod
    def of(cls, lengths: NDArray[np.int64], book: PatternBook, tuning: PointerTuning) -> _Transitions:
        logs = np.log(lengths)
        count = len(lengths)
        reach = min(count - 1, max(1, int(np.searchsorted(logs - logs[0], _LARGEST_TEMPO_CHANGE))))
        tempo = np.full((count, 2 * reach + 1), IMPOSSIBLE, np.float32)
        for column in range(2 * reach + 1):
            before = np.arange(count) + column - reach
            real = (before >= 0) & (before < count)
            tempo[real, column] = -tuning.tempo_stiffness * np.abs(logs[before[real]] - logs[real])
        first = np.log(book.share).astype(np.float32)
        stay = float(np.log(1 - tuning.pattern_change))
        return cls(reach, tempo, stay, first + np.float32(np.log(tuning.pattern_change)), first)


def _accumulate(
    scores: Float, lengths: NDArray[np.int64], transitions: _Transitions, evidence: BeatEvidence
) -> None:
    """Turn the scores of single bars into those of the best paths that end with them, in place."""
    count, patterns, _ = scores.shape
    reach = transitions.reach
    block = int(lengths[0])  # a bar that starts in a block cannot follow one that starts in it too
    padded = np.full((count + 2 * reach, patterns, block), IMPOSSIBLE, np.float32)
    for start in range(0, evidence.end, block):
        size = min(block, evidence.end - start)
        ended = np.full((count, patterns, size), IMPOSSIBLE, np.float32)
        for index, length in enumerate(lengths):
            skip = max(0, int(length) - start)
            if skip < size:
                ended[index, :, skip:] = scores[index, :, start - length + skip : start - length + size]
        changed = ended.max(axis=1, keepdims=True) + transitions.change[:, None]
        padded[reach : reach + count, :, :size] = np.maximum(ended + np.float32(transitions.stay), changed)
        arriving = np.full((count, patterns, size), IMPOSSIBLE, np.float32)
        for column in range(2 * reach + 1):
            candidate = padded[column : column + count, :, :size] + transitions.tempo[:, column, None, None]
            np.maximum(arriving, candidate, out=arriving)
        frames = np.arange(start, start + size)
        first = transitions.first[:, None] + np.zeros(size, np.float32)
        begins = (frames <= evidence.padding) & (frames + lengths[:, None] > evidence.padding)
        early = np.where(begins[:, None, :], first, IMPOSSIBLE)
        scores[:, :, start : start + size] += np.where(frames <= evidence.padding, early, arriving)
    scores[:, :, evidence.end :] = IMPOSSIBLE


def _trace_back(
    scores: Float,
    lengths: NDArray[np.int64],
    transitions: _Transitions,
    evidence: BeatEvidence,
    book: PatternBook,
) -> BarPath:
    best = IMPOSSIBLE * 2
    frame = index = pattern = 0
    for candidate, length in enumerate(lengths):
        from_frame = max(0, evidence.end - int(length))
        ending = scores[candidate, :, from_frame : evidence.end]
        where = np.unravel_index(int(np.argmax(ending)), ending.shape)
        if ending[where] > best:
            best, frame, index, pattern = ending[where], from_frame + int(where[1]), candidate, int(where[0])
    path = [(frame, index, pattern)]
    while frame > evidence.padding:
        before = np.arange(
            max(0, index - transitions.reach), min(len(lengths), index + transitions.reach + 1)
        )
        before = before[frame - lengths[before] >= 0]
        value = scores[before, :, frame - lengths[before]] + transitions.change[pattern]
        value[:, pattern] = np.maximum(
            value[:, pattern], value[:, pattern] - transitions.change[pattern] + np.float32(transitions.stay)
        )
        value += transitions.tempo[index, before - index + transitions.reach, None]
        chosen = np.unravel_index(int(np.argmax(value)), value.shape)
        index, pattern = int(before[chosen[0]]), int(chosen[1])
        frame -= int(lengths[index])
        path.append((frame, index, pattern))
    frames, indices, patterns = (
        np.array(column, dtype=np.int64) for column in zip(*reversed(path), strict=True)
    )
    return BarPath(
        book=book,
        start_s=(frames - evidence.padding) / FRAMES_PER_SECOND,
        length_s=lengths[indices] / FRAMES_PER_SECOND,
        pattern=patterns,
        score=float(best),
    )
