"""Musical words: how a drummer counts, names and marks what is in a bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.score import Bar, Mark

_F = Fraction
# What is counted after the number of the beat: "2 e & a", "2 trip let", "2 la li".
_SIMPLE: Mapping[Fraction, str] = {
    _F(0): "",
    _F(1, 4): "e",
    _F(1, 2): "&",
    _F(3, 4): "a",
    _F(1, 3): " trip",
    _F(2, 3): " let",
}
_COMPOUND: Mapping[Fraction, str] = {_F(0): "", _F(1, 3): " la", _F(2, 3): " li"}
_NOW: Mapping[Mark, str] = {
    Mark.GHOST: "a ghost note",
    Mark.ACCENT: "accented",
    Mark.PLAIN: "plain",
    Mark.HALF_OPEN: "half open",
    Mark.CHOKE: "choked",
    Mark.RIM_SHOT: "a rim shot",
    Mark.ROLL: "a roll",
    Mark.RIGHT: "right hand",
    Mark.LEFT: "left hand",
}
_MOST_PARTS = 4  # of a list of bars, before it is shortened


def instrument_name(instrument: InstrumentName) -> str:
    """The instrument within a sentence: "open hi-hat"."""
    return INSTRUMENTS[instrument].label.lower()


def mark_words(mark: Mark) -> str:
    """What a note is when it has the mark: "accented", "a ghost note"."""
    return _NOW[mark]


def beat_name(bar: Bar, position: Fraction) -> str:
    """Where in the bar, as counted aloud: "2", "2&", "3a", "1 trip", "2 li"; else "2+1/8" of a beat."""
    beat, rest = divmod(position / bar.meter.beat_quarters, 1)
    number = int(beat) + 1
    if bar.is_pickup:  # the last beats of a bar, and counted as such
        number += bar.meter.felt_beats - len(bar.beat_times_s)
    names = _COMPOUND if bar.meter.is_compound else _SIMPLE
    return f"{number}{names[rest]}" if rest in names else f"{number}+{rest}"


def bars_name(numbers: Iterable[int]) -> str:
    """The bars within a sentence: "bar 17", "bars 5–8", "bars 1, 5 and 9", "12 bars from 5 to 60"."""
    ordered = sorted(set(numbers))
    if len(ordered) == 1:
        return bar_name(ordered[0])
    parts: list[str] = []
    for first, last in runs_of(ordered):
        parts += [f"{first}–{last}"] if last > first + 1 else [str(first), str(last)][: last - first + 1]
    if len(parts) > _MOST_PARTS:
        return f"{len(ordered)} bars from {ordered[0]} to {ordered[-1]}"
    return f"bars {listed(parts)}"


def bar_name(number: int) -> str:
    """ "bar 17"; bar 0 is the pickup."""
    return f"bar {number}" if number else "the pickup"


def runs_of(ordered: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as runs without a gap: (first, last)."""
    runs: list[tuple[int, int]] = []
    for number in ordered:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def counted(number: int, noun: str) -> str:
    """ "1 bar", "2 bars"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
