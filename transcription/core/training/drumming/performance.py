"""What a drummer plays, in written time: the form that recorded and written grooves share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """One stroke in written time: ``position`` in quarter notes from the start, ``velocity`` 1–127."""

    position: float
    instrument: str
    velocity: int


@dataclass(frozen=True, slots=True)
class Performance:
    """A stretch of drumming that starts on a bar.

    ``beat_quarters`` is a felt beat in quarter notes: 1.5 in 6/8, 9/8 and 12/8, but 0.5 in 7/8, whose beats
    are unequal, as in ``Meter.beat_quarters`` of the score.
    """

    notes: tuple[Note, ...]
    length_quarters: float
    bar_quarters: float
    beat_quarters: float
    tempo_bpm: float  # quarter notes a minute
    is_fill: bool
    split: str
    style: str = ""
