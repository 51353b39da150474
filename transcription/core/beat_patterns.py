"""How drummers fill a bar: rhythm patterns, as tabs, by which the beat tracker knows its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from notation.core.beat_grid import Meter
from notation.core.instruments import InstrumentName

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


def pattern_book(beats: int, beat_type: int) -> PatternBook:
    """Return the patterns of the meter ``beats``/``beat_type``.

    4/4, 3/4 and 6/8 have patterns of their own. Any other meter, which only a person can ask for, gets bars
    put together from single beats: a kick on one, cymbals on every beat, snares rather not on one.
    """
    meter = Meter(bar=1, beats=beats, beat_type=beat_type)
    tabs = {(4, 4): _FOUR_FOUR, (3, 4): _THREE_FOUR, (6, 8): _SIX_EIGHT}.get((beats, beat_type))
    if tabs is None:
        beats_played = _ANY_COMPOUND_BEATS if meter.is_compound else _ANY_BEATS
        expected = np.array([_any_bar(first, other, meter.felt_beats) for first, other in beats_played])
        return PatternBook(meter, expected, np.full(len(expected), 1 / len(expected)))
    expected = np.array([_read_tab(tab, meter.felt_beats) for _, tab in tabs])
    share = np.array([weight for weight, _ in tabs], dtype=np.float64)
    return PatternBook(meter, expected, share / share.sum())


def _read_tab(tab: str, felt_beats: int) -> NDArray[np.float64]:
    expected = np.full((felt_beats * SLOTS_PER_BEAT, len(Limb)), _BLANK)
    for line in tab.split("\n"):
        if not line.strip():
            continue
        name, bar = line.split()
        strokes = bar.replace("|", "")
        if len(strokes) != len(expected):
            raise ValueError(f"A tab of {len(strokes)} slots in a bar of {len(expected)}: {line!r}")
        for slot, stroke in enumerate(strokes):
            if stroke != ".":
                expected[slot, Limb[name.upper()]] = (int(stroke) + 0.5) / 10
    return expected


def _any_bar(first: str, other: str, felt_beats: int) -> NDArray[np.float64]:
    return np.concatenate([_read_tab(first, 1), *([_read_tab(other, 1)] * (felt_beats - 1))])


Tabs = Sequence[
    tuple[float, str]
]  # how common, and the tab: tenths of a stroke per slot, "." for almost none

# Ten kinds of bars found by a Poisson mixture over 6,114 bars of the training split of the Groove MIDI
# Dataset (Gillick et al. 2019, CC BY 4.0), strokes weighted by velocity; ``training/fit_beat_patterns.py``
# prints them. Below them, by hand: half-time, four on the floor, one drop, shuffles, and bars in which hardly
# anybody plays.
_FOUR_FOUR: Tabs = (
    (
        0.17,
        """
kick  50...02..00.|0....01..000|20...130....|0....01....1
snare 0..0.......0|60.0.....00.|0..00......0|61.00.0..000
hat   40...030...0|51...030...0|40...040...0|40...030...0
pedal 0..........0|0...........|...........0|1..........0
crash 0...........|............|............|............
        """,
    ),
    (
        0.11,
        """
kick  50....0..200|20.0001..000|30.0.01..100|3..0.01..0.1
snare 1..0.01..100|3..1002..200|1.02001.0200|200101300200
hat   50.10050.100|50.1.040.1.0|50.1.14..0.0|40.0.03..0.0
pedal 1....00....0|0.....0....0|0....00....0|1....00....0
crash ............|............|............|...........0
tom   ............|............|............|0.....0.....
        """,
    ),
    (
        0.11,
        """
kick  60....1.02..|0..1..2..1.0|2..1.03..1..|0..1..1..0.0
snare ...........0|60.......0..|0........0.0|60....1..0..
hat   40020060030.|50.20050.300|50030060030.|500200500300
pedal 1.....0....0|0..........0|0..........0|0..........1
crash 0...........|............|............|............
        """,
    ),
    (
        0.11,
        """
kick  51....1..10.|0....020...0|20...020.0..|0....020...1
snare 0..0.....0.0|50.0.....10.|0..10.0..0.0|40.0..0..00.
hat   ............|............|...0........|.........0..
pedal 1..........1|30.........0|1..........1|2..........0
ride  40...030...0|51...030...0|40...030.0.0|50...030...0
crash 1...........|............|............|............
tom   ............|............|............|0.....0..0..
        """,
    ),
    (
        0.1,
        """
