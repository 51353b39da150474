"""From a score to engraved events: voices, values, rests, beams, tuplets, grace notes, repeats of a bar.

Every writer (MusicXML, MEI) starts from what is decided here, so that all of them say the same. The rules
are common practice: Weinberg, "Guidelines for Drumset Notation" (PAS, 1998); Gould, "Behind Bars" (2011).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from notation.core.emphasis import Emphasis, find_emphasis
from notation.core.hits import Hit
from notation.core.instruments import FEET, HANDS, INSTRUMENTS
from notation.core.rhythm import (
    QUARTER,
    Tuplet,
    Value,
    nearest_spelling,
    spell_unit,
    units_of,
)
from notation.core.score import Bar, Score, ScoreHit, Swing

_EIGHTH = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Head:
    """One note head: a stroke and how it is marked."""

    hit: Hit
    ghost: bool = False
    accent: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A chord (``heads``, lowest first) or, without heads, a rest; placed in quarters from the bar's start.

    ``graces`` are the small chords before it. ``beam`` numbers the beam it belongs to within its voice and
    bar. ``beams_after`` is how many beams go on to the next event when that is fewer than the values say.
    """

    onset: Fraction
    duration: Fraction
    base: Fraction
    dots: int
    heads: tuple[Head, ...] = ()
    graces: tuple[tuple[Head, ...], ...] = ()
    tuplet: Tuplet | None = None
    beam: int | None = None
    beams_after: int | None = None
    visible: bool = True
    fills_bar: bool = False

    @property
    def is_rest(self) -> bool:
        """Whether nothing is struck."""
        return not self.heads

    @property
    def flags(self) -> int:
        """How many flags or beams the written value has: 1 for an eighth."""
        return max(0, int(1 / self.base).bit_length() - 1) if self.base < 1 else 0

    @property
    def accented(self) -> bool:
        """Whether any of its heads is accented; the mark is drawn once for the chord."""
        return any(head.accent for head in self.heads)


