"""Drum tablature: a score as plain text, a line an instrument, a column a moment.

It starts from the engraved events, so that a shuffle under a swing mark is written straight. A line of counts
stands above each system; a digit in it is where a beat begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from notation.core.instruments import InstrumentName
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.score import Mark, Score
from notation.core.spelling.engraved import Event, Head, SpelledBar
from notation.core.spelling.spell import spell
from notation.core.texts import plain_text, swing_words

_LINE_WIDTH = 100
_BARS_A_LINE = 4
_MOST_COLUMNS_A_QUARTER = 24  # beyond, each beat gets the columns that it needs for itself
_GRIDS = (4, 8, 3, 6, 12, 24)  # columns a quarter; the first that fits
_COUNTS = {2: "+", 3: "tl", 4: "e+a", 8: ".e.+.a."}

_I = InstrumentName


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a system: its label, its instrument, and the letter of a plain stroke."""

    label: str
    instrument: InstrumentName
    words: str
    stroke: str = "x"


# From the top of the kit to the bottom.
_LINES = (
    _Line("SP", _I.SPLASH, "splash"),
    _Line("CH", _I.CHINA, "china"),
    _Line("CC", _I.CRASH, "crash"),
    _Line("RB", _I.RIDE_BELL, "ride bell"),
    _Line("RD", _I.RIDE, "ride"),
    _Line("HO", _I.HIHAT_OPEN, "open hi-hat"),
    _Line("HH", _I.HIHAT_CLOSED, "hi-hat"),
    _Line("TA", _I.TAMBOURINE, "tambourine"),
    _Line("CB", _I.COWBELL, "cowbell"),
    _Line("CP", _I.CLAP, "clap"),
    _Line("T1", _I.TOM_HIGH, "high tom", "o"),
    _Line("T2", _I.TOM_MID, "mid tom", "o"),
    _Line("SS", _I.SIDE_STICK, "side stick"),
    _Line("SN", _I.SNARE, "snare", "o"),
    _Line("FT", _I.TOM_LOW, "floor tom", "o"),
    _Line("BD", _I.KICK, "bass drum", "o"),
    _Line("HF", _I.HIHAT_PEDAL, "hi-hat foot"),
)
_LINE_OF = {line.instrument: line for line in _LINES}
# What has a letter of its own on a neighbour's line, plain and accented. Only a stroke that needs more than
# that, or finds its column taken, goes to a line of its own.
_GUESTS: Mapping[InstrumentName, tuple[str, str, str]] = {
    _I.HIHAT_OPEN: ("HH", "o", "O"),
    _I.RIDE_BELL: ("RD", "b", "B"),
    _I.SIDE_STICK: ("SN", "@", "@"),
}
_LONE_GRACE = "'"
_LEGEND = (
    ("x", "stroke"),
    ("o", "stroke on a drum, or open hi-hat"),
    ("X O F D", "accented"),
    ("h", "half-open hi-hat"),
    ("b B", "ride bell"),
    ("@", "side stick"),
    ("g", "ghost note"),
    ("f", "flam"),
    ("d", "drag"),
    ("3-9", "that many grace notes before a stroke"),
    (_LONE_GRACE, "grace note before another drum's stroke"),
    ("r", "rim shot"),
    ("z", "roll"),
    ("#", "choked"),
)


def write_ascii_tab(score: Score, profile: KitProfile = WEINBERG) -> str:
    """Write ``score`` as tablature with a legend, in systems of at most 100 columns.

    One letter says one thing: of several marks on a stroke it is the first of grace notes, roll, choke, rim
    shot, ghost, accent. Instruments that the profile hides are left out.
    """
    lines = [_one_line(score.title) or "Drums"]
    if artist := _one_line(score.artist):
        lines.append(artist)
    lines.append("")
    used: set[str] = set()
    words = _words(score)
    for system in _systems(spell(score, profile), _headed(score, words)):
        lines += [*_system_text(system, words, used), ""]
    lines += _legend(used)
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return " ".join(plain_text(text).split())


@dataclass(slots=True)
class _TabBar:
    """A bar's counts and the letters of its lines, by label; a second line of a label has the same label."""

    spelled: SpelledBar
    counts: str
    rows: dict[str, list[str]] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return self.spelled.bar.number


def _systems(bars: Sequence[SpelledBar], headed: Set[int]) -> Iterator[list[_TabBar]]:
    """Part the bars where something is written above them, and where a line is full."""
    system: list[_TabBar] = []
    width = 0
    for spelled in bars:
        bar = _tab_bar(spelled)
        empty = not bar.rows
        too_wide = width + len(bar.counts) + 1 > _LINE_WIDTH
        full = not empty and (too_wide or len(system) == _BARS_A_LINE)
        if system and (bar.number in headed or full or empty == bool(system[-1].rows)):
            yield system
            system, width = [], 0
        system.append(bar)
        width += len(bar.counts) + 1
    if system:
        yield system


def _words(score: Score) -> dict[int, list[str]]:
    """What stands above bars, by their number: section, meter, tempo, feel."""
    words: dict[int, list[str]] = {}
    bars = {bar.number: bar for bar in score.bars}
    for bar in score.bars:
        if bar.section:
            words.setdefault(bar.number, []).append(f"[{_one_line(bar.section)}]")
    for meter in score.meters:
        words.setdefault(meter.bar, []).append(f"{meter.beats}/{meter.beat_type}")
    for tempo in score.tempo_marks:
        if tempo.bar not in bars:
            continue
        meter = bars[tempo.bar].meter
        beat = meter.printed_beat_quarters
        note = {Fraction(1): "quarter", Fraction(3, 2): "dotted quarter", Fraction(2): "half"}[beat]
        bpm = round(tempo.bpm * float(meter.beat_quarters / beat))
        words.setdefault(tempo.bar, []).append(f"{note} = {bpm}")
    for feel in score.swing_marks:
        words.setdefault(feel.bar, []).append(swing_words(feel.swing))
    return words


