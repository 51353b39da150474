"""Families: instruments that sound so alike that first one of them is heard, and only then which."""

from __future__ import annotations

from enum import StrEnum
from graphlib import TopologicalSorter

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

# What else a peak may be of: a loud snare sounds a little like a tom, a tambourine very like a hi-hat, and
# what is heard as both at once is more likely the rival alone. On rendered songs no other pairs helped.
RIVALS: dict[Family, tuple[Family, ...]] = {
    Family.SNARE: (Family.CLAP,),
    Family.TOM: (Family.SNARE,),
    Family.HIHAT: (Family.TAMBOURINE,),
    Family.CYMBAL: (Family.HIHAT, Family.TAMBOURINE),
}
# Families in an order in which rivals are judged first.
RIVALS_FIRST: tuple[Family, ...] = tuple(
    TopologicalSorter({family: RIVALS.get(family, ()) for family in Family}).static_order()
)
