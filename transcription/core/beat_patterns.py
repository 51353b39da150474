"""How drummers fill a bar: rhythm patterns, as tabs, by which the beat tracker knows its place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from notation.core.beat_grid import Meter
from notation.core.instruments import InstrumentName
from transcription.core.beat_tabs import (
    ANY_BEATS,
    ANY_COMPOUND_BEATS,
    LEARNED_FOUR_FOUR,
    PLAIN_FOUR_FOUR,
    WRITTEN_FOUR_FOUR,
    WRITTEN_THREE_FOUR,
    Tabs,
)
from transcription.core.beat_tabs_odd import WRITTEN

SLOTS_PER_BEAT = 12  # the coarsest raster that holds sixteenths and triplets; eighths of 6/8 lie at 0, 4, 8

# A slot that a tab leaves blank still holds a stray stroke now and then: fills, misheard hits, loose timing.
_BLANK = 0.01


class Limb(IntEnum):
    """What a pattern tells apart: instruments that play the same part count as one."""

    KICK = 0
    SNARE = 1
    HAT = 2
    PEDAL = 3
    RIDE = 4
    CRASH = 5
    TOM = 6


LIMB_OF: dict[InstrumentName, Limb] = {
    InstrumentName.KICK: Limb.KICK,
    InstrumentName.SNARE: Limb.SNARE,
    InstrumentName.SIDE_STICK: Limb.SNARE,
    InstrumentName.CLAP: Limb.SNARE,
    InstrumentName.HIHAT_CLOSED: Limb.HAT,
    InstrumentName.HIHAT_OPEN: Limb.HAT,
    InstrumentName.TAMBOURINE: Limb.HAT,
    InstrumentName.HIHAT_PEDAL: Limb.PEDAL,
    InstrumentName.RIDE: Limb.RIDE,
    InstrumentName.RIDE_BELL: Limb.RIDE,
    InstrumentName.COWBELL: Limb.RIDE,
    InstrumentName.CRASH: Limb.CRASH,
    InstrumentName.CHINA: Limb.CRASH,
    InstrumentName.SPLASH: Limb.CRASH,
    InstrumentName.TOM_HIGH: Limb.TOM,
    InstrumentName.TOM_MID: Limb.TOM,
    InstrumentName.TOM_LOW: Limb.TOM,
}


@dataclass(frozen=True, slots=True)
class PatternBook:
    """The patterns of one meter.

    ``expected`` has shape (patterns, slots of a bar, limbs): how many full-strength strokes a bar holds in
    each slot on average. ``share`` has shape (patterns,) and sums to 1: how common each is.
    """

    meter: Meter
    expected: NDArray[np.float64]
    share: NDArray[np.float64]

    @property
    def slots(self) -> int:
        """How many slots a bar has."""
        return int(self.expected.shape[1])


def pattern_book(beats: int, beat_type: int, *, plain: bool = False) -> PatternBook:
    """Return the patterns of the meter ``beats``/``beat_type``; if ``plain`` only those that tell the tempo.

    The usual meters have patterns of their own. Any other meter, which only a person can ask for, gets bars
    put together from single beats: a kick on one, cymbals on every beat, snares rather not on one.
    """
    meter = Meter(bar=1, beats=beats, beat_type=beat_type)
    match beats, beat_type:
        case 4, 4:
            more = [] if plain else [*WRITTEN_FOUR_FOUR, *LEARNED_FOUR_FOUR]
            expected, share = _read_tabs([*PLAIN_FOUR_FOUR, *more], felt_beats=4)
        case 3, 4:
            expected, share = _read_tabs(WRITTEN_THREE_FOUR, felt_beats=3) if plain else _three_four()
        case _ if (beats, beat_type) in WRITTEN:
            expected, share = _read_tabs(WRITTEN[beats, beat_type], meter.felt_beats)
        case _:
            beats_played = ANY_COMPOUND_BEATS if meter.is_compound else ANY_BEATS
            expected = np.array([_any_bar(first, other, meter.felt_beats) for first, other in beats_played])
            share = np.ones(len(expected))
    return PatternBook(meter, expected, share / share.sum())


def _three_four() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The written patterns of 3/4 and, since few are known, those of 4/4 without their third beat."""
    written, written_share = _read_tabs(WRITTEN_THREE_FOUR, felt_beats=3)
    known, share = _read_tabs([*PLAIN_FOUR_FOUR, *LEARNED_FOUR_FOUR[:8]], felt_beats=4)
    third_beat = np.arange(2 * SLOTS_PER_BEAT, 3 * SLOTS_PER_BEAT)
    shortened = np.delete(known, third_beat, axis=1)
    return np.concatenate([written, shortened]), np.concatenate([written_share, share / 2])


def _read_tabs(tabs: Tabs, felt_beats: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([_read_tab(tab, felt_beats) for _, tab in tabs]), np.array([share for share, _ in tabs])


def _read_tab(tab: str, felt_beats: int) -> NDArray[np.float64]:
    expected = np.full((felt_beats * SLOTS_PER_BEAT, len(Limb)), _BLANK)
    for line in tab.split("\n"):
        if not line.strip():
            continue
        name, bar = line.split()
        strokes = bar.replace("|", "")
        if len(expected) % len(strokes):
            raise ValueError(f"A tab of {len(strokes)} slots in a bar of {len(expected)}: {line!r}")
        apart = len(expected) // len(strokes)
        for slot, stroke in enumerate(strokes):
            if stroke != ".":
                expected[slot * apart, Limb[name.upper()]] = (int(stroke) + 0.5) / 10
    return expected


def _any_bar(first: str, other: str, felt_beats: int) -> NDArray[np.float64]:
    return np.concatenate([_read_tab(first, 1), *([_read_tab(other, 1)] * (felt_beats - 1))])
