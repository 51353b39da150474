"""When each note, beat and bar sounds in the recording: what the player lights up."""

from __future__ import annotations

from typing import Any

from notation.core.score import Score

TIMING_SCHEMA = "drumsite.timing/1"


def bar_id(number: int) -> str:
    """The id of a bar's group in the SVG; a pickup is ``bar-0``."""
    return f"bar-{number}" if number >= 0 else f"bar-before-{-number}"


def timing_table(score: Score) -> dict[str, Any]:
    """Return audio seconds, as plain JSON values.

    ``hits`` maps each hit's id to its onset as heard; ``bars`` are in order with their SVG ids; ``beats`` are
    the felt beats.
    """
    return {
        "schema": TIMING_SCHEMA,
        "hits": {placed.hit.id: round(placed.hit.onset_s, 4) for placed in score.hits},
        "bars": [
            {
                "number": bar.number,
                "id": bar_id(bar.number),
                "start_s": round(bar.start_s, 4),
                "end_s": round(bar.end_s, 4),
            }
            for bar in score.bars
        ],
        "beats": [
            {"time_s": round(time, 4), "bar": bar.number, "beat": index}
            for bar in score.bars
            for index, time in enumerate(bar.beat_times_s, start=1)
        ],
    }
