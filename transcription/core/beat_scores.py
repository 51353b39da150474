"""How well a bar fits: the log-likelihood of every bar that might be in a song, each by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcription.core.beat_patterns import SLOTS_PER_BEAT, PatternBook

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


@dataclass(frozen=True, slots=True, eq=False)
class BarScorer:
    """Scores bars by the evidence, whatever their meter; made once, so that meters share what it sums up."""

    evidence: BeatEvidence
    limbs: Indices  # those that play at all
    strokes: Float  # (limbs, frames), as are the echoes
    echoes: Float
    heard: Float  # (frames + 1,): strokes before each frame
    inside: Float  # (frames + 1,): frames of the recording before each frame
    sums: Float  # (2, limbs, frames and more): strokes before each frame, and before half a frame later
    tuning: BarTuning

    @classmethod
    def of(cls, evidence: BeatEvidence, longest_beat: float, tuning: BarTuning) -> BarScorer:
        """Sum up the evidence; ``longest_beat`` is in frames."""
        limbs = np.flatnonzero(evidence.strokes.any(axis=1))
        strokes = evidence.strokes[limbs]
        inside = np.zeros(strokes.shape[1] + 1, np.float32)
        inside[evidence.padding + 1 : evidence.end + 1] = 1
        np.cumsum(inside, out=inside)
        sums = _sums_to_half_frames(strokes, margin=int(longest_beat) + 2)
        heard = sums[0, :, : len(inside)].sum(axis=0)
        return cls(evidence, limbs, strokes, evidence.echoes[limbs], heard, inside, sums, tuning)

    def size(self, candidate: MeterCandidate) -> int:
        """How many bars of a candidate are scored."""
        return len(candidate.book.share) * len(candidate.indices) * int(self.strokes.shape[1])

    def score(self, candidate: MeterCandidate, memory: Float | None = None) -> Float:
        """Score each bar of a candidate by its length, pattern and first frame.

        Strokes are taken as a Poisson process whose rate the pattern gives. What they say by their places in
        the bar counts fully, what they say by their number less, since a detector misses some and invents
        others.

        Args:
            memory: is overwritten with the scores; shape (``size`` of the candidate, at least,).
        Returns:
            Log-likelihoods of shape (patterns, lengths, frames); ``IMPOSSIBLE`` where a bar would leave the
            evidence.
        """
        memory = np.empty(self.size(candidate), np.float32) if memory is None else memory
        shape = (len(candidate.book.share), len(candidate.indices), self.strokes.shape[1])
        scores = memory[: self.size(candidate)].reshape(shape)
        at_edges = np.empty((_EDGES, len(self.limbs), _CHUNK), np.float32)
        for number, index in enumerate(candidate.indices.tolist()):
            row = _Row.of(candidate, index, scores[:, number], self)
            edges = _edges(beat_frames(index))
            for start in range(0, shape[2], _CHUNK):
                size = min(_CHUNK, shape[2] - start)
                for slot, edge in enumerate(edges):
                    begin = start + edge // _HALF_FRAMES
                    missing = max(0, -begin)  # nothing is struck before the first frame
                    at_edges[slot, :, :missing] = 0
                    sums = self.sums[edge % _HALF_FRAMES, :, begin + missing : begin + size]
                    at_edges[slot, :, missing:size] = sums
                row.write(start, size, at_edges[:, :, :size].reshape(-1, size))
        return scores

    def covered(self, length: int) -> Float:
        """How much of each bar lies in the recording, 0..1, shape (frames - length,)."""
        covered: Float = (self.inside[length:-1] - self.inside[: -length - 1]) / np.float32(length)
        return covered

    def worth(self, candidate: MeterCandidate, length: int, covered: Float) -> Float:
        """What a bar is worth whatever its pattern, shape (frames - length,)."""
        evidence, tuning = self.evidence, self.tuning
        felt_beats = candidate.book.meter.felt_beats
        last = len(covered)
        bar_s = length / FRAMES_PER_SECOND
        per_s = _tempo_prior(60 * felt_beats / bar_s, candidate.tempo, tuning) - candidate.cost_per_s
        worth = np.float32(per_s * bar_s) * covered
        worth -= np.float32(tuning.count_weight * np.log(bar_s)) * (self.heard[length:-1] - self.heard[:last])
        worth += evidence.downbeats[:last]
        for beat in range(felt_beats):
            offset = round(beat * length / felt_beats)
            worth += evidence.beats[offset : last + offset]
        worth += np.float32(tuning.repetition_weight) * self._repetition(length)
        return worth

    def _repetition(self, length: int) -> Float:
        """How far the strokes of each bar lie where some lay a bar before, shape (frames - length,)."""
        sums = np.zeros(self.strokes.shape[1] + 1, np.float32)
        np.einsum("lf,lf->f", self.strokes[:, length:], self.echoes[:, :-length], out=sums[length + 1 :])
        np.cumsum(sums, out=sums)
        repeated: Float = sums[length:-1] - sums[: -length - 1]
        return repeated


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """The bars of one candidate that are equally long; ``score``, (patterns, frames), is to be written."""

    score: Float
    beat_offsets: tuple[int, ...]  # in frames
    bars: int  # how many lie in the evidence
    edge_weights: Float
    expected: Float  # (patterns,): what the number of strokes to expect weighs
    covered: Float
    worth: Float

    @classmethod
    def of(cls, candidate: MeterCandidate, index: int, score: Float, scorer: BarScorer) -> _Row:
        book, tuning = candidate.book, scorer.tuning
        felt_beats = book.meter.felt_beats
        length = int(bar_frames(np.array([index]), felt_beats)[0])
        bars = max(0, score.shape[1] - length)
        score[:, bars:] = IMPOSSIBLE
        covered = scorer.covered(length) if bars else np.empty(0, np.float32)
        return cls(
            score=score,
            beat_offsets=tuple(round(number * length / felt_beats) for number in range(felt_beats)),
            bars=bars,
            edge_weights=_edge_weights(book, beat_frames(index), scorer.limbs, tuning),
            expected=(tuning.count_weight * book.expected.sum(axis=(1, 2))).astype(np.float32),
            covered=covered,
            worth=scorer.worth(candidate, length, covered) if bars else covered,
        )

    def write(self, start: int, size: int, at_edges: Float) -> None:
        """Add what a chunk of strokes, summed up to each edge (edges * limbs, size), says of every bar."""
        stop = min(start + size, self.bars)
        if start < stop:
            here = self.score[:, start:stop]
            np.multiply(-self.expected[:, None], self.covered[start:stop], out=here)
            here += self.worth[start:stop]
        placed = (self.edge_weights @ at_edges).reshape(len(self.beat_offsets), -1, size)
        for weights, shift in zip(placed, self.beat_offsets, strict=True):
            first, last = max(0, start - shift), min(start + size - shift, self.bars)
            if last > first:
                self.score[:, first:last] += weights[:, first + shift - start : last + shift - start]


def _sums_to_half_frames(strokes: Float, margin: int) -> Float:
    """All strokes before each frame, and before half a frame later, shape (2, limbs, frames + 1 + margin)."""
    count = strokes.shape[1] + 1
    sums = np.zeros((_HALF_FRAMES, strokes.shape[0], count + margin), np.float32)
    np.cumsum(strokes, axis=1, out=sums[0, :, 1:count])
    sums[0, :, count:] = sums[0, :, count - 1 : count]
    sums[1, :, :-1] = (sums[0, :, :-1] + sums[0, :, 1:]) / 2
    sums[1, :, -1] = sums[0, :, -1]
    return sums


def _edges(beat: float) -> list[int]:
    """The edges of the slots of a beat ``beat`` frames long, in half frames."""
    # A frame's strokes lie, on average, half a frame after its start.
    places = np.round(((np.arange(_EDGES) - 0.5) * beat / SLOTS_PER_BEAT + 0.5) * _HALF_FRAMES)
    return [int(edge) for edge in places]


def _edge_weights(book: PatternBook, beat: float, limbs: Indices, tuning: BarTuning) -> Float:
    """What the strokes up to each edge of a slot weigh, shape (beats * patterns, edges * limbs).

    A stroke counts for the slot it falls in. With w_j the weight of slot j, which lies between the edges j
    and j + 1, the sum over slots is a sum over edges of (w_{j-1} - w_j) times all strokes up to the edge.
    """
    slot_s = beat / SLOTS_PER_BEAT / FRAMES_PER_SECOND
    expected = _timing_blur(book.slots, slot_s, tuning) @ book.expected[:, :, limbs]
    per_bar = expected.sum(axis=1, keepdims=True)
    weights = np.log(expected * book.slots / per_bar) + tuning.count_weight * np.log(per_bar)
    beats = weights.reshape(len(book.share), -1, SLOTS_PER_BEAT, len(limbs)).swapaxes(0, 1)
    edge_weights = np.zeros((*beats.shape[:2], _EDGES, len(limbs)), np.float32)
    edge_weights[:, :, 1:] += beats
    edge_weights[:, :, :-1] -= beats
    return edge_weights.reshape(beats.shape[0] * beats.shape[1], -1)


def _timing_blur(slots: int, slot_s: float, tuning: BarTuning) -> NDArray[np.float64]:
    """How strokes meant for one slot spread over all of them, shape (slots, slots); wider in short bars."""
    steps = np.arange(slots)
    distance = (steps + slots // 2) % slots - slots // 2
    spread = np.exp(-0.5 * (distance * slot_s / tuning.timing_spread_s) ** 2)
    shares: NDArray[np.float64] = (spread / spread.sum())[(steps[:, None] - steps) % slots]
    return shares


def _tempo_prior(bpm: float, tempo: TempoRange, tuning: BarTuning) -> float:
    octaves = np.log2(bpm / tempo.usual_bpm)
    return float(-tuning.tempo_weight_per_s * 0.5 * (octaves / tuning.tempo_spread_octaves) ** 2)
