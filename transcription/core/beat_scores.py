"""How well a bar fits: the log-likelihood of every bar that might be in a song, each by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcription.core.beat_patterns import Limb, PatternBook

FRAMES_PER_SECOND = 50  # decides how finely bars are placed; the beats are fitted to the strokes afterwards
IMPOSSIBLE = np.float32(-1e9)
_HALF_FRAMES = 2  # edges of slots are rounded to half a frame
_CHUNK = 1024  # frames scored at a time, so that what is multiplied stays in the cache

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BarTuning:
    """How a bar weighs what is heard; chosen on the training split of the Groove MIDI Dataset."""

    timing_spread_s: float = 0.014  # how far a player, and a rounded frame, strays from the written place
    count_weight: float = 0.3  # how far the number of strokes in a bar counts, besides their places
    tempo_spread_octaves: float = 0.5
    tempo_weight_per_s: float = 0.25  # how strongly the usual tempo is preferred, in log-likelihood a second


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
    ``strokes`` has shape (limbs, frames): the strength of the strokes. ``beats`` and ``downbeats`` have shape
    (frames,): the log-likelihood ratio of a beat, and of a beat being the first, over none.
    ``end`` is the frame after the recording's last.
    """

    strokes: Float
    beats: Float
    downbeats: Float
    padding: int
    end: int


def score_bars(
    evidence: BeatEvidence,
    book: PatternBook,
    lengths: NDArray[np.int64],
    tempo: TempoRange,
    tuning: BarTuning,
) -> Float:
    """Score each bar by its length, first frame and pattern.

    Strokes are taken as a Poisson process whose rate the pattern gives. What they say by their places in the
    bar counts fully, what they say by their number less, since a detector misses some and invents others.

    Args:
        lengths: shape (lengths,), in frames, rising.
    Returns:
        Log-likelihoods of shape (lengths, patterns, frames); ``IMPOSSIBLE`` where a bar would leave the
        evidence.
    """
    frames = evidence.strokes.shape[1]
    felt_beats = book.meter.felt_beats
    sums = _sums_to_half_frames(evidence.strokes)
    sums_of_all = sums[0].sum(axis=0)
    inside = np.zeros(frames + 1, np.float32)
    inside[evidence.padding + 1 : evidence.end + 1] = 1
    inside = np.cumsum(inside, dtype=np.float32)
    expected_cost = (tuning.count_weight * book.expected.sum(axis=(1, 2))).astype(np.float32)[:, None]

    scores = np.full((len(lengths), len(book.share), frames), IMPOSSIBLE, np.float32)
    for index, length in enumerate(lengths):
        bar_s = float(length) / FRAMES_PER_SECOND
        # A frame's strokes lie, on average, half a frame after its start.
        edges = np.round(((np.arange(book.slots + 1) - 0.5) * length / book.slots + 0.5) * _HALF_FRAMES)
        edges = edges.astype(np.int64)
        first, last = -int(edges[0] // _HALF_FRAMES), frames - int(length) - 1
        if last <= first:
            continue
        covered = (inside[first + length : last + length] - inside[first:last]) / np.float32(length)
        heard = sums_of_all[first + length : last + length] - sums_of_all[first:last]
        common = _tempo_prior(60 * felt_beats / bar_s, tempo, tuning) * bar_s * covered
        common -= tuning.count_weight * np.log(bar_s) * heard
        common += evidence.downbeats[first:last]
        for beat in range(felt_beats):
            offset = round(beat * int(length) / felt_beats)
            common += evidence.beats[first + offset : last + offset]
        score = scores[index, :, first:last]
        _score_places(sums, edges, _edge_weights(book, bar_s, tuning), first, score)
        score += common
        score -= expected_cost * covered
    return scores


def _sums_to_half_frames(strokes: Float) -> Float:
    """All strokes before each frame, and before half a frame later, shape (2, limbs, frames + 1)."""
    sums = np.zeros((_HALF_FRAMES, strokes.shape[0], strokes.shape[1] + 1), np.float32)
    np.cumsum(strokes, axis=1, out=sums[0, :, 1:])
    sums[1, :, :-1] = (sums[0, :, :-1] + sums[0, :, 1:]) / 2
    sums[1, :, -1] = sums[0, :, -1]
    return sums


def _score_places(sums: Float, edges: NDArray[np.int64], weights: Float, first: int, score: Float) -> None:
    """Write what the strokes' places weigh into ``score``, shape (patterns, frames from ``first`` on)."""
    count = score.shape[1]
    at_edges = np.empty((len(edges), len(Limb), min(_CHUNK, count)), np.float32)
    for start in range(0, count, _CHUNK):
        size = min(_CHUNK, count - start)
        for slot, edge in enumerate(edges):
            frame, half = divmod(int(edge), _HALF_FRAMES)
            begin = first + start + frame
            at_edges[slot, :, :size] = sums[half, :, begin : begin + size]
        score[:, start : start + size] = weights @ at_edges[:, :, :size].reshape(len(edges) * len(Limb), size)


def _edge_weights(book: PatternBook, bar_s: float, tuning: BarTuning) -> Float:
    """What the strokes up to each edge of a slot weigh, shape (patterns, edges * limbs).

    A stroke counts for the slot it falls in. With w_j the weight of slot j, which lies between the edges j
    and j + 1, the sum over slots is a sum over edges of (w_{j-1} - w_j) times all strokes up to the edge.
    """
    expected = np.einsum("st,ptl->psl", _timing_blur(book.slots, bar_s, tuning), book.expected)
    per_bar = expected.sum(axis=1, keepdims=True)
    weights = np.log(expected * book.slots / per_bar) + tuning.count_weight * np.log(per_bar)
    edge_weights = np.zeros((len(book.share), book.slots + 1, len(Limb)), np.float32)
    edge_weights[:, 1:] += weights
    edge_weights[:, :-1] -= weights
    return edge_weights.reshape(len(book.share), -1)


def _timing_blur(slots: int, bar_s: float, tuning: BarTuning) -> NDArray[np.float64]:
    """How strokes meant for one slot spread over all of them, shape (slots, slots); wider in short bars."""
    distance = (np.arange(slots)[:, None] - np.arange(slots) + slots // 2) % slots - slots // 2
    spread = np.exp(-0.5 * (distance * bar_s / slots / tuning.timing_spread_s) ** 2)
    shares: NDArray[np.float64] = spread / spread.sum(axis=1, keepdims=True)
    return shares


def _tempo_prior(bpm: float, tempo: TempoRange, tuning: BarTuning) -> float:
    octaves = np.log2(bpm / tempo.usual_bpm)
    return float(-tuning.tempo_weight_per_s * 0.5 * (octaves / tuning.tempo_spread_octaves) ** 2)
