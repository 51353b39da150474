"""Where a song swings: the sections whose off-beats are to be written straight under a mark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from notation.core.quantising.quantise_config import SwingChoice
from notation.core.score import Bar, ScoreHit, Swing, SwingMark

_FEWEST_SWUNG = 8  # beats before a section is called swung
# A section swings when nine in ten of the beats that could tell do: a straight one outweighs so many. Whole
# triplets can be written among swung eighths, but where they are one in four it is triplets that is played.
_STRAIGHT_OUTWEIGHS = 9.0
_TRIPLET_OUTWEIGHS = 3.0
_BACK_TO_STRAIGHT = 5.0  # what leaving a section's feel costs: with its return, more than a fill in triplets
_FEELS: tuple[Swing | None, ...] = (None, *Swing)


def swing_marks(bars: Sequence[Bar], hits: Iterable[ScoreHit], choice: SwingChoice) -> tuple[SwingMark, ...]:
    """The feels of a song and the bars from which they are in force; none when all of it is straight.

    Args:
        hits: at the places where they are played, late off-beats on thirds of the beat.
        choice: what a person said; only ``AUTO`` looks at the hits.
    """
    said = {SwingChoice.EIGHTHS: Swing.EIGHTHS, SwingChoice.SIXTEENTHS: Swing.SIXTEENTHS}.get(choice)
    if said is not None:
        return (SwingMark(bars[0].number, said),)
    if choice is not SwingChoice.AUTO:
        return ()
    tallies = _tallies(bars, hits)
    path = _likeliest(tallies)
    marks: list[SwingMark] = []
    for bar, feel in zip(bars, path, strict=True):
        if feel is not (marks[-1].swing if marks else None):
            marks.append(SwingMark(bar.number, feel))
    if marks:
        first = marks[0].bar - bars[0].number
        if all(tally[path[first]] == 0 for tally in tallies[:first]):
            marks[0] = SwingMark(bars[0].number, marks[0].swing)
    return tuple(marks)


def _tallies(bars: Sequence[Bar], hits: Iterable[ScoreHit]) -> list[dict[Swing | None, float]]:
    """For each bar how many beats speak for each feel; what speaks against it counts below zero."""
    by_beat: dict[tuple[int, int], set[Fraction]] = {}
    for hit in hits:
        by_beat.setdefault((hit.bar, int(hit.position)), set()).add(hit.position % 1)
    tallies: list[dict[Swing | None, float]] = [dict.fromkeys(_FEELS, 0.0) for _ in bars]
    for (number, _), places in by_beat.items():
        bar = bars[number - bars[0].number]
        if bar.meter.is_compound or bar.meter.beat_quarters < 1:
            continue
        for swing in Swing:
            tallies[number - bars[0].number][swing] += _speaks_for(swing, places)
    return tallies


def _speaks_for(swing: Swing, places: set[Fraction]) -> float:
    if swing.fits(places):
        return float(bool(places & swing.late_places))
    if {place.denominator for place in places} & {3, 6}:
        return -_TRIPLET_OUTWEIGHS
    is_straight = any(place.denominator >= swing.straight_denominator for place in places)
    return -_STRAIGHT_OUTWEIGHS if is_straight else 0.0


def _likeliest(tallies: Sequence[dict[Swing | None, float]]) -> list[Swing | None]:
    """The feel of each bar that the most beats speak for, less what each change costs (Viterbi)."""
    enter = _FEWEST_SWUNG - 0.5

    def change(old: Swing | None, new: Swing | None) -> float:
        if old is new:
            return 0.0
        return (_BACK_TO_STRAIGHT if old else 0.0) + (enter if new else 0.0)

    totals = {feel: tally - change(None, feel) for feel, tally in tallies[0].items()}
    came_from: list[dict[Swing | None, Swing | None]] = []
    for tally in tallies[1:]:
        back: dict[Swing | None, Swing | None] = {}
        reached: dict[Swing | None, float] = {}
        for feel in _FEELS:
            # Of equals the change that comes later, so that a mark stands where the section begins to swing.
            best = max(_FEELS, key=lambda old: (totals[old] - change(old, feel), old is not feel))
            back[feel] = best
            reached[feel] = totals[best] - change(best, feel) + tally[feel]
        came_from.append(back)
        totals = reached
    path = [max(_FEELS, key=lambda feel: totals[feel])]
    for back in reversed(came_from):
        path.append(back[path[-1]])
    return path[::-1]
