"""Grooves that the recorded material lacks, written as tabs from which a drummer's bars are drawn.

They are what beat tracking is validated on, so they are kept apart from ``beat_tabs``, by which it tracks. In
a tab, ``x`` is always played, a digit is the chance in tenths that a song's groove has the stroke, ``o`` is a
ghost stroke, ``.`` nothing; beats are parted by bars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_LETTERS = {
    "k": "kick",
    "s": "snare",
    "r": "side_stick",
    "h": "hihat_closed",
    "o": "hihat_open",
    "p": "hihat_pedal",
    "c": "ride",
    "b": "ride_bell",
    "y": "crash",
    "t": "tom_low",
    "m": "tom_mid",
    "n": "tom_high",
    "z": "china",
}


@dataclass(frozen=True, slots=True)
class Style:
    """A groove: its meter as printed, the felt tempos at which it is played, and a tab of one or two bars."""

    name: str
    beats: int
    beat_type: int
    slowest_bpm: float
    fastest_bpm: float
    tab: str

    @property
    def bar_quarters(self) -> float:
        """The length of a bar in quarter notes."""
        return 4.0 * self.beats / self.beat_type


# ruff: noqa: E501
STYLES: tuple[Style, ...] = (
    Style("rock", 4, 4, 70, 160, "k x...|..4.|x.6.|..2. s ....|x...|....|x..2 h x.x.|x.x.|x.x.|x.x."),
    Style("sixteenths", 4, 4, 60, 110, "k x..3|..4.|..x.|.3.. s ....|x..o|.o..|x... h xxxx|xxxx|xxxx|xxxx"),
    Style("quarters", 4, 4, 90, 200, "k x...|..4.|x.5.|..2. s ....|x...|....|x... y x...|x...|x...|x..."),
    Style("four floor", 4, 4, 105, 135, "k x...|x...|x...|x... s ....|x...|....|x... o ..x.|..x.|..x.|..x."),
    Style("half time", 4, 4, 110, 170, "k x...|..4.|..3.|..4. s ....|....|x...|.... h x.x.|x.x.|x.x.|x.x."),
    Style("one drop", 4, 4, 65, 95, "k ....|....|x...|.... r ....|....|x...|..2. h x.x.|x.x.|x.x.|x.x."),
    Style("one drop 2", 4, 4, 120, 160, "k ....|....|x...|.... s ....|....|x...|.... h x..x|x..x|x..x|x..x"),
    Style("steppers", 4, 4, 110, 150, "k x...|x...|x...|x... r ....|....|x...|..3. h x.x.|x.x.|x.x.|x.x."),
    Style("motown", 4, 4, 110, 150, "k x..x|..x.|..x.|.4.. s x...|x...|x...|x... h x.x.|x.x.|x.x.|x.x."),
    Style("double kick", 4, 4, 90, 150, "k xxxx|xxxx|xxxx|xxxx s ....|x...|....|x... z x...|x...|x...|x..."),
    Style("double kick half", 4, 4, 140, 200, "k x.xx|x.xx|x.xx|x.xx s ....|....|x...|.... c x...|x...|x...|x..."),
    Style("blast", 4, 4, 90, 125, "k x.x.|x.x.|x.x.|x.x. s .x.x|.x.x|.x.x|.x.x c x.x.|x.x.|x.x.|x.x."),
    Style("blast slow", 4, 4, 180, 240, "k x.x.|x.x.|x.x.|x.x. s .x.x|.x.x|.x.x|.x.x h x.x.|x.x.|x.x.|x.x."),
    Style("punk", 4, 4, 160, 220, "k x...|..x.|x.x.|..4. s ....|x...|....|x... h x.x.|x.x.|x.x.|x.x."),
    Style("d-beat", 4, 4, 160, 210, "k x..x|..x.|x..x|..x. s ....|x...|....|x... o x...|x...|x...|x..."),
    Style("train", 4, 4, 90, 130, "k x...|x...|x...|x... s oox.|ooxo|oox.|ooxo p ..x.|..x.|..x.|..x."),
    Style("two beat", 4, 4, 90, 130, "k x...|....|x...|.... r ....|x...|....|x... h x.x.|x.x.|x.x.|x.x."),
    Style("bossa", 4, 4, 110, 150, "k x..x|x..x|x..x|x..x r x...|..x.|....|x... h x.x.|x.x.|x.x.|x.x."),
    Style("toms", 4, 4, 90, 140, "k x...|x...|x...|x... t x.x.|..x.|x.x.|x.x. s ....|x...|....|x... m ....|x...|...4|...."),
    Style("breakbeat", 4, 4, 155, 180, "k x.x.|....|..x.|.... s ....|x..o|.o..|x..o h x.x.|x.x.|x.x.|x.x."),
    Style("trap", 4, 4, 125, 160, "k x...|..5.|..3.|.... s ....|....|x...|.... h xxxx|x.x.|xxxx|x.xx"),
    Style("samba", 4, 4, 90, 125, "k x..x|x..x|x..x|x..x s x.x.|oxox|x.xo|x.ox p ..x.|..x.|..x.|..x."),
    Style("shuffle", 4, 4, 90, 150, "k x..|..4|x..|..4 s ...|x..|...|x.. h x.x|x.x|x.x|x.x"),
    Style("shuffle ride", 4, 4, 80, 140, "k x..|...|x.4|... s ...|x..|...|x.. c x.x|x.x|x.x|x.x p ...|x..|...|x.."),
    Style("half shuffle", 4, 4, 130, 180, "k x..|..x|...|..5 s .o.|.o.|xo.|.o. h x.x|x.x|x.x|x.x"),
    Style("swing", 4, 4, 110, 220, "c x..|x.x|x..|x.x p ...|x..|...|x.. s ..2|...|.o.|..3 k 2..|...|..2|..."),
    Style("ballad stick", 4, 4, 50, 80, "k x...|....|..x.|..3. r ....|x...|....|x... h x.x.|x.x.|x.x.|x.x."),
    Style("waltz", 3, 4, 90, 190, "k x...|....|.... s ....|x...|x... h x.x.|x.x.|x.x."),
    Style("rock waltz", 3, 4, 90, 150, "k x.4.|..3.|.... s ....|....|x... h x.x.|x.x.|x.x."),
    Style("waltz two", 3, 4, 80, 140, "k x...|..2.|x.4. s ....|x...|.... c x.x.|x.x.|x.x."),
    Style("jazz waltz", 3, 4, 110, 190, "c x..|x.x|x.. p ...|x..|4.. k x..|...|..3 s ...|..4|.3."),
    Style("six-eight", 6, 8, 40, 75, "k x...2.|..4... s ......|x..... h x.x.x.|x.x.x."),
    Style("six-eight ride", 6, 8, 45, 100, "k x.....|....4. s ......|x..... c x.x.x.|x.x.x."),
    Style("six-eight march", 6, 8, 80, 125, "k x.....|x..... s x...x.|x.x.x. p ......|x....."),
    Style("slow blues", 12, 8, 45, 75, "k x..|...|x.4|... s ...|x..|...|x.. c xxx|xxx|xxx|xxx"),
    Style("twelve-eight", 12, 8, 50, 80, "k x..|..x|..x|... s ...|x..|...|x.. h xxx|xxx|xxx|xxx"),
    Style("afro", 12, 8, 80, 130, "k x..|x..|x..|x.. b x.x|.xx|.x.|x.x p x..|x..|x..|x.. m ..x|...|..x|..."),
    Style("polka", 2, 4, 90, 130, "k x...|x... s ..x.|..x. h ..x.|..x."),
    Style("march", 2, 4, 90, 130, "k x...|x... s x.xx|x.x. y x...|...."),
    Style("baiao", 2, 4, 85, 120, "k x..x|.... s ..o.|x.o. h x.x.|x.x."),
    Style("take five", 5, 4, 130, 190, "c x..|x.x|x..|x..|x.. p ...|x..|...|...|x.. k x..|..x|...|x..|... s ...|...|..4|...|x.."),
    Style("five rock", 5, 4, 80, 160, "k x...|..4.|....|x...|..3. s ....|....|x...|....|x... h x.x.|x.x.|x.x.|x.x.|x.x."),
    Style("five back", 5, 4, 90, 170, "k x...|....|x.x.|....|.... s ....|x...|....|x...|4... h x.x.|x.x.|x.x.|x.x.|x.x."),
    Style("seven 223", 7, 8, 200, 340, "k x.|..|..|.3|x.|..|.. s ..|..|x.|..|..|..|x. h x.|x.|x.|x.|x.|x.|x."),
    Style("seven 322", 7, 8, 200, 340, "k x.|..|..|x.|..|4.|.. s ..|..|x.|..|x.|..|x. c x.|x.|x.|x.|x.|x.|x."),
    Style("seven rock", 7, 8, 180, 300, "k x.|.2|..|..|x.|.4|.. s ..|..|x.|..|..|..|x. h x.|x.|x.|x.|x.|x.|x."),
)  # fmt: skip

# Never tuned on: only the split ``valid`` has them.
HELD_OUT = frozenset(
    [
        "one drop 2",
        "blast slow",
        "d-beat",
        "train",
        "trap",
        "half shuffle",
        "rock waltz",
        "six-eight ride",
        "afro",
        "march",
        "five back",
        "seven 322",
    ]
)

Stroke = tuple[float, str, int]  # quarters from the bar's start, instrument, velocity


def draw_bars(rng: np.random.Generator, style: Style, bars: int) -> list[list[Stroke]]:
    """Play ``bars`` bars of ``style``: one groove, varied now and then, with fills and crashes."""
    tab = _read_tab(style)
    groove = _choose(rng, tab)
    loud = {name: int(rng.integers(80, 118)) for name in _LETTERS.values()}
    every = int(rng.choice((4, 8)))
    played = []
    for bar in range(bars):
        chosen = _choose(rng, tab) if rng.random() < 0.15 else groove
        strokes = [(place, name, 24 if ghost else loud[name]) for place, name, ghost in chosen]
        if bar % every == every - 1 and rng.random() < 0.6:
            strokes = _with_fill(rng, strokes, style)
        if bar % every == 0 and rng.random() < 0.6:
            strokes.append((0.0, "crash", 112))
        played.append(strokes)
    return played


def pickup(rng: np.random.Generator, quarters: float) -> list[Stroke]:
    """Strokes of an upbeat ``quarters`` long, with places counted back from the bar to come."""
    drum = str(rng.choice(("snare", "tom_high", "tom_low")))
    step = float(rng.choice((0.25, 0.5)))
    return [(float(place), drum, 100) for place in np.arange(-quarters, -1e-6, step)]


def _read_tab(style: Style) -> list[tuple[float, str, float, bool]]:
    words = style.tab.split()
    strokes = []
    for letter, line in zip(words[::2], words[1::2], strict=True):
        steps = line.replace("|", "")
        for number, step in enumerate(steps):
            chance = {"x": 1.0, "o": 1.0, ".": 0.0}.get(step) if step in "xo." else int(step) / 10
            if chance:
                place = number * style.bar_quarters / len(steps)
                strokes.append((place, _LETTERS[letter], chance, step == "o"))
    return strokes


def _choose(
    rng: np.random.Generator, tab: list[tuple[float, str, float, bool]]
) -> list[tuple[float, str, bool]]:
    return [(place, name, ghost) for place, name, chance, ghost in tab if rng.random() < chance]


def _with_fill(rng: np.random.Generator, strokes: list[Stroke], style: Style) -> list[Stroke]:
    length = min(float(rng.choice((0.5, 1.0, 2.0))), style.bar_quarters / 2)
    begin = style.bar_quarters - length
    compound = style.beat_type == 8 and style.beats % 3 == 0
    step = 0.5 if compound else 0.25 if rng.random() < 0.7 else 0.5
    kept = [stroke for stroke in strokes if stroke[0] < begin - 1e-6 or stroke[1] == "kick"]
    drums = ("snare", "tom_high", "tom_mid", "tom_low")
    places = np.arange(begin, style.bar_quarters - 1e-6, step)
    return kept + [
        (float(place), drums[min(3, 4 * index // len(places))], int(rng.integers(80, 120)))
        for index, place in enumerate(places)
    ]


def tempos(style: Style) -> Mapping[str, float]:
    """Return the range of the felt beat as quarter notes a minute."""
    compound = style.beat_type == 8 and style.beats % 3 == 0
    quarters = 1.5 if compound else 4 / style.beat_type
    return {"low": style.slowest_bpm * quarters, "high": style.fastest_bpm * quarters}
