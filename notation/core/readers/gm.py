"""What is percussion in a file from elsewhere: its keys, and the names of its tracks and parts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set

from notation.core.instruments import InstrumentName

_I = InstrumentName

DRUM_NAME = re.compile(r"drum|perc|kit|batterie|schlagzeug|bater", re.IGNORECASE)

# General MIDI 1 (MMA, 1991), keys that the kit has, its several toms, crashes and rides taken together.
GENERAL_MIDI: Mapping[int, InstrumentName] = {
    35: _I.KICK, 36: _I.KICK, 37: _I.SIDE_STICK, 38: _I.SNARE, 39: _I.CLAP, 40: _I.SNARE, 41: _I.TOM_LOW,
    42: _I.HIHAT_CLOSED, 43: _I.TOM_LOW, 44: _I.HIHAT_PEDAL, 45: _I.TOM_MID, 46: _I.HIHAT_OPEN,
    47: _I.TOM_MID, 48: _I.TOM_HIGH, 49: _I.CRASH, 50: _I.TOM_HIGH, 51: _I.RIDE, 52: _I.CHINA,
    53: _I.RIDE_BELL, 54: _I.TAMBOURINE, 55: _I.SPLASH, 56: _I.COWBELL, 57: _I.CRASH, 59: _I.RIDE,
}  # fmt: skip

# Roland's V-Drums (TD-11 and its like, the Groove MIDI Dataset): rims and edges have keys of their own, and
# two of General MIDI's keys are edges of crashes.
ROLAND: Mapping[int, InstrumentName] = {
    **GENERAL_MIDI,
    22: _I.HIHAT_CLOSED,
    26: _I.HIHAT_OPEN,
    52: _I.CRASH,
    55: _I.CRASH,
    58: _I.TOM_LOW,
}
_ONLY_ROLAND = frozenset({22, 26})

# What is not in the kit but sounds like something in it: (its name, the nearest instrument).
NEAREST: Mapping[int, tuple[str, InstrumentName]] = {
    60: ("high bongo", _I.TOM_HIGH), 61: ("low bongo", _I.TOM_MID), 62: ("mute high conga", _I.TOM_HIGH),
    63: ("open high conga", _I.TOM_MID), 64: ("low conga", _I.TOM_LOW), 65: ("high timbale", _I.TOM_HIGH),
    66: ("low timbale", _I.TOM_LOW), 67: ("high agogo", _I.COWBELL), 68: ("low agogo", _I.COWBELL),
    75: ("claves", _I.SIDE_STICK), 76: ("high wood block", _I.COWBELL), 77: ("low wood block", _I.COWBELL),
    58: ("third tom's rim (in General MIDI a vibraslap)", _I.TOM_LOW),
    31: ("sticks", _I.SIDE_STICK), 69: ("cabasa", _I.HIHAT_CLOSED), 70: ("maracas", _I.HIHAT_CLOSED),
    82: ("shaker", _I.HIHAT_CLOSED), 86: ("mute surdo", _I.TOM_LOW), 87: ("open surdo", _I.TOM_LOW),
}  # fmt: skip

SNARE_RIM = 40  # Roland: the rim struck with the head; General MIDI: a second snare


def key_map(keys: Set[int]) -> Mapping[int, InstrumentName]:
    """The map by which a file that uses ``keys`` is to be read."""
    return ROLAND if keys & _ONLY_ROLAND else GENERAL_MIDI
