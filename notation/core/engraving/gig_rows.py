"""What a gig chart says, section by section, before anything is drawn."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass

from notation.core.form.form import Form, Section
from notation.core.score import Score
from notation.core.texts import plain_text, swing_words

_FEWEST_REGULAR = 3  # so many fills at equal distances are said as "every 4 bars"
_MOST_NUMBERS = 8


@dataclass(frozen=True, slots=True)
class Cue:
    """A bar to be drawn small, and what it is."""

    bar: int
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One section: its name, what to play and how often, what happens in it, and bars worth seeing.

    ``groove_bars`` are empty for silence and for a groove that an earlier row shows.
    """

    name: str
    first: int
    last: int
    play: str
    notes: tuple[str, ...]
    groove_bars: tuple[int, ...]
    cues: tuple[Cue, ...]


def gig_rows(score: Score, form: Form) -> tuple[Row, ...]:
    """Say the song in a row a section; bars within a section are counted from 1, as a drummer counts."""
    shown: dict[str, str] = {}
    played = {placed.bar for placed in score.hits}
    changes = _changes(score)
    rows = []
    for section in form.sections:
        groove_bars: tuple[int, ...] = ()
        play = f"play {section.bars}"
        if not section.groove_bars:
            play = f"rest {section.bars}"
        elif _is_mostly_rest(section, played):
            play = f"{section.bars} bars, mostly rest"
        elif shown.get(section.letter):
            play += f", groove as {shown[section.letter]}"
        else:
            groove_bars = section.groove_bars
            shown[section.letter] = plain_text(section.name)
        rows.append(
            Row(
                plain_text(section.name),
                section.first,
                section.last,
                play,
                (*_from_first(changes, section), *_happenings(form, section, played)),
                groove_bars,
                _cues(score, form, section, played),
            )
        )
    return tuple(rows)


def _is_mostly_rest(section: Section, played: Collection[int]) -> bool:
    return 2 * sum(bar in played for bar in range(section.first, section.last + 1)) < section.bars


def _changes(score: Score) -> list[tuple[int, str]]:
    """Tempo, meter and feel where they change after the song's beginning: (bar, words), in order."""
    beginning = score.bars[0].number
    meters = {meter.bar: meter for meter in score.meters}
    said: list[tuple[int, str]] = [
        (bar, f"{meter.beats}/{meter.beat_type}") for bar, meter in meters.items() if bar > beginning
    ]
    bars = {bar.number: bar for bar in score.bars}
    for mark in score.tempo_marks:
        if mark.bar > beginning:
            said.append((mark.bar, f"tempo {bars[mark.bar].meter.printed_bpm(mark.bpm)}"))
    said += [
        (mark.bar, swing_words(mark.swing).lower()) for mark in score.swing_marks if mark.bar > beginning
    ]
    return sorted(said)


def _from_first(changes: Sequence[tuple[int, str]], section: Section) -> list[str]:
    """The changes within a section, counted from its first bar."""
    return [
        words if bar == section.first else f"{words} from {bar - section.first + 1}"
        for bar, words in changes
        if section.first <= bar <= section.last
    ]


def _happenings(form: Form, section: Section, played: Collection[int]) -> list[str]:
    def counted(bars: Sequence[int]) -> list[int]:
        return [bar - section.first + 1 for bar in bars if section.first <= bar <= section.last]

    fills = counted([fill.bar for fill in form.fills])
    stops = counted([bar for bar in form.stops if bar not in played])
    hits = counted([bar for bar in form.stops if bar in played])
    return [
        *([f"fill {_numbers(fills, section.bars)}"] if fills else []),
        *([f"stop {_numbers(stops, section.bars)}"] if stops else []),
        *([f"hits {_numbers(hits, section.bars)}"] if hits else []),
    ]


def _numbers(places: Sequence[int], bars: int) -> str:
    every = places[0]
    regular = len(places) >= _FEWEST_REGULAR and list(places) == list(range(every, bars + 1, every))
    if regular:
        return f"every {every} bars" if every > 1 else "in every bar"
    words = ", ".join(str(place) for place in places[:_MOST_NUMBERS])
    return words + (" …" if len(places) > _MOST_NUMBERS else "")


def _cues(score: Score, form: Form, section: Section, played: Set[int]) -> tuple[Cue, ...]:
    """Bars that no word can say, the most needed first: pickup, ending, hits, fills from the last."""
    inside = range(section.first, section.last + 1)
    cues = []
    pickup = score.bars[0].number
    if section is form.sections[0] and pickup < section.first and pickup in played:
        cues.append(Cue(pickup, "pickup"))
    if _is_mostly_rest(section, played):
        cues += [Cue(bar, f"bar {bar - section.first + 1}") for bar in inside if bar in played]
    last = score.bars[-1].number
    fills = {fill.bar for fill in form.fills}
    if (
        last in inside
        and form.like.get(last) == last
        and last in played - fills
        and last not in section.groove_bars
    ):
        cues.append(Cue(last, "end"))
    cues += [
        Cue(bar, f"hits {bar - section.first + 1}") for bar in form.stops if bar in inside and bar in played
    ]
    cues += [
        Cue(bar, f"fill {bar - section.first + 1}") for bar in sorted(fills, reverse=True) if bar in inside
    ]
    unique: dict[int, Cue] = {}
    for cue in cues:
        unique.setdefault(cue.bar, cue)
    return tuple(unique.values())
