"""Families: instruments that sound so alike that first one of them is heard, and only then which."""

from __future__ import annotations

from enum import StrEnum

from notation.core.instruments import INSTRUMENTS, DrumClass, InstrumentName
from transcription.core.network import INSTRUMENTS_HEARD


class Family(StrEnum):
    """Instruments that are told apart only after it is settled that one of them was struck."""

    KICK = "kick"
    SNARE = "snare"
    TOM = "tom"
    HIHAT = "hihat"
    CYMBAL = "cymbal"
    COWBELL = "cowbell"
    TAMBOURINE = "tambourine"
    CLAP = "clap"


_OF_CLASS = {
    DrumClass.KICK: Family.KICK,
    DrumClass.SNARE: Family.SNARE,
    DrumClass.TOM: Family.TOM,
    DrumClass.HIHAT: Family.HIHAT,
    DrumClass.CYMBAL: Family.CYMBAL,
}
# Not of the kit: another player's hands, and a claim that has to be surer than one about the drummer's.
PERCUSSION = frozenset({Family.COWBELL, Family.TAMBOURINE, Family.CLAP})


def family_of(instrument: InstrumentName) -> Family:
    """Return the family of ``instrument``."""
    drum_class = INSTRUMENTS[instrument].drum_class
    return Family(instrument.value) if drum_class is None else _OF_CLASS[drum_class]


# Columns of the network's answers, by family.
MEMBERS: dict[Family, tuple[int, ...]] = {
    family: tuple(index for index, name in enumerate(INSTRUMENTS_HEARD) if family_of(name) is family)
    for family in Family
}
