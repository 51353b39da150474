"""How a drummer wants a kit written: places and heads, how many toms, what to leave out, one voice or two.

A profile changes what is seen and never what is heard: sounds, velocities and times stay the hit's own.
What is printed (SVG, PDF, tab) leaves the ``hidden`` instruments out; exchange formats (MusicXML) keep every
hit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from notation.core.errors import BadProfile
from notation.core.instruments import FEET, HANDS, INSTRUMENTS, InstrumentName, Notehead
from notation.core.score import Mark

_I = InstrumentName

MOST_TOMS = 4
_LOWEST_LOC, _HIGHEST_LOC = -6, 16  # three ledger lines below the staff, four above: no reader counts more
_LONGEST_LABEL = 40
_LONGEST_NAME = 60

# Which toms share a place when the kit has fewer than are told apart: neighbours, the floor tom last. Three
# are told apart, so a kit of four is written like one of three.
_SHARED_TOMS: Mapping[int, Mapping[InstrumentName, InstrumentName]] = {
    1: {_I.TOM_MID: _I.TOM_HIGH, _I.TOM_LOW: _I.TOM_HIGH},
    2: {_I.TOM_MID: _I.TOM_HIGH},
}
_SHARED_TOM_LABEL = "Tom"


@dataclass(frozen=True, slots=True)
class Written:
    """How one instrument is written.

    ``staff_loc`` counts staff positions upward from the bottom line (0), as MEI's ``loc`` does; ``voice`` is
    1 for the hands, 2 for the feet; ``label`` is its name in the drum key.
    """

    staff_loc: int
    notehead: Notehead
    voice: int
    label: str

    @property
    def display_step(self) -> str:
        """The letter of the place, read in the treble clef, as MusicXML gives it."""
        return "CDEFGAB"[(self.staff_loc + 2) % 7]

    @property
    def display_octave(self) -> int:
        """The octave that goes with ``display_step``; the bottom line is E4."""
        return 4 + (self.staff_loc + 2) // 7


@dataclass(frozen=True, slots=True)
class KitProfile:
    """A kit as one drummer wants to read it.

    ``base`` is the key in ``PROFILES`` of the profile that it varies. ``toms`` says how many the kit has:
    with fewer than are told apart neighbours share a place. ``left_handed`` mirrors the drum key and swaps
    the letters of the sticking. ``voices`` is 2 (feet with stems down) or 1 (all stems up);
    ``unison_fills`` writes those bars in one voice in which hands and feet have the same rhythm;
    ``closed_marks`` sets a + over the first closed hi-hat after an open one.
    """

    name: str
    base: str
    instruments: Mapping[InstrumentName, Written] = field(hash=False)
    toms: int = 3
    left_handed: bool = False
    hidden: frozenset[InstrumentName] = frozenset()
    voices: int = 2
    unison_fills: bool = False
    closed_marks: bool = False

    def written(self, name: InstrumentName) -> Written:
        """How the instrument is written in this kit."""
        shared = _SHARED_TOMS.get(self.toms, {})
        found = self.instruments[shared.get(name, name)]
        changes: dict[str, Any] = {}
        if name in shared or name in shared.values():
            default = PROFILES[self.base].instruments[_I.TOM_HIGH].label
            if found.label == default:
                changes["label"] = _SHARED_TOM_LABEL
        if self.voices == 1 and found.voice != HANDS:
            changes["voice"] = HANDS
        return replace(found, **changes) if changes else found

    def shows(self, name: InstrumentName) -> bool:
        """Whether pictures show the instrument."""
        return name not in self.hidden

    def showing_all(self) -> KitProfile:
        """The same kit with nothing hidden, for formats that must keep every hit."""
        return replace(self, hidden=frozenset()) if self.hidden else self

    def sticking(self, marks: frozenset[Mark]) -> str | None:
        """The letter, R or L, of the hand that this drummer plays a note with these marks with."""
        if Mark.RIGHT in marks:
            return "L" if self.left_handed else "R"
        if Mark.LEFT in marks:
            return "R" if self.left_handed else "L"
        return None


# PAS/Weinberg: Norman Weinberg, "Guidelines for Drumset Notation", Percussive Notes, June 1994.
WEINBERG = KitProfile(
    name="Weinberg",
    base="weinberg",
    instruments={
        name: Written(entry.staff_loc, entry.notehead, entry.voice, entry.label)
        for name, entry in INSTRUMENTS.items()
    },
)
# As handed down by teachers, not checked against a printed source: the ride in the space above the staff and
# the hi-hat on the top line; an open hi-hat and a side stick have circled crosses.
BERKLEE = replace(
    WEINBERG,
    name="Berklee",
    base="berklee",
    instruments={
        **WEINBERG.instruments,
        _I.RIDE: replace(WEINBERG.instruments[_I.RIDE], staff_loc=9),
        _I.RIDE_BELL: replace(WEINBERG.instruments[_I.RIDE_BELL], staff_loc=9),
        _I.HIHAT_CLOSED: replace(WEINBERG.instruments[_I.HIHAT_CLOSED], staff_loc=8),
        _I.HIHAT_OPEN: replace(
            WEINBERG.instruments[_I.HIHAT_OPEN], staff_loc=8, notehead=Notehead.CIRCLE_CROSS
        ),
        _I.SIDE_STICK: replace(WEINBERG.instruments[_I.SIDE_STICK], notehead=Notehead.CIRCLE_CROSS),
    },
)
PROFILES: Mapping[str, KitProfile] = {profile.base: profile for profile in (WEINBERG, BERKLEE)}


def profile_to_json(profile: KitProfile) -> dict[str, Any]:
    """Describe ``profile`` in plain JSON values; ``profile_from_json`` gives the same profile back."""
    base = PROFILES[profile.base]
    changed: dict[str, dict[str, Any]] = {}
    for name, written in profile.instruments.items():
        before, after = asdict(base.instruments[name]), asdict(written)
        differences = {key: value for key, value in after.items() if before[key] != value}
        if differences:
            changed[name.value] = differences
    return {
        "base": profile.base,
        "name": profile.name,
        "toms": profile.toms,
        "left_handed": profile.left_handed,
        "hidden": sorted(name.value for name in profile.hidden),
        "voices": profile.voices,
        "unison_fills": profile.unison_fills,
        "closed_marks": profile.closed_marks,
        "instruments": changed,
    }


def profile_from_json(data: object) -> KitProfile:
    """Build the profile that ``data`` describes: a base, and what differs from it; ``{}`` is Weinberg.

    Raises:
        BadProfile: an unknown word, or a value of the wrong type or out of range.
    """
    rows = _mapping(data, "the profile")
    known = {row.name for row in fields(KitProfile)}
    _refuse_unknown(rows, known, "the profile")
    base_name = rows.get("base", WEINBERG.base)
    if not isinstance(base_name, str) or base_name not in PROFILES:
        raise BadProfile(reason=f"its base is not one of {', '.join(PROFILES)}")
    base = PROFILES[base_name]
    hidden = rows.get("hidden", [])
    if not isinstance(hidden, list | tuple):
        raise BadProfile(reason="hidden is not a list")
    instruments = dict(base.instruments)
    for name, changes in _mapping(rows.get("instruments", {}), "instruments").items():
        instrument = _instrument(name)
        instruments[instrument] = _written(name, instruments[instrument], changes)
    return KitProfile(
        name=_text(rows.get("name", base.name), "its name", _LONGEST_NAME),
        base=base_name,
        instruments=instruments,
        toms=_whole(rows.get("toms", base.toms), "toms", 1, MOST_TOMS),
        left_handed=_flag(rows.get("left_handed", False), "left_handed"),
        hidden=frozenset(_instrument(name) for name in hidden),
        voices=_whole(rows.get("voices", base.voices), "voices", 1, 2),
        unison_fills=_flag(rows.get("unison_fills", False), "unison_fills"),
        closed_marks=_flag(rows.get("closed_marks", False), "closed_marks"),
    )


def _written(name: str, before: Written, data: object) -> Written:
    rows = _mapping(data, name)
    _refuse_unknown(rows, {"staff_loc", "notehead", "voice", "label"}, name)
    head = rows.get("notehead", before.notehead.value)
    if not isinstance(head, str) or head not in set(Notehead):
        raise BadProfile(reason=f"the notehead of {name} is not one of {', '.join(Notehead)}")
    return Written(
        _whole(rows.get("staff_loc", before.staff_loc), f"{name}'s staff_loc", _LOWEST_LOC, _HIGHEST_LOC),
        Notehead(head),
        _whole(rows.get("voice", before.voice), f"{name}'s voice", HANDS, FEET),
        _text(rows.get("label", before.label), f"{name}'s label", _LONGEST_LABEL),
    )


def _mapping(data: object, what: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        raise BadProfile(reason=f"{what} is not an object")
    return data


def _refuse_unknown(rows: Mapping[str, Any], known: set[str], what: str) -> None:
    if unknown := sorted(rows.keys() - known):
        raise BadProfile(reason=f"{what} has an unknown field {unknown[0]!r}")


def _instrument(name: object) -> InstrumentName:
    if not isinstance(name, str) or name not in set(InstrumentName):
        raise BadProfile(reason=f"there is no instrument {name!r}")
    return InstrumentName(name)


def _whole(value: object, what: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadProfile(reason=f"{what} is not a whole number from {least} to {most}")
    return value


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise BadProfile(reason=f"{what} is neither true nor false")
    return value


def _text(value: object, what: str, longest: int) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
        raise BadProfile(reason=f"{what} is not a line of at most {longest} characters")
    return value.strip()