@dataclass(frozen=True, slots=True)
class Voice:
    """The hands' (1, stems up) or the feet's (2, stems down) events of one bar; they fill it exactly."""

    number: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class SpelledBar:
    """A bar with its voices; the feet's voice is absent when they are silent."""

    bar: Bar
    voices: tuple[Voice, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is struck in the whole bar."""
        return all(event.is_rest for voice in self.voices for event in voice.events)

    @property
    def columns(self) -> int:
        """How many places across the bar need room of their own."""
        onsets = {event.onset for voice in self.voices for event in voice.events if event.visible}
        graces = sum(len(event.graces) for voice in self.voices for event in voice.events)
        return len(onsets) + graces


def spell(score: Score) -> tuple[SpelledBar, ...]:
    """Write out every bar of ``score``; each hit is one head, or one grace note, exactly once."""
    emphasis = find_emphasis(placed.hit for placed in score.hits)
    grouped = score.hits_by_bar()
    return tuple(
        _spell_bar(bar, grouped.get(bar.number, []), emphasis, score.swing_at(bar.number))
        for bar in score.bars
    )


def voice_of(hit: Hit) -> int:
    """Which voice a stroke is written in."""
    return INSTRUMENTS[hit.instrument].voice


def _spell_bar(bar: Bar, placed: Sequence[ScoreHit], emphasis: Emphasis, swing: Swing | None) -> SpelledBar:
    written = _written_positions(bar, placed, swing)
    voices = []
    for number in (HANDS, FEET):
        chords = _chords([hit for hit in placed if voice_of(hit.hit) == number], written, emphasis)
        if chords or (number == HANDS and not placed):
            voices.append(Voice(number, _spell_voice(bar, chords)))
    if len(voices) == 2:
        voices[1] = _hide_shared_rests(voices[0], voices[1])
    return SpelledBar(bar, tuple(voices))


@dataclass(frozen=True, slots=True)
class _Chord:
    heads: tuple[Head, ...]
    graces: tuple[tuple[Head, ...], ...]


def _chords(
    placed: Iterable[ScoreHit], written: dict[str, Fraction], emphasis: Emphasis
) -> dict[Fraction, _Chord]:
    mains: dict[Fraction, list[ScoreHit]] = {}
    graces: dict[Fraction, dict[str, list[ScoreHit]]] = {}
    for hit in placed:
        place = written[hit.hit.id]
        if hit.grace_of is None:
            mains.setdefault(place, []).append(hit)
        else:
            graces.setdefault(place, {}).setdefault(hit.grace_of, []).append(hit)

    def head(hit: ScoreHit) -> Head:
        return Head(hit.hit, hit.hit.id in emphasis.ghosts, hit.hit.id in emphasis.accents)

    chords = {}
    for place, hits in mains.items():
        lowest_first = sorted(hits, key=lambda hit: INSTRUMENTS[hit.hit.instrument].staff_loc)
        # Two drums flammed together: their grace notes are aligned at the stroke that they lead to.
        runs = [sorted(run, key=lambda hit: -hit.hit.onset_s) for run in graces.get(place, {}).values()]
        steps = max((len(run) for run in runs), default=0)
        small = tuple(
            tuple(Head(run[step].hit) for run in runs if step < len(run)) for step in reversed(range(steps))
        )
        chords[place] = _Chord(tuple(head(hit) for hit in lowest_first), small)
    return chords


def _written_positions(bar: Bar, placed: Sequence[ScoreHit], swing: Swing | None) -> dict[str, Fraction]:
    """Where each hit is written: its position, but a swung off-beat as a straight eighth, and what cannot
    be spelled at the nearest place that can."""
    written = {hit.hit.id: hit.position for hit in placed}
    start = Fraction(0)
    for length in units_of(bar.meter, bar.quarters):
        inside = [hit for hit in placed if start <= hit.position < start + length]
        if swing and length == QUARTER and swing.fits({hit.position - start for hit in inside}):
            for hit in inside:
                written[hit.hit.id] = start + swing.written(hit.position - start)
        for number in (HANDS, FEET):
            mine = [hit for hit in inside if voice_of(hit.hit) == number]
            onsets = sorted({written[hit.hit.id] - start for hit in mine})
            if onsets and spell_unit(length, tuple(onsets)) is None:
                nearest = nearest_spelling(length, onsets)
                for hit in mine:
                    written[hit.hit.id] = start + nearest[written[hit.hit.id] - start]
        start += length
    return written


def _spell_voice(bar: Bar, chords: dict[Fraction, _Chord]) -> tuple[Event, ...]:
    if not chords:
        return (_bar_rest(bar),)
    units = units_of(bar.meter, bar.quarters)
    starts = [sum(units[:index], Fraction(0)) for index in range(len(units))]
    events: list[Event] = []
    beam = 0
    index = 0
    while index < len(units):
        wide = _triplet_over_two(bar, starts, units, index, chords)
        start, length = starts[index], 2 * QUARTER if wide else units[index]
        onsets = tuple(sorted(place - start for place in chords if start <= place < start + length))
        values = spell_unit(length, onsets)
        assert values is not None, "positions are made spellable before"
        unit_events = [_event(value.shifted(start), chords) for value in values]
        unit_events, beam = _beamed(unit_events, start, beam)
        events += unit_events
        index += 2 if wide else 1
    events = _joined_eighths(bar, events)
    return tuple(_merged_rests(bar, events))


def _bar_rest(bar: Bar) -> Event:
    return Event(Fraction(0), bar.quarters, Fraction(4), 0, fills_bar=True)


def _event(value: Value, chords: dict[Fraction, _Chord]) -> Event:
    event = Event(value.onset, value.duration, value.base, value.dots, tuplet=value.tuplet)
    if value.is_rest:
        return event
    chord = chords[value.onset]
    return replace(event, heads=chord.heads, graces=chord.graces)


def _triplet_over_two(
    bar: Bar,
    starts: Sequence[Fraction],
    units: Sequence[Fraction],
    index: int,
    chords: dict[Fraction, _Chord],
) -> bool:
    """Whether beats 1–2 or 3–4 hold a quarter-note triplet and nothing else."""
    if index + 1 >= len(units) or units[index] != QUARTER or units[index + 1] != QUARTER:
        return False
    if bar.is_pickup or (bar.meter.bar_quarters % 2 == 0 and index % 2):
        return False
    start = starts[index]
    onsets = {place - start for place in chords if start <= place < start + 2}
    return (
        Fraction(2, 3) in onsets
        and Fraction(4, 3) in onsets
        and onsets
        <= {
            Fraction(0),
            Fraction(2, 3),
            Fraction(4, 3),
        }
    )


def _beamed(events: list[Event], start: Fraction, beam: int) -> tuple[list[Event], int]:
    """Beam the flagged notes of one unit, over rests between them; 32nds are parted at the eighth."""
    runs: list[list[int]] = [[]]
    for position, event in enumerate(events):
        if event.is_rest:
            continue
        if event.flags:
            runs[-1].append(position)
        else:
            runs.append([])
    result = list(events)
    for run in (part for whole in runs for part in _nested(whole, events)):
        if len(run) < 2:
            continue
        beam += 1
        members = range(run[0], run[-1] + 1)
        has_32nds = any(events[position].flags >= 3 for position in members)
        for position in members:
            event = events[position]
            end = event.onset + event.duration - start
            parted = has_32nds and end % _EIGHTH == 0 and position != run[-1]
            result[position] = replace(event, beam=beam, beams_after=1 if parted else None)
    return result, beam


def _nested(run: list[int], events: Sequence[Event]) -> list[list[int]]:
    """Part a beam where it would hold only some of a tuplet and something else besides."""
    covered = range(run[0], run[-1] + 1) if run else range(0)
    inside = {events[position].tuplet for position in covered}
    whole = all(
        position in covered
        for position, event in enumerate(events)
        if event.tuplet is not None and event.tuplet in inside
    )
    if whole or len(inside) == 1:
        return [run]
    parts: list[list[int]] = []
    for position in run:
        if parts and events[parts[-1][-1]].tuplet == events[position].tuplet:
            parts[-1].append(position)
        else:
            parts.append([position])
    return parts


def _joined_eighths(bar: Bar, events: list[Event]) -> list[Event]:
    """In 4/4, beam the four plain eighths of beats 1–2 or 3–4 together."""
    if (bar.meter.beats, bar.meter.beat_type) not in ((4, 4), (2, 4)) or bar.is_pickup:
        return events
    result = list(events)
    for half in range(int(bar.quarters) // 2):
        inside = [index for index, event in enumerate(events) if 2 * half <= event.onset < 2 * half + 2]
        plain = all(
            not events[index].is_rest
            and events[index].base == _EIGHTH
            and events[index].dots == 0
            and events[index].tuplet is None
            for index in inside
        )
        if plain and len(inside) == 4:
            first = events[inside[0]].beam
            for index in inside:
                result[index] = replace(events[index], beam=first)
    return result


def _merged_rests(bar: Bar, events: list[Event]) -> list[Event]:
    """Join the rests of empty beats: two to a half rest, never over the middle of the bar."""
    if all(event.is_rest for event in events):
        return [_bar_rest(bar)]
    unit = bar.meter.beat_quarters if bar.meter.beat_type != 2 else QUARTER
    if bar.is_pickup or bar.meter.bar_quarters % (2 * unit) or unit < QUARTER:
        return events
    result: list[Event] = []
    for event in events:
        last = result[-1] if result else None
        if (
            last is not None
            and event.is_rest
            and last.is_rest
            and event.duration == last.duration == unit
            and last.onset % (2 * unit) == 0
        ):
            result[-1] = replace(last, duration=2 * unit, base=2 * last.base)
        else:
            result.append(event)
    return result


def _hide_shared_rests(hands: Voice, feet: Voice) -> Voice:
    """Where both voices are silent the hands' rest stands for both."""
    silent = [(event.onset, event.onset + event.duration) for event in hands.events if event.is_rest]

    def covered(event: Event) -> bool:
        place, end = event.onset, event.onset + event.duration
        for start, stop in silent:
            if start <= place < stop:
                place = stop
        return place >= end

    return Voice(
        feet.number,
        tuple(
            replace(event, visible=False) if event.is_rest and covered(event) else event
            for event in feet.events
        ),
    )


def beam_states(events: Sequence[Event]) -> dict[int, tuple[str, ...]]:
    """Say, for each note in a beam, what each of its beams does, in MusicXML's words.

    Returns:
        For an index into ``events``, one of ``begin``, ``continue``, ``end``, ``forward hook``, ``backward
        hook`` per beam level, the outermost first.
    """
    states: dict[int, tuple[str, ...]] = {}
    groups: dict[int, list[int]] = {}
    for index, event in enumerate(events):
        if event.beam is not None and not event.is_rest:
            groups.setdefault(event.beam, []).append(index)
    for group in groups.values():
        for place, index in enumerate(group):
            levels = []
            for level in range(1, events[index].flags + 1):
                before = place > 0 and _beam_goes_on(events, group[place - 1], index, level)
                after = place + 1 < len(group) and _beam_goes_on(events, index, group[place + 1], level)
                if before and after:
                    levels.append("continue")
                elif before:
                    levels.append("end")
                elif after:
                    levels.append("begin")
                else:
                    levels.append("forward hook" if place == 0 else "backward hook")
            states[index] = tuple(levels)
    return states


def _beam_goes_on(events: Sequence[Event], left: int, right: int, level: int) -> bool:
    if min(events[left].flags, events[right].flags) < level:
        return False
    return all(
        events[index].beams_after is None or level <= (events[index].beams_after or 0)
        for index in range(left, right)
    )
