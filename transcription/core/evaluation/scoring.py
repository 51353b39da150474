"""Every figure of a song, or of several pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import TypeVar

import numpy as np
import scipy.stats

from notation.core.hits import Hit
from notation.core.instruments import INSTRUMENTS, DrumClass, InstrumentName
from transcription.core.evaluation import confusion
from transcription.core.evaluation.beats import BeatScore, score_beats
from transcription.core.evaluation.calibration import Judged
from transcription.core.evaluation.confusion import Confusion
from transcription.core.evaluation.estimate import Estimate
from transcription.core.evaluation.labels import CONTRASTS, GHOST, SIDES
from transcription.core.evaluation.matching import (
    WIDEST_MS,
    WINDOWS_MS,
    Counts,
    Judgement,
    Stroke,
    Times,
    judge_each,
)
from transcription.core.evaluation.reference import Reference

Key = TypeVar("Key")
ByWindow = Mapping[int, Mapping[Key, Counts]]

_FEWEST_FOR_CORRELATION = 3


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Found strokes and their hits, shapes (matches,): error in seconds, late positive; velocities 1–127."""

    error_s: Times
    velocity_reference: Times  # NaN where no loudness is known
    velocity_estimated: Times

    @classmethod
    def of(cls, found: Sequence[tuple[Stroke, Hit]]) -> Matched:
        """Collect what ``found`` says."""
        return cls(
            np.array([hit.onset_s - stroke.onset_s for stroke, hit in found], np.float64),
            np.array([stroke.velocity or float("nan") for stroke, _ in found], np.float64),
            np.array([hit.velocity for _, hit in found], np.float64),
        )

    def __add__(self, other: Matched) -> Matched:
        return Matched(
            np.concatenate([self.error_s, other.error_s]),
            np.concatenate([self.velocity_reference, other.velocity_reference]),
            np.concatenate([self.velocity_estimated, other.velocity_estimated]),
        )

    def centred(self) -> Matched:
        """Velocities as differences from their means; none where fewer than two are known."""
        known = np.isfinite(self.velocity_reference)
        reference, estimated = self.velocity_reference[known], self.velocity_estimated[known]
        if len(reference) < 2:
            return Matched.of([])
        return Matched(self.error_s[known], reference - reference.mean(), estimated - estimated.mean())

    def error_percentile_ms(self, percentile: float) -> float:
        """A percentile of the absolute onset error; NaN without matches."""
        return float(np.percentile(1000 * np.abs(self.error_s), percentile)) if len(self.error_s) else np.nan

    @property
    def bias_ms(self) -> float:
        """The median signed onset error, late positive; NaN without matches."""
        return float(np.median(1000 * self.error_s)) if len(self.error_s) else np.nan

    @property
    def velocity_spearman(self) -> float:
        """Rank correlation of the velocities, -1..1; NaN with too few matches or all alike."""
        known = np.isfinite(self.velocity_reference)
        reference, estimated = self.velocity_reference[known], self.velocity_estimated[known]
        if len(reference) < _FEWEST_FOR_CORRELATION or not (np.ptp(reference) and np.ptp(estimated)):
            return float("nan")
        return float(scipy.stats.spearmanr(reference, estimated).statistic)


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """What was measured. Adding two pools every stroke and hit of both; beats stay a list, one a song.

    ``classes`` and ``instruments`` hold counts by window in milliseconds; ``instruments`` and ``sides`` are
    empty where only five classes are annotated. ``matched``, ``judged`` and the errors are those of the five
    classes within ±50 ms; ``judged_instruments`` asks whether the very instrument was right.
    """

    classes: ByWindow[DrumClass]
    instruments: ByWindow[InstrumentName]
    sides: Mapping[str, Counts]
    matched: Mapping[DrumClass, Matched]
    judged: Mapping[DrumClass, Judged]
    judged_instruments: Judged
    heard_as: Confusion
    false_hits: Confusion
    missed: Confusion
    beats: tuple[BeatScore, ...] = field(default=())

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            classes={ms: _summed(counts, other.classes[ms]) for ms, counts in self.classes.items()},
            instruments={
                ms: _summed(counts, other.instruments[ms]) for ms, counts in self.instruments.items()
            },
            sides=_summed(self.sides, other.sides),
            matched={cls: matched + other.matched[cls] for cls, matched in self.matched.items()},
            judged={cls: judged + other.judged[cls] for cls, judged in self.judged.items()},
            judged_instruments=self.judged_instruments + other.judged_instruments,
            heard_as=confusion.added(self.heard_as, other.heard_as),
            false_hits=confusion.added(self.false_hits, other.false_hits),
            missed=confusion.added(self.missed, other.missed),
            beats=self.beats + other.beats,
        )

    def micro(self, window_ms: int = WIDEST_MS) -> Counts:
        """All five classes together."""
        return total(self.classes[window_ms])

    def macro_f(self, window_ms: int = WIDEST_MS) -> float:
        """The mean F of those of the five classes that are annotated."""
        return macro_f(self.classes[window_ms])

    def contrast_f(self, contrast: str) -> float:
        """The mean F of the annotated sides of a contrast (``labels.CONTRASTS``); NaN where none is."""
        return macro_f({side: self.sides.get(side, Counts()) for side in CONTRASTS[contrast]})

    @property
    def ghost_recall(self) -> float:
        """The share of ghost strokes heard as snare; NaN where none is annotated."""
        heard = self.heard_as.get(GHOST)
        return heard[InstrumentName.SNARE.value] / heard.total() if heard else float("nan")

    @property
    def all_matched(self) -> Matched:
        """The matches of all five classes."""
        return reduce(lambda one, other: one + other, self.matched.values())

    @property
    def all_judged(self) -> Judged:
        """The hits of all five classes."""
        return reduce(lambda one, other: one + other, self.judged.values())