def _headed(score: Score, words: Mapping[int, Sequence[str]]) -> Set[int]:
    """The bars that begin a system, whatever was before."""
    # A short bar says how long it is, and the next one that the meter is in force again.
    short = {bar.number + offset for bar in score.bars if bar.is_pickup for offset in (0, 1)}
    return words.keys() | short


def _tab_bar(spelled: SpelledBar) -> _TabBar:
    unit = Fraction(4, spelled.bar.meter.beat_type)
    events = [event for voice in spelled.voices for event in voice.events if not event.is_rest]
    columns = _columns(unit, int(spelled.bar.quarters / unit), [event.onset for event in events])
    counts = "".join(
        str((beat + 1) % 10) + _COUNTS.get(count, "." * (count - 1)) for beat, count in enumerate(columns)
    )
    bar = _TabBar(spelled, counts)
    for event in events:
        beat, rest = divmod(event.onset, unit)
        column = sum(columns[:beat]) + int(rest / unit * columns[beat])
        for head in event.heads:
            _place(bar, event, head, column)
        struck = {head.hit.instrument for head in event.heads}
        for grace in (grace for chord in event.graces for grace in chord):
            if grace.hit.instrument not in struck:
                _put_somewhere(bar, _LINE_OF[grace.hit.instrument].label, column, _LONE_GRACE)
    return bar


def _columns(unit: Fraction, beats: int, onsets: Iterable[Fraction]) -> list[int]:
    """How many columns each beat of ``unit`` quarters has: equally many, unless that would be too many."""
    places = list(onsets)
    even = next(
        (
            grid
            for grid in _GRIDS
            if (grid * unit).denominator == 1 and all((place * grid).denominator == 1 for place in places)
        ),
        None,
    )
    if even is None:
        common = lcm(*(place.denominator for place in places), *(unit.denominator,))
        even = common if common <= _MOST_COLUMNS_A_QUARTER else None
    if even is not None:
        return [int(even * unit)] * beats
    columns = []
    for beat in range(beats):
        shares = [(place - beat * unit) / unit for place in places if 0 <= place - beat * unit < unit]
        columns.append(lcm(*(share.denominator for share in shares)))
    return columns


def _place(bar: _TabBar, event: Event, head: Head, column: int) -> None:
    line = _LINE_OF[head.hit.instrument]
    graces = sum(grace.hit.instrument is head.hit.instrument for chord in event.graces for grace in chord)
    letter = _letter(head, line, graces)
    guest = _GUESTS.get(head.hit.instrument)
    if guest is not None and letter in (line.stroke, line.stroke.upper(), "h"):
        label, plain, accented = guest
        own = {line.stroke: plain, line.stroke.upper(): accented, "h": "h"}[letter]
        if _put(bar, label, column, own):
            return
    _put_somewhere(bar, line.label, column, letter)


def _put_somewhere(bar: _TabBar, label: str, column: int, letter: str) -> None:
    """Write a letter on the label's line, or on a second one when two strokes fall on one drum at once."""
    while not _put(bar, label, column, letter):
        label += "'"


def _put(bar: _TabBar, label: str, column: int, letter: str) -> bool:
    row = bar.rows.setdefault(label, ["-"] * len(bar.counts))
    if row[column] != "-":
        return False
    row[column] = letter
    return True


def _letter(head: Head, line: _Line, graces: int) -> str:
    if graces:
        letter = {1: "f", 2: "d"}.get(graces, str(min(graces, 9)))
        return letter.upper() if head.accent else letter
    for mark, letter in ((Mark.ROLL, "z"), (Mark.CHOKE, "#"), (Mark.RIM_SHOT, "r"), (Mark.HALF_OPEN, "h")):
        if mark in head.marks:
            return letter
    if head.ghost:
        return "g"
    return line.stroke.upper() if head.accent else line.stroke


def _system_text(
    system: Sequence[_TabBar], words: Mapping[int, Sequence[str]], used: set[str]
) -> Iterator[str]:
    first, last = system[0], system[-1]
    name = f"Bar {first.number}" if first is last or first.rows else f"Bars {first.number} to {last.number}"
    yield "  ".join([name if first.rows else f"{name}: rest", *words.get(first.number, ())])
    if not first.rows:
        return
    yield "  |" + "".join(f"{bar.counts}|" for bar in system)
    order = [line.label for line in _LINES]
    labels = {label for bar in system for label in bar.rows}
    for label in sorted(labels, key=lambda label: (order.index(label[:2]), label)):
        rows = ["".join(bar.rows.get(label, ["-"] * len(bar.counts))) for bar in system]
        used.update([label[:2], *"".join(rows)])
        yield f"{label[:2]}|" + "".join(f"{row}|" for row in rows)


def _legend(used: set[str]) -> Iterator[str]:
    lines = [line for line in _LINES if line.label in used]
    if lines:
        yield from _wrapped([f"{line.label} {line.words}" for line in lines])
    letters = []
    for signs, words in _LEGEND:
        shown = sorted((set("3456789") if signs == "3-9" else set(signs.split())) & used)
        if shown:
            letters.append(f"{'/'.join(shown)} {words}")
    yield from _wrapped(letters)


def _wrapped(entries: Sequence[str]) -> Iterator[str]:
    line = ""
    for entry in entries:
        if line and len(line) + 2 + len(entry) > _LINE_WIDTH:
            yield line
            line = ""
        line += f"  {entry}" if line else entry
    if line:
        yield line
