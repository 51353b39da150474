"""How well a bar fits: the log-likelihood of every bar that might be in a song, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcription.core.beat_patterns import SLOTS_PER_BEAT, Limb, PatternBook

FRAMES_PER_SECOND = 50  # decides how finely bars are placed; the beats are fitted to the strokes afterwards
IMPOSSIBLE = np.float32(-1e9)
TEMPO_STEP = float(np.log(2)) / 72  # between neighbouring beat lengths; 42 of them are a factor of 1.5
_HALF_FRAMES = 2  # edges of slots are rounded to half a frame
_CHUNK = 1024  # frames scored at a time, so that what is multiplied stays in the cache
_EDGES = SLOTS_PER_BEAT + 1

Float = NDArray[np.float32]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BarTuning:
    """How a bar weighs what is heard.

    Chosen on the training split of the Groove MIDI Dataset, save ``tempo_weight_per_s``: with less of it a
    song of MDB Drums was heard at twice its tempo, and made-up songs do not tell the values apart.
    """

    timing_spread_s: float = 0.014  # how far a player, and a rounded frame, strays from the written place
    count_weight: float = 0.3  # how far the number of strokes in a bar counts, besides their places
    tempo_spread_octaves: float = 0.5
    tempo_weight_per_s: float = 1.0  # how strongly the usual tempo is preferred, in log-likelihood a second
    repetition_weight: float = 0.3  # how far a bar should repeat the one before


@dataclass(frozen=True, slots=True)
class TempoRange:
    """The slowest, the most usual and the fastest felt beat, in beats a minute."""

    slowest_bpm: float
    usual_bpm: float
    fastest_bpm: float

    def indices(self) -> Indices:
        """Return the beat lengths within, ``TEMPO_STEP`` apart, as numbers for :func:`beat_frames`."""
        first = np.ceil(np.log(60 / self.fastest_bpm * FRAMES_PER_SECOND) / TEMPO_STEP - 0.5)
        last = np.floor(np.log(60 / self.slowest_bpm * FRAMES_PER_SECOND) / TEMPO_STEP + 0.5)
        return np.arange(first, max(first, last) + 1).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class MeterCandidate:
    """A meter to try: its patterns, the beat lengths to try, shape (lengths,), rising, and what it costs.

    ``cost_per_s``, a log-likelihood, is how much better the meter has to fit than one that costs nothing.
    """

    book: PatternBook
    tempo: TempoRange
    cost_per_s: float
    indices: Indices

    @property
    def bar_frames(self) -> Indices:
        """Bar lengths in frames, shape (lengths,)."""
        return bar_frames(self.indices, self.book.meter.felt_beats)


@dataclass(frozen=True, slots=True)
class BeatEvidence:
    """All that speaks for beats and bars, frame by frame at ``FRAMES_PER_SECOND``.

    Frame 0 lies ``padding`` frames before the recording, so that a first bar may begin before it.
    ``strokes`` has shape (limbs, frames): the strength of the strokes. ``echoes`` has the same shape: how
    much likelier a stroke is a bar after each frame, if bars repeat. ``beats`` and ``downbeats`` have shape
    (frames,): the log-likelihood ratio of a beat, and of a beat being the first, over none.
    ``end`` is the frame after the recording's last.
    """

    strokes: Float
    echoes: Float
    beats: Float
    downbeats: Float
    padding: int
    end: int


def beat_frames(index: float) -> float:
    """Return the length of a felt beat in frames."""
    return float(np.exp(TEMPO_STEP * index))


def bar_frames(indices: Indices, felt_beats: int) -> Indices:
    """Return the lengths of bars in whole frames."""
    frames: Indices = np.round(felt_beats * np.exp(TEMPO_STEP * indices)).astype(np.int64)
    return frames


def score_bars(
    evidence: BeatEvidence, candidates: Sequence[MeterCandidate], tuning: BarTuning
) -> list[Float]:
    """Score each bar of each candidate by its length, pattern and first frame.

    Strokes are taken as a Poisson process whose rate the pattern gives. What they say by their places in the
    bar counts fully, what they say by their number less, since a detector misses some and invents others.

    Returns:
        For each candidate log-likelihoods of shape (patterns, lengths, frames); ``IMPOSSIBLE`` where a bar
        would leave the evidence.
    """
    frames = evidence.strokes.shape[1]
    longest_beat = max(beat_frames(int(each.indices[-1])) for each in candidates)
    sums = _sums_to_half_frames(evidence.strokes, margin=int(longest_beat) + 2)
    inside = np.zeros(frames + 1, np.float32)
    inside[evidence.padding + 1 : evidence.end + 1] = 1
    common = _Common(
        evidence, sums[0, :, : frames + 1].sum(axis=0), np.cumsum(inside, dtype=np.float32), tuning
    )
    scores = [
        np.full((len(each.book.share), len(each.indices), frames), IMPOSSIBLE, np.float32)
        for each in candidates
    ]
    for index in np.unique(np.concatenate([each.indices for each in candidates])):
        here = [
            (each, score[:, row])
            for each, score in zip(candidates, scores, strict=True)
            for row in np.flatnonzero(each.indices == index)
        ]
        _score_places(sums, frames, beat_frames(int(index)), here, tuning)
        for candidate, score in here:
            length = int(bar_frames(np.array([index]), candidate.book.meter.felt_beats)[0])
            if length < frames:
                score[:, : frames - length] += common.of(candidate, length)
    return scores


@dataclass(frozen=True, slots=True, eq=False)
class _Common:
    """What the score of a bar holds besides the places of its strokes."""

    evidence: BeatEvidence
    sums_of_all: Float
    inside: Float
    tuning: BarTuning

    def of(self, candidate: MeterCandidate, length: int) -> Float:
        """Shape (patterns, frames - length)."""
        evidence, tuning = self.evidence, self.tuning
        felt_beats = candidate.book.meter.felt_beats
        last = evidence.strokes.shape[1] - length
        bar_s = length / FRAMES_PER_SECOND
        covered = (self.inside[length:-1] - self.inside[:last]) / np.float32(length)
        heard = self.sums_of_all[length:-1] - self.sums_of_all[:last]
        per_s = _tempo_prior(60 * felt_beats / bar_s, candidate.tempo, tuning) - candidate.cost_per_s
        shared = np.float32(per_s * bar_s) * covered
        shared -= np.float32(tuning.count_weight * np.log(bar_s)) * heard
        shared += evidence.downbeats[:last]
        for beat in range(felt_beats):
            offset = round(beat * length / felt_beats)
            shared += evidence.beats[offset : last + offset]
        shared += np.float32(tuning.repetition_weight) * self._repetition(length)
        expected = np.float32(tuning.count_weight) * candidate.book.expected.sum(axis=(1, 2))
        score: Float = shared - expected.astype(np.float32)[:, None] * covered
        return score

    def _repetition(self, length: int) -> Float:
        """How far the strokes of each bar lie where some lay a bar before, shape (frames - length,)."""
        strokes, echoes = self.evidence.strokes, self.evidence.echoes
        sums = np.zeros(strokes.shape[1] + 1, np.float32)
        np.einsum("lf,lf->f", strokes[:, length:], echoes[:, :-length], out=sums[length + 1 :])
        np.cumsum(sums, out=sums)
        repeated: Float = sums[length:-1] - sums[: strokes.shape[1] - length]
        return repeated


def _sums_to_half_frames(strokes: Float, margin: int) -> Float:
    """All strokes before each frame, and before half a frame later, shape (2, limbs, frames + 1 + margin)."""
    count = strokes.shape[1] + 1
    sums = np.zeros((_HALF_FRAMES, strokes.shape[0], count + margin), np.float32)
    np.cumsum(strokes, axis=1, out=sums[0, :, 1:count])
    sums[0, :, count:] = sums[0, :, count - 1 : count]
    sums[1, :, :-1] = (sums[0, :, :-1] + sums[0, :, 1:]) / 2
    sums[1, :, -1] = sums[0, :, -1]
    return sums


def _score_places(
    sums: Float, frames: int, beat: float, here: Sequence[tuple[MeterCandidate, Float]], tuning: BarTuning
) -> None:
    """Write what the strokes' places weigh into each candidate's (patterns, frames), beats ``beat`` long."""
    # A frame's strokes lie, on average, half a frame after its start.
    places = np.round(((np.arange(_EDGES) - 0.5) * beat / SLOTS_PER_BEAT + 0.5) * _HALF_FRAMES)
    edges = [int(edge) for edge in places]
    weights = [_edge_weights(each.book, beat, tuning) for each, _ in here]
    offsets = [
        [round(number * round(beats * beat) / beats) for number in range(beats)]
        for beats in (each.book.meter.felt_beats for each, _ in here)
    ]
    bars = [round(each.book.meter.felt_beats * beat) for each, _ in here]
    for (_, score), length in zip(here, bars, strict=True):
        score[:, : max(0, frames - length)] = 0
    at_edges = np.empty((_EDGES, len(Limb), _CHUNK), np.float32)
    for start in range(0, frames, _CHUNK):
        size = min(_CHUNK, frames - start)
        for slot, edge in enumerate(edges):
            begin = max(0, start + edge // _HALF_FRAMES)
            at_edges[slot, :, :size] = sums[edge % _HALF_FRAMES, :, begin : begin + size]
        flat = at_edges[:, :, :size].reshape(_EDGES * len(Limb), size)
        for (each, score), weight, offset, length in zip(here, weights, offsets, bars, strict=True):
            placed = (weight @ flat).reshape(each.book.meter.felt_beats, len(each.book.share), size)
            for number, shift in enumerate(offset):
                first, last = max(0, start - shift), min(start + size - shift, frames - length)
                if last > first:
                    score[:, first:last] += placed[number, :, first + shift - start : last + shift - start]


def _edge_weights(book: PatternBook, beat: float, tuning: BarTuning) -> Float:
    """What the strokes up to each edge of a slot weigh, shape (beats * patterns, edges * limbs).

    A stroke counts for the slot it falls in. With w_j the weight of slot j, which lies between the edges j
    and j + 1, the sum over slots is a sum over edges of (w_{j-1} - w_j) times all strokes up to the edge.
    """
    slot_s = beat / SLOTS_PER_BEAT / FRAMES_PER_SECOND
    expected = np.einsum("st,ptl->psl", _timing_blur(book.slots, slot_s, tuning), book.expected)
    per_bar = expected.sum(axis=1, keepdims=True)
    weights = np.log(expected * book.slots / per_bar) + tuning.count_weight * np.log(per_bar)
    beats = weights.reshape(len(book.share), -1, SLOTS_PER_BEAT, len(Limb)).swapaxes(0, 1)
    edge_weights = np.zeros((*beats.shape[:2], _EDGES, len(Limb)), np.float32)
    edge_weights[:, :, 1:] += beats
    edge_weights[:, :, :-1] -= beats
    return edge_weights.reshape(beats.shape[0] * beats.shape[1], -1)


def _timing_blur(slots: int, slot_s: float, tuning: BarTuning) -> NDArray[np.float64]:
    """How strokes meant for one slot spread over all of them, shape (slots, slots); wider in short bars."""
    distance = (np.arange(slots)[:, None] - np.arange(slots) + slots // 2) % slots - slots // 2
    spread = np.exp(-0.5 * (distance * slot_s / tuning.timing_spread_s) ** 2)
    shares: NDArray[np.float64] = spread / spread.sum(axis=1, keepdims=True)
    return shares


def _tempo_prior(bpm: float, tempo: TempoRange, tuning: BarTuning) -> float:
    octaves = np.log2(bpm / tempo.usual_bpm)
    return float(-tuning.tempo_weight_per_s * 0.5 * (octaves / tuning.tempo_spread_octaves) ** 2)
