"""The General MIDI instruments an accompaniment is played on, with their useful ranges.

Left out: sound effects, and what is heard as a drum (timpani, melodic tom, taiko, woodblock, agogo,
reverse cymbal, synth drum, tinkle bell), which would teach the network that drums are not drums.
"""

from __future__ import annotations

from dataclasses import dataclass

_STRUCK_S, _HELD_S = 1.4, 1.5
_SHORT_S = 0.7
# Families that sound alike struck softly or hard.
_TOUCHLESS = frozenset({"organ", "lead", "pad", "choir", "strings"})


@dataclass(frozen=True, slots=True)
class Program:
    """One instrument: ``number`` from 0, ``seconds`` for which a stored note is held, MIDI pitches."""

    number: int
    name: str
    family: str
    lowest: int
    highest: int
    seconds: float

    @property
    def feels_touch(self) -> bool:
        """Whether a soft note differs from a loud one in more than level."""
        return self.family not in _TOUCHLESS


def _programs(family: str, seconds: float, *rows: tuple[int, str, int, int]) -> tuple[Program, ...]:
    return tuple(Program(number, name, family, low, high, seconds) for number, name, low, high in rows)


PROGRAMS: tuple[Program, ...] = (
    *_programs(
        "piano", _STRUCK_S,
        (0, "acoustic grand", 33, 93), (1, "bright acoustic", 36, 88), (2, "electric grand", 40, 84),
        (3, "honky-tonk", 40, 84), (4, "electric piano 1", 40, 84), (5, "electric piano 2", 40, 84),
        (6, "harpsichord", 41, 84), (7, "clavinet", 36, 79),
    ),
    *_programs(
        "mallet", _STRUCK_S,
        (8, "celesta", 60, 96), (9, "glockenspiel", 72, 100), (10, "music box", 60, 90),
        (11, "vibraphone", 53, 88), (12, "marimba", 48, 84), (14, "tubular bells", 60, 77),
        (15, "dulcimer", 50, 84), (108, "kalimba", 57, 81), (114, "steel drums", 55, 84),
    ),
    *_programs("mallet", _SHORT_S, (13, "xylophone", 65, 93)),
    *_programs(
        "organ", _HELD_S,
        (16, "drawbar organ", 40, 84), (17, "percussive organ", 40, 84), (18, "rock organ", 40, 84),
        (19, "church organ", 36, 84), (21, "accordion", 48, 84), (22, "harmonica", 57, 86),
    ),
    *_programs(
        "guitar", _STRUCK_S,
        (24, "nylon guitar", 40, 81), (25, "steel guitar", 40, 83), (26, "jazz guitar", 40, 80),
        (27, "clean guitar", 40, 83), (31, "guitar harmonics", 48, 80),
    ),
    *_programs("guitar", _SHORT_S, (28, "muted guitar", 40, 81)),
    *_programs("guitar", _HELD_S, (29, "overdriven guitar", 36, 81), (30, "distortion guitar", 36, 81)),
    *_programs(
        "bass", _STRUCK_S,
        (32, "acoustic bass", 28, 57), (33, "finger bass", 28, 57), (34, "pick bass", 28, 57),
        (35, "fretless bass", 28, 57), (36, "slap bass 1", 28, 57), (37, "slap bass 2", 28, 57),
        (38, "synth bass 1", 28, 57), (39, "synth bass 2", 28, 57),
    ),
    *_programs(
        "strings", _HELD_S,
        (40, "violin", 55, 93), (41, "viola", 48, 83), (42, "cello", 36, 74), (43, "contrabass", 28, 55),
        (44, "tremolo strings", 40, 86), (48, "string ensemble 1", 36, 86), (49, "string ensemble 2", 36, 86),
        (50, "synth strings 1", 40, 86), (110, "fiddle", 55, 88),
    ),
    *_programs("pluck", _SHORT_S, (45, "pizzicato strings", 40, 86), (105, "banjo", 48, 84)),
    *_programs(
        "pluck", _STRUCK_S,
        (46, "harp", 36, 90), (104, "sitar", 48, 76), (106, "shamisen", 50, 78), (107, "koto", 50, 84),
    ),
    *_programs(
        "choir", _HELD_S,
        (52, "choir aahs", 43, 82), (53, "voice oohs", 43, 80), (54, "synth voice", 43, 80),
    ),
    *_programs("brass", _SHORT_S, (55, "orchestra hit", 48, 72)),
    *_programs(
        "brass", _HELD_S,
        (56, "trumpet", 54, 84), (57, "trombone", 38, 72), (58, "tuba", 28, 55),
        (59, "muted trumpet", 54, 82), (60, "french horn", 41, 76), (61, "brass section", 40, 82),
        (62, "synth brass 1", 36, 80), (63, "synth brass 2", 36, 80),
    ),
    *_programs(
        "reed", _HELD_S,
        (64, "soprano sax", 56, 86), (65, "alto sax", 49, 80), (66, "tenor sax", 44, 75),
        (67, "baritone sax", 36, 68), (68, "oboe", 58, 88), (69, "english horn", 52, 80),
        (70, "bassoon", 34, 70), (71, "clarinet", 50, 88),
    ),
    *_programs(
        "pipe", _HELD_S,
        (72, "piccolo", 74, 100), (73, "flute", 60, 94), (74, "recorder", 60, 90), (75, "pan flute", 60, 88),
        (76, "blown bottle", 60, 84), (77, "shakuhachi", 55, 84), (79, "ocarina", 60, 88),
        (109, "bagpipe", 57, 76), (111, "shanai", 57, 79),
    ),
    *_programs(
        "lead", _HELD_S,
        (80, "square lead", 40, 88), (81, "saw lead", 40, 88), (82, "calliope lead", 52, 88),
        (83, "chiff lead", 52, 86), (84, "charang", 40, 81), (85, "voice lead", 48, 84),
        (86, "fifths lead", 40, 79), (87, "bass and lead", 33, 76),
    ),
    *_programs(
        "pad", _HELD_S,
        (88, "new age pad", 40, 84), (89, "warm pad", 40, 84), (90, "polysynth", 40, 84),
        (91, "choir pad", 40, 84), (92, "bowed pad", 48, 84), (93, "metallic pad", 40, 84),
        (95, "sweep pad", 40, 80), (98, "crystal", 52, 88), (99, "atmosphere", 40, 84),
        (100, "brightness", 40, 84),
    ),
)  # fmt: skip
