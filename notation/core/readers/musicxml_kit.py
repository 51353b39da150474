"""Which drum a note of a MusicXML part is: by the sound that the file gives it, else by its place and head.

Programs differ in how much they say. A sound of its own for each drum (MuseScore, Dorico, ours) is believed;
one sound for the whole kit (music21, some Sibelius and Finale files) says nothing, and the page decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from notation.core.instruments import InstrumentName
from notation.core.readers.gm import GENERAL_MIDI, NEAREST
from notation.core.readers.report import Findings
from notation.core.score import Mark

_I = InstrumentName
_MOST_PLACES_OF_A_SOUND = 3  # a drum moved about the staff; more is a kit with one sound

# Names in English, as programs write them; the first that matches counts.
_NAMES: tuple[tuple[re.Pattern[str], InstrumentName], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"(pedal|foot|footed).*hi-?\s?hat|hi-?\s?hat.*(pedal|foot|chick)", _I.HIHAT_PEDAL),
        (r"(half|open|loose|sizzle).*hi-?\s?hat|hi-?\s?hat.*(half|open|loose)", _I.HIHAT_OPEN),
        (r"hi-?\s?hat", _I.HIHAT_CLOSED),
        (r"ride.*(bell|cup)|bell of|cup", _I.RIDE_BELL),
        (r"ride", _I.RIDE),
        (r"splash", _I.SPLASH),
        (r"china|chinese", _I.CHINA),
        (r"crash|suspended|cymbal", _I.CRASH),
        (r"(side|cross|rim).*(stick|click|knock)|rim\s?click", _I.SIDE_STICK),
        (r"snare", _I.SNARE),
        (r"bass.?drum|kick|gran cassa", _I.KICK),
        (r"floor.*tom|(low|bass).*tom|tom.*(low|floor)", _I.TOM_LOW),
        (r"(mid|middle|medium).*tom|tom.*mid", _I.TOM_MID),
        (r"tom", _I.TOM_HIGH),
        (r"cow.?bell", _I.COWBELL),
        (r"tambourine", _I.TAMBOURINE),
        (r"clap|snap", _I.CLAP),
    )
)

# Places as (step, octave) in the treble clef, by the kind of head: Weinberg's, and those that the common
# programs differ in. What is not here goes to the nearest place that is.
_ROUND: Mapping[str, InstrumentName] = {
    "D4": _I.KICK, "E4": _I.KICK, "F4": _I.KICK, "G4": _I.TOM_LOW, "A4": _I.TOM_LOW, "B4": _I.TOM_LOW,
    "C5": _I.SNARE, "D5": _I.TOM_MID, "E5": _I.TOM_HIGH, "F5": _I.TOM_HIGH,
}  # fmt: skip
_CROSSED: Mapping[str, InstrumentName] = {
    "D4": _I.HIHAT_PEDAL, "E4": _I.HIHAT_PEDAL, "F4": _I.HIHAT_PEDAL, "C5": _I.SIDE_STICK, "E5": _I.COWBELL,
    "F5": _I.RIDE, "G5": _I.HIHAT_CLOSED, "A5": _I.CRASH, "B5": _I.CRASH, "C6": _I.CRASH, "D6": _I.SPLASH,
}  # fmt: skip
_OTHER_HEADS: Mapping[tuple[str, str], InstrumentName] = {
    ("diamond", "F5"): _I.RIDE_BELL, ("diamond", "B5"): _I.SPLASH, ("diamond", "A5"): _I.SPLASH,
    ("triangle", "E5"): _I.COWBELL, ("triangle", "D5"): _I.COWBELL, ("triangle", "F5"): _I.RIDE_BELL,
    ("circle-x", "C6"): _I.CHINA, ("circle-x", "B5"): _I.CHINA, ("circle-x", "G5"): _I.HIHAT_OPEN,
    ("circle-x", "C5"): _I.SIDE_STICK,
}  # fmt: skip
_ROUND_HEADS = frozenset({"", "normal", "slashed", "none"})
_LOWEST_PLACE, _HIGHEST_PLACE = -3, 18


@dataclass(frozen=True, slots=True)
class _Sound:
    """What the part says of one of its instruments. ``key`` is MIDI's, from 0."""

    key: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Struck:
    """A drum, how it is struck as far as its sound and head tell, and which sound of the file it is."""

    instrument: InstrumentName
    marks: frozenset[Mark]
    origin: str


