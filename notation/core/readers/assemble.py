"""From a draft to a score: bars that the score can have, seconds from the file's own tempi, ids."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate
from math import ceil
from statistics import median

from notation.core.beat_grid import BEAT_TYPES, MOST_BEATS_A_BAR, Meter
from notation.core.hits import Hit
from notation.core.quantising.bars import tempo_marks_of
from notation.core.readers.draft import Draft, DraftBar, DraftNote
from notation.core.readers.errors import ImportNoDrums, ImportUnsupported
from notation.core.readers.limits import check_notes, check_notes_of_bar, check_score
from notation.core.readers.report import Findings
from notation.core.score import (
    STICKING_MARKS,
    Bar,
    Mark,
    Score,
    ScoreHit,
    Swing,
    SwingMark,
    TempoMark,
    possible_marks,
)
from notation.core.spelling.emphasis import emphasis_of
from notation.core.spelling.rhythm import QUARTER, units_of

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_GRACE_S = 0.030  # a flam's width
_USUAL_TEMPO = 120.0
_SLOWEST, _QUICKEST = 4.0, 500.0  # quarters a minute that are taken to be meant

_Stretches = list[tuple[Fraction, float, float]]
# A stroke in its place, and the note that it was read from; a grace note has none of its own.
_Placed = tuple[ScoreHit, DraftNote | None]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A draft's bars as the score has them, and the second of every place in them.

    ``stretches`` are, for each bar, (position, second, seconds a quarter) where the tempo changes.
    """

    bars: tuple[Bar, ...]
    stretches: tuple[_Stretches, ...]

    def second_at(self, index: int, position: Fraction) -> float:
        """The second of ``position`` in the bar with ``index``."""
        return _second_at(self.stretches[index], position)


def timeline_of(draft: Draft, findings: Findings) -> Timeline:
    """Measure and time the bars of a draft; notes of a pickup are moved to where they stand in it.

    Raises:
        ImportTooLarge: too many bars.
        ImportUnsupported: a bar longer than any meter.
    """
    check_score(0, len(draft.bars))
    measured = [_measure(bar, index, len(draft.bars), findings) for index, bar in enumerate(draft.bars)]
    bars, times = _time_bars(draft, measured, findings)
    return Timeline(bars, tuple(times))


def assemble(draft: Draft, findings: Findings) -> Score:
    """Build the score; what does not fit is changed as little as possible and told in ``findings``.

    Raises:
        ImportNoDrums: it has no bars or no notes.
        ImportTooLarge: it has too many.
        ImportUnsupported: a bar longer than any meter.
    """
    for bar in draft.bars:
        check_notes_of_bar(len(bar.notes), bar.number)
    check_notes(sum(1 + len(note.graces) for bar in draft.bars for note in bar.notes))
    if not any(bar.notes for bar in draft.bars):
        raise ImportNoDrums(reason="no drum is struck in it")
    timeline = timeline_of(draft, findings)
    bars = timeline.bars
    hits = _hits(draft, timeline, findings)
    if draft.shows_emphasis:
        hits = _with_emphasis(hits)
    return Score(
        title=draft.title,
        artist=draft.artist,
        bars=bars,
        hits=tuple(placed for placed, _ in hits),
        tempo_bpm=felt_tempo(bars),
        tempo_marks=_tempo_marks(draft, bars, findings),
        swing_marks=_swing_marks(draft, bars),
    )


@dataclass(frozen=True, slots=True)
class _Length:
    """How a draft's bar is written: its meter, its length, and how far its notes are moved to the right."""

    beats: int
    beat_type: int
    quarters: Fraction
    shift: Fraction = Fraction(0)


def _measure(bar: DraftBar, index: int, count: int, findings: Findings) -> _Length:
    beats, beat_type = bar.beats, bar.beat_type
    while beat_type > 16 and beats % 2 == 0:
        beats, beat_type = beats // 2, beat_type // 2
    if beat_type == 1:
        beats, beat_type = 2 * beats, 2
    possible = 1 <= beats <= MOST_BEATS_A_BAR and beat_type in BEAT_TYPES
    if possible and bar.quarters == bar.meter_quarters:
        return _Length(beats, beat_type, bar.quarters)
    if possible and index == 0 and count > 1 and bar.quarters < bar.meter_quarters:
        # The score counts a pickup in whole beats; it begins with a rest where the file's is shorter.
        unit = Meter(0, beats, beat_type).beat_quarters
        quarters = min(ceil(bar.quarters / unit) * unit, bar.meter_quarters)
        return _Length(beats, beat_type, quarters, quarters - bar.quarters)
    own = _own_meter(bar.quarters, beat_type if possible else 4)
    if own.quarters != bar.quarters or not possible:
        findings.add("bar_changed", "A bar's length could not be kept exactly.", bar.number)
    elif bar.quarters != bar.meter_quarters:
        findings.add("bar_own_meter", "A bar that does not fill its meter has one of its own.", bar.number)
    return own


