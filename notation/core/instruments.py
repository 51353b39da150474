"""The one table of instruments: what each is called, where it stands on the staff, how it sounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class InstrumentName(StrEnum):
    """What is struck; the stable identifier used in results, exports and the database."""

    KICK = "kick"
    SNARE = "snare"
    SIDE_STICK = "side_stick"
    HIHAT_CLOSED = "hihat_closed"
    HIHAT_OPEN = "hihat_open"
    HIHAT_PEDAL = "hihat_pedal"
    TOM_HIGH = "tom_high"
    TOM_MID = "tom_mid"
    TOM_LOW = "tom_low"
    CRASH = "crash"
    RIDE = "ride"
    RIDE_BELL = "ride_bell"
    CHINA = "china"
    SPLASH = "splash"
    COWBELL = "cowbell"
    TAMBOURINE = "tambourine"
    CLAP = "clap"


class DrumClass(StrEnum):
    """The five classes in which drum transcription is commonly scored."""

    KICK = "KD"
    SNARE = "SD"
    TOM = "TT"
    HIHAT = "HH"
    CYMBAL = "CY"


class Notehead(StrEnum):
    """The shape of a note's head, named as MusicXML names it."""

    NORMAL = "normal"
    CROSS = "x"
    CIRCLE_CROSS = "circle-x"
    DIAMOND = "diamond"
    TRIANGLE = "triangle"
    SLASHED = "slashed"


HANDS = 1
FEET = 2


@dataclass(frozen=True, slots=True)
class Instrument:
    """One instrument of the kit.

    ``staff_loc`` counts staff positions upward from the bottom line (0), as MEI's ``loc`` does;
    ``display_step``/``display_octave`` say the same place in MusicXML's treble-clef terms.
    ``gm_note`` is the 0-based General MIDI percussion key; MusicXML's ``midi-unpitched`` is one more.
    ``drum_class`` is None for what the five-class yardstick leaves out.
    """

    name: InstrumentName
    label: str
    voice: int
    display_step: str
    display_octave: int
    staff_loc: int
    notehead: Notehead
    gm_note: int
    instrument_sound: str
    drum_class: DrumClass | None


def _entry(
    name: InstrumentName,
    label: str,
    voice: int,
    place: str,
    staff_loc: int,
    notehead: Notehead,
    gm_note: int,
    sound: str,
    drum_class: DrumClass | None,
) -> Instrument:
    return Instrument(
        name, label, voice, place[0], int(place[1]), staff_loc, notehead, gm_note, sound, drum_class
    )


_I = InstrumentName
_C = DrumClass
_N = Notehead

# Places and heads follow PAS/Weinberg practice.
INSTRUMENTS: dict[InstrumentName, Instrument] = {
    entry.name: entry
    for entry in (
        _entry(_I.KICK, "Kick", FEET, "F4", 1, _N.NORMAL, 36, "drum.bass-drum", _C.KICK),
        _entry(_I.SNARE, "Snare", HANDS, "C5", 5, _N.NORMAL, 38, "drum.snare-drum", _C.SNARE),
        _entry(_I.SIDE_STICK, "Side stick", HANDS, "C5", 5, _N.CROSS, 37, "drum.snare-drum", _C.SNARE),
        _entry(_I.HIHAT_CLOSED, "Hi-hat", HANDS, "G5", 9, _N.CROSS, 42, "metal.hi-hat", _C.HIHAT),
        _entry(_I.HIHAT_OPEN, "Open hi-hat", HANDS, "G5", 9, _N.CROSS, 46, "metal.hi-hat", _C.HIHAT),
        _entry(_I.HIHAT_PEDAL, "Pedal hi-hat", FEET, "D4", -1, _N.CROSS, 44, "metal.hi-hat", _C.HIHAT),
        _entry(_I.TOM_HIGH, "High tom", HANDS, "E5", 7, _N.NORMAL, 50, "drum.tom-tom", _C.TOM),
        _entry(_I.TOM_MID, "Mid tom", HANDS, "D5", 6, _N.NORMAL, 47, "drum.tom-tom", _C.TOM),
        _entry(_I.TOM_LOW, "Floor tom", HANDS, "A4", 3, _N.NORMAL, 43, "drum.tom-tom", _C.TOM),
        _entry(_I.CRASH, "Crash", HANDS, "A5", 10, _N.CROSS, 49, "metal.cymbal.crash", _C.CYMBAL),
        _entry(_I.RIDE, "Ride", HANDS, "F5", 8, _N.CROSS, 51, "metal.cymbal.ride", _C.CYMBAL),
        _entry(_I.RIDE_BELL, "Ride bell", HANDS, "F5", 8, _N.DIAMOND, 53, "metal.cymbal.ride", _C.CYMBAL),
        _entry(_I.CHINA, "China", HANDS, "C6", 12, _N.CIRCLE_CROSS, 52, "metal.cymbal.chinese", _C.CYMBAL),
        _entry(_I.SPLASH, "Splash", HANDS, "B5", 11, _N.DIAMOND, 55, "metal.cymbal.splash", _C.CYMBAL),
        _entry(_I.COWBELL, "Cowbell", HANDS, "E5", 7, _N.TRIANGLE, 56, "metal.bells.cowbell", None),
        _entry(_I.TAMBOURINE, "Tambourine", HANDS, "B5", 11, _N.CROSS, 54, "drum.tambourine", None),
        _entry(_I.CLAP, "Clap", HANDS, "E5", 7, _N.CROSS, 39, "effect.snap", None),
    )
}
