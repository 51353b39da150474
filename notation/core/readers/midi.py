"""MIDI into a score: a file that was written keeps its positions, one that was played is quantised."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantise import quantise
from notation.core.readers.assemble import Timeline, assemble, felt_tempo, timeline_of
from notation.core.readers.draft import Draft, DraftBar, DraftGrace, DraftNote, DraftTempo
from notation.core.readers.errors import ImportNoDrums, ImportTooLarge
from notation.core.readers.gm import NEAREST, SNARE_RIM, key_map
from notation.core.readers.limits import check_bars
from notation.core.readers.midi_file import MidiMusic, parse_midi
from notation.core.readers.report import Findings
from notation.core.score import INSTRUMENTS_OF_MARK, Mark, Score

_I = InstrumentName
# Written files lie on these parts of a quarter, the plainest that fits first.
_PARTS = (1, 2, 3, 4, 6, 8, 12, 5, 7, 16, 24, 10, 9, 14, 32, 48)
_PLAIN_PARTS = (8, 12)  # on which nearly every stroke of a written file lies
_WRITTEN_SHARE = 0.95
_FLAM_S = 0.045
_FLAM_QUARTERS = Fraction(1, 13)  # our own grace notes come a sixteenth of a quarter before theirs
_HALF_OPEN_PEDAL = range(32, 97)
_GRAB_QUARTERS = 4  # how long after its stroke a cymbal may be grabbed
_MOST_PLAYED, _MOST_PLAYED_BARS = 20_000, 3_000  # to quantise: more than an hour of playing
_SNARE = 38


def read_midi(data: bytes, title: str, findings: Findings) -> Score:
    """Read a MIDI file's drums.

    Args:
        title: taken where the file has none.
    Raises:
        ImportUnreadable, ImportUnsupported, ImportNoDrums, ImportTooLarge: see ``parse_midi``.
    """
    music = parse_midi(data, findings)
    strokes = _strokes(music, findings)
    bars, starts = _bars(music, findings)
    music_is_written = _is_written(strokes, bars, starts, music)
    draft = Draft(music.title or title, "", bars, 1, shows_emphasis=False)
    if music_is_written:
        _place(strokes, draft, starts, music)
        _drop_lead_in(draft)
        _number_pickup(draft)
        return assemble(draft, findings)
    findings.add("played", "The file was played, not written: its strokes were quantised.")
    return _quantised(strokes, draft, starts, music, findings)


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A stroke on the kit; ``tick`` and ``key`` are the file's."""

    tick: int
    instrument: InstrumentName
    velocity: int
    marks: frozenset[Mark]
    key: int


def _strokes(music: MidiMusic, findings: Findings) -> list[_Stroke]:
    counts = Counter(stroke.key for stroke in music.strokes)
    known = key_map(counts.keys())
    has_rim = counts[_SNARE] >= counts[SNARE_RIM] > 0
    for key, count in sorted(counts.items()):
        if key in NEAREST and key not in known:
            name, nearest = NEAREST[key]
            findings.add("instrument_nearest", f"A {name} was written as {nearest.value}.", count=count)
        elif key not in known:
            findings.add("instrument_unknown", f"Strokes on the key {key} were left out.", count=count)
    if has_rim:
        message = f"Strokes on the key {SNARE_RIM} were taken for rim shots."
        findings.add("rim_shots", message, count=counts[SNARE_RIM])
    grabbed = _grabbed(music)
    strokes = []
    for index, stroke in enumerate(music.strokes):
        instrument = known.get(stroke.key)
        if instrument is None and stroke.key in NEAREST:
            instrument = NEAREST[stroke.key][1]
        if instrument is None:
            continue
        marks = set()
        if stroke.key == SNARE_RIM and has_rim:
            marks.add(Mark.RIM_SHOT)
        if instrument is _I.HIHAT_OPEN and stroke.pedal in _HALF_OPEN_PEDAL:
            marks.add(Mark.HALF_OPEN)
        if index in grabbed and instrument in INSTRUMENTS_OF_MARK[Mark.CHOKE]:
            marks.add(Mark.CHOKE)
        strokes.append(_Stroke(stroke.tick, instrument, stroke.velocity, frozenset(marks), stroke.key))
    if not strokes:
        raise ImportNoDrums(reason="none of its keys is a drum")
    return _joined(strokes, findings)


def _grabbed(music: MidiMusic) -> set[int]:
    """The indexes of the strokes whose cymbal is grabbed after them."""
    ticks: dict[int, list[tuple[int, int]]] = {}
    for index, stroke in enumerate(music.strokes):
        ticks.setdefault(stroke.key, []).append((stroke.tick, index))
    grabbed = set()
    for tick, key in music.grabs:
        before = bisect_right(ticks.get(key, []), (tick, len(music.strokes))) - 1
        if before >= 0 and tick - ticks[key][before][0] <= _GRAB_QUARTERS * music.ticks_a_quarter:
            grabbed.add(ticks[key][before][1])
    return grabbed