def _own_meter(quarters: Fraction, beat_type: int) -> _Length:
    for unit in (beat_type, *BEAT_TYPES):
        beats = quarters * unit / 4
        if beats.denominator == 1 and 1 <= beats <= MOST_BEATS_A_BAR:
            return _Length(int(beats), unit, quarters)
    for unit in reversed(BEAT_TYPES):
        beats = Fraction(max(1, ceil(quarters * unit / 4)))
        if beats <= MOST_BEATS_A_BAR:
            return _Length(int(beats), unit, beats * 4 / unit)
    raise ImportUnsupported(reason=f"a bar of {float(quarters):g} quarters")


class _TempoMap:
    """Seconds of places within bars, the tempi of the file in force."""

    def __init__(self, start_s: float, tempo: float) -> None:
        self.now_s = start_s
        self._tempo = tempo

    def through(self, bar: DraftBar, length: _Length) -> list[tuple[Fraction, float, float]]:
        """The stretches of the bar, each (position, second, seconds a quarter); moves to the bar's end."""
        stretches = [(Fraction(0), self.now_s, 60 / self._tempo)]
        for tempo in sorted(bar.tempi, key=lambda tempo: tempo.position):
            position = min(max(Fraction(0), tempo.position + length.shift), length.quarters)
            if tempo.position == 0:
                position = Fraction(0)  # a pickup's rest has the pickup's tempo
            start, second, each = stretches[-1]
            here_s = second + float(position - start) * each
            self._tempo = tempo.quarters_a_minute
            stretches.append((position, here_s, 60 / self._tempo))
        start, second, each = stretches[-1]
        self.now_s = second + float(length.quarters - start) * each
        return stretches


def _second_at(stretches: _Stretches, position: Fraction) -> float:
    index = bisect_right(stretches, position, key=lambda stretch: stretch[0])
    start, second, each = stretches[max(0, index - 1)]
    return second + float(position - start) * each


def _time_bars(
    draft: Draft, measured: Sequence[_Length], findings: Findings
) -> tuple[tuple[Bar, ...], list[_Stretches]]:
    for bar in draft.bars:
        usable = [tempo for tempo in bar.tempi if _SLOWEST <= tempo.quarters_a_minute <= _QUICKEST]
        if len(usable) < len(bar.tempi):
            findings.add("tempo_ignored", "A tempo that nobody can play was left out.", bar.number)
            bar.tempi = usable
    first_tempo = next((tempo.quarters_a_minute for bar in draft.bars for tempo in bar.tempi), None)
    if first_tempo is None:
        findings.add("tempo_missing", f"The file has no tempo; {_USUAL_TEMPO:g} was taken.")
    # Grace notes before the very first beat need a moment of their own.
    leads = max((len(note.graces) for note in draft.bars[0].notes if note.position == 0), default=0)
    clock = _TempoMap(leads * _GRACE_S, first_tempo or _USUAL_TEMPO)
    bars: list[Bar] = []
    times: list[_Stretches] = []
    meter: Meter | None = None
    for number, (bar, length) in enumerate(zip(draft.bars, measured, strict=True), start=draft.first_number):
        if meter is None or (meter.beats, meter.beat_type) != (length.beats, length.beat_type):
            meter = Meter(number, length.beats, length.beat_type)
        stretches = clock.through(bar, length)
        count = int(length.quarters / meter.beat_quarters)
        bars.append(
            Bar(
                number,
                meter,
                length.quarters,
                tuple(_second_at(stretches, beat * meter.beat_quarters) for beat in range(count)),
                clock.now_s,
                bar.section,
            )
        )
        times.append(stretches)
        for note in bar.notes:
            note.position += length.shift
    return tuple(bars), times


def _hits(draft: Draft, timeline: Timeline, findings: Findings) -> list[_Placed]:
    """Every stroke in its place, grace notes before theirs, each main note with what it was read from."""
    ids = _Ids({note.id for bar in draft.bars for note in bar.notes if note.id})
    placed: list[_Placed] = []
    swing: Swing | None = None
    for source, bar, stretches in zip(draft.bars, timeline.bars, timeline.stretches, strict=True):
        swing = source.feel.swing if source.feel else swing
        notes = _joined(source, findings)
        played = _played_positions(bar, notes, swing)
        inside: list[_Placed] = []
        for note in notes:
            position = played[note.position]
            onset_s = _second_at(stretches, position)
            main_id = ids.take(note.id)
            for steps, grace in enumerate(reversed(note.graces), start=1):
                hit = Hit(
                    ids.take(grace.id),
                    max(0.0, onset_s - steps * _GRACE_S),
                    grace.instrument,
                    grace.velocity,
                    1.0,
                )
                marks = _allowed(hit, grace.marks)
                inside.append((ScoreHit(hit, bar.number, position, main_id, marks), None))
            hit = Hit(main_id, onset_s, note.instrument, note.velocity, 1.0)
            inside.append((ScoreHit(hit, bar.number, position, None, _allowed(hit, note.marks)), note))
        inside.sort(key=lambda item: (item[0].position, item[0].hit.onset_s))
        placed += inside
        check_score(len(placed), len(timeline.bars))
    return placed


