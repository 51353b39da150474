"""The form of a song: its sections, their grooves, the fills between them, and the stops.

A section begins where the groove changes or where a fill leads to a crash, and rather after four or eight
bars than after three. Boundaries and grooves are found together, by the cheapest way through the song
(dynamic programming), so that one misheard bar starts no section.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from notation.core.bar_patterns import CYMBALS_OF_ACCENT, BarPatterns, pattern_distances, read_patterns
from notation.core.fills import Fill, find_fills
from notation.core.instruments import InstrumentName
from notation.core.score import Score, ScoreHit

Array = NDArray[np.float64]

# What follows is in "bars wholly unlike the groove"; chosen so that the songs of benchmarks/form.py come out.
_MOST_A_BAR = 0.5  # a fill is unlike any groove, but only so much
_BOUNDARY = 1.4
_EVIDENCE = 1.6  # what crash, fill or silence take off that
_TWO_BAR_PATTERN = 0.35
_ODD_LENGTH, _TWO_BARS, _FOUR_BARS = 0.5, 0.3, 0.1
_SHORT, _FEWEST_BARS = 1.0, 4
_LONG_A_BAR, _USUAL_BARS = 0.04, 8
_LONGEST_BARS = 64
_CRASH, _FILL, _SILENCE, _METER = 0.5, 0.5, 0.5, 0.5
_WEAK_EVIDENCE = 0.4
_SAME_GROOVE = 0.11  # two sections nearer than this have one letter
_MOST_BARS = 0.5
_FEWEST_SILENT = 4  # so many silent bars are a section; fewer are a stop


@dataclass(frozen=True, slots=True)
class Section:
    """Bars ``first`` to ``last`` on one groove; ``groove_bars`` are the one or two that show it best.

    Sections with the same ``letter`` have the same groove. A silent section has no groove bars; one before
    the drums come in has no letter either. ``name`` is what a person called it, else the letter.
    """

    letter: str
    first: int
    last: int
    groove_bars: tuple[int, ...]
    name: str

    @property
    def bars(self) -> int:
        """How many bars it has."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one song.

    ``like`` maps each bar to the first bar of its section's groove that it is like (the groove bar of its
    phase); a fill or a bar of its own maps to itself. ``stops`` are silent bars amid the playing, and bars of
    nothing but a few unison strokes.
    """

    sections: tuple[Section, ...]
    fills: tuple[Fill, ...]
    stops: tuple[int, ...]
    like: Mapping[int, int]

    def fill_in(self, bar: int) -> Fill | None:
        """The fill that is played in ``bar``."""
        return next((fill for fill in self.fills if fill.bar == bar), None)

    def section_at(self, bar: int) -> Section | None:
        """The section that ``bar`` belongs to; None for a pickup."""
        return next((section for section in self.sections if section.first <= bar <= section.last), None)


def find_form(score: Score) -> Form:
    """Find sections, fills and stops; where the score has section names, these say where sections begin.

    Source:
        The way through the song follows Paulus, Müller and Klapuri, "Audio-based music structure analysis",
        ISMIR 2010: homogeneity, novelty and repetition are weighed in one cost.
    """
    start = 1 if len(score.bars) > 1 and score.bars[0].is_pickup else 0
    song = _Song(score, start)
    cuts = song.given_cuts or song.found_cuts()
    fills = song.fills(cuts)
    like = song.likeness(cuts, fills)
    return Form(song.sections(cuts, fills), fills, _stops(score, fills, like), like)


def with_sections(score: Score, form: Form) -> Score:
    """``score`` with the sections' letters as rehearsal marks; marks that are there already stay.

    A song of one section needs no letter.
    """
    letters = {section.first: section.letter for section in form.sections if section.letter}
    if len(letters) < 2:
        return score
    bars = tuple(replace(bar, section=bar.section or letters.get(bar.number)) for bar in score.bars)
    return replace(score, bars=bars)


class _Song:
    """The bars from ``start`` on, by row, and what is known about them."""

    def __init__(self, score: Score, start: int) -> None:
        self._score = score
        self._bars = score.bars[start:]
        whole = read_patterns(score)
        self._patterns = BarPatterns(whole.strokes[start:], whole.timekeepers[start:], whole.quarters[start:])
        self._distances = self._patterns.distances()
        self._silent = self._patterns.strokes.sum(axis=(1, 2)) == 0
        grouped = score.hits_by_bar()
        self._hits = [grouped.get(bar.number, []) for bar in self._bars]

    @property
    def given_cuts(self) -> list[int]:
        """Where sections begin as the score says; empty if it names none."""
        named = [row for row, bar in enumerate(self._bars) if bar.section]
        return sorted({0, *named}) if named else []

    def found_cuts(self) -> list[int]:
        """Where sections begin by what is played."""
        cuts = self.cheapest_cuts(self.evidence(()))
        # At first any bar may end a phrase: where phrases end is what is to be found.
        evidence = self.evidence(self.fills(cuts, every_bar_ends_a_phrase=True))
        return self.merged(self.cheapest_cuts(evidence), evidence)

    def evidence(self, fills: Sequence[Fill]) -> Array:
        """For each bar how much speaks for a section to begin there, besides its groove: 0..1."""
        crashed = np.array([_crashes_on_one(hits) for hits in self._hits], dtype=float)
        crashed *= 1 - crashed.mean()  # who crashes on every bar says nothing with it
        filled = {fill.bar: min(1.0, fill.weight / 4) for fill in fills}
        result = _CRASH * crashed
        for row in range(1, len(self._bars)):
            result[row] += _FILL * filled.get(self._bars[row - 1].number, 0.0)
            if self._silent[row - 1] != self._silent[row]:
                result[row] += _SILENCE
            if self._bars[row - 1].meter.bar_quarters != self._bars[row].meter.bar_quarters:
                result[row] += _METER
        return np.minimum(result, 1.0)

    def cheapest_cuts(self, evidence: Array) -> list[int]:
        """The rows at which sections begin, the first included."""
        count = len(self._bars)
        best = np.full(count + 1, np.inf)
        best[0] = 0.0
        came_from = np.zeros(count + 1, dtype=int)
        for start in range(count):
            opening = _BOUNDARY - _EVIDENCE * evidence[start] if start else 0.0
            inside = self._costs_from(start)
            for length, cost in enumerate(inside, start=1):
                end = start + length
                total = (
                    best[start] + opening + cost + _length_cost(length, first=start == 0, last=end == count)
                )
                if total < best[end]:
                    best[end], came_from[end] = total, start
        cuts = [count]
        while cuts[-1]:
            cuts.append(int(came_from[cuts[-1]]))
        return cuts[:0:-1]

    def _costs_from(self, start: int) -> Array:
        """How unlike their groove the bars of a section from ``start`` are, for each length it might have."""
        window = np.minimum(
            self._distances[start : start + _LONGEST_BARS, start : start + _LONGEST_BARS], _MOST_A_BAR
        )
        single = _best_example(window)
        if len(window) < 2 * 2:
            return single
        even, odd = _best_example(window[::2, ::2]), _best_example(window[1::2, 1::2])
        lengths = np.arange(1, len(window) + 1)
        double = even[(lengths + 1) // 2 - 1] + np.concatenate([[0.0], odd])[lengths // 2] + _TWO_BAR_PATTERN
        double[:3] = np.inf
        costs: Array = np.minimum(single, double)
        return costs

    def merged(self, cuts: Sequence[int], evidence: Array) -> list[int]:
        """Leave out a cut between two like grooves for which little else speaks."""
        kept = list(cuts)
        for cut in cuts[1:]:
            place = kept.index(cut)
            end = kept[place + 1] if place + 1 < len(kept) else len(self._bars)
            alike = self._section_distance((kept[place - 1], cut), (cut, end)) < _SAME_GROOVE
            if alike and evidence[cut] < _WEAK_EVIDENCE:
                kept.remove(cut)
        return kept

    def fills(self, cuts: Sequence[int], *, every_bar_ends_a_phrase: bool = False) -> tuple[Fill, ...]:
        """The fills, against the groove of each bar's section."""
        grooves, phrase_ends = [], []
        for first, end in self._spans(cuts):
            groove, _ = self._groove(first, end)
            for row in range(first, end):
                grooves.append(groove[(row - first) % len(groove)])
                ends_phrase = (row + 1 - first) % _FEWEST_BARS == 0 or row + 1 == end
                phrase_ends.append(every_bar_ends_a_phrase or ends_phrase)
        return find_fills(self._bars, self._patterns.strokes, grooves, phrase_ends)

    def sections(self, cuts: Sequence[int], fills: Sequence[Fill]) -> tuple[Section, ...]:
        """The sections with their letters."""
        filled = {fill.bar for fill in fills}
        letters: list[tuple[str, tuple[int, int]]] = []
        sections = []
        for first, end in self._spans(cuts):
            silent = bool(self._silent[first:end].all())
            known = (
                letter
                for letter, span in letters
                if self._section_distance(span, (first, end), filled) < _SAME_GROOVE
            )
            letter = "" if silent and first == 0 else next(known, "")
            if not letter and not (silent and first == 0):
                letter = _letter(len({name for name, _ in letters}))
            if letter:
                letters.append((letter, (first, end)))
            bar = self._bars[first]
            rows = () if silent else self._example_rows(first, end, filled)
            sections.append(
                Section(
                    letter,
                    bar.number,
                    self._bars[end - 1].number,
                    tuple(self._bars[row].number for row in rows),
                    bar.section or letter,
                )
            )
        return tuple(sections)

    def likeness(self, cuts: Sequence[int], fills: Sequence[Fill]) -> dict[int, int]:
        """For each bar the groove bar that it is like, or itself."""
        filled = {fill.bar for fill in fills}
        like = {bar.number: bar.number for bar in self._bars}
        for first, end in self._spans(cuts):
            rows = self._example_rows(first, end, filled)
            for row in range(first, end):
                example = rows[(row - first) % len(rows)]
                if self._bars[row].number not in filled and self._distances[row, example] < 2 * _SAME_GROOVE:
                    like[self._bars[row].number] = self._bars[example].number
        return like

    def _spans(self, cuts: Sequence[int]) -> list[tuple[int, int]]:
        return list(zip(cuts, [*cuts[1:], len(self._bars)], strict=True))

    def _period(self, first: int, end: int) -> int:
        """Whether the groove is a pattern of one bar or of two."""
        window = np.minimum(self._distances[first:end, first:end], _MOST_A_BAR)
        if end - first < 2 * 2:
            return 1
        double = window[::2, ::2].sum(axis=0).min() + window[1::2, 1::2].sum(axis=0).min()
        return 2 if double + _TWO_BAR_PATTERN < window.sum(axis=0).min() else 1

    def _groove(self, first: int, end: int, filled: Collection[int] = ()) -> tuple[list[Array], list[Array]]:
        """Strokes and timekeepers of the groove, an entry for each bar of its pattern."""
        strokes, timekeepers = [], []
        period = self._period(first, end)
        for phase in range(period):
            rows = np.arange(first + phase, end, period)
            rows = np.array([row for row in rows if self._bars[row].number not in filled] or rows)
            # Bars unlike all others (fills, endings) have no say in what is usual.
            example = self._distances[np.ix_(rows, rows)].sum(axis=0).argmin()
            usual = [row for row in rows if self._distances[row, rows[example]] < _MOST_A_BAR]
            mean, times = self._patterns.pattern_of([int(row) for row in (usual or rows)])
            strokes.append(mean)
            timekeepers.append(times)
        return strokes, timekeepers

    def _section_distance(
        self, one: tuple[int, int], other: tuple[int, int], filled: Collection[int] = ()
    ) -> float:
        """How unlike the grooves of two spans are, by the strokes that most of their bars have."""
        ours, our_times = self._groove(*one, filled)
        theirs, their_times = self._groove(*other, filled)
        if len(ours) != len(theirs):
            longer = max(len(ours), len(theirs))
            ours, our_times = ours * (longer // len(ours)), our_times * (longer // len(our_times))
            theirs, their_times = theirs * (longer // len(theirs)), their_times * (longer // len(their_times))
        quarters = [self._patterns.quarters[span[0]] for span in (one, other)]
        together = [
            pattern_distances(
                (np.stack([a, b]) >= _MOST_BARS).astype(float), np.stack([p, q]), np.array(quarters)
            )[0, 1]
            for a, b, p, q in zip(ours, theirs, our_times, their_times, strict=True)
        ]
        return float(np.mean(together))

    def _example_rows(self, first: int, end: int, filled: set[int]) -> list[int]:
        """The bars that show the groove best: nearest to all others, without a fill or a crash."""
        period = self._period(first, end)
        result = []
        for phase in range(period):
            rows = np.arange(first + phase, end, period)
            cost = np.minimum(self._distances[np.ix_(rows, rows)], _MOST_A_BAR).mean(axis=0)
            for place, row in enumerate(rows):
                cost[place] += (self._bars[row].number in filled) + 0.05 * _crashes_on_one(self._hits[row])
            result.append(int(rows[int(cost.argmin())]))
        return result


def _best_example(window: Array) -> Array:
    """For each length n, how unlike the first n bars are to the one of them that is most like the others."""
    # Cumulated over the bars, for each example; an example must itself be among the first n.
    cumulated = np.cumsum(window, axis=0)
    costs: Array = np.where(np.tri(len(window), dtype=bool), cumulated, np.inf).min(axis=1)
    return costs


def _length_cost(length: int, *, first: bool, last: bool) -> float:
    if length % 8 == 0:
        cost = 0.0
    elif length % 4 == 0:
        cost = _FOUR_BARS
    elif length % 2 == 0:
        cost = _TWO_BARS
    else:
        cost = _ODD_LENGTH
    if first or last:  # intros and endings are of any length
        cost /= 2
    if length < _FEWEST_BARS:
        cost += _SHORT
    return cost + _LONG_A_BAR * max(0, length - _USUAL_BARS)


def _crashes_on_one(hits: Sequence[ScoreHit]) -> bool:
    """Whether a cymbal stands out on the first beat; a single ride stroke is a crash that was misheard."""
    first = {placed.hit.instrument for placed in hits if placed.position == 0}
    later = {placed.hit.instrument for placed in hits if placed.position != 0}
    return bool(first & CYMBALS_OF_ACCENT or InstrumentName.RIDE in first - later)


def _letter(index: int) -> str:
    """A to Z, then AA, AB…"""
    first, second = divmod(index, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + second)


def _stops(score: Score, fills: Sequence[Fill], like: Mapping[int, int]) -> tuple[int, ...]:
    """Bars of silence (fewer than a section's) or of few strokes, all of them hands and feet together."""
    filled = {fill.bar for fill in fills}
    grouped = score.hits_by_bar()
    played = [bar.number for bar in score.bars if grouped.get(bar.number)]
    if not played:
        return ()
    stops = []
    silent: list[int] = []
    for bar in score.bars:
        if not played[0] < bar.number < played[-1] or bar.is_pickup:
            continue
        if not grouped.get(bar.number):
            silent.append(bar.number)
            continue
        if len(silent) < _FEWEST_SILENT:
            stops += silent
        silent = []
        of_its_own = bar.number not in filled and list(like.values()).count(bar.number) == 1
        if of_its_own and _is_unison(grouped[bar.number], bar.quarters):
            stops.append(bar.number)
    return tuple(sorted(stops))


def _is_unison(hits: Sequence[ScoreHit], quarters: Fraction) -> bool:
    places: dict[Fraction, set[bool]] = {}
    for placed in hits:
        if not placed.is_grace:
            is_foot = placed.hit.instrument.value in ("kick", "hihat_pedal")
            places.setdefault(placed.position, set()).add(is_foot)
    return 0 < len(places) <= quarters and all(kinds == {True, False} for kinds in places.values())
