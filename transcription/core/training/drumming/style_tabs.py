"""Drum tabs: how the written styles are noted down, and how a tab is read.

A tab is lines parted by bars: ``kick X--- --x- X--- ---- | snare ---- X--- ---- X---``. A line names an
instrument and writes it group by group, a group being a beat (in 7/8 two or three eighths). The marks of a
group divide it evenly, so ``x-x-`` are sixteenths of a quarter, ``x-x`` triplets, and one line may mix both.
A line of one group repeats it through the bar; a line of twice the groups is two bars long. Of a group with
slashes one alternative is drawn each time: ``---/--g/g--`` is comping. The marks are those of ``_MARKS``; a
digit is the chance, in tenths, that a song's groove has the stroke.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

import numpy as np

TICKS = 96  # of a quarter note: the finest grid that holds both 32nds and sextuplets
_MARKS = {
    "X": (114, ""),
    "x": (90, ""),
    "s": (60, ""),
    "g": (28, ""),
    "f": (108, "flam"),
    "d": (100, "drag"),
    "r": (104, "ruff"),
    "z": (58, "buzz"),
    "?": (28, ""),  # a ghost stroke played about every other time
}
# Other sounds of what a line names, and whether they are accented.
_ARTICULATIONS = {
    ("hihat_closed", "o"): ("hihat_open", "x"),
    ("hihat_closed", "O"): ("hihat_open", "X"),
    ("hihat_closed", "p"): ("hihat_pedal", "x"),
    ("ride", "b"): ("ride_bell", "x"),
    ("ride", "B"): ("ride_bell", "X"),
    ("snare", "c"): ("side_stick", "x"),
}


@dataclass(frozen=True, slots=True)
class TabMeter:
    """A meter as tabs write it: its groups and a felt beat, in quarter notes."""

    groups: tuple[float, ...]
    beat_quarters: float

    @property
    def bar_quarters(self) -> float:
        """The length of a bar in quarter notes."""
        return sum(self.groups)


METERS: Mapping[str, TabMeter] = {
    "3/4": TabMeter((1.0,) * 3, 1.0),
    "4/4": TabMeter((1.0,) * 4, 1.0),
    "5/4": TabMeter((1.0,) * 5, 1.0),
    "6/8": TabMeter((1.5,) * 2, 1.5),
    "9/8": TabMeter((1.5,) * 3, 1.5),
    "12/8": TabMeter((1.5,) * 4, 1.5),
    "7/8 2+2+3": TabMeter((1.0, 1.0, 1.5), 0.5),
    "7/8 3+2+2": TabMeter((1.5, 1.0, 1.0), 0.5),
}


@dataclass(frozen=True, slots=True)
class Style:
    """A way of playing: tabs to choose from, and how they are brought to life.

    A section of a song has one of ``grooves``, one of ``keepers`` (what keeps time; one that stands there
    twice is likelier) and each of ``extras`` by its chance. ``swing`` is where in its unit of
    ``swing_quarters`` a stroke falls that is written at ``swing_written``; what lies between moves along.
    """

    name: str
    weight: float  # how often it is drawn, relative to the others
    meter: str
    tempo_bpm: tuple[float, float]  # quarter notes a minute
    grooves: tuple[str, ...]
    keepers: tuple[str, ...] = ("",)
    extras: tuple[tuple[float, str], ...] = ()
    fills: str = "toms"
    fill_chance: float = 0.55
    cymbals: tuple[str, ...] = ("crash", "crash", "crash", "splash", "china")  # where a section starts
    crash_chance: float = 0.6
    swing: tuple[float, float] = (0.5, 0.5)
    swing_written: float = 0.5
    swing_quarters: float = 1.0
    loudness: tuple[float, float] = (0.85, 1.05)
    machine: bool = False  # on the grid, evenly loud


class Written(NamedTuple):
    """A stroke of a tab: ``tick`` from the start of its bar; a ``chance`` under 1 is settled once a song."""

    tick: int
    instrument: str
    velocity: float
    ornament: str = ""
    chance: float = 1.0
    ticks: int = TICKS // 4  # as long as a press roll lasts


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of one or more bars: strokes always played, and groups of which one alternative is."""

    fixed: tuple[tuple[Written, ...], ...]
    free: tuple[tuple[tuple[tuple[Written, ...], ...], ...], ...]

    def settled(self, rng: np.random.Generator) -> Tab:
        """Return the tab of one song: every stroke that is open to chance is now in or out."""
        return replace(self, fixed=tuple(tuple(_kept(rng, bar)) for bar in self.fixed))

    def bar(self, rng: np.random.Generator, number: int) -> Iterator[Written]:
        """Yield the strokes of bar ``number``, counted from 0, with its alternatives drawn."""
        number %= len(self.fixed)
        yield from self.fixed[number]
        for alternatives in self.free[number]:
            yield from alternatives[int(rng.random() * len(alternatives))]