def _allowed(hit: Hit, marks: frozenset[Mark]) -> frozenset[Mark]:
    """The marks that the instrument can have, one hand at most."""
    kept = possible_marks(hit.instrument, marks)
    return kept - STICKING_MARKS if kept >= STICKING_MARKS else kept


class _Ids:
    """Keeps the ids that the file's notes have, where they are plain names, and makes others."""

    def __init__(self, wanted: set[str]) -> None:
        self._wanted = wanted
        self._taken: set[str] = set()
        self._next = 1

    def take(self, wanted: str | None) -> str:
        if wanted is not None and wanted not in self._taken and _ID.fullmatch(wanted):
            self._taken.add(wanted)
            return wanted
        while (made := f"h{self._next}") in self._taken or made in self._wanted:
            self._next += 1
        self._taken.add(made)
        return made


def _joined(bar: DraftBar, findings: Findings) -> list[DraftNote]:
    """The bar's notes, of those that would be one stroke on this kit the louder one."""
    kept: dict[tuple[Fraction, str], list[DraftNote]] = {}
    for note in bar.notes:
        group = kept.setdefault((note.position, note.instrument), [])
        rival = group[0] if group else None
        if rival is None or rival.origin == note.origin:
            group.append(note)
            continue
        findings.add(
            "strokes_joined", "Two strokes that are one on this kit were joined, the louder kept.", bar.number
        )
        louder = note if note.velocity > rival.velocity else rival
        group[0] = replace(louder, graces=rival.graces or note.graces, origin=rival.origin)
    return [note for group in kept.values() for note in group]


def _played_positions(bar: Bar, notes: Sequence[DraftNote], swing: Swing | None) -> dict[Fraction, Fraction]:
    """Where notes are played that are written where they are: under a swing mark the off-beats come late."""
    played = {note.position: note.position for note in notes}
    if swing is None:
        return played
    lengths = units_of(bar.meter, bar.quarters)
    starts = list(accumulate(lengths, initial=Fraction(0)))
    by_unit: dict[int, list[Fraction]] = {}
    for position in played:
        by_unit.setdefault(bisect_right(starts, position) - 1, []).append(position)
    for index, (start, length) in enumerate(zip(starts, lengths, strict=False)):
        inside = by_unit.get(index, [])
        swung = {position: start + swing.played(position - start) for position in inside}
        if length == QUARTER and swing.fits({position - start for position in swung.values()}):
            played |= swung
    return played


def _with_emphasis(hits: Sequence[_Placed]) -> list[_Placed]:
    """Mark those notes that the page shows otherwise than their velocity alone would.

    An accent stands on a chord once, whichever of its notes it is for.
    """
    by_velocity = emphasis_of(placed for placed, _ in hits)
    accented = {
        (placed.bar, note.stem)
        for placed, note in hits
        if note is not None and placed.hit.id in by_velocity.accents
    }
    marked: list[_Placed] = []
    for placed, note in hits:
        name = placed.hit.id
        if note is not None:
            found = Mark.GHOST if name in by_velocity.ghosts else None
            found = Mark.ACCENT if name in by_velocity.accents else found
            explained = note.shown is Mark.ACCENT and (placed.bar, note.stem) in accented and found is None
            if note.shown is not found and not explained:
                placed = replace(placed, marks=placed.marks | {note.shown or Mark.PLAIN})
        marked.append((placed, note))
    return marked


def felt_tempo(bars: Sequence[Bar]) -> float:
    """The median of the bars' tempi, in felt beats a minute."""
    tempi = [60 * float(bar.quarters / bar.meter.beat_quarters) / (bar.end_s - bar.start_s) for bar in bars]
    return round(median(tempi), 2)


def _tempo_marks(draft: Draft, bars: Sequence[Bar], findings: Findings) -> tuple[TempoMark, ...]:
    """The printed tempi, each at the start of a bar; where none is printed, those that can be heard."""
    tempi = [tempo for bar in draft.bars for tempo in bar.tempi]
    if tempi and not any(tempo.printed for tempo in tempi):
        return tempo_marks_of(bars)
    marks: list[TempoMark] = []
    carried: float | None = None
    for source, bar in zip(draft.bars, bars, strict=True):
        at_start = carried
        carried = None
        for tempo in source.tempi:
            if tempo.position == 0:
                at_start = tempo.quarters_a_minute
            else:
                carried = tempo.quarters_a_minute
        if carried is not None:
            findings.add(
                "tempo_moved", "A change of tempo within a bar is printed at the next one.", source.number
            )
        if at_start is not None:
            marks.append(TempoMark(bar.number, round(at_start / float(bar.meter.beat_quarters), 2)))
    return tuple(mark for index, mark in enumerate(marks) if index == 0 or mark.bpm != marks[index - 1].bpm)


def _swing_marks(draft: Draft, bars: Sequence[Bar]) -> tuple[SwingMark, ...]:
    return tuple(
        SwingMark(bar.number, source.feel.swing)
        for source, bar in zip(draft.bars, bars, strict=True)
        if source.feel is not None
    )
