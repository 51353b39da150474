"""Which strokes were found: annotated strokes and estimated hits, paired one to one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from notation.core.hits import Hit
from notation.core.instruments import DrumClass, InstrumentName

# How far apart an annotated stroke and a hit may be; the widest is the field's usual one.
WINDOWS_MS = (20, 30, 50)
WIDEST_MS = WINDOWS_MS[-1]
WIDEST_S = WIDEST_MS / 1000

Times = NDArray[np.float64]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Counts:
    """Strokes found and missed. They add up over classes and songs, so that every stroke counts alike."""

    matched: int = 0
    reference: int = 0
    estimated: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.matched + other.matched, self.reference + other.reference, self.estimated + other.estimated
        )

    @property
    def precision(self) -> float:
        """The share of estimated strokes that are there; 0 when nothing was estimated."""
        return self.matched / self.estimated if self.estimated else 0.0

    @property
    def recall(self) -> float:
        """The share of the strokes there that were found; 0 when there are none."""
        return self.matched / self.reference if self.reference else 0.0

    @property
    def f_measure(self) -> float:
        """The harmonic mean of precision and recall; NaN when nothing is there and nothing was found."""
        total = self.reference + self.estimated
        return 2 * self.matched / total if total else float("nan")


@dataclass(frozen=True, slots=True)
class Stroke:
    """One annotated stroke.

    ``label`` is the annotator's word for it. ``drum_class`` is None for what five classes leave out,
    ``instrument`` where only classes are known, ``velocity`` (MIDI 1–127) where no loudness is known. A
    stroke that is not ``is_asked`` can hardly be heard: to find it or not is neither right nor wrong.
    """

    onset_s: float
    label: str
    drum_class: DrumClass | None
    instrument: InstrumentName | None = None
    velocity: int | None = None
    is_asked: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of strokes and hits that belong together."""

    found: tuple[tuple[Stroke, Hit], ...] = ()
    false: tuple[Hit, ...] = ()
    missed: tuple[Stroke, ...] = ()

    @property
    def counts(self) -> Counts:
        """How many there are."""
        found = len(self.found)
        return Counts(found, found + len(self.missed), found + len(self.false))


def matched_pairs(reference_s: Times, estimated_s: Times, window_s: float) -> list[tuple[int, int]]:
    """Pair as many events as can be paired one to one within ``window_s``, and those as closely as can be.

    As many pairs as ``mir_eval.util.match_events`` finds; which events they join matters to the onset errors.

    Returns:
        Indices into both arrays, in order of the reference's.
    """
    times = np.concatenate([reference_s, estimated_s])
    order = np.argsort(times, kind="stable")
    # Events further apart than the window never pair, so each stretch between such gaps is solved alone.
    breaks = np.flatnonzero(np.diff(times[order]) > window_s) + 1
    pairs: list[tuple[int, int]] = []
    for stretch in np.split(order, breaks):
        here = stretch[stretch < len(reference_s)]
        there = stretch[stretch >= len(reference_s)] - len(reference_s)
        if not len(here) or not len(there):
            continue
        apart = np.abs(reference_s[here, None] - estimated_s[None, there])
        # One pair more outweighs however much closer the others could be.
        cost = np.where(apart <= window_s, apart / window_s - (1 + min(apart.shape)), 0.0)
        rows, columns = linear_sum_assignment(cost)
        kept = cost[rows, columns] < 0
        pairs += zip(here[rows[kept]].tolist(), there[columns[kept]].tolist(), strict=True)
    return sorted(pairs)


def judge(strokes: Sequence[Stroke], hits: Sequence[Hit], window_s: float) -> Judgement:
    """Pair ``strokes`` and ``hits``, all of one kind, within ``window_s``.

    A hit that found nothing but lies within the window of a stroke not asked for is left out.
    """
    asked = [stroke for stroke in strokes if stroke.is_asked]
    unasked_s = np.array([stroke.onset_s for stroke in strokes if not stroke.is_asked])
    pairs = matched_pairs(
        np.array([stroke.onset_s for stroke in asked], np.float64),
        np.array([hit.onset_s for hit in hits], np.float64),
        window_s,
    )
    strokes_found = {stroke for stroke, _ in pairs}
    hits_right = {hit for _, hit in pairs}
    false = [
        hit
        for index, hit in enumerate(hits)
        if index not in hits_right and not bool(np.any(np.abs(unasked_s - hit.onset_s) <= window_s))
    ]
    return Judgement(
        found=tuple((asked[stroke], hits[hit]) for stroke, hit in pairs),
        false=tuple(false),
        missed=tuple(stroke for index, stroke in enumerate(asked) if index not in strokes_found),
    )


def judge_each(
    kinds: Sequence[Key],
    strokes: Sequence[Stroke],
    hits: Sequence[Hit],
    *,
    of_stroke: Callable[[Stroke], Key | None],
    of_hit: Callable[[Hit], Key | None],
    window_s: float = WIDEST_S,
) -> dict[Key, Judgement]:
    """Judge every one of ``kinds`` by itself; strokes and hits of no such kind are left out."""
    return {
        kind: judge(
            [stroke for stroke in strokes if of_stroke(stroke) == kind],
            [hit for hit in hits if of_hit(hit) == kind],
            window_s,
        )
        for kind in kinds
    }
