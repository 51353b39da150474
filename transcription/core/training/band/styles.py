"""Which players an accompaniment may have, what they play on, and which of them meet in a style."""

from __future__ import annotations

from dataclasses import dataclass

from transcription.core.training.band import parts
from transcription.core.training.band.parts import Texture

SYNTH, SINGER = "synth", "singer"


@dataclass(frozen=True, slots=True)
class Role:
    """One player, whose rhythm, texture and sound are drawn from these; what stands twice is twice as likely.

    ``sounds`` are families of the note bank, program numbers, or :data:`SYNTH` or :data:`SINGER`; ``lowest``
    bounds the MIDI pitch the part starts from.
    """

    textures: tuple[Texture, ...]
    rhythms: tuple[str, ...]
    sounds: tuple[str | int, ...]
    lowest: tuple[int, int]
    level_db: float = 0.0
    drive: float = 0.0  # the share of clips in which the sound is overdriven
    short: float = 0.0  # the share of clips in which notes are cut short
    bright: float = 0.1  # the share of clips in which its top is lifted
    pumps: float = 0.0  # the share of clips in which the kick ducks it


_BASSES = (32, 33, 33, 34, 34, 35, 36, 37, 38, 39)
_GUITARS = (24, 25, 25, 26, 27, 27)
_KEYS = (0, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18)

ROLES: dict[str, Role] = {
    "bass": Role(
        (parts.bass,),
        ("kick", "kick", "kick", "beats", "eighths", "eighths", "pattern", "dense_pattern", "tresillo",
         "half_bars"),
        _BASSES, (28, 33), 2.0, drive=0.12, short=0.25,
    ),
    "walking": Role((parts.walking,), ("beats",), (32, 32, 32, 33, 35, 43), (28, 31), 1.0),
    "strum": Role(
        (parts.strum,),
        ("eighths", "eighths", "dense_pattern", "dense_pattern", "sixteenths", "pattern", "beats"),
        (*_GUITARS, 28, 105, 104, 15, 46), (40, 52), 1.0, drive=0.1, short=0.15, bright=0.35,
    ),
    "skank": Role(
        (parts.strum, parts.block), ("offbeats", "offbeats", "backbeat"),
        (27, 26, 25, 28, 18, 16, 0, 7, 4, SYNTH),
        (52, 60), 0.0, short=0.85, bright=0.3,
    ),
    "stabs": Role(
        (parts.block, parts.block, parts.strum),
        ("backbeat", "snare", "snare", "charleston", "tresillo", "pattern", "kick"),
        (*_KEYS, 55, 61, 62, 63, 56, 27, 48, SYNTH), (50, 64), 0.0, short=0.6, bright=0.25,
    ),
    "power": Role(
        (parts.power,),
        ("eighths", "eighths", "dense_pattern", "gallop", "kick", "bars", "pattern", "sixteenths"),
        (29, 30, 30, 27, 84), (36, 43), 2.0, drive=0.75, short=0.1,
    ),
    "keys": Role(
        (parts.block,), ("beats", "eighths", "pattern", "dense_pattern", "charleston", "half_bars", "bars"),
        _KEYS, (48, 62), 0.0, short=0.15,
    ),
    "pad": Role(
        (parts.block,), ("bars", "bars", "half_bars"), ("strings", "choir", "pad", "pad", "organ", SYNTH),
        (48, 62), -2.0, pumps=0.1,
    ),
    "arpeggio": Role(
        (parts.arpeggio,), ("eighths", "eighths", "sixteenths", "sixteenths", "dense_pattern"),
        ("pluck", "mallet", "guitar", "guitar", "piano", "lead", SYNTH, SYNTH),
        (48, 67), -1.0, short=0.3, pumps=0.1, bright=0.3,
    ),
    "melody": Role(
        (parts.melody,), ("pattern", "dense_pattern", "dense_pattern", "beats", "eighths"),
        ("reed", "reed", "pipe", "lead", "strings", "brass", "guitar", "mallet", 22, 21, 30, SYNTH),
        (52, 69), 0.0, drive=0.1,
    ),
    "singer": Role(
        (parts.melody,), ("pattern", "pattern", "dense_pattern", "beats", "eighths"), (SINGER,),
        (43, 62), 2.0, bright=0.25,
    ),
    "brass": Role(
        (parts.block,), ("pattern", "charleston", "kick", "snare", "tresillo"), ("brass", 61, 61, 62),
        (50, 62), 0.0, short=0.6,
    ),
    "synth_bass": Role(
        (parts.bass, parts.riff), ("kick", "eighths", "offbeats", "sixteenths", "dense_pattern"),
        (SYNTH, SYNTH, 38, 39), (28, 34), 2.0, drive=0.2, short=0.3, pumps=0.5,
    ),
    "synth_chords": Role(
        (parts.block,), ("bars", "offbeats", "eighths", "dense_pattern", "pattern"),
        (SYNTH, SYNTH, 90, 81, 62, 50),
        (50, 64), 0.0, short=0.4, pumps=0.5,
    ),
    "riff": Role(
        (parts.riff,), ("kick", "kick", "dense_pattern", "eighths", "pattern"),
        (29, 30, 27, 34, 33, 81, 18, SYNTH),
        (33, 45), 1.0, drive=0.4, short=0.2,
    ),
    # On the very strokes of hi-hat, ride and toms: the hardest music to tell from them.
    "with_hands": Role(
        (parts.arpeggio, parts.block, parts.strum), ("hands",),
        (*_KEYS, *_GUITARS, 28, "mallet", "pluck", SYNTH), (52, 72), 0.0, short=0.4, bright=0.35,
    ),
}  # fmt: skip