def _joined(strokes: Sequence[_Stroke], findings: Findings) -> list[_Stroke]:
    """Two keys of one drum at once are one stroke, the louder; so are two tracks that say the same."""
    joined: dict[tuple[int, InstrumentName], _Stroke] = {}
    for stroke in strokes:
        place = (stroke.tick, stroke.instrument)
        rival = joined.setdefault(place, stroke)
        if rival is not stroke:
            findings.add(
                "strokes_joined", "Two strokes that are one on this kit were joined, the louder kept."
            )
            if stroke.velocity > rival.velocity:
                joined[place] = stroke
    return list(joined.values())


def _bars(music: MidiMusic, findings: Findings) -> tuple[list[DraftBar], list[Fraction]]:
    """The file's bars, and the tick of each one's start; a change of meter within a bar ends it."""
    meters: dict[int, tuple[int, int]] = {0: (4, 4)}
    for change, beats, beat_type in music.meters:
        if not 1 <= beats <= 64 or beat_type not in (1, 2, 4, 8, 16, 32):
            findings.add("meter_ignored", "A time signature that cannot be was left out.")
            continue
        meters[change] = (beats, beat_type)
    changes: list[int] = sorted(meters)
    last = max(music.strokes[-1].tick, *(tick for tick, _ in music.tempi[-1:]), 0)
    bars: list[DraftBar] = []
    starts: list[Fraction] = []
    tick = Fraction(0)
    while tick <= last:
        current = bisect_right(changes, float(tick)) - 1
        beats, beat_type = meters[changes[current]]
        quarters = Fraction(4 * beats, beat_type)
        end = tick + quarters * music.ticks_a_quarter
        if current + 1 < len(changes) and changes[current + 1] < end:
            end = Fraction(changes[current + 1])
            quarters = (end - tick) / music.ticks_a_quarter
        bars.append(DraftBar(len(bars) + 1, beats, beat_type, quarters))
        starts.append(tick)
        check_bars(len(bars))
        tick = end
    _set_tempi(music, bars, starts)
    for marker_tick, text in music.markers:
        # A marker just before a barline was set by hand for what begins there.
        index = bisect_right(starts, marker_tick + Fraction(music.ticks_a_quarter, 8)) - 1
        bars[index].section = bars[index].section or text or None
    return bars, starts


def _set_tempi(music: MidiMusic, bars: Sequence[DraftBar], starts: Sequence[Fraction]) -> None:
    for tick, microseconds in music.tempi:
        index = bisect_right(starts, tick) - 1
        position = min((tick - starts[index]) / music.ticks_a_quarter, bars[index].quarters)
        tempo = 6e7 / microseconds if microseconds else float("inf")
        bars[index].tempi = [known for known in bars[index].tempi if known.position != position]
        bars[index].tempi.append(DraftTempo(position, tempo, printed=False))


def _place_in_bar(tick: int, starts: Sequence[Fraction], ticks_a_quarter: int) -> tuple[int, Fraction]:
    index = bisect_right(starts, tick) - 1
    return index, (tick - starts[index]) / ticks_a_quarter


def _nearest_part(position: Fraction, parts: Sequence[int], slack: Fraction) -> Fraction | None:
    for part in parts:
        near = Fraction(round(position * part), part)
        if abs(near - position) <= slack:
            return near
    return None


def _slack(ticks_a_quarter: int) -> Fraction:
    """How far rounding to ticks, up or down, moves a stroke, in quarters."""
    return Fraction(1 if ticks_a_quarter >= 192 else 0, ticks_a_quarter) or Fraction(1, 2 * ticks_a_quarter)


def _is_written(
    strokes: Sequence[_Stroke], bars: Sequence[DraftBar], starts: Sequence[Fraction], music: MidiMusic
) -> bool:
    """Whether nearly all strokes lie on the grid, those that lead to another of the drum aside."""
    slack = _slack(music.ticks_a_quarter)
    on = off = 0
    for _, run in _by_instrument(strokes).items():
        for index, stroke in enumerate(run):
            _, position = _place_in_bar(stroke.tick, starts, music.ticks_a_quarter)
            if _nearest_part(position, _PLAIN_PARTS, slack) is not None:
                on += 1
            elif index + 1 == len(run) or not _leads(stroke, run[index + 1], bars, music):
                off += 1
    return on >= _WRITTEN_SHARE * (on + off)


def _by_instrument(strokes: Sequence[_Stroke]) -> dict[InstrumentName, list[_Stroke]]:
    runs: dict[InstrumentName, list[_Stroke]] = {}
    for stroke in strokes:
        runs.setdefault(stroke.instrument, []).append(stroke)
    return runs


