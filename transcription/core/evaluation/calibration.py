"""Whether confidence means probability: of hits with 0.8, are four in five there?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transcription.core.evaluation.matching import Times

BINS = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Hits with a confidence from ``low`` to ``high``: how many, how sure on average, what share right."""

    low: float
    high: float
    hits: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Hits by their confidence (0..1) and whether they were right (1) or not (0); equal shapes (hits,)."""

    confidence: Times
    right: Times

    @classmethod
    def of(cls, right: Sequence[float], wrong: Sequence[float]) -> Judged:
        """Collect the confidences of ``right`` and ``wrong`` hits."""
        return cls(
            np.array([*right, *wrong], np.float64),
            np.concatenate([np.ones(len(right)), np.zeros(len(wrong))]),
        )

    def __add__(self, other: Judged) -> Judged:
        return Judged(
            np.concatenate([self.confidence, other.confidence]), np.concatenate([self.right, other.right])
        )


def reliability(judged: Judged) -> tuple[ReliabilityBin, ...]:
    """Put hits in ten equal bins of confidence; empty bins are left out."""
    numbers = np.minimum((judged.confidence * BINS).astype(np.int64), BINS - 1)
    return tuple(
        ReliabilityBin(
            low=number / BINS,
            high=(number + 1) / BINS,
            hits=int(np.sum(numbers == number)),
            confidence=float(np.mean(judged.confidence[numbers == number])),
            right=float(np.mean(judged.right[numbers == number])),
        )
        for number in np.unique(numbers).tolist()
    )


def expected_calibration_error(judged: Judged) -> float:
    """The mean distance of confidence from the share of right hits, over bins weighted by their hits, 0..1.

    NaN without hits.

    Source:
        Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI
        2015; Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    total = len(judged.confidence)
    if not total:
        return float("nan")
    return sum(part.hits * abs(part.confidence - part.right) for part in reliability(judged)) / total


def expected_f(judged: Judged) -> float:
    """The F to expect from the confidences alone, if nothing was missed; NaN without hits.

    Strokes whose chance stayed under the threshold leave no hit, so this is a little too high by design.
    """
    there = float(np.sum(judged.confidence))
    hits = len(judged.confidence)
    return 2 * there / (hits + there) if hits else float("nan")