kick  50....0.020.|20.0.01..0.0|30.0..1.01.0|20.0.01..0.1
snare 0..0002..20.|20.1001..200|0.02001.0100|2001002.010.
pedal 2....130...0|2....140...1|2....230...1|2....13....1
ride  50.0.040.100|50.1.040.100|50.0.040.100|50.1.030.0.0
crash 0...........|............|............|............
tom   0...........|......0..0..|0..0..0..0..|0..0.01.00..
        """,
    ),
    (
        0.09,
        """
kick  20.....010.0|0....0.01..0|1......00..0|0......00..1
snare ...000.00..1|20.....000.0|0..00..010.0|20.000.00000
pedal 0.........02|2..........0|0.........02|2......0...0
ride  30..00.010.1|30.010003001|30.010.010.1|40.0000010.1
crash 0...........|............|............|............
tom   ............|........0...|............|0...0..00...
        """,
    ),
    (
        0.09,
        """
kick  20...00.00.0|0....00...01|10...00.0..0|0....0....02
snare 100000000002|200001101101|100001101002|100000000000
hat   0....00.....|............|............|............
pedal 0........001|0....0.....1|0....0..0001|0....0.....0
ride  0...........|0...........|............|...........0
crash 0...........|0...........|0...........|0..........1
tom   0....00.0..0|1..0000000.1|1000.0000001|100001001000
        """,
    ),
    (
        0.08,
        """
kick  51....0.0100|20.0.010.000|30.0..0.0100|20.0.01.00.1
snare 511212511311|301311501311|411421401312|511311411311
pedal 1....130...0|1....130...0|1....120...0|10...120...0
crash 0...........|............|............|............
tom   ............|0...........|............|1.....0.....
        """,
    ),
    (
        0.08,
        """
kick  30...0.00..1|1......00..1|2...00.00..1|1......00.02
snare 0..........1|20.....0...0|1..00..00..1|30.00..00...
hat   30.010011001|30.0100120.1|30.021001..1|40.0100020.1
pedal 0..........0|............|...........0|0..........0
crash 0...........|............|............|...........0
        """,
    ),
    (
        0.06,
        """
kick  51....0..000|30.0..1....0|40....0..0.0|30...01....1
snare 1..1001.0200|30.100200100|1.0100100100|2000.010010.
pedal 1....120...0|1....120...0|1....12....0|1....11....0
ride  0...........|............|............|...........0
crash 0...........|............|............|............
tom   30.0002002..|30.1004001.0|4001003002.0|4002014001.0
        """,
    ),
    (
        0.05,
        """
kick  80...020...0|1.....2....0|1....020...0|1.....2....0
snare ............|0.....1.....|80..........|0.....1....0
hat   70...050...0|70...050...0|70...050...0|70...050...0
crash 2..........0|............|............|............
        """,
    ),
    (
        0.04,
        """
kick  80.........0|80.........0|80.........0|80.........0
snare ............|60.....0....|............|60.....0..0.
hat   30...070...0|30...070...0|30...070...0|30...070...0
        """,
    ),
    (
        0.03,
        """
kick  1.....0....0|1.....1....0|80.........0|1.....1....0
snare ............|1.....1.....|70....0.....|1.....1..1..
hat   50...03.2..0|50...03.2..0|50...03.2..0|50...03.2..0
        """,
    ),
    (
        0.06,
        """
kick  70......1..1|1.......1..1|60......2..1|1.......1..1
snare 0.......0..0|80......0..0|0.......0..0|80......1..0
hat   80..0...70.0|80..0...70.0|80..0...70.0|80..0...70.0
crash 1..........0|............|............|............
        """,
    ),
    (
        0.03,
        """
kick  70......1..1|1.......1..1|60......2..1|1.......1..1
snare 0.......0..0|80......0..0|0.......0..0|80......1..0
ride  80..0...70.0|80..0...70.0|80..0...70.0|80..0...70.0
crash 1..........0|............|............|............
        """,
    ),
    (
        0.03,
        """
kick  70......1..1|1.......1..1|60......2..1|1.......1..1
snare 0.......0..0|80......0..0|0.......0..0|80......1..0
hat   80..70..70.0|80..70..70.0|80..70..70.0|80..70..70.0
crash 1..........0|............|............|............
        """,
    ),
    (
        0.03,
        """
