"""The bar pointer: the most likely sequence of bars, each with its length and its rhythm pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcription.core.beat_patterns import Limb, PatternBook

FRAMES_PER_SECOND = 50  # decides how finely bars are placed; the beats are fitted to the strokes afterwards
_IMPOSSIBLE = np.float32(-1e9)
_TEMPO_STEP = 0.01  # relative; finer than the ear, and a bar of two seconds has no finer lengths anyway
_LARGEST_TEMPO_CHANGE = 0.12  # relative, from one bar to the next

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PointerTuning:
    """How the bar pointer weighs what it hears; chosen on the training split of the Groove MIDI Dataset."""

    timing_spread_s: float = 0.014  # how far a player, and a rounded frame, strays from the written place
    count_weight: float = 0.3  # how far the number of strokes in a bar counts, besides their places
    tempo_stiffness: float = 60.0  # cost of a tempo change from bar to bar, per natural-log unit
    pattern_change: float = 0.2  # chance that the next bar follows another pattern
    tempo_spread_octaves: float = 0.5
    tempo_weight_per_s: float = 0.5  # how strongly the usual tempo is preferred, in log-likelihood a second


@dataclass(frozen=True, slots=True)
class TempoRange:
    """The slowest, the most usual and the fastest felt beat, in beats a minute."""

    slowest_bpm: float
    usual_bpm: float
    fastest_bpm: float


@dataclass(frozen=True, slots=True)
class BeatEvidence:
    """All that speaks for beats and bars, frame by frame at ``FRAMES_PER_SECOND``.

    Frame 0 lies ``padding`` frames before the recording, so that a first bar may begin before it.
    ``strokes`` has shape (frames, limbs): the strength of the strokes. ``beats`` and ``downbeats`` have shape
    (frames,): the log-likelihood ratio of a beat, and of a beat being the first, over none.
    ``end`` is the frame after the recording's last.
    """

    strokes: Float
    beats: Float
    downbeats: Float
    padding: int
    end: int


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
    scores = _score_bars(evidence, book, lengths, tempo, tuning)
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


def _score_bars(
    evidence: BeatEvidence,
    book: PatternBook,
    lengths: NDArray[np.int64],
    tempo: TempoRange,
    tuning: PointerTuning,
) -> Float:
    """Log-likelihood of each possible bar by itself, shape (lengths, frames, patterns)."""
    frames = len(evidence.strokes)
    slots, limbs = book.slots, len(Limb)
    felt_beats = book.meter.felt_beats
    expected_cost = (tuning.count_weight * book.expected.sum(axis=(1, 2))).astype(np.float32)
    summed = np.zeros((frames + 1, limbs), np.float32)
    summed[1:] = np.cumsum(evidence.strokes, axis=0)
    summed_all = summed.sum(axis=1)
    inside = np.zeros(frames + 1, np.float32)
    inside[evidence.padding + 1 : evidence.end + 1] = 1
    inside = np.cumsum(inside, dtype=np.float32)

    scores = np.full((len(lengths), frames, len(book.share)), _IMPOSSIBLE, np.float32)
    for index, length in enumerate(lengths):
        bar_s = float(length) / FRAMES_PER_SECOND
        edges = (np.arange(slots + 1) - 0.5) * length / slots + 0.5  # a frame is as wide as the next is far
        whole = np.floor(edges).astype(np.int64)
        first, last = int(-whole[0]), frames - int(length) - 1
        if last <= first:
            continue
        at_edges = np.empty((last - first, slots + 1, limbs), np.float32)
        for slot, edge in enumerate(whole):
            share = np.float32(edges[slot] - edge)
            np.multiply(summed[first + edge : last + edge], 1 - share, out=at_edges[:, slot])
            at_edges[:, slot] += share * summed[first + edge + 1 : last + edge + 1]
        covered = (inside[first + length : last + length] - inside[first:last]) / np.float32(length)
        heard = (
            summed_all[first + whole[-1] : last + whole[-1]] - summed_all[first + whole[0] : last + whole[0]]
        )
        common = _tempo_prior(60 * felt_beats / bar_s, tempo, tuning) * bar_s * covered
        common -= tuning.count_weight * np.log(bar_s) * heard
        common += evidence.downbeats[first:last]
        for beat in range(felt_beats):
            offset = round(beat * int(length) / felt_beats)
            common += evidence.beats[first + offset : last + offset]
        score = at_edges.reshape(last - first, -1) @ _edge_weights(book, bar_s, tuning)
        scores[index, first:last] = score + common[:, None] - covered[:, None] * expected_cost
    return scores


def _edge_weights(book: PatternBook, bar_s: float, tuning: PointerTuning) -> Float:
    """What the strokes up to each edge of a slot weigh, shape (edges * limbs, patterns).

    A stroke counts for the slot it falls in. With w_j the weight of slot j, which lies between the edges j
    and j + 1, the sum over slots is a sum over edges of (w_{j-1} - w_j) times all strokes up to the edge.
    """
    expected = np.einsum("st,ptl->psl", _timing_blur(book.slots, bar_s, tuning), book.expected)
    per_bar = expected.sum(axis=1)
    place = np.log(expected * book.slots / per_bar[:, None, :])
    weights = (place + tuning.count_weight * np.log(per_bar)[:, None, :]).transpose(1, 2, 0)
    edge_weights = np.zeros((book.slots + 1, *weights.shape[1:]))
    edge_weights[1:] += weights
    edge_weights[:-1] -= weights
    return edge_weights.reshape(-1, len(book.share)).astype(np.float32)


def _timing_blur(slots: int, bar_s: float, tuning: PointerTuning) -> NDArray[np.float64]:
    """How strokes meant for one slot spread over all of them, shape (slots, slots); wider in short bars."""
    distance = (np.arange(slots)[:, None] - np.arange(slots) + slots // 2) % slots - slots // 2
    spread = np.exp(-0.5 * (distance * bar_s / slots / tuning.timing_spread_s) ** 2)
    shares: NDArray[np.float64] = spread / spread.sum(axis=1, keepdims=True)
    return shares


def _tempo_prior(bpm: float, tempo: TempoRange, tuning: PointerTuning) -> float:
    octaves = np.log2(bpm / tempo.usual_bpm)
    return float(-tuning.tempo_weight_per_s * 0.5 * (octaves / tuning.tempo_spread_octaves) ** 2)


def _forbid_bars_across(
    time_s: float, scores: Float, lengths: NDArray[np.int64], evidence: BeatEvidence
) -> None:
    """Leave no bar that runs across ``time_s``, so that one has to begin there."""
    frame = round(time_s * FRAMES_PER_SECOND) + evidence.padding
    slack = round(0.04 * FRAMES_PER_SECOND)
    for index, length in enumerate(lengths):
        scores[index, max(0, frame - int(length) + slack + 1) : max(0, frame - slack)] = _IMPOSSIBLE


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
        tempo = np.full((count, 2 * reach + 1), _IMPOSSIBLE, np.float32)
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
    count, _, patterns = scores.shape
    reach = transitions.reach
    block = int(lengths[0])  # a bar that starts in a block cannot follow one that starts in it too
    padded = np.full((count + 2 * reach, block, patterns), _IMPOSSIBLE, np.float32)
    for start in range(0, evidence.end, block):
        size = min(block, evidence.end - start)
        ended = np.full((count, size, patterns), _IMPOSSIBLE, np.float32)
        for index, length in enumerate(lengths):
            skip = max(0, int(length) - start)
            if skip < size:
                ended[index, skip:] = scores[index, start - length + skip : start - length + size]
        changed = ended.max(axis=2, keepdims=True) + transitions.change
        padded[reach : reach + count, :size] = np.maximum(ended + np.float32(transitions.stay), changed)
        arriving = np.full((count, size, patterns), _IMPOSSIBLE, np.float32)
        for column in range(2 * reach + 1):
            candidate = padded[column : column + count, :size] + transitions.tempo[:, column, None, None]
            np.maximum(arriving, candidate, out=arriving)
        frames = np.arange(start, start + size)
        begins = (frames <= evidence.padding) & (frames + lengths[:, None] > evidence.padding)
        arriving[:, frames <= evidence.padding] = _IMPOSSIBLE
        arriving[begins] = transitions.first
        scores[:, start : start + size] += arriving
    scores[:, evidence.end :] = _IMPOSSIBLE


def _trace_back(
    scores: Float,
    lengths: NDArray[np.int64],
    transitions: _Transitions,
    evidence: BeatEvidence,
    book: PatternBook,
) -> BarPath:
    best = _IMPOSSIBLE * 2
    frame = index = pattern = 0
    for candidate, length in enumerate(lengths):
        from_frame = max(0, evidence.end - int(length))
        ending = scores[candidate, from_frame : evidence.end]
        where = np.unravel_index(int(np.argmax(ending)), ending.shape)
        if ending[where] > best:
            best, frame, index, pattern = ending[where], from_frame + int(where[0]), candidate, int(where[1])
    path = [(frame, index, pattern)]
    while frame > evidence.padding:
        before = np.arange(
            max(0, index - transitions.reach), min(len(lengths), index + transitions.reach + 1)
        )
        before = before[frame - lengths[before] >= 0]
        value = scores[before, frame - lengths[before]] + transitions.change[pattern]
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
