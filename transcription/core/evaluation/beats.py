"""How well beats, bars, tempo and meter were followed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import mir_eval
import numpy as np

from notation.core.beat_grid import BeatGrid
from transcription.core.evaluation.matching import Times
from transcription.core.evaluation.reference import Reference

_WINDOW_S = 0.07
_TEMPO_TOLERANCE = 0.02
# People tap to the hundredth of a second: over a single beat that alone is 2 %.
_TEMPO_OVER_BEATS = 8
# A grid covers the whole recording, annotations often begin later or stop earlier.
_MARGIN_S = 0.3


class TempoVerdict(StrEnum):
    """Whether a tempo is the annotated one."""

    RIGHT = "right"
    OCTAVE = "octave"  # twice or half as fast
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class BeatScore:
    """Beat and downbeat F; tempo in felt beats a minute; meter as felt beats in a bar, 0 where unknown."""

    beat_f: float
    downbeat_f: float
    tempo_reference_bpm: float
    tempo_estimated_bpm: float
    meter_reference: int
    meter_estimated: str
    meter_is_right: bool

    @property
    def tempo(self) -> TempoVerdict:
        """Whether the tempo is within 2 % of the annotated one, or of its double or half."""
        ratio = self.tempo_estimated_bpm / self.tempo_reference_bpm
        for octave, verdict in (
            (1.0, TempoVerdict.RIGHT),
            (2.0, TempoVerdict.OCTAVE),
            (0.5, TempoVerdict.OCTAVE),
        ):
            if abs(ratio / octave - 1) <= _TEMPO_TOLERANCE:
                return verdict
        return TempoVerdict.WRONG


def score_beats(reference: Reference, grid: BeatGrid | None) -> BeatScore | None:
    """Compare ``grid`` with the annotated beats; None without a grid or with fewer than two beats."""
    if len(reference.beats_s) < 2 or grid is None:
        return None
    estimated_s = np.array([beat.time_s for beat in grid.beats], np.float64)
    downbeats_s = np.array([beat.time_s for beat in grid.beats if beat.beat == 1], np.float64)
    meter = grid.meter_at(_usual_bar(grid))
    counted = beats_in_bar(reference.beat_numbers)
    return BeatScore(
        beat_f=f_of_beats(reference.beats_s, estimated_s),
        downbeat_f=f_of_beats(reference.downbeats_s, downbeats_s),
        tempo_reference_bpm=tempo_of(reference.beats_s),
        tempo_estimated_bpm=grid.tempo_bpm,
        meter_reference=counted,
        meter_estimated=f"{meter.beats}/{meter.beat_type}",
        # Some count six in 6/8, some two.
        meter_is_right=counted in {meter.felt_beats, meter.beats},
    )


def f_of_beats(reference_s: Times, estimated_s: Times) -> float:
    """F of beats within ±70 ms, where beats are annotated: estimated ones before and after do not count.

    Source:
        Davies, Degara and Plumbley, "Evaluation Methods for Musical Audio Beat Tracking Algorithms", 2009, as
        in ``mir_eval.beat.f_measure``; nothing is trimmed from the beginning.
    """
    if len(reference_s) == 0 or len(estimated_s) == 0:
        return float("nan") if len(reference_s) == 0 else 0.0
    begin_s, end_s = reference_s[0] - _MARGIN_S, reference_s[-1] + _MARGIN_S
    inside = estimated_s[(estimated_s > begin_s) & (estimated_s < end_s)]
    inside = np.unique(np.maximum(inside, 0.0))
    return float(mir_eval.beat.f_measure(reference_s, inside, _WINDOW_S)) if len(inside) else 0.0


def tempo_of(beats_s: Times) -> float:
    """The median tempo of two or more beats, in beats a minute, taken over eight beats at a time."""
    over = min(_TEMPO_OVER_BEATS, len(beats_s) - 1)
    return float(np.median(60.0 * over / (beats_s[over:] - beats_s[:-over])))


def beats_in_bar(numbers: Sequence[int]) -> int:
    """How many beats most whole bars have, from the beats' numbers; 0 where no bar is whole."""
    starts = [index for index, number in enumerate(numbers) if number == 1]
    lengths = Counter(after - start for start, after in pairwise(starts))
    return lengths.most_common(1)[0][0] if lengths else 0


def _usual_bar(grid: BeatGrid) -> int:
    """A bar in the meter that most beats are in."""
    bars = Counter(grid.meter_at(beat.bar).bar for beat in grid.beats)
    return bars.most_common(1)[0][0] if bars else 1
