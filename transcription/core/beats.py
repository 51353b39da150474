"""Beats and bars: from what the network and the drums say to a beat grid."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from notation.core.beat_grid import BeatGrid, Meter
from notation.core.hits import Hit
from transcription.core.activations import Activations
from transcription.core.beat_bars import even_beats, number_bars
from transcription.core.beat_checks import alignment, repetition_of_bars
from transcription.core.beat_evidence import NetworkBeats, NetworkTrust, Strokes, gather_evidence
from transcription.core.beat_patterns import PatternBook, pattern_book
from transcription.core.beat_scores import TempoRange
from transcription.core.beat_states import BarPath, PointerTuning, decode_bars, padding_frames
from transcription.core.beat_times import BeatFitting, fit_beats


@dataclass(frozen=True, slots=True)
class BeatHints:
    """What a person already knows: the tempo in felt beats a minute, the meter as printed, a downbeat's
    second.

    ``beats_per_bar`` without a ``beat_type`` counts quarters. ``first_downbeat_s`` is where bar 1 begins;
    strokes before it are its pickup or, where they fill more than a bar, bars before it.
    """

    tempo_bpm: float | None = None
    beats_per_bar: int | None = None
    beat_type: int | None = None
    first_downbeat_s: float | None = None

    @property
    def meter(self) -> Meter | None:
        """The hinted meter."""
        if self.beats_per_bar is None:
            return None
        return Meter(bar=1, beats=self.beats_per_bar, beat_type=self.beat_type or 4)


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
    network: NetworkTrust = field(default_factory=NetworkTrust)
    meters: tuple[MeterChoice, ...] = (
        MeterChoice(4, 4, 0.0, TempoRange(50.0, 105.0, 215.0)),
        MeterChoice(3, 4, 0.3, TempoRange(60.0, 120.0, 215.0)),
        MeterChoice(6, 8, 0.2, TempoRange(35.0, 65.0, 110.0)),
    )
    repetition_weight_per_s: float = 2.0  # log-likelihood a second for a meter whose bars repeat
    enough_repetition: float = 0.2  # more of it does not make a meter likelier
    entry_bonus: float = 2.0  # log-likelihood that the first stroke, and one after a long rest, is a downbeat
    hinted_tempo_tolerance: float = 0.12  # relative: a hint is an average, and people drift
    fallback_bpm: float = 120.0
    fewest_hits: int = 8  # with fewer any grid is a guess
    longest_whole_s: float = 400.0  # longer songs: tempo and meter come from an excerpt, to bound memory
    excerpt_s: float = 180.0
    # Below these a person should check; measured on performances with known beats.
    fewest_sure_hits: int = 16
    weakest_alignment: float = 0.45
    closest_rival_per_s: float = 0.05  # log-likelihood by which another meter with other beats must be worse


@dataclass(frozen=True, slots=True)
class _Candidate:
    book: PatternBook
    tempo: TempoRange
    cost_per_s: float


@dataclass(frozen=True, slots=True)
class _Reading:
    """A candidate decoded: its bars, and how well it fits in log-likelihood a second."""

    candidate: _Candidate
    path: BarPath
    fit_per_s: float


def track_beats(
    activations: Activations,
    hits: tuple[Hit, ...],
    hints: BeatHints = BeatHints(),
    duration_s: float | None = None,
    tracking: BeatTracking = BeatTracking(),
) -> BeatGrid:
    """Find the beats, bars and meter of a recording.

    Every meter in question is decoded by a bar pointer over the drum strokes and the network's beat and
    downbeat activations; the best is kept, and its beats are fitted to the strokes. Bars are numbered as
    ``number_bars`` says. Hints are obeyed, whatever the drums say.

    Args:
        duration_s: the recording's length; that of the activations if not given.
    Returns:
        A grid from the beat at or before the first hit to the first beat after the last hit and the
        recording's end.
    """
    end_s = max(
        [activations.duration_s if duration_s is None else duration_s, *(hit.onset_s for hit in hits)]
    )
    strokes = Strokes.of(hits)
    if len(hits) < tracking.fewest_hits:
        meter = hints.meter or Meter(bar=1, beats=4, beat_type=4)
        tempo_bpm = hints.tempo_bpm or tracking.fallback_bpm
        beats_s = even_beats(meter, tempo_bpm, hints.first_downbeat_s, strokes, end_s)
        return number_bars(beats_s, meter, strokes, end_s, unreliable=True)
    network = NetworkBeats.of(activations, tracking.network)
    candidates = _candidates(hints, tracking)
    if end_s > tracking.longest_whole_s:
        candidates = _settled_on_excerpt(candidates, strokes, network, end_s, tracking)
    readings = _read(candidates, strokes, network, end_s, hints.first_downbeat_s, tracking)
    best = readings[0]
    beats_s = fit_beats(best.path.beat_times_s, strokes.onset_s, strokes.strength, tracking.fitting)
    unreliable = _is_weak(readings, beats_s, strokes, tracking)
    return number_bars(beats_s, best.candidate.book.meter, strokes, end_s, unreliable=unreliable)


def _candidates(hints: BeatHints, tracking: BeatTracking) -> list[_Candidate]:
    """Return the meters to try, each with the tempos to try."""
    choices = tracking.meters
    hinted = hints.meter
    if hinted is not None:
        known = tuple(c for c in choices if (c.beats, c.beat_type) == (hinted.beats, hinted.beat_type))
        choices = known or (MeterChoice(hinted.beats, hinted.beat_type, 0.0, _usual_tempo(hinted)),)
    candidates = []
    for choice in choices:
        tempo = choice.tempo
        if hints.tempo_bpm is not None:
            slack = 1 + tracking.hinted_tempo_tolerance
            tempo = TempoRange(hints.tempo_bpm / slack, hints.tempo_bpm, hints.tempo_bpm * slack)
        candidates.append(_Candidate(pattern_book(choice.beats, choice.beat_type), tempo, choice.cost_per_s))
    return candidates


def _usual_tempo(meter: Meter) -> TempoRange:
    """Tempos of a meter that nobody expects unless told: those of others, by the length of its beat."""
    if meter.is_compound:
        return TempoRange(35.0, 70.0, 150.0)
    quarters = 4 / meter.beat_type
    return TempoRange(50.0 / quarters, 110.0 / quarters, 215.0 / quarters)


def _read(
    candidates: list[_Candidate],
    strokes: Strokes,
    network: NetworkBeats | None,
    end_s: float,
    downbeat_s: float | None,
    tracking: BeatTracking,
) -> list[_Reading]:
    """Decode every candidate; the best comes first."""
    readings = []
    for candidate in candidates:
        book, tempo = candidate.book, candidate.tempo
        evidence = gather_evidence(strokes, network, end_s, padding_frames(book, tempo), tracking.entry_bonus)
        path = decode_bars(evidence, book, tempo, tracking.pointer, downbeat_s)
        repetition = repetition_of_bars(path.beat_times_s, book.meter.felt_beats, strokes)
        repetition = min(repetition, tracking.enough_repetition)
        fit_per_s = path.score / end_s - candidate.cost_per_s + tracking.repetition_weight_per_s * repetition
        readings.append(_Reading(candidate, path, fit_per_s))
    return sorted(readings, key=lambda reading: -reading.fit_per_s)


def _settled_on_excerpt(
    candidates: list[_Candidate],
    strokes: Strokes,
    network: NetworkBeats | None,
    end_s: float,
    tracking: BeatTracking,
) -> list[_Candidate]:
    """Settle meter and tempo on the part of a long song with the most strokes."""
    starts = np.arange(0.0, end_s - tracking.excerpt_s, 10.0)
    counts = np.searchsorted(strokes.onset_s, starts + tracking.excerpt_s) - np.searchsorted(
        strokes.onset_s, starts
    )
    start_s = float(starts[np.argmax(counts)])
    part = strokes.between(start_s, start_s + tracking.excerpt_s)
    heard = None if network is None else network.between(start_s, start_s + tracking.excerpt_s)
    best = _read(candidates, part, heard, tracking.excerpt_s, None, tracking)[0]
    beats_a_minute = 60 * best.candidate.book.meter.felt_beats / best.path.length_s
    slack = 1 + tracking.hinted_tempo_tolerance
    tempo = TempoRange(
        float(beats_a_minute.min()) / slack,
        float(np.median(beats_a_minute)),
        float(beats_a_minute.max()) * slack,
    )
    return [replace(best.candidate, tempo=tempo)]


def _is_weak(
    readings: list[_Reading], beats_s: NDArray[np.float64], strokes: Strokes, tracking: BeatTracking
) -> bool:
    """Whether a person should check: few strokes, strokes off the beat, or another reading nearly as good."""
    if len(strokes.onset_s) < tracking.fewest_sure_hits:
        return True
    if alignment(beats_s, strokes) < tracking.weakest_alignment:
        return True
    best, *others = readings
    return any(
        best.fit_per_s - other.fit_per_s < tracking.closest_rival_per_s
        and best.candidate.book.meter.felt_beats != other.candidate.book.meter.felt_beats
        for other in others
    )
