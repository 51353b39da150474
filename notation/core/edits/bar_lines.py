"""Commands that draw bar lines elsewhere: another meter, another bar 1. Nothing is moved in time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from notation.core.beat_grid import BEAT_TYPES, MOST_BEATS_A_BAR, Meter
from notation.core.edits.commands import SetBarOne, SetMeter, Unit
from notation.core.edits.draft import Draft
from notation.core.edits.refused import Refused
from notation.core.edits.timeline import Timeline, median_bpm
from notation.core.edits.words import bar_name
from notation.core.score import Bar, ScoreHit, Swing

_FINEST = 10_000  # parts of a quarter; beats stretched again and again would come to any number


@dataclass(frozen=True, slots=True)
class _Span:
    """A bar to be: how long, in which meter, and where in the song it begins, in quarters."""

    meter: Meter
    start: Fraction
    quarters: Fraction


def set_meter(draft: Draft, command: SetMeter) -> None:
    """Write the bars from one on, up to the next change of meter, in another meter.

    Which of two things stays is told by ``keep``: the note values (an eighth stays an eighth, 3/4 becomes
    6/8), or the felt beats (a quarter becomes a dotted quarter, 4/4 with triplets becomes 12/8). Without it
    beats stay when both meters have as many of them. What is left over before the next meter becomes a bar
    of its own length; at the end of the song the last bar is completed.
    """
    if command.beat_type not in BEAT_TYPES:
        meter_name = f"{command.beats}/{command.beat_type}"
        raise Refused(f"{meter_name} is no meter; its beats can be halves, quarters, 8ths or 16ths")
    first, end = _meter_run(draft, command.bar)
    old = draft.bars[max(first, end - 1)].meter
    meter = Meter(0, command.beats, command.beat_type)
    if (old.beats, old.beat_type) == (meter.beats, meter.beat_type):
        return
    same_beats = old.felt_beats == meter.felt_beats and old.is_compound != meter.is_compound
    keep = command.keep or (Unit.BEATS if same_beats else Unit.NOTES)
    draft.touch(sum(1 for bar in draft.bars[first:end] for _ in draft.hits_in(bar.number)))
    ratio = meter.beat_quarters / old.beat_quarters if keep is Unit.BEATS else Fraction(1)
    stretch = [ratio if first <= index < end else Fraction(1) for index in range(len(draft.bars))]
    timeline = Timeline(draft.bars, stretch)
    spans = [_span(draft, timeline, index) for index in range(first)]
    spans += _spans_in_meter(draft, timeline, first, end, meter)
    spans += [_span(draft, timeline, index) for index in range(end, len(draft.bars))]
    number = draft.first
    if number == 0 and spans[0].quarters == spans[0].meter.bar_quarters:
        number = 1  # what was a pickup is a bar now
    _redraw(draft, timeline, spans, number, None)
    draft.tempo_bpm = median_bpm(draft.bars)


def _meter_run(draft: Draft, number: int) -> tuple[int, int]:
    """The indices of the bars that the meter set at bar ``number`` is for, a pickup to bar 1 included."""
    first = draft.bar(number).number - draft.first
    if first == 1 and draft.bars[0].is_pickup:
        first = 0
    end = min(first + (2 if first == 0 and draft.bars[0].is_pickup else 1), len(draft.bars))
    while end < len(draft.bars) and _same(draft.bars[end].meter, draft.bars[end - 1].meter):
        end += 1
    return first, end


def _same(one: Meter, other: Meter) -> bool:
    return (one.beats, one.beat_type) == (other.beats, other.beat_type)


def _span(draft: Draft, timeline: Timeline, index: int) -> _Span:
    return _Span(draft.bars[index].meter, timeline.starts[index], draft.bars[index].quarters)


def _spans_in_meter(draft: Draft, timeline: Timeline, first: int, end: int, meter: Meter) -> list[_Span]:
    place, stop = timeline.starts[first], timeline.starts[end]
    spans: list[_Span] = []
    pickup = timeline.starts[first + 1] - place
    if draft.bars[first].is_pickup and pickup < meter.bar_quarters and pickup % meter.beat_quarters == 0:
        spans.append(_Span(meter, place, pickup))
        place += pickup
    while place + meter.bar_quarters <= stop:
        spans.append(_Span(meter, place, meter.bar_quarters))
        place += meter.bar_quarters
    if place < stop and end == len(draft.bars):
        spans.append(_Span(meter, place, meter.bar_quarters))
    elif place < stop:
        spans.append(_Span(_meter_of_length(stop - place, meter), place, stop - place))
    return spans


def _meter_of_length(quarters: Fraction, like: Meter) -> Meter:
    """A meter whose bar is so long, in beats like those of ``like`` if they fit."""
    if like.is_compound and quarters % like.beat_quarters == 0:
        return Meter(0, int(quarters * 2), 8)
    types = sorted(BEAT_TYPES[1:], key=lambda kind: kind != like.beat_type)
    for beat_type in types:
        beats = quarters * beat_type / 4
        if beats.denominator == 1 and beats <= MOST_BEATS_A_BAR:
            return Meter(0, int(beats), beat_type)
    raise Refused(f"{quarters} quarter notes would be left over, for which there is no meter")


def set_bar_one(draft: Draft, command: SetBarOne) -> None:
    """Let bar 1 begin with a beat of a bar.

    All bars keep their meters and are drawn as many beats later as that beat is from its bar's first. What is
    before becomes a pickup, and whole bars numbered 0, -1 … before bar 1. The last bar is completed.
    """
    one = draft.bar(command.bar)
    if command.beat > len(one.beat_times_s):
        raise Refused(
            f"{bar_name(one.number)} has {len(one.beat_times_s)} beats, there is no beat {command.beat}"
        )
    index = one.number - draft.first
    timeline = Timeline(draft.bars, [Fraction(1)] * len(draft.bars))
    offset = (command.beat - 1) * one.meter.beat_quarters
    whole_bars = offset == 0 and not one.is_pickup
    if whole_bars and one.number == 1:
        return
    draft.touch(0 if whole_bars else sum(1 for _ in draft.hits))
    if whole_bars:
        spans = [_span(draft, timeline, place) for place in range(len(draft.bars))]
        leading = index
    else:
        before = _spans_before(draft, timeline, index, timeline.starts[index] + offset)
        leading = len(before)
        spans = [*before, *_spans_from(draft, timeline, index, timeline.starts[index] + offset)]
    first = 1 - leading
    new_of = {bar.number: 1 + place - index for place, bar in enumerate(draft.bars)}
    new_of[draft.first] = first  # whatever is in force from the start stays so
    last = first + len(spans) - 1
    _redraw(draft, timeline, spans, first, {old: min(max(new, first), last) for old, new in new_of.items()})


def _spans_from(draft: Draft, timeline: Timeline, index: int, place: Fraction) -> list[_Span]:
    spans: list[_Span] = []
    while place < timeline.quarters:
        meter = draft.bars[min(index, len(draft.bars) - 1)].meter
        spans.append(_Span(meter, place, meter.bar_quarters))
        place += meter.bar_quarters
        index += 1
    return spans


def _spans_before(draft: Draft, timeline: Timeline, index: int, place: Fraction) -> list[_Span]:
    """The bars before ``place``; the first of them is as short as the song's start makes it."""
    spans: list[_Span] = []
    while place > 0:
        index -= 1
        meter = draft.bars[max(index, 0)].meter
        quarters = min(meter.bar_quarters, place)
        if quarters % meter.beat_quarters:
            meter = _meter_of_length(quarters, meter)
        place -= quarters
        spans.insert(0, _Span(meter, place, quarters))
    return spans


