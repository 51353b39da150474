"""How a network's answers become chances, and chances strokes: numbers that travel in the network's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcription.core.keras_cnn.labels import LABELS, Label

# From which answer on a label is seen at all, and the clarity of a song in which it hardly ever is.
_SEEN = 0.1
_UNCLEAR = -2.0


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What the network says at each onset, and how loud it is there; all of shape (onsets, 6), by label.

    ``values`` are 0..1; for ``levels_db`` and ``rises_db`` see :func:`.level.attack_levels_db`.
    """

    values: NDArray[np.float32]
    levels_db: NDArray[np.float32]
    rises_db: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LabelJudgement:
    """How the answers for one label are read.

    The chance is the sigmoid of a weighted sum: the logit of the answer; the logarithm of the onset's
    strength; the song's *clarity* in this label, which is the logit that one in five of its answers above a
    tenth exceeds; by how much the attack *rises* over what sounded before it, and how *loud* it is under the
    song's loudest, both where the label sounds and in tens of decibels; and an offset. The defaults take an
    answer for a chance.
    """

    height: float = 1.0
    strength: float = 0.0
    clarity: float = 0.0
    rise: float = 0.0
    loud: float = 0.0
    offset: float = 0.0
    threshold: float = 0.5  # chance from which it is a stroke

    def __post_init__(self) -> None:
        numbers = (*self.weights, self.threshold)
        if not all(isinstance(number, int | float) and np.isfinite(number) for number in numbers):
            raise ValueError(f"not all of {numbers} are numbers")
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"a threshold lies within 0 and 1, not at {self.threshold}")

    @property
    def weights(self) -> tuple[float, ...]:
        """What each column of :func:`judged_by` counts."""
        return (self.height, self.strength, self.clarity, self.rise, self.loud, self.offset)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a network is to be heard.

    ``is_levelled``: every song is brought to one level first. ``names_one_always``: it never learnt that an
    onset can be nothing, so where no label reaches its threshold the likeliest is taken.
    """

    labels: Mapping[Label, LabelJudgement]
    is_levelled: bool = False
    names_one_always: bool = False
    min_gap_s: float = 0.0  # of two strokes of a label that are nearer, the less likely is dropped

    @classmethod
    def foreign(cls) -> Judgement:
        """How AnNOTEator hears its networks: a half is a stroke, and every onset is something."""
        return cls({label: LabelJudgement() for label in LABELS}, names_one_always=True)

    @classmethod
    def parsed(cls, values: Mapping[str, Any]) -> Judgement:
        """Read what :meth:`as_dict` made.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        labels = {label: LabelJudgement(**values["labels"][label.value]) for label in LABELS}
        return cls(
            labels,
            is_levelled=bool(values["is_levelled"]),
            names_one_always=bool(values["names_one_always"]),
            min_gap_s=float(values["min_gap_s"]),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what :meth:`parsed` reads, ready for JSON."""
        return {
            "labels": {label.value: asdict(self.labels[label]) for label in LABELS},
            "is_levelled": self.is_levelled,
            "names_one_always": self.names_one_always,
            "min_gap_s": self.min_gap_s,
        }

    @property
    def thresholds(self) -> NDArray[np.float64]:
        """The threshold of every label, shape (6,)."""
        return np.array([self.labels[label].threshold for label in LABELS])

    def chances(self, answers: Answers, strengths: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the chance of every label at every onset, shape (onsets, 6)."""
        weights = np.array([self.labels[label].weights for label in LABELS])
        sums = np.einsum("olf,lf->ol", judged_by(answers, strengths), weights)
        return np.asarray(1 / (1 + np.exp(-sums)), np.float64)

    def strokes(self, chances: NDArray[np.float64], times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which labels are struck at which onsets, shape (onsets, 6)."""
        struck = chances >= self.thresholds
        if self.names_one_always and len(chances):
            silent = np.flatnonzero(~struck.any(axis=1))
            struck[silent, chances[silent].argmax(axis=1)] = True
        for column in range(len(LABELS)):
            struck[:, column] = spaced(struck[:, column], chances[:, column], times_s, self.min_gap_s)
        return struck


def spaced(
    struck: NDArray[np.bool_], chances: NDArray[np.float64], times_s: NDArray[np.float64], gap_s: float
) -> NDArray[np.bool_]:
    """Drop, of two strokes of one label that are nearer than ``gap_s``, the less likely; all (onsets,)."""
    left = struck.copy()
    kept = -1
    for onset in np.flatnonzero(struck).tolist():
        if kept >= 0 and times_s[onset] - times_s[kept] < gap_s:
            dropped, kept = (kept, onset) if chances[onset] > chances[kept] else (onset, kept)
            left[dropped] = False
        else:
            kept = onset
    return left


def judged_by(answers: Answers, strengths: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what chances depend on, shape (onsets, 6, 6): see :class:`LabelJudgement`.

    Args:
        strengths: of the onsets, where 1 is the song's median; shape (onsets,).
    """
    values = answers.values.astype(np.float64)
    features = np.ones((*values.shape, 6))
    # Kept a little off 0 and 1, where a logit ends; a chance is none the worse.
    clipped = np.clip(values, 1e-6, 1 - 1e-6)
    features[:, :, 0] = logits = np.log(clipped / (1 - clipped))
    features[:, :, 1] = np.log(np.maximum(strengths, 1e-3))[:, None]
    features[:, :, 3] = np.clip(answers.rises_db / 10, -3, 3)
    for label in range(values.shape[1]):
        seen = logits[values[:, label] > _SEEN, label]
        features[:, label, 2] = np.percentile(seen, 80) if len(seen) > 3 else _UNCLEAR
        levels_db = answers.levels_db[:, label]
        if len(levels_db):
            features[:, label, 4] = np.maximum(levels_db - np.percentile(levels_db, 95), -60) / 10
    return features