class PartKit:
    """Tells the drums of one part apart."""

    def __init__(self, score_part: etree._Element | None, notes: Iterable[etree._Element]) -> None:
        self._sounds = _sounds_of(score_part)
        self._only = next(iter(self._sounds)) if len(self._sounds) == 1 else None
        places: dict[str, set[str]] = {}
        pitches = []
        for note in notes:
            places.setdefault(self._sound_id(note), set()).add(_place_of(note))
            if note.find("pitch") is not None:
                pitches.append(_staff_step(_place_of(note)))
        most = 1 if len(self._sounds) == 1 else _MOST_PLACES_OF_A_SOUND
        self._trusted = {sound for sound, where in places.items() if sound and len(where) <= most}
        # Some programs write drums as pitched notes: the General MIDI key is far below the staff's places.
        self._pitch_is_key = bool(pitches) and sorted(pitches)[len(pitches) // 2] < _LOWEST_PLACE - 2

    def struck(self, note: etree._Element, findings: Findings, bar: int) -> Struck | None:
        """The drum of a note; None, and a finding, for what no kit has."""
        sound_id = self._sound_id(note)
        head = (note.findtext("notehead") or "").strip()
        if sound_id in self._trusted:
            sound = self._sounds.get(sound_id, _Sound(None, ""))
            found = self._by_sound(sound, findings, bar)
            if found is not None:
                return Struck(found, _marks_of(found, head, sound), sound_id)
        if self._pitch_is_key and note.find("pitch") is not None:
            return self._by_key(_midi_key(note), findings, bar)
        place = _place_of(note)
        if not place:
            findings.add("note_unplaced", "A note without an instrument and a place was left out.", bar)
            return None
        instrument = _by_place(place, head)
        findings.add(
            "instrument_by_place", f"Notes at {place} with a {head or 'normal'} head were taken for "
            f"{instrument.value}, since the file gives them no sound.", bar,
        )  # fmt: skip
        return Struck(instrument, _marks_of(instrument, head, None), place + head)

    def _sound_id(self, note: etree._Element) -> str:
        instrument = note.find("instrument")
        if instrument is not None:
            return str(instrument.get("id") or "")
        return self._only or ""

    def _by_sound(self, sound: _Sound, findings: Findings, bar: int) -> InstrumentName | None:
        if sound.key is not None and sound.key in GENERAL_MIDI:
            return GENERAL_MIDI[sound.key]
        if sound.key is not None and sound.key in NEAREST:
            name, nearest = NEAREST[sound.key]
            findings.add("instrument_nearest", f"A {name} was written as {nearest.value}.", bar)
            return nearest
        return next((name for pattern, name in _NAMES if pattern.search(sound.name)), None)

    def _by_key(self, key: int | None, findings: Findings, bar: int) -> Struck | None:
        found = self._by_sound(_Sound(key, ""), findings, bar)
        if found is None:
            findings.add("instrument_unknown", f"Notes with the key {key} were left out.", bar)
            return None
        return Struck(found, frozenset(), str(key))


def _sounds_of(score_part: etree._Element | None) -> dict[str, _Sound]:
    if score_part is None:
        return {}
    keys = {}
    for entry in score_part.iterfind("midi-instrument"):
        text = (entry.findtext("midi-unpitched") or "").strip()
        if re.fullmatch(r"[0-9]{1,3}", text):
            keys[entry.get("id")] = int(text) - 1  # counted from 1, unlike MIDI itself
    return {
        entry.get("id"): _Sound(
            keys.get(entry.get("id")),
            f"{entry.findtext('instrument-name') or ''} {entry.findtext('instrument-sound') or ''}"[:200],
        )
        for entry in score_part.iterfind("score-instrument")
        if entry.get("id")
    }


def _place_of(note: etree._Element) -> str:
    """The place as letter and octave, ``C5``; empty where it has none."""
    for step, octave in (
        ("unpitched/display-step", "unpitched/display-octave"),
        ("pitch/step", "pitch/octave"),
    ):
        place = f"{(note.findtext(step) or '').strip()}{(note.findtext(octave) or '').strip()}"
        if re.fullmatch(r"[A-G][0-9]", place):
            return place
    return ""


def _staff_step(place: str) -> int:
    """Steps above the bottom line of the treble clef, E4."""
    return "CDEFGAB".index(place[0]) + 7 * int(place[1]) - 30 if place else 0


def _midi_key(note: etree._Element) -> int | None:
    place = _place_of(note)
    alter = (note.findtext("pitch/alter") or "0").strip()
    if not place or not re.fullmatch(r"-?[0-2]", alter):
        return None
    return (0, 2, 4, 5, 7, 9, 11)["CDEFGAB".index(place[0])] + 12 * (int(place[1]) + 1) + int(alter)


def _by_place(place: str, head: str) -> InstrumentName:
    special = _OTHER_HEADS.get((head, place))
    if special is not None:
        return special
    table = _ROUND if head in _ROUND_HEADS else _CROSSED
    nearest = min(table, key=lambda known: abs(_staff_step(known) - _staff_step(place)))
    return table[nearest]


def _marks_of(instrument: InstrumentName, head: str, sound: _Sound | None) -> frozenset[Mark]:
    if instrument is not InstrumentName.SNARE:
        return frozenset()
    rim = sound is not None and re.search(r"rim\s?-?shot", sound.name, re.IGNORECASE) is not None
    return frozenset({Mark.RIM_SHOT}) if head == "slashed" or rim else frozenset()
