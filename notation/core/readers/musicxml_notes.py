"""The strokes of one bar of MusicXML, with what is written on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from lxml import etree

from notation.core.instruments import InstrumentName
from notation.core.readers.draft import DraftGrace, DraftNote
from notation.core.readers.limits import check_graces, check_notes_of_bar
from notation.core.readers.musicxml_kit import PartKit, Struck
from notation.core.readers.musicxml_numbers import (
    line_of,
    number_or_none,
    positive,
    readable_place,
    whole_or_none,
)
from notation.core.readers.report import Findings
from notation.core.score import INSTRUMENTS_OF_MARK, Mark

_I = InstrumentName
_FORTE_VELOCITY = 90  # MusicXML's dynamics are a percentage of it
USUAL_VELOCITY = 80  # mezzo-forte
_ACCENT_STEP = 25
_GHOST_SHARE = 0.45
_LONGEST_TUPLET = 99  # notes; more is a mistake, and the durations say what was meant
_ROLL_FLAGS = 3  # from 32nds on, flags and slashes together are a roll
_MOST_STROKES = 64  # of one note with a measured tremolo
_VALUES = {
    "long": Fraction(16), "breve": Fraction(8), "whole": Fraction(4), "half": Fraction(2),
    "quarter": Fraction(1), "eighth": Fraction(1, 2), "16th": Fraction(1, 4), "32nd": Fraction(1, 8),
    "64th": Fraction(1, 16), "128th": Fraction(1, 32), "256th": Fraction(1, 64),
}  # fmt: skip
# What rolls where a chord has the sign on its lowest note: a drum rather than a cymbal.
_ROLLED_FIRST = (_I.SNARE, _I.TOM_HIGH, _I.TOM_MID, _I.TOM_LOW)


@dataclass(slots=True)
class _Chord:
    """Notes on one stem, and the small notes before them."""

    notes: list[DraftNote]
    graces: list[DraftGrace]
    accented: bool = False
    rolled: DraftNote | None = None  # with the sign for a roll
    strokes: int = 1  # into how many equal ones it is to be divided
    duration: Fraction = Fraction(0)
    signs: frozenset[str] = frozenset()  # above its first note


@dataclass(slots=True)
class BarNotes:
    """Reads the notes of one bar; ``graces`` are those still waiting for theirs, by voice."""

    kit: PartKit
    findings: Findings
    bar: int
    velocity: int
    graces: dict[str, list[DraftGrace]]
    ties: set[tuple[str, str]]
    divisions: Fraction | None = None
    cursor: Fraction = Fraction(0)
    furthest: Fraction = Fraction(0)
    _onset: Fraction = Fraction(0)
    _chords: list[_Chord] = field(default_factory=list)
    _struck: int = 0
    _open_chord: _Chord | None = None
    _durations: dict[str, Fraction] = field(default_factory=dict)
    _lone_graces: list[tuple[Fraction, DraftGrace]] = field(default_factory=list)

    def move(self, element: etree._Element) -> None:
        """Follow a ``backup`` or ``forward``."""
        by = self._duration(element)
        self._go_to(self.cursor + (by if element.tag == "forward" else -by))

    def read(self, note: etree._Element) -> None:
        """Take one note, rest or grace note.

        Raises:
            ImportTooLarge: more in the bar, or before one note, than anybody can read.
        """
        is_chord = note.find("chord") is not None
        voice = (note.findtext("voice") or "").strip()
        if note.find("grace") is not None:
            self._read_grace(note, voice)
            return
        duration = self._notated(note)
        onset = self._onset if is_chord else self.cursor
        if not is_chord:
            self._open_chord = None
            self._onset = self.cursor
            self._go_to(self.cursor + duration)
        if note.find("rest") is not None:
            # A small note before a rest leads to whatever another voice strikes there.
            self._lone_graces += [(onset, grace) for grace in self.graces.pop(voice, ())]
            check_notes_of_bar(len(self._lone_graces), self.bar)
            return
        if note.find("cue") is not None:
            self.findings.add("cue_left_out", "Cue notes, which others play, were left out.", self.bar)
            return
        struck = self.kit.struck(note, self.findings, self.bar)
        if struck is None or self._is_held(note, voice, struck):
            return
        self._add(note, voice, struck, onset, duration)

    def finished(self) -> list[DraftNote]:
        """The bar's strokes.

        Raises:
            ImportTooLarge: more in one bar, or before one note, than anybody can read.
        """
        strokes = sum(len(chord.notes) * chord.strokes for chord in self._chords)
        check_notes_of_bar(strokes + len(self._lone_graces), self.bar)
        for chord in self._chords:
            _settle(chord)
        notes = [stroke for chord in self._chords for note in chord.notes for stroke in _divided(note, chord)]
        first_at: dict[Fraction, DraftNote] = {}
        for note in notes:
            first_at.setdefault(note.position, note)
        for onset, grace in self._lone_graces:
            main = first_at.get(onset)
            if main is not None:
                main.graces.append(grace)
                check_graces(len(main.graces))
                continue
            self.findings.add("grace_alone", "A grace note that leads to no note became a note.", self.bar)
            alone = DraftNote(onset, grace.instrument, grace.velocity, grace.marks, None, [], grace.id)
            first_at[onset] = alone
            notes.append(alone)
        return notes

    def _go_to(self, place: Fraction) -> None:
        if place < 0:
            self.findings.add(
                "time_before_bar", "Notes before the start of their bar were moved to it.", self.bar
            )
            place = Fraction(0)
        self.cursor = readable_place(place)
        self.furthest = max(self.furthest, self.cursor)

    def _duration(self, element: etree._Element) -> Fraction:
        text = element.findtext("duration") or ""
        known = self._durations.get(text)
        if known is not None:
            return known
        duration = positive(text, "the duration", line_of(element))
        if self.divisions is None:
            self.findings.add(
                "divisions_missing", "The file does not say how long a quarter is; 1 was taken."
            )
            self.divisions = Fraction(1)
        self._durations[text] = duration / self.divisions
        return self._durations[text]

    def count_in(self, divisions: Fraction | None) -> None:
        """Take ``divisions`` for a quarter from here on."""
        self.divisions = divisions
        self._durations.clear()

    def _notated(self, note: etree._Element) -> Fraction:
        """How long the note is: as its value and tuplet say, where the duration is only that rounded."""
        duration = self._duration(note)
        change = note.find("time-modification")
        value = _VALUES.get((note.findtext("type") or "").strip())
        if change is None or value is None or self.divisions is None:
            return duration
        actual = whole_or_none(change.findtext("actual-notes")) or 0
        normal = whole_or_none(change.findtext("normal-notes")) or 0
        if not 0 < actual <= _LONGEST_TUPLET or not 0 < normal <= _LONGEST_TUPLET:
            self.findings.add("tuplet_ignored", "A tuplet that cannot be was left out.", self.bar)
            return duration
        dots = min(4, len(note.findall("dot")))
        exact = value * (2 - Fraction(1, 2**dots)) * normal / actual
        return exact if abs(exact - duration) < 1 / self.divisions else duration

    def _read_grace(self, note: etree._Element, voice: str) -> None:
        struck = self.kit.struck(note, self.findings, self.bar)
        if struck is None or note.find("cue") is not None:
            return
        velocity = self._velocity(note) or max(1, round(self.velocity * _GHOST_SHARE))
        instrument, signed = _with_signs(struck.instrument, _signs(note))
        marks = struck.marks | signed | self._hands(note)
        grace = DraftGrace(instrument, velocity, marks, note.get("id"))
        waiting = self.graces.setdefault(voice, [])
        waiting.append(grace)
        check_graces(len(waiting))

    def _is_held(self, note: etree._Element, voice: str, struck: Struck) -> bool:
        """Whether the note is only the end of one that was struck before."""
        name = (voice, struck.origin)
        kinds = {tie.get("type") for tie in note.iterfind("tie")} if note.find("tie") is not None else set()
        held = "stop" in kinds and name in self.ties
        self.ties.discard(name)
        if "start" in kinds:
            self.ties.add(name)
        return held

    def _velocity(self, note: etree._Element) -> int | None:
        percent = number_or_none(note.get("dynamics"))
        return None if percent is None else max(1, min(127, round(percent * _FORTE_VELOCITY / 100)))

    def _add(
        self,
        note: etree._Element,
        voice: str,
        struck: Struck,
        onset: Fraction,
        duration: Fraction,
    ) -> None:
        head = note.find("notehead")
        is_ghost = head is not None and head.get("parentheses") == "yes"
        notations = note.find("notations")
        accented = notations is not None and any(
            note.find(f"notations/articulations/{kind}") is not None for kind in ("accent", "strong-accent")
        )
        velocity = self._velocity(note)
        if velocity is None:
            velocity = round(self.velocity * _GHOST_SHARE) if is_ghost else self.velocity
            velocity = max(1, min(127, velocity + (_ACCENT_STEP if accented else 0)))
        signs = _signs(note)
        instrument, signed = _with_signs(struck.instrument, signs)
        marks = struck.marks | signed | self._hands(note)
        shown = Mark.GHOST if is_ghost else Mark.ACCENT if accented else None
        read = DraftNote(
            onset, instrument, velocity, marks, shown, [], note.get("id"), f"{voice}|{struck.origin}"
        )
        if self._open_chord is None:
            graces = self.graces.pop(voice, [])
            self._open_chord = _Chord([], graces, accented, duration=duration, signs=signs)
            self._chords.append(self._open_chord)
        read.stem = len(self._chords)
        self._struck += 1
        check_notes_of_bar(self._struck, self.bar)
        self._open_chord.notes.append(read)
        if notations is not None:
            self._read_tremolo(note, self._open_chord)

    def _hands(self, note: etree._Element) -> frozenset[Mark]:
        """The sticking, which programs write as fingerings or lyrics."""
        if note.find("notations") is None and note.find("lyric") is None:
            return frozenset()
        marks: set[Mark] = set()
        letters = [text.text for text in note.iterfind("notations/technical/fingering")]
        letters += [text.text for text in note.iterfind("lyric/text")]
        for letter in letters:
            hand = {"R": Mark.RIGHT, "L": Mark.LEFT}.get((letter or "").strip().strip("()").upper())
            if hand is None:
                self.findings.add("text_left_out", "Texts and lyrics were left out.", self.bar)
            else:
                marks.add(hand)
        return frozenset(marks)

    def _read_tremolo(self, note: etree._Element, chord: _Chord) -> None:
        tremolo = note.find("notations/ornaments/tremolo")
        if tremolo is None:
            return
        if tremolo.get("type") in ("start", "stop"):
            self.findings.add("tremolo_left_out", "A tremolo between two notes was left out.", self.bar)
            return
        slashes = whole_or_none(tremolo.text)
        value = _VALUES.get((note.findtext("type") or "quarter").strip(), Fraction(1))
        flags = max(0, (1 / value).numerator.bit_length() - 1) if value < 1 else 0
        if tremolo.get("type") == "unmeasured" or slashes is None or flags + slashes >= _ROLL_FLAGS:
            chord.rolled = chord.notes[-1]
            return
        strokes = chord.duration * 2 ** (flags + slashes)
        chord.strokes = int(strokes) if strokes.denominator == 1 and 1 < strokes <= _MOST_STROKES else 1


def _signs(note: etree._Element) -> frozenset[str]:
    """The names of the signs above a note."""
    notations = note.find("notations")
    if notations is None:
        return frozenset()
    return frozenset(
        child.tag
        for kind in ("technical", "articulations")
        for group in notations.iterfind(kind)
        for child in group
    )


def _with_signs(instrument: InstrumentName, signs: frozenset[str]) -> tuple[InstrumentName, frozenset[Mark]]:
    """What signs say of a cymbal: how far a hi-hat is open, and that it is choked."""
    marks: set[Mark] = set()
    if instrument in (_I.HIHAT_CLOSED, _I.HIHAT_OPEN):
        if "half-muted" in signs:
            instrument = _I.HIHAT_OPEN
            marks.add(Mark.HALF_OPEN)
        elif signs & {"open", "open-string", "harmonic"}:
            instrument = _I.HIHAT_OPEN
        elif "stopped" in signs:
            instrument = _I.HIHAT_CLOSED
    if instrument in INSTRUMENTS_OF_MARK[Mark.CHOKE] and signs & {"staccatissimo", "staccato"}:
        marks.add(Mark.CHOKE)
    return instrument, frozenset(marks)


def _settle(chord: _Chord) -> None:
    """Give a chord's accent, roll, signs and grace notes to its notes."""
    cymbals = INSTRUMENTS_OF_MARK[Mark.CHOKE] | {_I.HIHAT_CLOSED}
    if chord.notes[0].instrument not in cymbals:
        # Programs put what stands above a chord on its lowest note, whichever it is for.
        for note in chord.notes[1:]:
            note.instrument, signed = _with_signs(note.instrument, chord.signs)
            note.marks |= signed
    if chord.accented:
        for note in chord.notes:
            note.shown = note.shown or Mark.ACCENT
    if chord.rolled is not None:
        if chord.rolled is chord.notes[0] and chord.rolled.instrument not in _ROLLED_FIRST:
            drums = (note for name in _ROLLED_FIRST for note in chord.notes if note.instrument is name)
            chord.rolled = next(drums, chord.rolled)
        chord.rolled.marks |= {Mark.ROLL}
    for grace in chord.graces:
        main = next((note for note in chord.notes if note.instrument is grace.instrument), chord.notes[0])
        main.graces.append(grace)


def _divided(note: DraftNote, chord: _Chord) -> Sequence[DraftNote]:
    """Measured tremolo: strokes through the stem divide a note into equal ones."""
    step = chord.duration / chord.strokes
    return [
        note,
        *(
            replace(note, position=note.position + index * step, graces=[], id=None, shown=None)
            for index in range(1, chord.strokes)
        ),
    ]
