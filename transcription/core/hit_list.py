"""Hits and beat grids as JSON: how one stage hands them to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName


def hits_to_json(hits: Sequence[Hit], *, engine: str) -> dict[str, Any]:
    """Return ``hits`` with the engine that heard them."""
    return {
        "engine": engine,
        "hits": [
            {
                "id": hit.id,
                "onset_s": round(hit.onset_s, 4),
                "instrument": hit.instrument.value,
                "velocity": hit.velocity,
                "confidence": round(hit.confidence, 3),
            }
            for hit in hits
        ],
    }


def hits_from_json(data: Mapping[str, Any]) -> tuple[Hit, ...]:
    """Read what ``hits_to_json`` wrote."""
    return tuple(
        Hit(
            id=item["id"],
            onset_s=item["onset_s"],
            instrument=InstrumentName(item["instrument"]),
            velocity=item["velocity"],
            confidence=item["confidence"],
        )
        for item in data["hits"]
    )


def grid_to_json(grid: BeatGrid) -> dict[str, Any]:
    """Return ``grid`` as the ``beats``, ``meters`` and ``tempo`` of the result JSON."""
    return {
        "beats": [
            {"time_s": round(beat.time_s, 4), "bar": beat.bar, "beat": beat.beat} for beat in grid.beats
        ],
        "tempo": {"bpm": round(grid.tempo_bpm, 2), "unreliable": grid.unreliable},
        "meters": [
            {"bar": meter.bar, "beats": meter.beats, "beat_type": meter.beat_type} for meter in grid.meters
        ],
    }


def grid_from_json(data: Mapping[str, Any]) -> BeatGrid:
    """Read what ``grid_to_json`` wrote."""
    return BeatGrid(
        beats=tuple(Beat(item["time_s"], item["bar"], item["beat"]) for item in data["beats"]),
        meters=tuple(Meter(item["bar"], item["beats"], item["beat_type"]) for item in data["meters"]),
        tempo_bpm=data["tempo"]["bpm"],
        unreliable=data["tempo"]["unreliable"],
    )
