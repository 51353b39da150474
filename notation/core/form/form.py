"""The form of a song: its sections, their grooves, the fills between them, and the stops.

A section begins where the groove changes or where a fill leads to a crash, and rather after four or eight
bars than after three. Boundaries and grooves are found together, by the cheapest way through the song
(dynamic programming), so that one misheard bar starts no section.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from notation.core.form.fills import Fill
from notation.core.form.grooves import SAME_GROOVE, SongGrooves
from notation.core.score import Score, ScoreHit

_MOST_EXAMPLES = 3  # of one letter, with which a section is compared
_MOST_LETTERS = 26  # the latest; a day's rehearsal has more
_FEWEST_SILENT = 4  # so many silent bars are a section; fewer are a stop


@dataclass(frozen=True, slots=True)
class Section:
    """Bars ``first`` to ``last`` on one groove; ``groove_bars`` are the one or two that show it best.

    Sections with the same ``letter`` have the same groove. A silent section has no groove bars; one before
    the drums come in has no letter either. ``name`` is what a person called it; where
    nobody named any, the letter.
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


def find_form(score: Score) -> Form:
    """Find sections, fills and stops; where the score has section names, these say where sections begin.

    Source:
        The way through the song follows Paulus, Müller and Klapuri, "Audio-based music structure analysis",
        ISMIR 2010: homogeneity, novelty and repetition are weighed in one cost.
    """
    start = 1 if len(score.bars) > 1 and score.bars[0].is_pickup else 0
    song = SongGrooves(score, start)
    cuts = song.given_cuts or song.found_cuts()
    fills = song.fills(cuts)
    like = _likeness(song, cuts, fills)
    return Form(_sections(song, cuts, fills), fills, _stops(score, fills, like), like)


def with_sections(score: Score, form: Form) -> Score:
    """``score`` with the sections' letters as rehearsal marks; marks that are there already stay.

    A song of one section needs no letter, and one in which a person named sections no other names.
    """
    letters = {section.first: section.letter for section in form.sections if section.letter}
    if len(letters) < 2 or any(bar.section for bar in score.bars):
        return score
    bars = tuple(replace(bar, section=letters.get(bar.number)) for bar in score.bars)
    return replace(score, bars=bars)


def _sections(song: SongGrooves, cuts: Sequence[int], fills: Sequence[Fill]) -> tuple[Section, ...]:
    """The sections with their letters: that of the nearest groove so far, or the next."""
    filled = {fill.bar for fill in fills}
    known: dict[str, list[tuple[int, int]]] = {}
    sections = []
    for first, end in song.spans(cuts):
        silent = bool(song.silent[first:end].all())
        letter = ""
        if first or not silent:
            unlike = {
                name: min(song.distance(span, (first, end), filled) for span in spans)
                for name, spans in list(known.items())[-_MOST_LETTERS:]
            }
            nearest = min(unlike, key=lambda name: unlike[name], default="")
            letter = nearest if unlike.get(nearest, 1.0) < SAME_GROOVE else _letter(len(known))
            spans = known.setdefault(letter, [])
            if len(spans) < _MOST_EXAMPLES:
                spans.append((first, end))
        bar = song.bars[first]
        rows = () if silent else song.examples(first, end, filled)
        sections.append(
            Section(
                letter,
                bar.number,
                song.bars[end - 1].number,
                tuple(song.bars[row].number for row in rows),
                bar.section or ("" if song.given_cuts else letter),
            )
        )
    return tuple(sections)


def _likeness(song: SongGrooves, cuts: Sequence[int], fills: Sequence[Fill]) -> dict[int, int]:
    """For each bar the groove bar that it is like, or itself."""
    filled = {fill.bar for fill in fills}
    like = {bar.number: bar.number for bar in song.bars}
    for first, end in song.spans(cuts):
        rows = song.examples(first, end, filled)
        distances = song.distances(first, end)
        for row in range(first, first + len(distances)):
            example = rows[(row - first) % len(rows)]
            unlike = distances[row - first, example - first]
            if song.bars[row].number not in filled and unlike < 2 * SAME_GROOVE:
                like[song.bars[row].number] = song.bars[example].number
    return like


def _letter(index: int) -> str:
    """A to Z, then AA, AB…"""
    letters = ""
    while index >= 0:
        index, last = divmod(index, 26)
        letters, index = chr(ord("A") + last) + letters, index - 1
    return letters


def _stops(score: Score, fills: Sequence[Fill], like: Mapping[int, int]) -> tuple[int, ...]:
    """Bars of silence (fewer than a section's) or of few strokes, all of them hands and feet together."""
    filled = {fill.bar for fill in fills}
    grouped = score.hits_by_bar()
    played = [bar.number for bar in score.bars if grouped.get(bar.number)]
    if not played:
        return ()
    times_like = Counter(like.values())
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
        of_its_own = bar.number not in filled and times_like[bar.number] == 1
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