@cache
def read_tab(text: str, meter: str) -> Tab:
    """Read a tab in one of ``METERS``.

    Raises:
        ValueError: a line has no whole number of bars, or a group that the grid cannot divide evenly.
    """
    groups = METERS[meter].groups
    lines = [line.split() for line in text.split("|") if line.strip()]
    bars = max((len(line) - 1) // len(groups) for line in lines) or 1 if lines else 1
    fixed: list[list[Written]] = [[] for _ in range(bars)]
    free: list[list[tuple[tuple[Written, ...], ...]]] = [[] for _ in range(bars)]
    for instrument, *written in lines:
        if len(written) == 1:
            written *= len(groups)
        if len(written) % len(groups) or bars % (len(written) // len(groups)):
            raise ValueError(f"{len(written)} groups in {meter}: {instrument} {written}")
        written *= bars * len(groups) // len(written)
        begin = 0
        for number, group in enumerate(written):
            bar, place = divmod(number, len(groups))
            begin = begin if place else 0
            ticks = round(groups[place] * TICKS)
            drawn = tuple(tuple(_strokes(instrument, marks, begin, ticks)) for marks in group.split("/"))
            if any(stroke.chance < 1.0 for strokes in drawn[1:] for stroke in strokes):
                raise ValueError(f"Chance within an alternative: {instrument} {group}")
            if "?" in group:
                free[bar] += [
                    ((), (ghost,)) for ghost in _strokes(instrument, _only(group, "?"), begin, ticks)
                ]
                drawn = (tuple(_strokes(instrument, group.replace("?", "-"), begin, ticks)),)
            if len(drawn) == 1:
                fixed[bar] += drawn[0]
            else:
                free[bar].append(drawn)
            begin += ticks
    return Tab(tuple(map(tuple, fixed)), tuple(map(tuple, free)))


def _only(marks: str, wanted: str) -> str:
    return "".join(mark if mark == wanted else "-" for mark in marks)


def _strokes(instrument: str, marks: str, begin: int, ticks: int) -> Iterator[Written]:
    if ticks % len(marks):
        raise ValueError(f"{len(marks)} marks do not divide a group of {ticks} ticks: {instrument} {marks}")
    for index, mark in enumerate(marks):
        tick = begin + index * (ticks // len(marks))
        if mark.isdigit():
            yield Written(tick, instrument, 90, chance=int(mark) / 10)
        elif mark != "-":
            sounded, mark = _ARTICULATIONS.get((instrument, mark), (instrument, mark))
            velocity, ornament = _MARKS[mark]
            yield Written(tick, sounded, velocity, ornament, ticks=ticks // len(marks))


def _kept(rng: np.random.Generator, bar: tuple[Written, ...]) -> Iterator[Written]:
    for stroke in bar:
        if stroke.chance >= 1.0 or rng.random() < stroke.chance:
            yield stroke
