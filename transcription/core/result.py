"""The result JSON: what a transcription found, in one machine-readable document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notation.core.beat_grid import BeatGrid
from notation.core.instruments import InstrumentName
from notation.core.score import Score
from transcription.core.expectation import expected_f
from transcription.core.hit_list import grid_to_json

RESULT_SCHEMA = "drumsite.transcription/1"
# Findings about how a stage was run, not about what it found: an equal run's are nobody else's.
HEARD_ON_CPU = "heard_on_cpu"
SEPARATED_ON_CPU = "separated_on_cpu"
OF_THE_RUN = frozenset({HEARD_ON_CPU, SEPARATED_ON_CPU})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person should know of a result that is there all the same."""

    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """Return the finding as JSON-able values."""
        return {"code": self.code, "message": self.message}


def build_result(
    *,
    score: Score,
    grid: BeatGrid,
    audio: Mapping[str, Any],
    engines: Mapping[str, str],
    warnings: Sequence[Finding],
    missed_mass_by_instrument: Mapping[InstrumentName, float] | None = None,
) -> dict[str, Any]:
    """Return the result JSON described by ``docs/result.schema.json``.

    ``onset_s`` of each hit stays as heard; ``bar`` and ``position`` (quarter notes from the bar's start, as
    a fraction) say where it was written. ``missed_mass_by_instrument`` is that of
    :func:`transcription.core.expectation.expected_f`.
    """
    hits = [
        {
            "id": placed.hit.id,
            "onset_s": round(placed.hit.onset_s, 4),
            "instrument": placed.hit.instrument.value,
            "velocity": placed.hit.velocity,
            "confidence": round(placed.hit.confidence, 3),
            "bar": placed.bar,
            "position": str(placed.position),
        }
        for placed in sorted(score.hits, key=lambda placed: (placed.hit.onset_s, placed.hit.id))
    ]
    expected = expected_f([placed.hit for placed in score.hits], missed_mass_by_instrument)
    confidence = sum(placed.hit.confidence for placed in score.hits) / len(score.hits) if score.hits else 0.0
    return {
        "schema": RESULT_SCHEMA,
        "title": score.title,
        "audio": {"duration_s": audio["duration_s"], "sha256": audio["sha256"]},
        "hits": hits,
        **grid_to_json(grid),
        "counts": dict(sorted(Counter(hit["instrument"] for hit in hits).items())),
        "confidence": round(confidence, 3),
        "expected_f": expected.as_dict(),
        "engines": dict(engines),
        "warnings": [warning.as_dict() for warning in warnings],
    }
