"""MusicXML of any program, read as a drummer would play it.

Written with lxml and not on top of music21, which loses the instrument of each note (docs/adr/0012).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from lxml import etree

from accounts.core.text import one_line
from notation.core.readers.draft import Draft, DraftBar, DraftFeel, DraftGrace, DraftTempo
from notation.core.readers.form_unfolding import BarForm, playing_order
from notation.core.readers.limits import check_notes
from notation.core.readers.musicxml_kit import PartKit
from notation.core.readers.musicxml_notes import USUAL_VELOCITY, BarNotes
from notation.core.readers.musicxml_numbers import line_of, number_or_none, positive, whole_or_none
from notation.core.readers.musicxml_parts import drum_part
from notation.core.readers.report import Findings
from notation.core.score import Swing

_LONGEST_TEXT = 200
_LONGEST_READ = 1_000  # characters of a text that are looked at
_MOST_TIMES = 50  # a repeat is played; "ad libitum" is written as a large number
_FIRST_NUMBERS = range(-20, 10_000)
_SLACK = Fraction(1, 32)  # by which rounded durations may overrun their bar
# Velocities of printed dynamics, as MuseScore's handbook gives them ("Dynamics", version 3).
_DYNAMICS = {
    "pppp": 10, "ppp": 16, "pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112, "fff": 126, "ffff": 127,
    "sf": 112, "sfz": 112, "fz": 112,
}  # fmt: skip
_UNITS = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25}
_SWING_WORDS = re.compile(r"\b(swing|swung|shuffle)\b", re.IGNORECASE)
_STRAIGHT_WORDS = re.compile(r"\bstraight\b", re.IGNORECASE)


def draft_of(root: etree._Element, title: str, findings: Findings) -> Draft:
    """Read the drum part of a MusicXML tree.

    Args:
        title: taken where the file has none.
    Raises:
        ImportUnreadable: no MusicXML, or with times that are none.
        ImportNoDrums: none of its parts has drums.
        ImportTooLarge: too many bars or notes, also once repeats are written out.
    """
    part = drum_part(root, findings)
    reader = _PartReader(PartKit(part.declared, part.notes), len(part.measures), findings)
    page = [reader.read(measure, index) for index, measure in enumerate(part.measures)]
    _fill_repeated(page, findings)
    order = playing_order([bar.form for bar in page])
    if len(order) != len(page):
        findings.add("repeats_written_out", "Repeats, endings and jumps were written out.", count=1)
    lengths = [sum(1 + len(note.graces) for note in bar.bar.notes) for bar in page]
    check_notes(sum(lengths[index] for index in order))
    seen: set[int] = set()
    bars = []
    for index in order:
        bars.append(_played(page[index].bar, again=index in seen))
        seen.add(index)
    return Draft(
        title=_text(root, "work/work-title", "movement-title") or title,
        artist=_text(root, "identification/creator"),
        bars=bars,
        first_number=_first_number(part.measures, bars),
        shows_emphasis=True,
    )


def _text(root: etree._Element, *paths: str) -> str:
    for path in paths:
        text = one_line((root.findtext(path) or "")[:_LONGEST_READ])
        if text:
            return text[:_LONGEST_TEXT]
    return ""


def _played(bar: DraftBar, *, again: bool) -> DraftBar:
    return replace(
        bar,
        notes=[replace(note, graces=list(note.graces)) for note in bar.notes],
        tempi=[replace(tempo) for tempo in bar.tempi],
        section=None if again else bar.section,
    )


def _first_number(measures: object, bars: list[DraftBar]) -> int:
    first = measures[0] if isinstance(measures, list) and measures else None
    number = whole_or_none(first.get("number")) if first is not None else None
    is_pickup = len(bars) > 1 and bars[0].quarters < bars[0].meter_quarters
    if is_pickup:
        return min(number, 0) if number in _FIRST_NUMBERS and number is not None else 0
    return number if number is not None and number in _FIRST_NUMBERS else 1


@dataclass(slots=True)
class _PageBar:
    """A bar of the page: its music, its place in the form, and of how many bars it is the repeat."""

    bar: DraftBar
    form: BarForm
    repeats_bars: int


def _fill_repeated(page: list[_PageBar], findings: Findings) -> None:
    """Write out bars that only say that earlier ones are repeated."""
    total = sum(len(entry.bar.notes) for entry in page)
    for index, entry in enumerate(page):
        source = index - entry.repeats_bars
        if entry.repeats_bars == 0 or source < 0 or entry.bar.notes:
            continue
        original = page[source].bar
        entry.bar.notes = [replace(note, graces=list(note.graces)) for note in original.notes]
        entry.bar.quarters = original.quarters
        findings.add("bar_repeat_written_out", "Bars with a repeat sign were written out.", entry.bar.number)
        total += len(original.notes)
        check_notes(total)


class _PartReader:
    """Goes through the bars of a part, with what stays in force from bar to bar."""

    def __init__(self, kit: PartKit, bars: int, findings: Findings) -> None:
        self._kit = kit
        self._bars = bars
        self._findings = findings
        self._divisions: Fraction | None = None
        self._meter: tuple[int, int] | None = (4, 4)
        self._velocity = USUAL_VELOCITY
        self._graces: dict[str, list[DraftGrace]] = {}
        self._ties: set[tuple[str, str]] = set()
        self._endings: frozenset[int] = frozenset()
        self._repeats_bars = 0
        self._next_starts_repeat = False
        self._strokes = 0

    def read(self, measure: etree._Element, index: int) -> _PageBar:
        """Read one bar."""
        bar = DraftBar(index + 1, 4, 4, Fraction(4))
        form = BarForm(starts_repeat=self._next_starts_repeat)
        self._next_starts_repeat = False
        notes = BarNotes(
            self._kit, self._findings, bar.number, self._velocity, self._graces, self._ties, self._divisions
        )
        for child in measure:
            if child.tag == "note":
                notes.read(child)
            elif child.tag in ("backup", "forward"):
                notes.move(child)
            elif child.tag == "attributes":
                self._read_attributes(child, notes)
            elif child.tag == "direction":
                self._read_direction(child, bar, form, notes)
            elif child.tag == "sound":
                self._read_sound(child, bar, form, notes)
            elif child.tag == "barline":
                self._read_barline(child, form)
        form.endings = form.endings or self._endings
        bar.notes = notes.finished()
        self._strokes += len(bar.notes)
        check_notes(self._strokes)  # strokes through a stem make up to 64 of one note
        self._divisions, self._velocity = notes.divisions, notes.velocity
        self._set_length(bar, notes.furthest, measure, index)
        return _PageBar(bar, form, self._repeats_bars)

    def _set_length(self, bar: DraftBar, furthest: Fraction, measure: etree._Element, index: int) -> None:
        if self._meter is None:  # senza misura
            bar.beats, bar.beat_type = 4, 4
            bar.quarters = furthest or Fraction(4)
            return
        bar.beats, bar.beat_type = self._meter
        full = bar.meter_quarters
        is_short = measure.get("implicit") == "yes" or (index == 0 and self._bars > 1)
        if 0 < furthest < full - _SLACK and is_short:
            bar.quarters = furthest
        else:
            bar.quarters = furthest if furthest > full + _SLACK else full
        for note in bar.notes:
            if note.position >= bar.quarters:
                note.position = bar.quarters - min(Fraction(1, 8), bar.quarters / 2)

    def _read_attributes(self, attributes: etree._Element, notes: BarNotes) -> None:
        divisions = attributes.find("divisions")
        if divisions is not None:
            value = positive(divisions.text, "divisions", line_of(divisions))
            notes.count_in(value or None)
        time = attributes.find("time")
        if time is not None and time.find("senza-misura") is not None:
            self._meter = None
        elif time is not None:
            self._meter = self._meter_of(time, notes.bar) or self._meter
        for style in attributes.iterfind("measure-style"):
            self._read_style(style, notes.bar)

    def _meter_of(self, time: etree._Element, bar: int) -> tuple[int, int] | None:
        pairs: list[tuple[int, int]] = []
        for beats, beat_type in zip(time.iterfind("beats"), time.iterfind("beat-type"), strict=False):
            counts = [whole_or_none(part) for part in (beats.text or "").split("+")[:16]]
            unit = whole_or_none(beat_type.text)
            if unit not in (1, 2, 4, 8, 16, 32, 64) or None in counts or len(pairs) > 8:
                pairs = []
                break
            pairs.append((sum(count or 0 for count in counts), unit))
        unit = max((unit for _, unit in pairs), default=4)
        total = sum(count * unit // each for count, each in pairs)
        if not 1 <= total <= 128:
            self._findings.add("meter_ignored", "A time signature that cannot be was left out.", bar)
            return None
        if len(pairs) > 1 or "+" in (time.findtext("beats") or ""):
            self._findings.add("meter_grouping", "The grouping of an odd meter was not kept.", bar)
        return total, unit

    def _read_style(self, style: etree._Element, bar: int) -> None:
        repeat = style.find("measure-repeat")
        if repeat is not None:
            started = repeat.get("type") == "start"
            self._repeats_bars = max(1, min(8, whole_or_none(repeat.text) or 1)) if started else 0
        for kind in ("beat-repeat", "slash"):
            if style.find(kind) is not None and style.find(kind).get("type") == "start":
                self._findings.add("slashes_left_out", "Slashes that stand for playing were left out.", bar)

    def _read_direction(
        self, direction: etree._Element, bar: DraftBar, form: BarForm, notes: BarNotes
    ) -> None:
        sound = direction.find("sound")
        if sound is not None:
            self._read_sound(sound, bar, form, notes)
        has_feel = sound is not None and sound.find("swing") is not None
        for kind in direction.iterfind("direction-type/*"):
            if kind.tag == "rehearsal":
                bar.section = one_line((kind.text or "")[:_LONGEST_READ]) or bar.section
            elif kind.tag == "metronome" and (sound is None or sound.get("tempo") is None):
                self._read_metronome(kind, bar, notes)
            elif kind.tag == "dynamics":
                known = [_DYNAMICS[mark.tag] for mark in kind if mark.tag in _DYNAMICS]
                if known and (sound is None or sound.get("dynamics") is None):
                    notes.velocity = known[0]
            elif kind.tag == "words" and not has_feel:
                self._read_words(kind, bar)
            elif kind.tag == "wedge":
                if kind.get("type") in ("crescendo", "diminuendo"):
                    self._findings.add("hairpin_left_out", "Hairpins were left out.", bar.number)
            elif kind.tag in ("segno", "coda"):
                setattr(form, kind.tag, True)

    def _read_words(self, words: etree._Element, bar: DraftBar) -> None:
        text = (words.text or "")[:_LONGEST_READ]
        if _SWING_WORDS.search(text):
            bar.feel = DraftFeel(Swing.SIXTEENTHS if "16" in text else Swing.EIGHTHS)
            self._findings.add("swing_by_words", "The swing was taken from the words alone.", bar.number)
        elif _STRAIGHT_WORDS.search(text):
            bar.feel = DraftFeel(None)
        elif text.strip():
            self._findings.add("text_left_out", "Texts and lyrics were left out.", bar.number)

    def _read_metronome(self, metronome: etree._Element, bar: DraftBar, notes: BarNotes) -> None:
        unit = _UNITS.get((metronome.findtext("beat-unit") or "").strip())
        rate = re.search(r"[0-9]{1,4}(?:\.[0-9]{1,4})?", (metronome.findtext("per-minute") or "")[:40])
        if unit is None or rate is None or len(metronome.findall("beat-unit")) != 1:
            self._findings.add("tempo_ignored", "A tempo that is no number was left out.", bar.number)
            return
        dots = min(2, len(metronome.findall("beat-unit-dot")))
        quarters = float(rate.group()) * unit * (2 - 0.5**dots)
        bar.tempi.append(DraftTempo(notes.cursor, quarters))

    def _read_sound(self, sound: etree._Element, bar: DraftBar, form: BarForm, notes: BarNotes) -> None:
        tempo = number_or_none(sound.get("tempo"))
        if tempo is not None:
            bar.tempi.append(DraftTempo(notes.cursor, tempo))
        loudness = number_or_none(sound.get("dynamics"))
        if loudness is not None:
            notes.velocity = max(1, min(127, round(loudness * 0.9)))
        for name, field in (
            ("segno", "segno"), ("coda", "coda"), ("dalsegno", "dal_segno"), ("tocoda", "to_coda"),
        ):  # fmt: skip
            if sound.get(name):
                setattr(form, field, True)
        form.da_capo = form.da_capo or sound.get("dacapo") == "yes"
        form.fine = form.fine or bool(sound.get("fine"))
        swing = sound.find("swing")
        if swing is not None:
            self._read_swing(swing, bar)

    def _read_swing(self, swing: etree._Element, bar: DraftBar) -> None:
        first, second = (number_or_none(swing.findtext(name)) or 1.0 for name in ("first", "second"))
        if swing.find("straight") is not None or first == second:
            bar.feel = DraftFeel(None)
            return
        if first / second != 2.0:
            self._findings.add(
                "swing_ratio", "A swing that is not two to one was taken for two to one.", bar.number
            )
        is_16th = (swing.findtext("swing-type") or "").strip() == "16th"
        bar.feel = DraftFeel(Swing.SIXTEENTHS if is_16th else Swing.EIGHTHS)

    def _read_barline(self, barline: etree._Element, form: BarForm) -> None:
        for name in ("segno", "coda"):
            if barline.find(name) is not None:
                setattr(form, name, True)
        ending = barline.find("ending")
        if ending is not None and ending.get("type") == "start":
            numbers = re.findall(r"[0-9]{1,2}", (ending.get("number") or "")[:40])
            self._endings = frozenset(int(number) for number in numbers if number != "0")
        if ending is not None:
            form.endings = form.endings or self._endings
            if ending.get("type") in ("stop", "discontinue"):
                self._endings = frozenset()
        repeat = barline.find("repeat")
        if repeat is None:
            return
        if repeat.get("direction") == "backward":
            form.repeat_times = max(2, min(_MOST_TIMES, whole_or_none(repeat.get("times")) or 2))
        elif barline.get("location") == "right":
            self._next_starts_repeat = True
        else:
            form.starts_repeat = True
