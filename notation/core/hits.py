"""A hit: one stroke on one instrument, as it was heard."""

from __future__ import annotations

from dataclasses import dataclass

from notation.core.instruments import InstrumentName


@dataclass(frozen=True, slots=True)
class Hit:
    """One stroke.

    ``id`` is unique within a song (``h1``, ``h2`` … in order of onset) and names the same stroke in the
    result JSON, in the score, and as the ``id`` of its note in the SVG. ``onset_s`` is seconds from the
    first sample; ``velocity`` is MIDI's 1–127; ``confidence`` is 0..1.
    """

    id: str
    onset_s: float
    instrument: InstrumentName
    velocity: int
    confidence: float