# The chance of each player in a style, by ear; the last draws anyone.
STYLES: dict[str, dict[str, float]] = {
    "pop": {
        "bass": 0.95,
        "strum": 0.5,
        "keys": 0.5,
        "pad": 0.4,
        "singer": 0.6,
        "arpeggio": 0.3,
        "stabs": 0.15,
    },
    "rock": {
        "bass": 0.9,
        "power": 0.7,
        "strum": 0.45,
        "riff": 0.3,
        "singer": 0.5,
        "melody": 0.2,
        "keys": 0.15,
    },
    "metal": {"bass": 0.8, "power": 1.0, "riff": 0.5, "singer": 0.35, "melody": 0.25},
    "reggae": {"bass": 0.95, "skank": 1.0, "keys": 0.3, "brass": 0.25, "singer": 0.4, "melody": 0.15},
    "funk": {
        "bass": 0.95,
        "strum": 0.7,
        "brass": 0.4,
        "keys": 0.4,
        "stabs": 0.4,
        "singer": 0.3,
        "with_hands": 0.2,
    },
    "jazz": {"walking": 0.85, "keys": 0.65, "melody": 0.7, "strum": 0.3, "brass": 0.15, "bass": 0.1},
    "electronic": {
        "synth_bass": 0.9,
        "synth_chords": 0.7,
        "arpeggio": 0.6,
        "pad": 0.35,
        "stabs": 0.3,
        "singer": 0.25,
    },
    "folk": {"strum": 0.9, "bass": 0.5, "arpeggio": 0.4, "melody": 0.5, "singer": 0.6},
    "ballad": {"pad": 0.7, "keys": 0.6, "arpeggio": 0.5, "bass": 0.7, "singer": 0.6, "melody": 0.2},
    "latin": {"bass": 0.9, "keys": 0.6, "brass": 0.5, "strum": 0.5, "melody": 0.3, "with_hands": 0.25},
    "orchestral": {"pad": 0.8, "melody": 0.6, "stabs": 0.4, "arpeggio": 0.4, "brass": 0.4, "bass": 0.4},
    "anyone": dict.fromkeys(ROLES, 0.18),
}