def _leads(stroke: _Stroke, following: _Stroke, bars: Sequence[DraftBar], music: MidiMusic) -> bool:
    """Whether two strokes are as near as a flam's."""
    gap = Fraction(following.tick - stroke.tick, music.ticks_a_quarter)
    tempo = next((t.quarters_a_minute for bar in bars for t in bar.tempi), 120.0)
    return gap <= _FLAM_QUARTERS or float(gap) * 60 / tempo <= _FLAM_S


def _place(strokes: Sequence[_Stroke], draft: Draft, starts: Sequence[Fraction], music: MidiMusic) -> None:
    """Put the strokes of a written file into its bars, grace notes with the stroke that they lead to."""
    slack = _slack(music.ticks_a_quarter)
    for run in _by_instrument(strokes).values():
        following: tuple[_Stroke, DraftNote, bool] | None = None
        for stroke in reversed(run):
            index, position = _place_in_bar(stroke.tick, starts, music.ticks_a_quarter)
            is_plain = _nearest_part(position, _PLAIN_PARTS, slack) is not None
            near = following is not None and _leads(stroke, following[0], draft.bars, music)
            # The first of a drag may fall on the grid by chance; the one after it tells.
            if following is not None and near and (not is_plain or following[2]):
                grace = DraftGrace(stroke.instrument, stroke.velocity, stroke.marks)
                following[1].graces.insert(0, grace)
                following = (stroke, following[1], True)
                continue
            place = _nearest_part(position, _PARTS, slack)
            note = DraftNote(
                position if place is None else place,
                stroke.instrument,
                stroke.velocity,
                stroke.marks,
                origin=str(stroke.key),
            )
            if note.position >= draft.bars[index].quarters and index + 1 < len(draft.bars):
                index, note.position = index + 1, Fraction(0)
            draft.bars[index].notes.append(note)
            following = (stroke, note, False)


def _drop_lead_in(draft: Draft) -> None:
    """Leave out a moment of silence that makes room for the grace notes before the first beat."""
    bars = draft.bars
    if len(bars) > 1 and bars[0].quarters < Fraction(1, 2) and not bars[0].notes:
        if bars[0].tempi and not bars[1].tempi:
            bars[1].tempi = [replace(bars[0].tempi[-1], position=Fraction(0))]
        del bars[0]


def _number_pickup(draft: Draft) -> None:
    """A first bar shorter than those after it is a pickup, and they count from one."""
    if len(draft.bars) < 2:
        return
    first, second = draft.bars[:2]
    if first.quarters < second.meter_quarters:
        first.beats, first.beat_type = second.beats, second.beat_type
        draft.first_number = 0


def _quantised(
    strokes: Sequence[_Stroke],
    draft: Draft,
    starts: Sequence[Fraction],
    music: MidiMusic,
    findings: Findings,
) -> Score:
    """Quantise strokes that were played, against the beats of the file's own tempi."""
    if len(strokes) > _MOST_PLAYED or len(draft.bars) > _MOST_PLAYED_BARS:
        raise ImportTooLarge(
            reason=f"more than {_MOST_PLAYED} strokes or {_MOST_PLAYED_BARS} bars would have to be quantised"
        )
    _number_pickup(draft)
    timeline = timeline_of(draft, findings)
    # A pickup begins with a rest where the file's is no whole number of beats.
    rest = timeline.bars[0].quarters - draft.bars[0].quarters if draft.first_number == 0 else Fraction(0)
    hits = []
    for number, stroke in enumerate(strokes, start=1):
        index, position = _place_in_bar(stroke.tick, starts, music.ticks_a_quarter)
        onset_s = timeline.second_at(index, position + (0 if index else rest))
        hits.append(Hit(f"h{number}", onset_s, stroke.instrument, stroke.velocity, 1.0))
    score = quantise(hits, _grid(timeline), title=draft.title)
    sections = {bar.number: source.section for bar, source in zip(timeline.bars, draft.bars, strict=True)}
    marks = {hit.id: stroke.marks for hit, stroke in zip(hits, strokes, strict=True)}
    return replace(
        score,
        bars=tuple(replace(bar, section=sections.get(bar.number)) for bar in score.bars),
        hits=tuple(replace(placed, marks=marks[placed.hit.id]) for placed in score.hits),
    )


def _grid(timeline: Timeline) -> BeatGrid:
    beats = [
        Beat(time_s, bar.number, place)
        for bar in timeline.bars
        for place, time_s in enumerate(bar.beat_times_s, start=1)
    ]
    last = timeline.bars[-1]
    beats.append(Beat(last.end_s, last.number + 1, 1))
    meters: list[Meter] = []
    for bar in timeline.bars:
        if not meters or meters[-1] is not bar.meter:
            meters.append(bar.meter)
    return BeatGrid(tuple(beats), tuple(meters), felt_tempo(timeline.bars), unreliable=False)
