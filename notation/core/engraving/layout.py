"""What a page of drum music does with whole bars: rests of many bars, repeat-bar signs, lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from notation.core.form.form import find_form
from notation.core.score import Score
from notation.core.spelling.spell import Event, SpelledBar

# Chosen by looking at A4 pages: 16 columns a bar is where four bars begin to touch.
_BARS_A_LINE = 4
_MOST_COLUMNS = 16
_LINE_COLUMNS = 54
_SIGN_COLUMNS = 4
_TWO_BAR_SIGN_COLUMNS = 7
_REST_COLUMNS = 6
_COUNT_EVERY = 4


@dataclass(frozen=True, slots=True)
class Measure:
    """What stands between two barlines: a bar, a sign that repeats one or two, or a rest of ``bars`` bars.

    ``count`` is printed over a sign: how often the bar has been played by then, the written one included.
    ``second`` is the other bar under a sign for two.
    """

    spelled: SpelledBar
    bars: int = 1
    is_simile: bool = False
    starts_line: bool = False
    count: int | None = None
    second: SpelledBar | None = None

    @property
    def is_long_rest(self) -> bool:
        """Whether it is a rest of several bars."""
        return self.bars > 1 and self.second is None

    @property
    def number(self) -> int:
        """The number of its (first) bar."""
        return self.spelled.bar.number

    @property
    def columns(self) -> int:
        """How much room it needs, in note columns."""
        if self.is_long_rest:
            return _REST_COLUMNS
        if self.is_simile:
            return _SIGN_COLUMNS if self.second is None else _TWO_BAR_SIGN_COLUMNS
        return max(self.spelled.columns, _SIGN_COLUMNS)


@dataclass(frozen=True, slots=True)
class Layout:
    """Whether to use repeat-bar signs (``simile``), long rests (``multirests``), line breaks (``lines``)."""

    simile: bool = True
    multirests: bool = True
    lines: bool = True


def lay_out(score: Score, bars: Sequence[SpelledBar], layout: Layout) -> tuple[Measure, ...]:
    """Fold ``bars`` into measures and lines, four bars a line, two or three where they are dense."""
    fresh = _bars_that_must_show(score)
    measures = _fold_rests(bars, fresh) if layout.multirests else [Measure(bar) for bar in bars]
    sections = _sections(measures)
    if layout.simile:
        # A fill may be played twice the same, but a reader must see that it is one.
        shown = fresh | {fill.bar for fill in find_form(score).fills}
        sections = [_fold_repeats(section, shown) for section in sections]
    if layout.lines:
        sections = [_break_lines(section) for section in sections]
    if layout.simile:
        sections = [_counted(section) for section in sections]
    return tuple(measure for section in sections for measure in section)


def _bars_that_must_show(score: Score) -> frozenset[int]:
    """Bars with something to read above or before them: a section, a tempo, a time signature."""
    return frozenset(
        [score.bars[0].number]
        + [bar.number for bar in score.bars if bar.section]
        + [mark.bar for mark in score.tempo_marks]
        + [meter.bar for meter in score.meters]
    )


def _fold_rests(bars: Sequence[SpelledBar], fresh: frozenset[int]) -> list[Measure]:
    measures: list[Measure] = []
    for bar in bars:
        last = measures[-1] if measures else None
        joins = bar.is_empty and not bar.bar.is_pickup and bar.bar.number not in fresh
        if last is not None and joins and last.spelled.is_empty and not last.spelled.bar.is_pickup:
            measures[-1] = replace(last, bars=last.bars + 1)
        else:
            measures.append(Measure(bar))
    return measures


def _sections(measures: Iterable[Measure]) -> list[list[Measure]]:
    sections: list[list[Measure]] = [[]]
    for measure in measures:
        if measure.spelled.bar.section and sections[-1] and not _only_leads_in(sections[-1]):
            sections.append([])
        sections[-1].append(measure)
    return sections


def _only_leads_in(measures: Sequence[Measure]) -> bool:
    """Whether it is a pickup, or a rest before the drums come in: too little for a line of its own."""
    first = measures[0]
    return len(measures) == 1 and (
        first.spelled.bar.is_pickup or (first.spelled.is_empty and first.number <= 1)
    )


def _fold_repeats(measures: Sequence[Measure], shown: frozenset[int]) -> list[Measure]:
    """Write a bar that is equal to the one before as a sign, and two that are equal to the two before.

    A sign for two bars stands at the end of a phrase of four, where its two bars stand on the same line; a
    pickup and a long rest begin a phrase.
    """
    result: list[Measure] = []
    place = phrase_start = 0
    while place < len(measures):
        measure = measures[place]
        ends_phrase = (place - phrase_start) % _BARS_A_LINE == _BARS_A_LINE - 2
        two = ends_phrase and _repeats(measures, place, 2, shown)
        if two and not _repeats(measures, place + 1, 1, frozenset()):
            result.append(replace(measure, bars=2, is_simile=True, second=measures[place + 1].spelled))
            place += 2
            continue
        result.append(replace(measure, is_simile=_repeats(measures, place, 1, shown)))
        place += 1
        if measure.is_long_rest or measure.spelled.bar.is_pickup:
            phrase_start = place
    return result


def _repeats(measures: Sequence[Measure], place: int, period: int, shown: frozenset[int]) -> bool:
    """Whether the ``period`` bars from ``place`` are those before them again, and may be a sign."""
    if place < period or place + period > len(measures):
        return False
    before, after = measures[place - period : place], measures[place : place + period]
    return all(
        old.bars == new.bars == 1
        and new.number not in shown
        and not new.spelled.is_empty
        and _content(old.spelled) == _content(new.spelled)
        for old, new in zip(before, after, strict=True)
    )


def _break_lines(section: Sequence[Measure]) -> list[Measure]:
    """Keep four-bar phrases whole, on one line or on two of two bars; no line starts with a sign."""
    lines: list[list[Measure]] = []
    lead: list[Measure] = []  # a pickup or a long rest shares the line of the phrase that follows
    phrase: list[Measure] = []
    for measure in section:
        if measure.is_long_rest or measure.spelled.bar.is_pickup:
            lines += _phrase_lines(lead, phrase)
            lead, phrase = ([*lead, measure] if not phrase else [measure]), []
            continue
        phrase.append(measure)
        if sum(one.bars for one in phrase) >= _BARS_A_LINE:
            lines += _phrase_lines(lead, phrase)
            lead, phrase = [], []
    lines += _phrase_lines(lead, phrase)
    return [
        replace(measure, starts_line=index == 0)
        for line in _without_lonely_bar(lines)
        for index, measure in enumerate(_fresh(line))
    ]


def _phrase_lines(lead: list[Measure], phrase: list[Measure]) -> list[list[Measure]]:
    if not phrase:
        return [lead] if lead else []
    if _fits([*lead, *phrase]):
        return [[*lead, *phrase]]
    if lead and _fits(phrase) and sum(measure.columns for measure in lead) > _SIGN_COLUMNS + _REST_COLUMNS:
        return [lead, phrase]
    return [[*lead, *phrase[:2]], phrase[2:]] if len(phrase) > 2 else [[*lead, *phrase]]


def _without_lonely_bar(lines: list[list[Measure]]) -> list[list[Measure]]:
    """A last line of one bar takes another from the line before; a long rest joins that."""
    if len(lines) < 2 or len(lines[-1]) > 1:
        return lines
    *earlier, before, (last,) = lines
    if last.is_long_rest and _fits([*before, last]):
        return [*earlier, [*before, last]]
    if last.is_long_rest or len(before) < 3 or before[-1].bars > 1:
        return lines
    return [*earlier, before[:-1], [before[-1], last]]


def _fresh(line: Sequence[Measure]) -> list[Measure]:
    """The line with its first bar written out."""
    first, *others = line
    if not first.is_simile:
        return [first, *others]
    written = replace(first, is_simile=False, bars=1, second=None)
    return [written, *([Measure(first.second)] if first.second else []), *others]


def _fits(line: Sequence[Measure]) -> bool:
    columns = [measure.columns for measure in _fresh(line)]
    return sum(columns) <= _LINE_COLUMNS and max(columns) <= _MOST_COLUMNS + 2


def _counted(measures: Sequence[Measure]) -> list[Measure]:
    """Number the signs at the fourth, eighth, … time that a bar is played: unnumbered rows are miscounted."""
    result: list[Measure] = []
    times = 0
    before: SpelledBar | None = None
    for measure in measures:
        again = before is not None and measure.bars == 1 and _content(before) == _content(measure.spelled)
        times = times + 1 if again else 1
        before = measure.spelled if measure.bars == 1 else None
        numbered = measure.is_simile and measure.bars == 1 and times % _COUNT_EVERY == 0
        result.append(replace(measure, count=times) if numbered else measure)
    return result


def _content(bar: SpelledBar) -> tuple[object, ...]:
    return (bar.bar.quarters, *(tuple(_marks(event) for event in voice.events) for voice in bar.voices))


def _marks(event: Event) -> tuple[object, ...]:
    heads = tuple(head.looks for head in event.heads)
    graces = tuple(tuple(head.looks for head in chord) for chord in event.graces)
    return (event.onset, event.base, event.dots, event.visible, heads, graces)
