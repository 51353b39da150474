"""Twelve charts written by hand, in the places where a drummer would write them; nothing is quantised here.

They are the fixtures of the golden files (``notation/core/tests/golden``) and of the pictures in
``docs/img/charts``; ``script/draw_charts`` writes both anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from notation.core.beat_grid import Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.score import Bar, Mark, Score, ScoreHit, Swing, SwingMark, TempoMark
from notation.core.tests.songs import LETTERS

# What a step says beside the plain "x": velocity, marks, small notes before it.
_VELOCITIES = {"X": 122, "g": 32}
_GRACE_VELOCITIES = {"f": (45,), "d": (40, 45)}
_MARKS = {
    "r": Mark.ROLL, "R": Mark.RIGHT, "L": Mark.LEFT, "m": Mark.RIM_SHOT, "h": Mark.HALF_OPEN, "c": Mark.CHOKE,
}  # fmt: skip
_PLAIN_VELOCITY = 92
_GRACE_S = 0.028

Steps = Mapping[str, str]


@dataclass(frozen=True)
class Written:
    """One bar: its steps, and what stands above it."""

    steps: Steps
    meter: tuple[int, int] | None = None
    bpm: float | None = None
    section: str | None = None
    beats: int | None = None  # a pickup has fewer than its meter


def chart(
    title: str,
    bars: Sequence[Written | Steps],
    *,
    meter: tuple[int, int] = (4, 4),
    bpm: float = 120.0,
    swing: Swing | None = None,
    artist: str = "drumsite",
) -> Score:
    """Write ``bars``; each maps an instrument's letter to its steps over the whole bar (``x-x-``).

    A bar whose ``beats`` are fewer than its meter's is a pickup and gets the number 0. ``bpm`` counts felt
    beats, which are eighths in 7/8.
    """
    written = [bar if isinstance(bar, Written) else Written(bar) for bar in bars]
    number = 0 if written[0].beats else 1
    in_force = Meter(number, *meter)
    time_s = 0.0
    made: list[Bar] = []
    hits: list[ScoreHit] = []
    tempo_marks: list[TempoMark] = []
    for index, one in enumerate(written):
        if one.meter is not None:
            in_force = Meter(number, *one.meter)
        if one.bpm is not None or index == 0:
            bpm = one.bpm or bpm
            tempo_marks.append(TempoMark(number, bpm))
        felt = one.beats or in_force.felt_beats
        period_s = 60 / bpm
        times_s = tuple(time_s + beat * period_s for beat in range(felt))
        time_s += felt * period_s
        bar = Bar(number, in_force, felt * in_force.beat_quarters, times_s, time_s, one.section)
        made.append(bar)
        hits += _strokes(bar, one.steps, first_id=len(hits) + 1)
        number += 1
    return Score(
        title=title,
        artist=artist,
        bars=tuple(made),
        hits=tuple(hits),
        tempo_bpm=tempo_marks[0].bpm,
        tempo_marks=tuple(tempo_marks),
        swing_marks=(SwingMark(made[0].number, swing),) if swing else (),
    )


def _strokes(bar: Bar, steps: Steps, *, first_id: int) -> list[ScoreHit]:
    places: list[tuple[Fraction, int, InstrumentName, str]] = []
    for letter, line in steps.items():
        line = line.replace(" ", "")
        places += [
            (bar.quarters * place / len(line), list(LETTERS).index(letter), LETTERS[letter], step)
            for place, step in enumerate(line)
            if step != "-"
        ]
    hits: list[ScoreHit] = []
    for position, _, instrument, step in sorted(places, key=lambda place: place[:2]):
        graces = _GRACE_VELOCITIES.get(step, ())
        onset_s = bar.time_s_at(position)
        main_id = f"h{first_id + len(hits) + len(graces)}"
        for index, velocity in enumerate(graces):
            early_s = max(0.0, onset_s - _GRACE_S * (len(graces) - index))
            grace = Hit(f"h{first_id + len(hits)}", early_s, instrument, velocity, 1.0)
            hits.append(ScoreHit(grace, bar.number, position, main_id))
        main = Hit(main_id, onset_s, instrument, _VELOCITIES.get(step, _PLAIN_VELOCITY), 1.0)
        marks = frozenset({_MARKS[step]} if step in _MARKS else ())
        hits.append(ScoreHit(main, bar.number, position, marks=marks))
    return hits


_ROCK_GROOVE = {"h": "x-x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "x-------x-x-----"}
_ROCK_OPENED = {
    "h": "x-x-x-x-x-x-x---",
    "o": "--------------x-",
    "s": "----x-------x---",
    "k": "x--x----x-x-----",
}
_ROCK_CRASHED = {
    "c": "x---------------",
    "h": "--x-x-x-x-x-x-x-",
    "s": "----x-------x---",
    "k": "x-------x-x-----",
}
_ROCK_CHORUS = {"r": "x-x-x-x-x-x-x-x-", "s": "----X-------X---", "k": "x-x---x-x-x-----"}
_ROCK_FILL = {
    "s": "xxxx------------",
    "1": "----xxxx--------",
    "2": "--------xxxx----",
    "3": "------------xxxx",
    "k": "x---x---x---x---",
}

ROCK = chart(
    "Rock",
    [
        Written(_ROCK_CRASHED, section="A"),
        _ROCK_GROOVE,
        _ROCK_GROOVE,
        _ROCK_OPENED,
        _ROCK_GROOVE,
        _ROCK_GROOVE,
        _ROCK_GROOVE,
        _ROCK_FILL,
        Written(_ROCK_CHORUS | {"c": "x---------------", "r": "--x-x-x-x-x-x-x-"}, section="B"),
        _ROCK_CHORUS,
        _ROCK_CHORUS,
        _ROCK_CHORUS,
        {"c": "x---------------", "k": "x---------------"},
    ],
    bpm=116,
)
SHUFFLE = chart(
    "Shuffle",
    [
        {"r": "x-xx-xx-xx-x", "s": "---x-----x--", "k": "x----xx-----", "p": "---x-----x--"},
        {"r": "x-xx-xx-xx-x", "s": "---x-----x--", "k": "x-----x----x", "p": "---x-----x--"},
        {"r": "x-xx-xx-xx-x", "s": "---x-----x--", "k": "x----xx-----", "p": "---x-----x--"},
        {"r": "x-xx-x------", "s": "---x--x-xx-x", "k": "x-----x-----"},
    ]
    * 2,
    bpm=132,
    swing=Swing.EIGHTHS,
)
HALF_TIME = chart(
    "Half-time shuffle with ghosts",
    [
        {"h": "x-xx-xx-xx-x", "s": "-g--g-Xg--g-", "k": "x----x-----x"},
        {"h": "x-xx-xx-xx-x", "s": "-g--g-X--dg-", "k": "x-x--x-----x"},
        {"h": "x-xx-xx-xx-x", "s": "-g--g-Xg--g-", "k": "x----x-----x"},
        {"h": "x-xx-xx-x---", "s": "-g--g-f--xxx", "k": "x----x------"},
    ],
    bpm=88,
)
SIX_EIGHT = chart(
    "Ballad in 6/8",
    [
        {"h": "x-x-x-x-x-x-", "x": "------x-----", "k": "x---------x-"},
        {"h": "x-xxx-x-x-x-", "x": "------x-----", "k": "x-----------"},
        {"h": "x-x-x-x-x-x-", "x": "------x-----", "k": "x---------x-"},
        {"h": "x-x-x-x-----", "s": "------x-xxxx", "k": "x-----------"},
        {"c": "x-----------", "r": "--x-x-x-x-x-", "s": "------x---g-", "k": "x---x-----x-"},
        {"r": "x-x-x-x-x-x-", "s": "------x---g-", "k": "x---x-----x-"},
        {"r": "x-x-x-x-x-x-", "s": "------x---g-", "k": "x---x-----x-"},
        {"c": "x-----------", "k": "x-----------"},
    ],
    meter=(6, 8),
    bpm=58,
)
SEVEN_EIGHT = chart(
    "Seven",
    [
        {"h": "x-x-x-x-x-x-x-", "s": "----x-----x---", "k": "x-----x-------"},
        {"h": "x-x-x-xxx-x-x-", "s": "----x-----x--g", "k": "x-----x-x-----"},
        {"h": "x-x-x-x-x-x-x-", "s": "----x-----x---", "k": "x-----x-------"},
        {"s": "xxxxxxxx------", "1": "--------xxx---", "3": "-----------xxx", "k": "x---x---x-----"},
    ],
    meter=(7, 8),
    bpm=264,
)
TWELVE_EIGHT = chart(
    "Slow blues in 12/8",
    [
        {"h": "xxxxxxxxxxxx", "s": "---x-----x--", "k": "x----xx-----"},
        {"h": "xxxxxxxxxxxx", "s": "---x-----x--", "k": "x----xx----x"},
        {"h": "xxxxxxxxxxxx", "s": "---x-----x--", "k": "x----xx-----"},
        {"h": "xxxxxx------", "s": "---x--xxx---", "3": "---------xxx", "k": "x-----x--x--"},
    ],
    meter=(12, 8),
    bpm=62,
)
_FIVE_RIDE = {"r": "x---x-x-----x-x-x---", "p": "----x-----------x---"}
FIVE_FOUR = chart(
    "Five",
    [
        _FIVE_RIDE | {"k": "x-----x-----x-------", "s": "------------------g-"},
        _FIVE_RIDE | {"k": "x-----------x-------", "s": "--------g---x-------"},
        _FIVE_RIDE | {"k": "x-----x-----x-------", "s": "------------------g-"},
        {
            "r": "x-----------x-------",
            "s": "----xxxxx-x---------",
            "3": "--------------x-xx-x",
            "k": "x---------",
        },
    ],
    meter=(5, 4),
    bpm=168,
)
CHANGES = chart(
    "Changes of meter and tempo",
    [
        Written({"h": "x-x-x-x-", "s": "--x---x-", "k": "x---x---"}, section="A"),
        {"h": "x-x-x-x-", "s": "--x---x-", "k": "x---x-x-"},
        Written({"r": "x-x-x-", "k": "x-----", "p": "--x-x-"}, meter=(3, 4)),
        {"r": "x-x-x-", "k": "x-----", "p": "--x-x-"},
        Written({"s": "xxxx", "k": "x-x-"}, meter=(2, 4)),
        Written(
            {"c": "x-----", "h": "-xxxxx", "s": "---x--", "k": "x----x"}, meter=(6, 8), bpm=54, section="B"
        ),
        {"h": "xxxxxx", "s": "---x--", "k": "x----x"},
        Written({"c": "x---", "h": "-xxx", "s": "-x-x", "k": "x-x-"}, meter=(4, 4), bpm=144, section="C"),
        {"h": "xxxx", "s": "-x-x", "k": "x-x-"},
        {"c": "x---", "k": "x---"},
    ],
    bpm=96,
)  # fmt: skip
PICKUP = chart(
    "Pickup",
    [
        Written({"s": "xxxx-xxx", "1": "----x---"}, beats=2),
        {"c": "x-------", "h": "-xxxxxxx", "s": "--x---x-", "k": "x--xx---"},
        {"h": "xxxxxxxx", "s": "--x---x-", "k": "x--xx---"},
        {"h": "xxxxxxxx", "s": "--x---x-", "k": "x--xx---"},
        {"h": "xxxxxx--", "s": "--x---xx", "k": "x--xx---"},
    ],
    bpm=124,
)
METAL = chart(
    "Metal",
    [
        {"c": "x---------------", "r": "----x---x---x---", "s": "----x-------x---", "k": "xxxxxxxxxxxxxxxx"},
        {"r": "x---x---x---x---", "s": "----x-------x---", "k": "xxxxxxxxxxxxxxxx"},
        {"C": "x-x-x-x-x-x-x-x-", "s": "----X-------X---", "k": "x-xxx-xxx-xxx-xx"},
        {"C": "x-x-x-x-x-x-x-x-", "s": "----X-------X---", "k": "x-xxx-xxx-xxx-xx"},
        {"b": "x-x-x-x-x-x-x-x-", "s": "-x-x-x-x-x-x-x-x", "k": "x-x-x-x-x-x-x-x-"},
        {"b": "x-x-x-x-x-x-x-x-", "s": "-x-x-x-x-x-x-x-x", "k": "x-x-x-x-x-x-x-x-"},
        {"s": "xxxxxxxxxxxx------------", "1": "------------xxxxxx------", "3": "------------------xxxxxx",
         "k": "x-----x-----x-----x-----"},
        {"c": "c---------------", "k": "x---------------"},
    ],
    bpm=184,
)  # fmt: skip
SPARSE = chart(
    "Sparse",
    [
        *[{}] * 4,
        {"S": "x---", "k": "x---"},
        *[{}] * 7,
        Written({"x": "--x-", "k": "x---"}, section="A"),
        {"x": "--x-", "k": "x--x"},
        {"w": "x-x-"},
        {},
        {"c": "x-------", "s": "-------x", "k": "x-------"},
        {"c": "r---", "k": "x---"},
    ],
    bpm=92,
)
FLAMS = chart(
    "Flams, drags, rolls",
    [
        {"h": "x-x-x-x-x-x-x-x-", "s": "----f-------d---", "k": "x-------x-------"},
        {"s": "R-LLR-LLRLRRLRLL", "k": "x-------x-------"},
        {"s": "f--xf--xf-f-f-f-", "p": "x---x---x---x---"},
        {"s": "r-------x---f---", "3": "----f---------x-", "k": "x-------x-------"},
        {"o": "h-h-h-h-h-h-----", "s": "----m-------m---", "k": "x-----x-x-------", "c": "------------c---"},
        {"s": "xxxxx-----xxxxx-----", "k": "x---------x---------"},
        {"s": "f-----x-f---x-x-", "1": "--f-------f-----", "3": "----f-----------", "k": "x---x---x---x---"},
        {"c": "r---------------", "s": "------------f---", "k": "x-----------x---"},
    ],
    bpm=84,
)  # fmt: skip

CHARTS: dict[str, Score] = {
    "rock": ROCK,
    "shuffle": SHUFFLE,
    "half-time": HALF_TIME,
    "six-eight": SIX_EIGHT,
    "seven-eight": SEVEN_EIGHT,
    "twelve-eight": TWELVE_EIGHT,
    "five-four": FIVE_FOUR,
    "changes": CHANGES,
    "pickup": PICKUP,
    "metal": METAL,
    "sparse": SPARSE,
    "flams": FLAMS,
}
