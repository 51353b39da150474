"""Which meters and tempos a song is in: the likely ones are decoded, the best kept, and changes found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from notation.core.beat_grid import Meter
from transcription.core.beat_evidence import EntryTrust, NetworkBeats, Strokes, gather_evidence
from transcription.core.beat_patterns import pattern_book
from transcription.core.beat_scores import (
    FRAMES_PER_SECOND,
    TEMPO_STEP,
    BarScorer,
    Indices,
    MeterCandidate,
    TempoRange,
    beat_frames,
)
from transcription.core.beat_states import Bar, BarPath, PointerTuning, decode_bars


@dataclass(frozen=True, slots=True)
class MeterChoice:
    """A meter tried on every song; ``cost_per_s``, a log-likelihood, is how much better it has to fit."""

    beats: int
    beat_type: int
    cost_per_s: float
    tempo: TempoRange


@dataclass(frozen=True, slots=True)
class BarSearch:
    """Where bars are looked for; set by hand on made-up songs (``training/beats/validate.py``).

    A few plain patterns of the common meters give the tempo; all meters are then tried with all patterns at
    beats that stand in a simple ratio to it.
    """

    pointer: PointerTuning = field(default_factory=PointerTuning)
    common: tuple[MeterChoice, ...] = (
        MeterChoice(4, 4, 0.0, TempoRange(40.0, 105.0, 240.0)),
        MeterChoice(3, 4, 0.3, TempoRange(50.0, 120.0, 240.0)),
        MeterChoice(6, 8, 0.2, TempoRange(35.0, 65.0, 130.0)),
    )
    rare: tuple[MeterChoice, ...] = (
        MeterChoice(12, 8, 0.5, TempoRange(40.0, 65.0, 140.0)),
        MeterChoice(2, 4, 2.0, TempoRange(60.0, 110.0, 200.0)),
        MeterChoice(5, 4, 0.6, TempoRange(60.0, 130.0, 240.0)),
        MeterChoice(7, 8, 2.0, TempoRange(140.0, 260.0, 480.0)),
    )
    ratios: tuple[float, ...] = (1 / 4, 1 / 3, 1 / 2, 2 / 3, 1.0, 3 / 2, 2.0)
    slack_steps: int = 2  # tempo steps around them
    near_best_per_s: float = 0.5  # plain readings that fit so much worse also say what the tempo may be
    entry: EntryTrust = field(default_factory=EntryTrust)
    whole_s: float = 240.0  # longer songs are taken in parts, so that memory is bounded
    part_s: float = 160.0
    ahead_s: float = 20.0  # of the next part, heard before a part's last bars are settled


@dataclass(frozen=True, slots=True)
class Reading:
    """A meter decoded from end to end, and how well it fits in log-likelihood a second."""

    candidate: MeterCandidate
    path: BarPath
    fit_per_s: float


@dataclass(frozen=True, slots=True)
class FoundBars:
    """The bars of a song, and by how much the best other number of beats in a bar fitted worse, a second."""

    bars: tuple[Bar, ...]
    lead_per_s: float


def usual_tempo(meter: Meter) -> TempoRange:
    """Tempos of a meter that nobody expects unless told: those of others, by the length of its beat."""
    if meter.is_compound:
        return TempoRange(35.0, 70.0, 150.0)
    quarters = 4 / meter.beat_type
    return TempoRange(50.0 / quarters, 110.0 / quarters, 215.0 / quarters)


def find_bars(
    strokes: Strokes,
    network: NetworkBeats | None,
    end_s: float,
    search: BarSearch,
    meter: Meter | None = None,
    tempo: TempoRange | None = None,
    downbeat_s: float | None = None,
) -> FoundBars:
    """Find the bars of a recording ``end_s`` long.

    Args:
        meter: the meter, where it is known.
        tempo: what a beat's tempo is known to lie in, in printed beats a minute.
        downbeat_s: where a bar is known to begin.
    """
    candidates = _Candidates.of(search, meter, tempo)
    bars: list[Bar] = []
    leads: list[float] = []
    start_s = 0.0
    while True:
        is_last = end_s - start_s <= search.whole_s
        stop_s = end_s if is_last else start_s + search.part_s + search.ahead_s
        part = _Part(
            strokes=strokes.between(start_s, stop_s),
            network=None if network is None else network.between(start_s, stop_s),
            end_s=stop_s - start_s,
            downbeat_s=0.0 if bars else downbeat_s,
            before=bars[-1] if bars else None,
        )
        found = _find_in_part(part, candidates, search)
        leads.append(found.lead_per_s)
        shifted = [replace(bar, start_s=bar.start_s + start_s) for bar in found.bars]
        if is_last:
            return FoundBars((*bars, *shifted), min(leads))
        bars += [bar for bar in shifted if bar.start_s < start_s + search.part_s]
        start_s = bars[-1].start_s + bars[-1].length_s


@dataclass(frozen=True, slots=True)
class _Candidates:
    plain: tuple[MeterCandidate, ...]
    full: tuple[MeterCandidate, ...]

    @classmethod
    def of(cls, search: BarSearch, meter: Meter | None, tempo: TempoRange | None) -> _Candidates:
        if meter is None:
            common, choices = search.common, (*search.common, *search.rare)
        else:
            known = [
                choice
                for choice in (*search.common, *search.rare)
                if (choice.beats, choice.beat_type) == (meter.beats, meter.beat_type)
            ]
            choices = tuple(known) or (MeterChoice(meter.beats, meter.beat_type, 0.0, usual_tempo(meter)),)
            common = choices
        return cls(
            tuple(_candidate(choice, tempo, plain=True) for choice in common),
            tuple(_candidate(choice, tempo) for choice in choices),
        )


def _candidate(choice: MeterChoice, tempo: TempoRange | None, *, plain: bool = False) -> MeterCandidate:
    book = pattern_book(choice.beats, choice.beat_type, plain=plain)
    every = 2 if plain else 1
    if tempo is None:
        return MeterCandidate(book, choice.tempo, choice.cost_per_s, choice.tempo.indices()[::every])
    faster = float(book.meter.printed_beat_quarters / book.meter.beat_quarters)
    felt = TempoRange(tempo.slowest_bpm * faster, tempo.usual_bpm * faster, tempo.fastest_bpm * faster)
    return MeterCandidate(book, felt, choice.cost_per_s, felt.indices())


@dataclass(frozen=True, slots=True)
class _Part:
    """What is heard in a part of a song; times count from its start. ``before`` is the bar it follows."""

    strokes: Strokes
    network: NetworkBeats | None
    end_s: float
    downbeat_s: float | None
    before: Bar | None


def _find_in_part(part: _Part, candidates: _Candidates, search: BarSearch) -> FoundBars:
    plain = _read(candidates.plain, part, search)
    paths = [each.path for each in plain if plain[0].fit_per_s - each.fit_per_s <= search.near_best_per_s]
    near = [_near(each, paths, search) for each in candidates.full]
    readings = _read([each for each in near if len(each.indices)], part, search)
    best = readings[0]
    rivals = [
        reading.fit_per_s
        for reading in readings
        if reading.candidate.book.meter.felt_beats != best.candidate.book.meter.felt_beats
    ]
    lead = best.fit_per_s - max(rivals) if rivals else np.inf
    changing = _narrowed(readings, _changes(readings, part.end_s, search), search)
    path = best.path if len(changing) < 2 else _decode(changing, part, search)
    return FoundBars(path.bars, float(lead))


def _read(candidates: Sequence[MeterCandidate], part: _Part, search: BarSearch) -> list[Reading]:
    """Decode every candidate by itself; the best comes first."""
    if not candidates:
        return []
    scorer = _scorer(candidates, part, search)
    memory = np.empty(max(scorer.size(candidate) for candidate in candidates), np.float32)
    readings = []
    for candidate in candidates:
        scores = scorer.score(candidate, memory)
        path = decode_bars(
            scorer.evidence, [candidate], [scores], search.pointer, part.downbeat_s, part.before
        )
        readings.append(Reading(candidate, path, path.score / part.end_s))
    return sorted(readings, key=lambda reading: -reading.fit_per_s)


def _decode(candidates: Sequence[MeterCandidate], part: _Part, search: BarSearch) -> BarPath:
    """Decode candidates together, so that one may follow another."""
    scorer = _scorer(candidates, part, search)
    scores = [scorer.score(candidate) for candidate in candidates]
    return decode_bars(scorer.evidence, candidates, scores, search.pointer, part.downbeat_s, part.before)


def _scorer(candidates: Sequence[MeterCandidate], part: _Part, search: BarSearch) -> BarScorer:
    padding = max(int(each.bar_frames[-1]) for each in candidates) + 1
    evidence = gather_evidence(
        part.strokes, part.network, part.end_s, padding, search.entry, from_start=part.before is None
    )
    longest_beat = max(beat_frames(int(each.indices[-1])) for each in candidates)
    return BarScorer.of(evidence, longest_beat, search.pointer.bars)


def _near(candidate: MeterCandidate, paths: Sequence[BarPath], search: BarSearch) -> MeterCandidate:
    """Keep the beat lengths that stand in a simple ratio to those of ``paths``."""
    beats = np.array([bar.length_s / bar.meter.felt_beats for path in paths for bar in path.bars])
    wanted = [_widened(_index_of(beats * ratio), search.slack_steps) for ratio in search.ratios]
    return replace(candidate, indices=np.intersect1d(candidate.indices, np.concatenate(wanted)))


def _index_of(beats_s: NDArray[np.float64]) -> Indices:
    return np.round(np.log(beats_s * FRAMES_PER_SECOND) / TEMPO_STEP).astype(np.int64)


def _widened(indices: Indices, steps: int) -> Indices:
    return np.unique(np.unique(indices)[:, None] + np.arange(-steps, steps + 1))


def _changes(readings: Sequence[Reading], end_s: float, search: BarSearch) -> NDArray[np.int64]:
    """Which reading fits each second best when every change from one to another costs; shape (seconds,)."""
    seconds = np.arange(0.0, np.ceil(end_s) + 1)
    gains = np.array([np.diff(_worth(reading.path, seconds)) for reading in readings])
    total = np.zeros(len(readings))
    came = np.zeros(gains.shape, dtype=np.int64)
    for second in range(gains.shape[1]):
        best = int(np.argmax(total))
        changes = total[best] - search.pointer.meter_change > total
        came[:, second] = np.where(changes, best, np.arange(len(readings)))
        total = np.where(changes, total[best] - search.pointer.meter_change, total) + gains[:, second]
    chosen = np.zeros(gains.shape[1], dtype=np.int64)
    now = int(np.argmax(total))
    for second in range(gains.shape[1] - 1, -1, -1):
        chosen[second] = now
        now = int(came[now, second])
    return chosen


def _worth(path: BarPath, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The path's log-likelihood up to each second."""
    edges = [path.bars[0].start_s, *(bar.start_s + bar.length_s for bar in path.bars)]
    worth: NDArray[np.float64] = np.interp(seconds, edges, np.cumsum([0.0, *(bar.gain for bar in path.bars)]))
    return worth


def _narrowed(
    readings: Sequence[Reading], chosen: NDArray[np.int64], search: BarSearch
) -> list[MeterCandidate]:
    """Return the candidates chosen in some second, with only the tempos that they had there."""
    narrowed = []
    for number in np.unique(chosen):
        reading = readings[int(number)]
        second = np.array([int(max(0.0, bar.start_s)) for bar in reading.path.bars])
        there = chosen[np.minimum(second, len(chosen) - 1)] == number
        beats = np.array([bar.length_s / bar.meter.felt_beats for bar in reading.path.bars])
        near = _widened(_index_of(beats[there] if there.any() else beats), search.slack_steps)
        indices = np.intersect1d(reading.candidate.indices, near)
        narrowed.append(replace(reading.candidate, indices=indices))
    return narrowed
