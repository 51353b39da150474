"""Which MIDI key each instrument has in the programs and modules that drummers play MIDI files with.

Every stroke is one note. What a product has no key for is said beside the note: a half-open hi-hat by the
pedal (controller 4), a choke by aftertouch on the ringing key, as drum modules do.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from notation.core.instruments import INSTRUMENTS, InstrumentName
from notation.core.score import INSTRUMENTS_OF_MARK, Mark

# Controller 4 goes from an open to a closed pedal, 0 to 127: Roland, "TD-27 MIDI Implementation" (2020).
PEDAL_CONTROLLER = 4
PEDAL_OPEN, PEDAL_HALF_OPEN = 0, 64
CHOKE_PRESSURE = 127

_I = InstrumentName
_SOUNDING_MARKS = (Mark.RIM_SHOT, Mark.CHOKE, Mark.HALF_OPEN)


@dataclass(frozen=True, slots=True)
class Key:
    """How one stroke is sent: its note, and what is said beside it because no key of its own says so."""

    note: int
    half_open_by_pedal: bool = False
    choked_by_aftertouch: bool = False


@dataclass(frozen=True)
class NoteMap:
    """The keys of one product.

    ``notes`` holds the plain strokes, ``marked`` the keys of articulations that have their own. Instruments
    in ``substitutes`` are missing in the product; they play on the nearest sound's spare key.
    """

    name: str
    label: str
    notes: Mapping[InstrumentName, int]
    marked: Mapping[tuple[InstrumentName, Mark], int]
    substitutes: frozenset[InstrumentName] = frozenset()

    def key_of(self, instrument: InstrumentName, marks: Set[Mark] = frozenset()) -> Key:
        """The key for a stroke; marks that cannot be heard change nothing."""
        half_open = Mark.HALF_OPEN in marks
        choked = Mark.CHOKE in marks
        for mark in _SOUNDING_MARKS:
            note = self.marked.get((instrument, mark)) if mark in marks else None
            if note is not None:
                return Key(
                    note,
                    half_open_by_pedal=half_open and mark is not Mark.HALF_OPEN,
                    choked_by_aftertouch=choked and mark is not Mark.CHOKE,
                )
        return Key(self.notes[instrument], half_open, choked)

    def stroke_on(self, note: int) -> tuple[InstrumentName, frozenset[Mark]] | None:
        """The instrument and mark that a key stands for; None for keys that no stroke is written on."""
        return self._strokes.get(note)

    @cached_property
    def _strokes(self) -> dict[int, tuple[InstrumentName, frozenset[Mark]]]:
        strokes = {note: (name, frozenset[Mark]()) for name, note in self.notes.items()}
        strokes |= {note: (name, frozenset({mark})) for (name, mark), note in self.marked.items()}
        return strokes


def _map(
    name: str,
    label: str,
    notes: Mapping[InstrumentName, int],
    *,
    rim_shot: int,
    half_open: int | None = None,
    chokes: Mapping[InstrumentName, int] | None = None,
    substitutes: Set[InstrumentName] = frozenset(),
) -> NoteMap:
    marked = {(_I.SNARE, Mark.RIM_SHOT): rim_shot}
    if half_open is not None:
        marked[_I.HIHAT_OPEN, Mark.HALF_OPEN] = half_open
    for instrument, note in (chokes or {}).items():
        assert instrument in INSTRUMENTS_OF_MARK[Mark.CHOKE]
        marked[instrument, Mark.CHOKE] = note
    return NoteMap(name, label, notes, marked, frozenset(substitutes))


# General MIDI Level 1, "Percussion Key Map". The electric snare (40) is where sample libraries have the rim
# shot.
GENERAL_MIDI = _map(
    "general-midi",
    "General MIDI",
    {name: INSTRUMENTS[name].gm_note for name in InstrumentName},
    rim_shot=40,
)

# EZdrummer 2 and 3: the layouts that come with the products, as collected in github.com/nullcrimson/remidi
# (engines/ezdrummer2.toml, ezdrummer.toml). Only keys on which both versions agree: 52, a china in version 2,
# is the ride's edge in 3, so the china is the third crash. 24 is the least open hi-hat, 46 where General MIDI
# files find the open one.
EZDRUMMER = _map(
    "ezdrummer",
    "EZdrummer 2 and 3",
    {
        _I.KICK: 36,
        _I.SNARE: 38,
        _I.SIDE_STICK: 37,
        _I.HIHAT_CLOSED: 42,
        _I.HIHAT_OPEN: 46,
        _I.HIHAT_PEDAL: 44,
        _I.TOM_HIGH: 48,
        _I.TOM_MID: 47,
        _I.TOM_LOW: 43,
        _I.CRASH: 49,
        _I.RIDE: 51,
        _I.RIDE_BELL: 53,
        _I.CHINA: 57,
        _I.SPLASH: 55,
        _I.COWBELL: 85,  # no cowbell: a second key of the ride's bell
        _I.TAMBOURINE: 3,
        _I.CLAP: 1,
    },
    rim_shot=40,
    half_open=24,
    chokes={_I.CRASH: 50, _I.SPLASH: 56, _I.CHINA: 58, _I.RIDE: 118},
    substitutes={_I.COWBELL},
)

# Superior Drummer 3's default layout, from the same collection (engines/superior_drummer3.toml); its core
# library has no hand percussion, and 65 is a free slot.
SUPERIOR_DRUMMER_3 = _map(
    "superior-drummer-3",
    "Superior Drummer 3",
    {
        _I.KICK: 36,
        _I.SNARE: 38,
        _I.SIDE_STICK: 37,
        _I.HIHAT_CLOSED: 42,
        _I.HIHAT_OPEN: 46,
        _I.HIHAT_PEDAL: 44,
        _I.TOM_HIGH: 48,
        _I.TOM_MID: 47,
        _I.TOM_LOW: 43,
        _I.CRASH: 49,
        _I.RIDE: 51,
        _I.RIDE_BELL: 53,
        _I.CHINA: 52,
        _I.SPLASH: 55,  # the third crash, the smallest cymbal that every kit of the library has
        _I.COWBELL: 114,  # a second key of the ride's bell
        _I.TAMBOURINE: 65,
        _I.CLAP: 76,  # a second key of the side stick
    },
    rim_shot=40,
    half_open=24,
    chokes={_I.CRASH: 50, _I.SPLASH: 56, _I.CHINA: 54, _I.RIDE: 118},
    substitutes={_I.SPLASH, _I.COWBELL, _I.TAMBOURINE, _I.CLAP},
)

# XLN Audio, "Addictive Drums 2 Keymap" (2021-06-02). Which cymbal stands in which place is the kit's choice:
# crash, splash and china are cymbals 1, 3 and 5; the Flexi slots hold whatever percussion the kit has.
ADDICTIVE_DRUMS_2 = _map(
    "addictive-drums-2",
    "Addictive Drums 2",
    {
        _I.KICK: 36,
        _I.SNARE: 38,
        _I.SIDE_STICK: 42,
        _I.HIHAT_CLOSED: 49,
        _I.HIHAT_OPEN: 57,
        _I.HIHAT_PEDAL: 48,
        _I.TOM_HIGH: 71,
        _I.TOM_MID: 69,
        _I.TOM_LOW: 65,
        _I.CRASH: 77,
        _I.RIDE: 60,
        _I.RIDE_BELL: 61,
        _I.CHINA: 91,
        _I.SPLASH: 81,
        _I.COWBELL: 47,
        _I.TAMBOURINE: 74,
        _I.CLAP: 73,
    },
    rim_shot=37,
    half_open=54,
    chokes={_I.CRASH: 78, _I.SPLASH: 82, _I.CHINA: 92, _I.RIDE: 63},
    substitutes={_I.COWBELL, _I.TAMBOURINE, _I.CLAP},
)

# Steven Slate Drums 5's own layout, from github.com/nullcrimson/remidi (engines/ssd5.toml). 46 follows the
# pedal there, so the open hi-hat is the key that is always wide open.
STEVEN_SLATE_5 = _map(
    "steven-slate-5",
    "Steven Slate Drums 5",
    {
        _I.KICK: 36,
        _I.SNARE: 38,
        _I.SIDE_STICK: 37,
        _I.HIHAT_CLOSED: 42,
        _I.HIHAT_OPEN: 65,
        _I.HIHAT_PEDAL: 44,
        _I.TOM_HIGH: 48,
        _I.TOM_MID: 47,
        _I.TOM_LOW: 43,
        _I.CRASH: 55,
        _I.RIDE: 51,
        _I.RIDE_BELL: 53,
        _I.CHINA: 31,
        _I.SPLASH: 50,
        _I.COWBELL: 84,  # a second key of the ride's bell
        _I.TAMBOURINE: 61,  # the closed hi-hat's edge
        _I.CLAP: 39,  # the snare's rim
    },
    rim_shot=40,
    half_open=63,
    chokes={_I.CRASH: 54, _I.SPLASH: 49, _I.CHINA: 32, _I.RIDE: 58},
    substitutes={_I.COWBELL, _I.TAMBOURINE, _I.CLAP},
)

# Roland TD-11, TD-17, TD-27 as they leave the factory: the table of the Groove MIDI Dataset
# (magenta.tensorflow.org/datasets/groove), recorded on a TD-11. There are two crashes and no other cymbal:
# splash and china are the crashes' edges, which are also General MIDI's keys for them; percussion is on the
# toms' rims. The pedal says how far the hi-hat is open, aftertouch that a cymbal is grabbed.
ROLAND_TD = _map(
    "roland-td",
    "Roland TD",
    {
        _I.KICK: 36,
        _I.SNARE: 38,
        _I.SIDE_STICK: 37,
        _I.HIHAT_CLOSED: 42,
        _I.HIHAT_OPEN: 46,
        _I.HIHAT_PEDAL: 44,
        _I.TOM_HIGH: 48,
        _I.TOM_MID: 45,
        _I.TOM_LOW: 43,
        _I.CRASH: 49,
        _I.RIDE: 51,
        _I.RIDE_BELL: 53,
        _I.CHINA: 52,
        _I.SPLASH: 55,
        _I.COWBELL: 50,
        _I.TAMBOURINE: 47,
        _I.CLAP: 58,
    },
    rim_shot=40,
    substitutes={_I.CHINA, _I.SPLASH, _I.COWBELL, _I.TAMBOURINE, _I.CLAP},
)

NOTE_MAPS: Mapping[str, NoteMap] = {
    entry.name: entry
    for entry in (
        GENERAL_MIDI,
        EZDRUMMER,
        SUPERIOR_DRUMMER_3,
        ADDICTIVE_DRUMS_2,
        STEVEN_SLATE_5,
        ROLAND_TD,
    )
}