def score(reference: Reference, estimate: Estimate) -> Figures:
    """Compare what was heard in a song with what is annotated."""
    by_window = {ms: _judged_classes(reference, estimate, ms) for ms in WINDOWS_MS}
    judged = by_window[WIDEST_MS]
    own = {ms: _judged_instruments(reference, estimate, ms) for ms in WINDOWS_MS}
    beats = score_beats(reference, estimate.grid)
    return Figures(
        classes={ms: _counts(judgements) for ms, judgements in by_window.items()},
        instruments={ms: _counts(judgements) for ms, judgements in own.items()},
        sides=_counts(_judged_sides(reference, estimate)),
        matched={cls: Matched.of(judgement.found) for cls, judgement in judged.items()},
        judged={cls: _confidences([judgement]) for cls, judgement in judged.items()},
        judged_instruments=_confidences(list(own[WIDEST_MS].values())),
        heard_as=confusion.heard_as(reference.own_strokes, estimate.hits),
        false_hits=confusion.false_hits(judged, reference),
        missed=confusion.missed_strokes(judged, reference, estimate.hits),
        beats=() if beats is None else (beats,),
    )


def pooled(songs: Sequence[Figures]) -> Figures:
    """All strokes of one or more songs together."""
    return reduce(lambda one, other: one + other, songs)


def total(counts: Mapping[Key, Counts]) -> Counts:
    """All kinds together."""
    return sum(counts.values(), Counts())


def macro_f(counts: Mapping[Key, Counts]) -> float:
    """The mean F of the kinds that are annotated; NaN where none is. Others show in the micro F alone."""
    known = [kind.f_measure for kind in counts.values() if kind.reference]
    return float(np.mean(known)) if known else float("nan")


def _judged_classes(reference: Reference, estimate: Estimate, window_ms: int) -> dict[DrumClass, Judgement]:
    return judge_each(
        tuple(DrumClass),
        reference.class_strokes,
        estimate.hits,
        of_stroke=lambda stroke: stroke.drum_class,
        of_hit=lambda hit: INSTRUMENTS[hit.instrument].drum_class,
        window_s=window_ms / 1000,
    )


def _judged_instruments(
    reference: Reference, estimate: Estimate, window_ms: int
) -> dict[InstrumentName, Judgement]:
    return judge_each(
        tuple(INSTRUMENTS) if reference.own_strokes else (),
        reference.own_strokes,
        estimate.hits,
        of_stroke=lambda stroke: stroke.instrument,
        of_hit=lambda hit: hit.instrument,
        window_s=window_ms / 1000,
    )


def _judged_sides(reference: Reference, estimate: Estimate) -> dict[str, Judgement]:
    return judge_each(
        tuple(dict.fromkeys(SIDES.values())) if reference.own_strokes else (),
        reference.own_strokes,
        estimate.hits,
        of_stroke=lambda stroke: SIDES.get(stroke.instrument) if stroke.instrument else None,
        of_hit=lambda hit: SIDES.get(hit.instrument),
    )


def _counts(judged: Mapping[Key, Judgement]) -> dict[Key, Counts]:
    return {kind: judgement.counts for kind, judgement in judged.items()}


def _confidences(judged: Sequence[Judgement]) -> Judged:
    return Judged.of(
        right=[hit.confidence for judgement in judged for _, hit in judgement.found],
        wrong=[hit.confidence for judgement in judged for hit in judgement.false],
    )


def _summed(one: Mapping[Key, Counts], other: Mapping[Key, Counts]) -> dict[Key, Counts]:
    """The sum of both, where a kind may be annotated in only one of them."""
    return {
        kind: one.get(kind, Counts()) + other.get(kind, Counts()) for kind in dict.fromkeys([*one, *other])
    }
