"""Figures of several songs, and the document they are kept in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from notation.core.instruments import DrumClass
from transcription.core.evaluation.beats import BeatScore, TempoVerdict
from transcription.core.evaluation.calibration import (
    Judged,
    expected_calibration_error,
    expected_f,
    reliability,
)
from transcription.core.evaluation.confusion import Confusion
from transcription.core.evaluation.labels import CONTRASTS
from transcription.core.evaluation.matching import WIDEST_MS, Counts
from transcription.core.evaluation.reference import UnusableInput
from transcription.core.evaluation.scoring import Figures, Matched, macro_f, pooled, total

REPORT_SCHEMA = "drumsite.evaluation/2"


@dataclass(frozen=True, slots=True, eq=False)
class SongScore:
    """One song's figures from one source (drums alone or mix)."""

    song: str
    source: str
    figures: Figures


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Figures of several songs. ``material`` says which, so that only like is compared with like."""

    engine: str
    material: str
    scores: tuple[SongScore, ...] = field(default=())

    @property
    def sources(self) -> tuple[str, ...]:
        """What was listened to, in order of first appearance."""
        return tuple(dict.fromkeys(score.source for score in self.scores))

    def songs(self, source: str) -> list[SongScore]:
        """The songs heard from ``source``."""
        return [score for score in self.scores if score.source == source]

    def pooled(self, source: str) -> Figures:
        """Every stroke of the songs heard from ``source``; raises KeyError when there is none."""
        songs = [score.figures for score in self.songs(source)]
        if not songs:
            raise KeyError(source)
        return pooled(songs)

    def mean_velocity_spearman(self, source: str) -> float:
        """The mean over songs of the rank correlation of velocities; NaN where no loudness is known."""
        return mean(score.figures.all_matched.velocity_spearman for score in self.songs(source))

    def velocity_spearman_within(self, source: str) -> float:
        """The rank correlation of how much louder a stroke is than others of its class in its song.

        How loud a class is on the whole, which a mix does not tell from how loud it is mixed, is left out.
        """
        songs = [score.figures.matched.values() for score in self.songs(source)]
        centred = [matched.centred() for classes in songs for matched in classes]
        return sum(centred, start=Matched.of([])).velocity_spearman


def as_json(report: Report) -> dict[str, Any]:
    """Return ``report`` as a JSON-able document; what is not known is null."""
    return {
        "schema": REPORT_SCHEMA,
        "engine": report.engine,
        "material": report.material,
        "songs": [
            {"song": score.song, "source": score.source, **figures_as_json(score.figures)}
            for score in report.scores
        ],
        "pooled": {
            source: figures_as_json(report.pooled(source))
            | {
                "velocity_spearman_of_songs": number(report.mean_velocity_spearman(source)),
                "velocity_spearman_within": number(report.velocity_spearman_within(source)),
            }
            for source in report.sources
        },
    }


def read_report(path: Path) -> dict[str, Any]:
    """Read a document that ``as_json`` made; raises UnusableInput when it is none."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UnusableInput(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UnusableInput(f"{path} is no JSON: {error}") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != REPORT_SCHEMA:
        raise UnusableInput(
            f"{path} is no result of an evaluation: schema is {schema!r}, not {REPORT_SCHEMA!r}"
        )
    return dict(document)


def figures_as_json(figures: Figures) -> dict[str, Any]:
    """Return ``figures`` as JSON-able values; shares are 0..1, windows and errors in milliseconds."""
    return {
        "classes": {str(ms): _by_kind(counts) for ms, counts in figures.classes.items()},
        "instruments": {
            str(ms): _by_kind({kind: c for kind, c in counts.items() if c.reference or c.estimated})
            for ms, counts in figures.instruments.items()
        },
        "sides": {side: _counts(counts) for side, counts in figures.sides.items()},
        "contrasts": {contrast: number(figures.contrast_f(contrast)) for contrast in CONTRASTS},
        "ghost_recall": number(figures.ghost_recall),
        "heard_as": _confusion(figures.heard_as),
        "matched": {"all": _matched(figures.all_matched)}
        | {cls.value: _matched(matched) for cls, matched in figures.matched.items()},
        "calibration": {
            "classes": _calibration(figures.all_judged),
            "instruments": _calibration(figures.judged_instruments),
        },
        "expected_f": {cls.value: number(expected_f(judged)) for cls, judged in figures.judged.items()},
        "false_hits": _confusion(figures.false_hits),
        "missed": _confusion(figures.missed),
        "beats": _beats(figures.beats),
    }


def mean(values: Iterable[float]) -> float:
    """The mean of those that are known; NaN when none is."""
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def number(value: float) -> float | None:
    """A figure as JSON knows it."""
    return None if math.isnan(value) else round(float(value), 4)


def _by_kind(counts: Mapping[Any, Counts]) -> dict[str, Any]:
    return {str(kind): _counts(of_kind) for kind, of_kind in counts.items()} | {
        "micro": _counts(total(counts)),
        "macro_f": number(macro_f(counts)),
    }


def _counts(counts: Counts) -> dict[str, float | int | None]:
    return {
        "f": number(counts.f_measure),
        "precision": number(counts.precision),
        "recall": number(counts.recall),
        "matched": counts.matched,
        "reference": counts.reference,
        "estimated": counts.estimated,
    }


def _matched(matched: Matched) -> dict[str, Any]:
    return {
        "onset_error_ms": {
            "median": number(matched.error_percentile_ms(50)),
            "p90": number(matched.error_percentile_ms(90)),
            "bias": number(matched.bias_ms),
        },
        "velocity_spearman": number(matched.velocity_spearman),
    }


def _calibration(judged: Judged) -> dict[str, Any]:
    return {
        "ece": number(expected_calibration_error(judged)),
        "expected_f": number(expected_f(judged)),
        "bins": [
            {
                "from": part.low,
                "to": part.high,
                "hits": part.hits,
                "confidence": number(part.confidence),
                "right": number(part.right),
            }
            for part in reliability(judged)
        ],
    }


def _confusion(confusion: Confusion) -> dict[str, dict[str, int]]:
    return {word: dict(others.most_common()) for word, others in sorted(confusion.items())}


def _beats(beats: tuple[BeatScore, ...]) -> dict[str, Any] | None:
    """Of one song, or the means and shares over several."""
    if not beats:
        return None
    summary: dict[str, Any] = {
        "beat_f": number(mean(score.beat_f for score in beats)),
        "downbeat_f": number(mean(score.downbeat_f for score in beats)),
        "tempo_right": sum(score.tempo is TempoVerdict.RIGHT for score in beats),
        "tempo_octave": sum(score.tempo is TempoVerdict.OCTAVE for score in beats),
        "meter_right": sum(score.meter_is_right for score in beats),
        "songs": len(beats),
    }
    if len(beats) == 1:
        (only,) = beats
        summary |= {
            "tempo": only.tempo.value,
            "tempo_reference_bpm": round(only.tempo_reference_bpm, 2),
            "tempo_estimated_bpm": round(only.tempo_estimated_bpm, 2),
            "meter_reference": only.meter_reference,
            "meter_estimated": only.meter_estimated,
        }
    return summary


def reached_f(figures: Figures, drum_class: DrumClass) -> float:
    """The F of one class within ±50 ms."""
    return figures.classes[WIDEST_MS][drum_class].f_measure