def _redraw(
    draft: Draft,
    timeline: Timeline,
    spans: Sequence[_Span],
    first: int,
    new_of: Mapping[int, int] | None,
) -> None:
    """Make ``spans`` the bars, numbered from ``first``, and put every hit where it falls in them.

    Args:
        new_of: which bar carries the section, tempo and feel of an old one; None: the bar in which it began.
    """
    starts = [span.start for span in spans]
    bars = [
        timeline.bar(first + place, span.meter, span.start, span.quarters) for place, span in enumerate(spans)
    ]
    if new_of is None:
        new_of = {
            bar.number: first + bisect_right(starts, start) - 1
            for bar, start in zip(draft.bars, timeline.starts, strict=False)
        }
    sections: dict[int, str] = {}
    for bar in draft.bars:
        if bar.section is not None:
            number = new_of[bar.number]
            sections[number] = f"{sections[number]} / {bar.section}" if number in sections else bar.section
    bars = [replace(bar, section=sections.get(bar.number)) for bar in bars]
    hits: list[ScoreHit] = []
    for index, bar in enumerate(draft.bars):
        hits += _placed_anew(draft.hits_in(bar.number), timeline, index, starts, first)
    tempo_marks = _tempos(draft, timeline, bars, new_of)
    swing_marks = {new_of[number]: draft.swing_marks[number] for number in sorted(draft.swing_marks)}
    draft.rebuild(bars, hits)
    draft.tempo_marks, draft.swing_marks = tempo_marks, _feels(draft.bars, swing_marks)


def _feels(bars: Sequence[Bar], marks: Mapping[int, Swing | None]) -> dict[int, Swing | None]:
    """The feel where it can be heard: 12/8 writes the thirds out, and a mark waits for simple time."""
    feels: dict[int, Swing | None] = {}
    for number in sorted(marks):
        simple = (bar.number for bar in bars if bar.number >= number and not bar.meter.is_compound)
        heard_from = next(simple, None)
        if heard_from is not None:
            feels[heard_from] = marks[number]
    return feels


def _placed_anew(
    hits: Iterable[ScoreHit], timeline: Timeline, index: int, starts: Sequence[Fraction], first: int
) -> list[ScoreHit]:
    start, ratio = timeline.starts[index], timeline.stretch[index]
    placed_anew = []
    places: dict[Fraction, tuple[int, Fraction]] = {}
    for placed in hits:
        if placed.position not in places:
            place = start + placed.position * ratio
            span = bisect_right(starts, place) - 1
            position = place - starts[span]
            if position.denominator > _FINEST:
                raise Refused("strokes would come to lie where no note can be written")
            places[placed.position] = (first + span, position)
        bar, position = places[placed.position]
        same = placed.bar == bar and placed.position == position
        placed_anew.append(placed if same else replace(placed, bar=bar, position=position))
    return placed_anew


def _tempos(
    draft: Draft, timeline: Timeline, bars: Sequence[Bar], new_of: Mapping[int, int]
) -> dict[int, float]:
    """The tempo marks, in felt beats of the bars that they stand at now."""
    tempos: dict[int, float] = {}
    for number in sorted(draft.tempo_marks):
        index = number - draft.first
        new = bars[new_of[number] - bars[0].number]
        quarters = draft.bars[index].meter.beat_quarters * timeline.stretch[index]
        ratio = float(quarters / new.meter.beat_quarters)
        tempos[new.number] = (
            round(draft.tempo_marks[number] * ratio, 2) if ratio != 1 else draft.tempo_marks[number]
        )
    return tempos
