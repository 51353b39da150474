"""What annotators' labels mean in our words."""

from __future__ import annotations

from typing import NamedTuple

from notation.core.instruments import DrumClass, InstrumentName

_I = InstrumentName
_C = DrumClass

OTHER = "OT"  # a class label: annotated, and left out of the five classes


class Meaning(NamedTuple):
    """The instrument that a label stands for, and its class where classes are annotated too."""

    instrument: InstrumentName
    drum_class: DrumClass | None


# The sub-classes of MDB Drums. Its authors put side stick and tambourine among the others (OT).
# Source: Southall, Wu, Lerch and Hockman, "MDB Drums: An Annotated Subset of MedleyDB for Automatic Drum
# Transcription", ISMIR 2017 (late-breaking).
MEANINGS: dict[str, Meaning] = {
    "KD": Meaning(_I.KICK, _C.KICK),
    "SD": Meaning(_I.SNARE, _C.SNARE),
    "SDB": Meaning(_I.SNARE, _C.SNARE),  # brush
    "SDD": Meaning(_I.SNARE, _C.SNARE),  # drag
    "SDF": Meaning(_I.SNARE, _C.SNARE),  # flam
    "SDG": Meaning(_I.SNARE, _C.SNARE),  # ghost
    "SDNS": Meaning(_I.SNARE, _C.SNARE),  # no snares
    "SST": Meaning(_I.SIDE_STICK, None),
    "CHH": Meaning(_I.HIHAT_CLOSED, _C.HIHAT),
    "OHH": Meaning(_I.HIHAT_OPEN, _C.HIHAT),
    "PHH": Meaning(_I.HIHAT_PEDAL, _C.HIHAT),
    "HIT": Meaning(_I.TOM_HIGH, _C.TOM),  # high
    "MHT": Meaning(_I.TOM_MID, _C.TOM),  # high-mid
    # Two floor toms: ours is one, General MIDI's high floor tom.
    "HFT": Meaning(_I.TOM_LOW, _C.TOM),
    "LFT": Meaning(_I.TOM_LOW, _C.TOM),
    "CRC": Meaning(_I.CRASH, _C.CYMBAL),
    "RDC": Meaning(_I.RIDE, _C.CYMBAL),
    "RDB": Meaning(_I.RIDE_BELL, _C.CYMBAL),
    "CHC": Meaning(_I.CHINA, _C.CYMBAL),
    "SPC": Meaning(_I.SPLASH, _C.CYMBAL),
    "TMB": Meaning(_I.TAMBOURINE, None),
}
GHOST = "SDG"

# Instruments that must not be taken for each other, each side judged as one.
OPEN_HIHAT = "open hi-hat"
SHUT_HIHAT = "closed or pedal hi-hat"
RIDE = "ride or bell"
CRASH = "crash, china or splash"
SIDES: dict[InstrumentName, str] = {
    _I.HIHAT_OPEN: OPEN_HIHAT,
    _I.HIHAT_CLOSED: SHUT_HIHAT,
    _I.HIHAT_PEDAL: SHUT_HIHAT,
    _I.RIDE: RIDE,
    _I.RIDE_BELL: RIDE,
    _I.CRASH: CRASH,
    _I.CHINA: CRASH,
    _I.SPLASH: CRASH,
}
CONTRASTS: dict[str, tuple[str, str]] = {
    "open vs closed/pedal hi-hat": (OPEN_HIHAT, SHUT_HIHAT),
    "ride vs crash": (RIDE, CRASH),
}
