"""Measuring what was heard against what people annotated: one scorer for real and for rendered songs.

``score`` compares one song, ``pooled`` adds songs up, ``evaluate_pipeline`` does both over a folder.
"""

from __future__ import annotations

from transcription.core.evaluation.estimate import Estimate, heard, read_result
from transcription.core.evaluation.matching import Counts, Stroke
from transcription.core.evaluation.reference import Reference, UnusableInput, read_reference
from transcription.core.evaluation.report import Report, SongScore, as_json
from transcription.core.evaluation.scoring import Figures, pooled, score
from transcription.core.evaluation.songs import evaluate_pipeline, evaluate_results

__all__ = [
    "Counts",
    "Estimate",
    "Figures",
    "Reference",
    "Report",
    "SongScore",
    "Stroke",
    "UnusableInput",
    "as_json",
    "evaluate_pipeline",
    "evaluate_results",
    "heard",
    "pooled",
    "read_reference",
    "read_result",
    "score",
]
