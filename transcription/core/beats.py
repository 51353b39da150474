"""Beats and bars: from what the network and the drums say to a beat grid."""

from __future__ import annotations

from dataclasses import dataclass, field

from notation.core.beat_grid import BeatGrid, Meter
from notation.core.hits import Hit
from transcription.core.activations import Activations
from transcription.core.beat_bars import even_bars, number_bars
from transcription.core.beat_checks import BeatChecking, is_unreliable
from transcription.core.beat_evidence import NetworkBeats, NetworkTrust, Strokes
from transcription.core.beat_scores import TempoRange
from transcription.core.beat_search import BarSearch, find_bars
from transcription.core.beat_times import BeatFitting, fit_bars


@dataclass(frozen=True, slots=True)
class BeatHints:
    """What a person already knows: the tempo in beats a minute as a tempo mark counts them, the meter as
    printed, a downbeat's second.

    A tempo mark counts felt beats, but quarters where those are eighths (7/8). ``beats_per_bar`` without a
    ``beat_type`` counts quarters. ``first_downbeat_s`` is where bar 1 begins; strokes before it are its
    pickup or, where they fill more than a bar, bars before it.
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
class BeatTracking:
    """How beats are tracked; its parts say how their numbers were chosen."""

    search: BarSearch = field(default_factory=BarSearch)
    fitting: BeatFitting = field(default_factory=BeatFitting)
    network: NetworkTrust = field(default_factory=NetworkTrust)
    checking: BeatChecking = field(default_factory=BeatChecking)
    hinted_tempo_tolerance: float = 0.12  # relative: a hint is an average, and people drift
    fallback_bpm: float = 120.0
    fewest_hits: int = 8  # with fewer any grid is a guess


def track_beats(
    activations: Activations,
    hits: tuple[Hit, ...],
    hints: BeatHints = BeatHints(),
    duration_s: float | None = None,
    tracking: BeatTracking = BeatTracking(),
) -> BeatGrid:
    """Find the beats, bars and meters of a recording.

    Every meter in question is decoded by a bar pointer over the drum strokes and the network's beat and
    downbeat activations; the best is kept, or several in turn where the meter changes, and the beats are
    fitted to the strokes. Bars are numbered as ``number_bars`` says. Hints are obeyed, whatever is played.

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
        bars = even_bars(meter, tempo_bpm, hints.first_downbeat_s, strokes, end_s)
        return number_bars(bars, strokes, end_s, unreliable=True)
    tempo = None
    if hints.tempo_bpm is not None:
        slack = 1 + tracking.hinted_tempo_tolerance
        tempo = TempoRange(hints.tempo_bpm / slack, hints.tempo_bpm, hints.tempo_bpm * slack)
    network = NetworkBeats.of(activations, tracking.network)
    found = find_bars(strokes, network, end_s, tracking.search, hints.meter, tempo, hints.first_downbeat_s)
    bars = fit_bars(found.bars, strokes.onset_s, strokes.strength, tracking.fitting)
    unreliable = is_unreliable(bars, found.lead_per_s, strokes, network, tracking.checking)
    return number_bars(bars, strokes, end_s, unreliable=unreliable)
