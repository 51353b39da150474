"""MIDI into a score: a file that was written keeps its positions, one that was played is quantised."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from notation.core.beat_grid import BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantising.quantise import quantise
from notation.core.quantising.regrid import beats_in
from notation.core.readers.assemble import Timeline, assemble, felt_tempo, timeline_of
from notation.core.readers.draft import Draft, DraftGrace, DraftNote
from notation.core.readers.errors import ImportNoDrums, ImportTooLarge
from notation.core.readers.gm import NEAREST, SNARE_RIM, key_map
from notation.core.readers.limits import check_graces, check_score
from notation.core.readers.midi_bars import TickBars
from notation.core.readers.midi_file import MidiMusic, parse_midi
from notation.core.readers.report import Findings
from notation.core.score import INSTRUMENTS_OF_MARK, Mark, Score

_I = InstrumentName
_WRITTEN_SHARE = 0.95
_HALF_OPEN_PEDAL = range(32, 97)
_GRAB_QUARTERS = 4  # how long after its stroke a cymbal may be grabbed
_MOST_PLAYED_BARS = 3_000  # to quantise: more than an hour of playing
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
    ticks = TickBars(music, findings)
    draft = Draft(music.title or title, "", ticks.bars, 1, shows_emphasis=False)
    if _is_written(strokes, ticks):
        _place(strokes, ticks)
        _drop_lead_in(draft)
        _number_pickup(draft)
        return assemble(draft, findings)
    findings.add("played", "The file was played, not written: its strokes were quantised.")
    return _quantised(strokes, draft, ticks, findings)


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
    check_score(len(joined), 0)
    return list(joined.values())


def _is_written(strokes: Sequence[_Stroke], ticks: TickBars) -> bool:
    """Whether nearly all strokes lie on the grid, those that lead to another of the drum aside."""
    on = off = 0
    for run in _by_instrument(strokes).values():
        for index, stroke in enumerate(run):
            _, position = ticks.place(stroke.tick)
            if ticks.is_plain(position):
                on += 1
            elif index + 1 == len(run) or not ticks.are_a_flam(stroke.tick, run[index + 1].tick):
                off += 1
    return on >= _WRITTEN_SHARE * (on + off)


def _by_instrument(strokes: Sequence[_Stroke]) -> dict[InstrumentName, list[_Stroke]]:
    runs: dict[InstrumentName, list[_Stroke]] = {}
    for stroke in strokes:
        runs.setdefault(stroke.instrument, []).append(stroke)
    return runs


def _place(strokes: Sequence[_Stroke], ticks: TickBars) -> None:
    """Put the strokes of a written file into its bars, grace notes with the stroke that they lead to."""
    for run in _by_instrument(strokes).values():
        following: tuple[_Stroke, DraftNote, bool] | None = None
        placed: list[DraftNote] = []
        for stroke in reversed(run):
            index, position = ticks.place(stroke.tick)
            near = following is not None and ticks.are_a_flam(stroke.tick, following[0].tick)
            # The first of a drag may fall on the grid by chance; the one after it tells.
            if following is not None and near and (following[2] or not ticks.is_plain(position)):
                grace = DraftGrace(stroke.instrument, stroke.velocity, stroke.marks)
                following[1].graces.append(grace)
                check_graces(len(following[1].graces))
                following = (stroke, following[1], True)
                continue
            note = DraftNote(
                ticks.readable(position),
                stroke.instrument,
                stroke.velocity,
                stroke.marks,
                origin=str(stroke.key),
            )
            if note.position >= ticks.bars[index].quarters and index + 1 < len(ticks.bars):
                index, note.position = index + 1, Fraction(0)
            ticks.bars[index].notes.append(note)
            placed.append(note)
            following = (stroke, note, False)
        for note in placed:
            note.graces.reverse()  # they were found from the last to the first


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


def _quantised(strokes: Sequence[_Stroke], draft: Draft, ticks: TickBars, findings: Findings) -> Score:
    """Quantise strokes that were played, against the beats of the file's own tempi."""
    if len(draft.bars) > _MOST_PLAYED_BARS:
        raise ImportTooLarge(reason=f"more than {_MOST_PLAYED_BARS} bars would have to be quantised")
    _number_pickup(draft)
    timeline = timeline_of(draft, findings)
    # A pickup begins with a rest where the file's is no whole number of beats.
    rest = timeline.bars[0].quarters - draft.bars[0].quarters if draft.first_number == 0 else Fraction(0)
    hits = []
    for number, stroke in enumerate(strokes, start=1):
        index, position = ticks.place(stroke.tick)
        onset_s = timeline.second_at(index, position + (0 if index else rest))
        hits.append(Hit(f"h{number}", onset_s, stroke.instrument, stroke.velocity, 1.0))
    score = quantise(hits, _grid(timeline), title=draft.title)
    sections = {bar.number: source.section for bar, source in zip(timeline.bars, draft.bars, strict=True)}
    marks = {hit.id: stroke.marks for hit, stroke in zip(hits, strokes, strict=True)}
    return replace(
        score,
        bars=tuple(replace(bar, section=sections.get(bar.number)) for bar in score.bars),
        hits=tuple(replace(placed, marks=placed.marks | marks[placed.hit.id]) for placed in score.hits),
    )


def _grid(timeline: Timeline) -> BeatGrid:
    meters: list[Meter] = []
    for bar in timeline.bars:
        if not meters or meters[-1] is not bar.meter:
            meters.append(bar.meter)
    return BeatGrid(beats_in(timeline.bars), tuple(meters), felt_tempo(timeline.bars), unreliable=False)
