"""How right a transcription probably is, by its own account: the expected F-measure of each instrument."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notation.core.hits import Hit
from notation.core.instruments import InstrumentName


@dataclass(frozen=True, slots=True)
class ExpectedF:
    """Expected F-measures, 0..1: of all hits together, and of each instrument that was heard.

    ``overall`` is ``None`` when there is nothing to be right or wrong about. Where ``counts_missed`` is
    false, strokes that were not found are left out: the figures are the best that can be hoped for.
    """

    overall: float | None
    by_instrument: Mapping[InstrumentName, float]
    counts_missed: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as JSON-able values, instruments in order of their names."""
        by_instrument = sorted(self.by_instrument.items())
        return {
            "overall": None if self.overall is None else round(self.overall, 3),
            "instruments": {name.value: round(f_measure, 3) for name, f_measure in by_instrument},
            "counts_missed": self.counts_missed,
        }


def expected_f(
    hits: Sequence[Hit], missed_mass_by_instrument: Mapping[InstrumentName, float] | None = None
) -> ExpectedF:
    """Return the F-measures that ``hits`` would have if their confidences are the chances they claim to be.

    Of an instrument's hits with confidences p, sum(p) are expected to be right. The strokes that were played
    are expected to be those and the missed ones. F is 2 * right / (hits + played), with the expected counts:
    close to the expected F where hits are many, a rough guess where they are few.

    Args:
        missed_mass_by_instrument: the strokes that are expected among what was not taken for a hit, that is
            the sum of the chances of all candidates that were left out; ``None`` where that is unknown.
    Source:
        The plug-in estimate of F from calibrated chances: Ye, Chai, Lee and Chieu, "Optimizing F-measures: A
        Tale of Two Approaches", ICML 2012.
    """
    missed = missed_mass_by_instrument or {}
    confidences: dict[InstrumentName, list[float]] = defaultdict(list)
    for hit in hits:
        confidences[hit.instrument].append(hit.confidence)
    return ExpectedF(
        overall=_f_measure([hit.confidence for hit in hits], sum(missed.values())),
        by_instrument={
            name: f_measure
            for name, chances in confidences.items()
            if (f_measure := _f_measure(chances, missed.get(name, 0.0))) is not None
        },
        counts_missed=missed_mass_by_instrument is not None,
    )


def _f_measure(chances: Sequence[float], missed: float) -> float | None:
    right = sum(chances)
    total = len(chances) + right + missed
    return 2 * right / total if total > 0 else None