kick  0...........|............|............|............
snare ............|............|............|............
hat   ............|............|............|............
crash 1...........|............|............|............
        """,
    ),
)

# By hand, in this order: backbeats on two and three, on three, on two; the same on the ride; a jazz waltz; a
# break.
_THREE_FOUR: Tabs = (
    (
        0.3,
        """
kick  70....1....0|1.....1....0|1.....1....1
snare ............|50....0....0|50....0..0.0
hat   60...050...0|60...050...0|60...050...0
crash 1...........|............|............
tom   ............|............|0.....0..0.0
        """,
    ),
    (
        0.2,
        """
kick  80...020...0|0.....1....0|1.....1....1
snare 0...........|1.....0.....|70....0..0.0
hat   60...050...0|60...050...0|60...050...0
crash 1...........|............|............
tom   ............|............|0.....0..0.0
        """,
    ),
    (
        0.15,
        """
kick  80....1....0|0.....1....0|3.....1....1
snare 0...........|70....0.....|0.....1..0.0
hat   60...050...0|60...050...0|60...050...0
crash 1...........|............|............
tom   ............|............|0.....0..0.0
        """,
    ),
    (
        0.15,
        """
kick  70....1....0|1.....1....0|1.....1....1
snare 0...........|40....0....0|40....0..0.0
ride  70...030...0|70...030...0|70...030...0
pedal 0..........0|3..........0|3..........0
crash 1...........|............|............
tom   ............|............|0.....0..0.0
        """,
    ),
    (
        0.15,
        """
kick  40......1..1|1.......1..0|1.......1..1
snare 1.......1..0|2.......1..0|2.......1..0
ride  70......1..0|70......60.0|60......20.0
pedal 1..........0|50.........0|40.........0
tom   0.......0...|0...0...0...|1...1...1..0
        """,
    ),
    (
        0.05,
        """
kick  0...........|............|............
snare ............|............|............
        """,
    ),
)

# By hand: eighths on the hi-hat, on the ride, sixteenths, toms instead of a backbeat; a break.
_SIX_EIGHT: Tabs = (
    (
        0.4,
        """
kick  80..0...2..0|0...1...3..0
snare ............|80......0..0
hat   70..60..60.0|70..60..60.0
crash 1...........|............
tom   ............|....1...1.00
        """,
    ),
    (
        0.25,
        """
kick  80..0...2..0|0...1...3..0
snare ............|80......0..0
ride  70..60..60.0|70..60..60.0
crash 1...........|............
tom   ............|....1...1.00
        """,
    ),
    (
        0.15,
        """
kick  80..0...2..0|0...1...3..0
snare ............|80......0..0
hat   7.3.5.3.5.3.|7.3.5.3.5.3.
crash 1...........|............
        """,
    ),
    (
        0.15,
        """
kick  70..0...2..0|3...1...3..0
snare 1...1...1..0|3...2...2..1
tom   3.1.3.1.3.10|3.1.3.1.3.10
        """,
    ),
    (
        0.05,
        """
kick  0...........|............
snare ............|............
        """,
    ),
)

# By hand, for any other meter: the first beat and all others; once with divided beats, once with plain ones.
_ANY_BEATS = (
    (
        """
kick  60....1....0
snare 1.....1....0
hat   60...040...0
ride  20...010...0
crash 2...........
tom   0.....0.....
        """,
        """
kick  2.....1....0
snare 40....1..0.0
hat   50...040...0
ride  20...010...0
tom   0.....0..0.0
        """,
    ),
    (
        """
kick  60.........0
snare 1..........0
hat   40.........0
ride  40.........0
crash 2...........
tom   0.....0.....
        """,
        """
kick  2.....0....0
snare 40....0....0
hat   40.........0
ride  40.........0
tom   0.....0.....
        """,
    ),
)

_ANY_COMPOUND_BEATS = (
    (
        """
kick  60..0...1..0
snare 1...0...1..0
hat   60..40..40.0
ride  20..10..10.0
crash 2...........
tom   0...0...0..0
        """,
        """
kick  2...0...1..0
snare 40..0...1..0
hat   50..40..40.0
ride  20..10..10.0
tom   0...0...0..0
        """,
    ),
)
