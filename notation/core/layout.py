"""What a page of drum music does with whole bars: rests of many bars, repeat-bar signs, lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from notation.core.score import Score
from notation.core.spell import Event, SpelledBar

# Chosen by looking at A4 pages: 16 columns a bar is where four bars begin to touch.
_BARS_A_LINE = 4
_MOST_COLUMNS = 16
_LINE_COLUMNS = 54
_SIGN_COLUMNS = 4
_REST_COLUMNS = 6
_MOST_SIGNS_IN_A_ROW = 7


@dataclass(frozen=True, slots=True)
class Measure:
    """What stands between two barlines: a bar, a repeat-bar sign for it, or a rest of ``bars`` bars."""

    spelled: SpelledBar
    bars: int = 1
    is_simile: bool = False
    starts_line: bool = False

    @property
    def number(self) -> int:
        """The number of its (first) bar."""
        return self.spelled.bar.number

    @property
    def columns(self) -> int:
        """How much room it needs, in note columns."""
        if self.bars > 1:
            return _REST_COLUMNS
        if self.is_simile:
            return _SIGN_COLUMNS
        return max(self.spelled.columns, _SIGN_COLUMNS)


@dataclass(frozen=True, slots=True)
class Layout:
    """Whether to use repeat-bar signs (``simile``), long rests (``multirests``), line breaks (``lines``)."""

    simile: bool = True
    multirests: bool = True
    lines: bool = True


def lay_out(score: Score, bars: Sequence[SpelledBar], layout: Layout) -> tuple[Measure, ...]:
    """Fold ``bars`` into measures and lines, four bars a line, two where they are dense."""
    fresh = _bars_that_must_show(score)
    measures = _fold_rests(bars, fresh) if layout.multirests else [Measure(bar) for bar in bars]
    if layout.simile:
        measures = _fold_repeats(measures, fresh)
    if layout.lines:
        measures = _break_lines(measures)
    return tuple(measures)


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


def _break_lines(measures: Sequence[Measure]) -> list[Measure]:
    """Keep four-bar phrases whole, on one line or on two of two bars; no line starts with a sign."""
    result: list[Measure] = []
    for section in _sections(measures):
        for line in _lines(section):
            result.append(replace(line[0], starts_line=True, is_simile=False))
            result += line[1:]
    return result


def _sections(measures: Iterable[Measure]) -> list[list[Measure]]:
    sections: list[list[Measure]] = [[]]
    for measure in measures:
        only_pickup = len(sections[-1]) == 1 and sections[-1][0].spelled.bar.is_pickup
        if measure.spelled.bar.section and sections[-1] and not only_pickup:
            sections.append([])
        sections[-1].append(measure)
    return sections


def _lines(section: Sequence[Measure]) -> list[list[Measure]]:
    lines: list[list[Measure]] = []
    lead: list[Measure] = []  # a pickup or a long rest shares the line of the phrase that follows
    phrase: list[Measure] = []
    for measure in section:
        if measure.bars > 1 or measure.spelled.bar.is_pickup:
            lines += _phrase_lines(lead, phrase)
            lead, phrase = ([*lead, measure] if not phrase else [measure]), []
            continue
        phrase.append(measure)
        if len(phrase) == _BARS_A_LINE:
            lines += _phrase_lines(lead, phrase)
            lead, phrase = [], []
    return lines + _phrase_lines(lead, phrase)


def _phrase_lines(lead: list[Measure], phrase: list[Measure]) -> list[list[Measure]]:
    if not phrase:
        return [lead] if lead else []
    if _fits([*lead, *phrase]):
        return [[*lead, *phrase]]
    if lead and _fits(phrase) and sum(measure.columns for measure in lead) > _SIGN_COLUMNS + _REST_COLUMNS:
        return [lead, phrase]
    return [[*lead, *phrase[:2]], phrase[2:]] if len(phrase) > 2 else [[*lead, *phrase]]


def _fits(line: Sequence[Measure]) -> bool:
    columns = [measure.columns for measure in (replace(line[0], is_simile=False), *line[1:])]
    return sum(columns) <= _LINE_COLUMNS and max(columns) <= _MOST_COLUMNS + 2


def _fold_repeats(measures: Sequence[Measure], fresh: frozenset[int]) -> list[Measure]:
    """Write a bar that is equal to the one before as a sign."""
    result: list[Measure] = []
    in_a_row = 0
    for place, measure in enumerate(measures):
        repeats = (
            place > 0
            and measure.bars == 1
            and measures[place - 1].bars == 1
            and measure.number not in fresh
            and not measure.spelled.is_empty
            and in_a_row < _MOST_SIGNS_IN_A_ROW
            and _content(measure.spelled) == _content(measures[place - 1].spelled)
        )
        in_a_row = in_a_row + 1 if repeats else 0
        result.append(replace(measure, is_simile=repeats))
    return result


def _content(bar: SpelledBar) -> tuple[object, ...]:
    return (bar.bar.quarters, *(tuple(_marks(event) for event in voice.events) for voice in bar.voices))


def _marks(event: Event) -> tuple[object, ...]:
    heads = tuple(head.looks for head in event.heads)
    graces = tuple(tuple(head.looks for head in chord) for chord in event.graces)
    return (event.onset, event.base, event.dots, event.visible, heads, graces)
