"""Fills: where the hands leave the groove, mostly at the end of a phrase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from notation.core.form.bar_patterns import SLOTS_A_QUARTER, SNARE, STICK, TIME, TOM
from notation.core.score import Bar

_HANDS = (SNARE, STICK, TOM)
_USUAL = 0.34  # a stroke that so many of the section's bars have belongs to the groove
_TOM_STROKE, _OTHER_STROKE, _TIME_LEFT = 1.0, 0.7, 0.5  # what each says about a fill
_AT_PHRASE_END, _ANYWHERE = 1.8, 3.5


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill in ``bar`` from ``position`` (quarters from the bar's start) to the bar's end.

    ``weight`` is how much speaks for it: about the number of strokes that the groove does not have.
    """

    bar: int
    position: Fraction
    weight: float


def find_fills(
    bars: Sequence[Bar],
    strokes: NDArray[np.float64],
    grooves: Sequence[NDArray[np.float64]],
    phrase_ends: Sequence[bool],
) -> tuple[Fill, ...]:
    """Say which of ``bars`` end in a fill.

    Args:
        strokes: shape (bars, streams, slots), as :class:`notation.core.form.bar_patterns.BarPatterns` has it.
        grooves: for each bar the groove it is played to: how often each stroke is there, (streams, slots).
        phrase_ends: whether each bar ends a phrase, where less is needed to be a fill.
    """
    found = []
    for bar, played, groove, ends_phrase in zip(bars, strokes, grooves, phrase_ends, strict=True):
        fill = _fill_of(bar, played, groove)
        if fill is not None and fill.weight >= (_AT_PHRASE_END if ends_phrase else _ANYWHERE):
            found.append(fill)
    return tuple(found)


def _fill_of(bar: Bar, played: NDArray[np.float64], groove: NDArray[np.float64]) -> Fill | None:
    """The run of beats at the bar's end in which the hands leave the groove."""
    new = np.where(groove < _USUAL, played, 0.0)
    beats = [
        (int(place * SLOTS_A_QUARTER), int((place + bar.meter.beat_quarters) * SLOTS_A_QUARTER), place)
        for place in (index * bar.meter.beat_quarters for index in range(len(bar.beat_times_s)))
    ]
    weight, best, start = 0.0, 0.0, Fraction(0)
    for first, end, place in reversed(beats):
        toms = new[TOM, first:end].sum()
        others = new[[SNARE, STICK], first:end].sum()
        time_left = bool(groove[TIME, first:end].max(initial=0) >= 0.5 and not played[TIME, first:end].any())
        hands = played[list(_HANDS), first:end].sum()
        if not (toms >= 1 or others >= 1.5 or (time_left and (others or hands))):
            break
        weight += _TOM_STROKE * toms + _OTHER_STROKE * others + _TIME_LEFT * time_left
        if toms or others:
            best, start = weight, place
    return Fill(bar.number, start, float(best)) if best else None
