"""Where a song's grooves change, by the cheapest way through its bars, and what is played between changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from notation.core.form.bar_patterns import CYMBALS_OF_ACCENT, BarPatterns, pattern_distances, read_patterns
from notation.core.form.fills import Fill, find_fills
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
_PHRASE_BARS = 4
_LONG_A_BAR, _USUAL_BARS = 0.04, 8
_LONGEST_BARS = 64
_MOST_AT_ONCE = 512  # bars compared with one another: all of any song, parts of a day's rehearsal
_CRASH, _FILL, _SILENCE, _METER = 0.5, 0.5, 0.5, 0.5
_WEAK_EVIDENCE = 0.4
SAME_GROOVE = 0.11  # two grooves nearer than this are one
_MOST_BARS = 0.5  # a stroke that so many bars have is the groove's


class SongGrooves:
    """The bars from ``start`` on, by row, and what is known about them."""

    def __init__(self, score: Score, start: int) -> None:
        self.bars = score.bars[start:]
        whole = read_patterns(score)
        self._patterns = BarPatterns(whole.strokes[start:], whole.timekeepers[start:], whole.quarters[start:])
        self._all_distances = self._patterns.distances() if len(self.bars) <= _MOST_AT_ONCE else None
        self.silent = self._patterns.strokes.sum(axis=(1, 2)) == 0
        grouped = score.hits_by_bar()
        self._known_grooves: dict[tuple[int, int, frozenset[int]], tuple[list[Array], list[Array]]] = {}
        self._hits = [grouped.get(bar.number, []) for bar in self.bars]

    @property
    def given_cuts(self) -> list[int]:
        """Where sections begin as the score says; empty if it names none."""
        named = [row for row, bar in enumerate(self.bars) if bar.section]
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
        for row in range(1, len(self.bars)):
            result[row] += _FILL * filled.get(self.bars[row - 1].number, 0.0)
            if self.silent[row - 1] != self.silent[row]:
                result[row] += _SILENCE
            if self.bars[row - 1].meter.bar_quarters != self.bars[row].meter.bar_quarters:
                result[row] += _METER
        return np.minimum(result, 1.0)

    def cheapest_cuts(self, evidence: Array) -> list[int]:
        """The rows at which sections begin, the first included."""
        count = len(self.bars)
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
        window = np.minimum(self.distances(start, start + _LONGEST_BARS), _MOST_A_BAR)
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
            end = kept[place + 1] if place + 1 < len(kept) else len(self.bars)
            alike = self.distance((kept[place - 1], cut), (cut, end)) < SAME_GROOVE
            if alike and evidence[cut] < _WEAK_EVIDENCE:
                kept.remove(cut)
        return kept

    def fills(self, cuts: Sequence[int], *, every_bar_ends_a_phrase: bool = False) -> tuple[Fill, ...]:
        """The fills, against the groove of each bar's section."""
        grooves, phrase_ends = [], []
        for first, end in self.spans(cuts):
            groove, _ = self._groove(first, end)
            for row in range(first, end):
                grooves.append(groove[(row - first) % len(groove)])
                ends_phrase = (row + 1 - first) % _PHRASE_BARS == 0 or row + 1 == end
                phrase_ends.append(every_bar_ends_a_phrase or ends_phrase)
        return find_fills(self.bars, self._patterns.strokes, grooves, phrase_ends)

    def distances(self, first: int, end: int) -> Array:
        """How unlike each two bars of a span are; of a very long span only its beginning."""
        end = min(end, first + _MOST_AT_ONCE, len(self.bars))
        if self._all_distances is not None:
            return self._all_distances[first:end, first:end]
        part, rows = self._patterns, slice(first, end)
        return pattern_distances(part.strokes[rows], part.timekeepers[rows], part.quarters[rows])

    def spans(self, cuts: Sequence[int]) -> list[tuple[int, int]]:
        """First row and end of what lies between cuts."""
        return list(zip(cuts, [*cuts[1:], len(self.bars)], strict=True))

    def _period(self, first: int, end: int) -> int:
        """Whether the groove is a pattern of one bar or of two."""
        window = np.minimum(self.distances(first, end), _MOST_A_BAR)
        halves = self.silent[first:end:2], self.silent[first + 1 : end : 2]
        if end - first < 2 * 2 or any(half.all() for half in halves):
            return 1
        double = window[::2, ::2].sum(axis=0).min() + window[1::2, 1::2].sum(axis=0).min()
        return 2 if double + _TWO_BAR_PATTERN < window.sum(axis=0).min() else 1

    def _groove(self, first: int, end: int, filled: Collection[int] = ()) -> tuple[list[Array], list[Array]]:
        """Strokes and timekeepers of the groove, an entry for each bar of its pattern."""
        inside = frozenset(bar.number for bar in self.bars[first:end]) & frozenset(filled)
        if (first, end, inside) not in self._known_grooves:
            self._known_grooves[(first, end, inside)] = self._find_groove(first, end, inside)
        return self._known_grooves[(first, end, inside)]

    def _find_groove(self, first: int, end: int, filled: frozenset[int]) -> tuple[list[Array], list[Array]]:
        strokes, timekeepers = [], []
        period = self._period(first, end)
        distances = self.distances(first, end)
        for phase in range(period):
            places = np.arange(phase, len(distances), period)
            places = np.array([n for n in places if self.bars[first + n].number not in filled] or places)
            # Bars unlike all others (fills, endings) have no say in what is usual.
            example = distances[np.ix_(places, places)].sum(axis=0).argmin()
            usual = [n for n in places if distances[n, places[example]] < _MOST_A_BAR]
            mean, times = self._patterns.pattern_of([int(first + n) for n in (usual or places)])
            strokes.append(mean)
            timekeepers.append(times)
        return strokes, timekeepers

    def distance(self, one: tuple[int, int], other: tuple[int, int], filled: Collection[int] = ()) -> float:
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

    def examples(self, first: int, end: int, filled: set[int]) -> list[int]:
        """The bars that show the groove best: nearest to all others, without silence, fill or crash."""
        period = self._period(first, end)
        distances = np.minimum(self.distances(first, end), _MOST_A_BAR)
        result = []
        for phase in range(period):
            cost = distances[phase::period, phase::period].mean(axis=0)
            rows = range(first + phase, first + len(distances), period)
            for place, row in enumerate(rows):
                cost[place] += bool(self.silent[row]) + (self.bars[row].number in filled)
                cost[place] += 0.05 * _crashes_on_one(self._hits[row])
            result.append(rows[int(cost.argmin())])
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
