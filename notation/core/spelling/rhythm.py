"""Rhythm within one beat: from where the strokes fall to note values, rests and tuplets.

A *unit* is what is beamed together: a quarter in simple time, a dotted quarter in compound time, a group of
two or three eighths in 5/8 and 7/8. Lengths are fractions of a quarter note. A drum note has no sounding
length, so it lasts to the next stroke of its voice or to the end of the unit; what no single value can
say is left to rests, and nothing is ever tied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from notation.core.beat_grid import Meter

QUARTER = Fraction(1)
DOTTED_QUARTER = Fraction(3, 2)
_EIGHTH = Fraction(1, 2)
_SHORTEST = Fraction(1, 8)  # a 32nd; anything shorter is unreadable and comes only from an editor

# How 5/8, 7/8 … are felt when nothing says otherwise, in eighths.
_EIGHTH_GROUPS = {3: (3,), 5: (3, 2), 7: (2, 2, 3), 8: (3, 3, 2), 10: (3, 3, 2, 2), 11: (3, 3, 3, 2)}


@dataclass(frozen=True, slots=True)
class Tuplet:
    """``actual`` notes of ``base`` in the time of ``normal``, from ``start`` for ``length`` quarters."""

    start: Fraction
    length: Fraction
    actual: int
    normal: int
    base: Fraction

    def shifted(self, by: Fraction) -> Tuplet:
        """The same tuplet, ``by`` quarters later."""
        return Tuplet(self.start + by, self.length, self.actual, self.normal, self.base)


@dataclass(frozen=True, slots=True)
class Value:
    """A note or rest: where it begins, how long it really lasts, and how that is written.

    ``base`` is the written value without dots (1 is a quarter); inside a tuplet it is longer than
    ``duration``. ``beam`` numbers the beam it belongs to within its voice and bar; ``beams_after`` is how
    many beams go on to the next value when that is fewer than the values say. ``fills_bar`` is a whole bar's
    rest.
    """

    onset: Fraction
    duration: Fraction
    base: Fraction
    dots: int
    is_rest: bool
    tuplet: Tuplet | None = None
    beam: int | None = None
    beams_after: int | None = None
    fills_bar: bool = False

    @property
    def flags(self) -> int:
        """How many flags or beams the written value has: 1 for an eighth."""
        return flags_of(self.base)

    def shifted(self, by: Fraction) -> Value:
        """The same value, ``by`` quarters later."""
        tuplet = self.tuplet.shifted(by) if self.tuplet else None
        return replace(self, onset=self.onset + by, tuplet=tuplet)


def flags_of(base: Fraction) -> int:
    """How many flags or beams a written value has: 1 for an eighth."""
    return max(0, int(1 / base).bit_length() - 1) if base < 1 else 0


def units_of(meter: Meter, quarters: Fraction) -> tuple[Fraction, ...]:
    """Return the lengths of the units of a bar, in order; a short (pickup) bar has the last of them.

    Args:
        quarters: the bar's real length, at most the meter's.
    """
    if meter.is_compound:
        full = [DOTTED_QUARTER] * meter.felt_beats
    elif meter.beat_type <= 4:
        full = [QUARTER] * int(meter.bar_quarters)
    elif meter.beat_type == 8:
        groups = _EIGHTH_GROUPS.get(meter.beats) or _pairs_then_three(meter.beats)
        full = [group * _EIGHTH for group in groups]
    else:
        whole, rest = divmod(meter.bar_quarters, QUARTER)
        full = [QUARTER] * int(whole) + ([rest] if rest else [])
    taken: list[Fraction] = []
    missing = quarters
    for length in reversed(full):
        if missing <= 0:
            break
        taken.append(min(length, missing))
        missing -= taken[-1]
    return tuple(reversed(taken))


def _pairs_then_three(eighths: int) -> tuple[int, ...]:
    if eighths == 1:
        return (1,)
    return (2,) * (eighths // 2) if eighths % 2 == 0 else (2,) * (eighths // 2 - 1) + (3,)


@lru_cache(maxsize=4096)
def spell_unit(length: Fraction, onsets: tuple[Fraction, ...]) -> tuple[Value, ...] | None:
    """Write one unit of one voice; None when these onsets have no readable spelling together.

    Args:
        onsets: distinct, ascending, from the unit's start, each below ``length``.
    """
    if all(onset % _SHORTEST == 0 for onset in onsets) and not _divides_compound_evenly(length, onsets):
        return _fill(length, onsets, None)
    if _one_eighth_is_split(length, onsets):
        return _split(length, onsets)
    for actual, normal, base in _tuplets_of(length):
        step = length / actual
        if all(onset % step == 0 for onset in onsets):
            tuplet = Tuplet(Fraction(0), length, actual, normal, base)
            return _fill(length, onsets, tuplet)
    return _split(length, onsets)


def _divides_compound_evenly(length: Fraction, onsets: Sequence[Fraction]) -> bool:
    """Whether a compound beat is struck in halves or quarters of it, written as a duplet or quadruplet."""
    return length == DOTTED_QUARTER and any(onsets) and not any(onset % (length / 4) for onset in onsets)


def _one_eighth_is_split(length: Fraction, onsets: Sequence[Fraction]) -> bool:
    """Whether a quarter is an eighth and a triplet of 16ths, plainer than a sextuplet with holes."""
    if length != QUARTER or _EIGHTH not in onsets:
        return False
    odd = {onset >= _EIGHTH for onset in onsets if onset % _SHORTEST}
    return len(odd) == 1


def _tuplets_of(length: Fraction) -> tuple[tuple[int, int, Fraction], ...]:
    """The tuplets that may fill a whole unit: notes, in the time of, written value. The plainest first."""
    sixteenth = Fraction(1, 4)
    if length == DOTTED_QUARTER:
        return ((2, 3, _EIGHTH), (4, 3, _EIGHTH))
    if length == QUARTER:
        return ((3, 2, _EIGHTH), (6, 4, sixteenth), (5, 4, sixteenth), (7, 4, sixteenth))
    if length == _EIGHTH:
        return ((3, 2, sixteenth),)
    if length == 2 * QUARTER:
        return ((3, 2, QUARTER),)
    return ()


def _split(length: Fraction, onsets: tuple[Fraction, ...]) -> tuple[Value, ...] | None:
    """Write the eighths of a unit one by one: a triplet may fill just one of them."""
    if length <= _EIGHTH or length % _EIGHTH:
        return None
    values: list[Value] = []
    for index in range(int(length / _EIGHTH)):
        start = index * _EIGHTH
        inside = tuple(onset - start for onset in onsets if start <= onset < start + _EIGHTH)
        part = spell_unit(_EIGHTH, inside)
        if part is None:
            return None
        values.extend(value.shifted(start) for value in part)
    return tuple(values)


def _fill(length: Fraction, onsets: Sequence[Fraction], tuplet: Tuplet | None) -> tuple[Value, ...]:
    """Fill ``length`` with the strokes at ``onsets`` and rests; inside a tuplet count in written values."""
    stretch = Fraction(tuplet.actual, tuplet.normal) if tuplet else Fraction(1)
    written_length = length * stretch
    edges = [onset * stretch for onset in onsets] + [written_length]
    written: list[tuple[Fraction, Fraction, int, bool]] = []
    written += _rests(Fraction(0), edges[0], written_length, whole=tuplet is None)
    for place, end in pairwise(edges):
        base, dots = _note_value(place, end - place, written_length)
        written.append((place, base, dots, False))
        written += _rests(place + _dotted(base, dots), end, written_length, whole=False)
    return tuple(
        Value(place / stretch, _dotted(base, dots) / stretch, base, dots, is_rest, tuplet)
        for place, base, dots, is_rest in written
    )


def _dotted(base: Fraction, dots: int) -> Fraction:
    return base * 3 / 2 if dots else base


def _note_value(place: Fraction, room: Fraction, length: Fraction) -> tuple[Fraction, int]:
    """The longest value that fits ``room`` and shows the beat: (base, dots).

    A dotted note begins where its undotted double could begin, or one third into it (dotted eighth and
    sixteenth, sixteenth and dotted eighth); an undotted one may begin half its own length off the grid (16th,
    8th, 16th), no more.
    """
    base = Fraction(4)
    while base > Fraction(1, 64):
        value = base * 3 / 2
        shows_beat = place % (2 * base) in (0, base / 2) and value <= QUARTER
        # A dotted quarter fills a compound beat; in simple time no dot crosses a beat.
        if value <= room and (shows_beat or (place == 0 and value == length)):
            return base, 1
        if base <= room and place % (base / 2) == 0:
            return base, 0
        base /= 2
    return base, 0


def _rests(
    place: Fraction, end: Fraction, length: Fraction, *, whole: bool
) -> list[tuple[Fraction, Fraction, int, bool]]:
    """Rests from ``place`` to ``end``, each on its own grid and undotted, but a compound beat's in one."""
    if whole and place == 0 and end == length == DOTTED_QUARTER:
        return [(place, QUARTER, 1, True)]
    rests: list[tuple[Fraction, Fraction, int, bool]] = []
    while place < end:
        base = Fraction(4)
        while base > end - place or place % base:
            base /= 2
        rests.append((place, base, 0, True))
        place += base
    return rests


def nearest_spelling(length: Fraction, onsets: Iterable[Fraction]) -> Mapping[Fraction, Fraction]:
    """Map onsets that cannot be written together to the nearest ones that can, keeping them apart.

    The quantiser never needs this; a person moving notes in the editor may.
    """
    wanted = sorted(set(onsets))
    best: dict[Fraction, Fraction] | None = None
    best_cost = Fraction(10**6)
    for parts in (4, 3, 6, 8, 12, 24, 16, 5, 7):
        step = length / parts
        moved = {onset: min(round(onset / step), parts - 1) * step for onset in wanted}
        merged = len(wanted) - len(set(moved.values()))
        if spell_unit(length, tuple(sorted(set(moved.values())))) is None:
            continue
        cost = sum((abs(onset - place) for onset, place in moved.items()), Fraction(0)) + 10 * merged
        if cost < best_cost:
            best, best_cost = moved, cost
    if best is None:
        return {onset: Fraction(0) for onset in wanted}
    return best
