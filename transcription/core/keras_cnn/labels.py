"""The six labels of networks of this format, and what they are called here."""

from __future__ import annotations

from enum import StrEnum

from notation.core.instruments import InstrumentName


class Label(StrEnum):
    """What a network of this format tells apart; members are in the order of its outputs."""

    SNARE = "SD"
    HIHAT = "HH"
    KICK = "KD"
    RIDE = "RC"
    TOM = "TT"
    CRASH = "CC"


LABELS: tuple[Label, ...] = tuple(Label)

# As what a label is written. A hi-hat is closed unless told otherwise, as drummers write it. Of the toms it
# is the middle one: the network does not say which, and the middle one is never far from the right one.
WRITTEN_AS: dict[Label, InstrumentName] = {
    Label.SNARE: InstrumentName.SNARE,
    Label.HIHAT: InstrumentName.HIHAT_CLOSED,
    Label.KICK: InstrumentName.KICK,
    Label.RIDE: InstrumentName.RIDE,
    Label.TOM: InstrumentName.TOM_MID,
    Label.CRASH: InstrumentName.CRASH,
}

# As what our instruments are learnt, after AnNOTEator's grouping of MIDI notes; percussion beside the kit has
# no label: where only that is struck, the right answer is nothing.
LEARNT_AS: dict[InstrumentName, Label] = {
    InstrumentName.SNARE: Label.SNARE,
    InstrumentName.SIDE_STICK: Label.SNARE,
    InstrumentName.HIHAT_CLOSED: Label.HIHAT,
    InstrumentName.HIHAT_OPEN: Label.HIHAT,
    InstrumentName.HIHAT_PEDAL: Label.HIHAT,
    InstrumentName.KICK: Label.KICK,
    InstrumentName.RIDE: Label.RIDE,
    InstrumentName.RIDE_BELL: Label.RIDE,
    InstrumentName.TOM_HIGH: Label.TOM,
    InstrumentName.TOM_MID: Label.TOM,
    InstrumentName.TOM_LOW: Label.TOM,
    InstrumentName.CRASH: Label.CRASH,
    InstrumentName.CHINA: Label.CRASH,
    InstrumentName.SPLASH: Label.CRASH,
}
