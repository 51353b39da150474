"""Songs of known form, made in code, with the faults that a transcription has."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from notation.core.beat_grid import Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.score import Bar, Score, ScoreHit

_I = InstrumentName
_LETTERS = {
    "k": _I.KICK, "s": _I.SNARE, "x": _I.SIDE_STICK, "h": _I.HIHAT_CLOSED, "o": _I.HIHAT_OPEN, "r": _I.RIDE,
    "b": _I.RIDE_BELL, "c": _I.CRASH, "1": _I.TOM_HIGH, "2": _I.TOM_MID, "3": _I.TOM_LOW, "p": _I.HIHAT_PEDAL,
}  # fmt: skip
# What a transcription takes for what, most often.
_CONFUSED = {
    _I.HIHAT_CLOSED: _I.HIHAT_OPEN, _I.HIHAT_OPEN: _I.HIHAT_CLOSED, _I.RIDE: _I.HIHAT_CLOSED,
    _I.CRASH: _I.RIDE, _I.TOM_HIGH: _I.TOM_MID, _I.TOM_MID: _I.TOM_LOW, _I.TOM_LOW: _I.KICK,
    _I.SIDE_STICK: _I.SNARE, _I.RIDE_BELL: _I.RIDE,
}  # fmt: skip

Steps = dict[str, str]

EIGHTHS, QUARTERS = "x-x-x-x-x-x-x-x-", "x---x---x---x---"
BACKBEAT = "----x-------x---"
GROOVES: dict[str, list[Steps]] = {
    "rock": [{"h": EIGHTHS, "s": BACKBEAT, "k": "x-------x-x-----"}],
    "rock_ride": [{"r": EIGHTHS, "s": BACKBEAT, "k": "x-x-----x-x-----"}],
    "open": [{"o": QUARTERS, "s": BACKBEAT, "k": "x-----x-x-----x-"}],
    "two_bars": [
        {"h": EIGHTHS, "s": BACKBEAT, "k": "x-----x---x-----"},
        {"h": EIGHTHS, "s": BACKBEAT, "k": "--x---x-x-x---x-"},
    ],
    "half_time": [{"h": QUARTERS, "s": "--------x-------", "k": "x---------x-----"}],
    "cross_stick": [{"h": EIGHTHS, "x": BACKBEAT, "k": "x-----x-x-----x-"}],
    "toms": [{"3": "x-xxx-xxx-xxx-xx", "s": "----x-------x---", "k": QUARTERS}],
    "sixteenths": [{"h": "x" * 16, "s": "----x--g-g--x--g", "k": "x--x--x---x-----"}],
    "four_floor": [{"h": "--x---x---x---x-", "s": BACKBEAT, "k": QUARTERS}],
    "silent": [{}],
}
FILLS: list[Steps] = [
    {"s": "xxxx------------", "1": "----xxxx--------", "2": "--------xxxx----", "3": "------------xxxx"},
    {"h": "x-x-x-x---------", "s": "----x---xxxx----", "3": "------------xx-x", "k": "x-------x-------"},
    {"h": "x-x-x-x-x-x-----", "s": "----x-------x-xx", "k": "x-------x-x-----"},
    {"h": "x-x-x-x---------", "s": "----x---x-xxx-xx", "k": "x---------------"},
]  # fmt: skip

Part = tuple[str, int]
FORMS: dict[str, list[Part]] = {
    "verse and chorus": [
        ("rock", 8), ("rock_ride", 8), ("rock", 8), ("rock_ride", 8), ("half_time", 8), ("rock_ride", 16),
    ],
    "intro, AABA": [
        ("four_floor", 4), ("rock", 8), ("rock", 8), ("open", 8), ("rock", 8), ("open", 8), ("four_floor", 4),
    ],
    "ballad": [("silent", 8), ("cross_stick", 16), ("rock_ride", 8), ("cross_stick", 8), ("rock_ride", 12)],
    "two-bar groove": [("two_bars", 16), ("open", 8), ("two_bars", 16), ("open", 8), ("toms", 8)],
    "twelve bars": [("rock", 12), ("rock", 12), ("rock_ride", 12), ("rock", 12)],
    "funk": [("sixteenths", 8), ("rock_ride", 4), ("sixteenths", 8), ("rock_ride", 4), ("half_time", 8)],
    "seven and five": [("rock", 7), ("open", 5), ("rock", 7), ("open", 5), ("rock", 8)],
    "one groove": [("rock", 8)] * 6,
    "fills inside": [("rock*", 8), ("rock_ride*", 16), ("rock*", 8), ("rock_ride*", 16), ("open*", 8)],
}  # fmt: skip

# Of these no figure was chosen.
UNSEEN: dict[str, list[Part]] = {
    "cross stick and toms": [
        ("cross_stick", 8), ("toms", 8), ("cross_stick", 8), ("open*", 16), ("sixteenths", 4), ("open*", 16),
    ],
    "half-time chorus": [("four_floor", 16), ("half_time", 8), ("four_floor", 16), ("half_time", 16)],
    "through-composed": [("toms", 8), ("two_bars", 8), ("cross_stick", 12), ("rock_ride", 8), ("open", 16)],
    "short sections": [("rock", 4), ("open", 4), ("half_time", 4), ("rock", 4), ("open", 4), ("rock", 8)],
    "long vamp": [("sixteenths*", 32), ("rock_ride", 8), ("sixteenths*", 24)],
    "six and ten": [("two_bars", 6), ("rock_ride", 10), ("two_bars", 6), ("rock_ride", 10)],
}  # fmt: skip


@dataclass(frozen=True)
class Faults:
    """Shares of strokes lost, added and taken for another instrument; of bars with another kick."""

    lost: float = 0.0
    added: float = 0.0
    confused: float = 0.0
    varied: float = 0.0


LEVELS = {
    "none": Faults(),
    "few": Faults(0.03, 0.03, 0.02, 0.1),
    "usual": Faults(0.08, 0.06, 0.06, 0.25),
    "many": Faults(0.15, 0.12, 0.12, 0.4),
}


@dataclass(frozen=True)
class Known:
    """A song, where its parts begin, what each bar's part is called, and which bars are fills."""

    score: Score
    starts: frozenset[int]
    names: tuple[str, ...]
    fills: frozenset[int]


def known_song(
    parts: Sequence[Part], faults: Faults, seed: int, *, with_fills: bool = True, with_crashes: bool = True
) -> Known:
    """Play ``parts``, each with a fill in its last bar and a crash where the next begins, unless without.

    A part with a star has a fill every four bars.
    """
    random_ = random.Random(seed)
    played: list[Steps] = []
    names: list[str] = []
    starts, fills = set(), set()
    for place, (name, count) in enumerate(parts):
        starts.add(len(played) + 1)
        fills_inside, name = name.endswith("*"), name.removesuffix("*")
        for index in range(count):
            steps = dict(GROOVES[name][index % len(GROOVES[name])])
            last = index == count - 1 and place < len(parts) - 1
            if (
                name != "silent"
                and with_fills
                and (last or (fills_inside and index % 4 == 3 and index < count - 1))
            ):
                steps = dict(random_.choice(FILLS))
                fills.add(len(played) + 1)
            elif index == 0 and place and name != "silent" and with_crashes:
                steps["c"] = "x---------------"
            elif random_.random() < faults.varied and "k" in steps:
                kick = list(steps["k"])
                kick[random_.choice((3, 6, 7, 10, 11, 14))] = random_.choice("x-")
                steps["k"] = "".join(kick)
            played.append(steps)
            names.append(name)
    bars = tuple(
        Bar(
            number,
            Meter(1, 4, 4),
            Fraction(4),
            tuple(2.0 * number + beat / 2 for beat in range(4)),
            2.0 * number + 2,
        )
        for number in range(1, len(played) + 1)
    )
    hits = _strokes(played, faults, random_)
    return Known(Score("Song", "", bars, hits, 120.0), frozenset(starts), tuple(names), frozenset(fills))


def _strokes(played: Sequence[Steps], faults: Faults, random_: random.Random) -> tuple[ScoreHit, ...]:
    strokes: dict[tuple[int, Fraction, InstrumentName], int] = {}
    for number, steps in enumerate(played, start=1):
        for letter, row in steps.items():
            for place, step in enumerate(row):
                if step == "-" or random_.random() < faults.lost:
                    continue
                name = _LETTERS[letter]
                if random_.random() < faults.confused:
                    name = _CONFUSED.get(name, name)
                strokes[(number, Fraction(place, 4), name)] = 40 if step == "g" else random_.randint(80, 105)
                if random_.random() < faults.added:
                    other = random_.choice(list(_LETTERS.values()))
                    strokes[(number, Fraction(random_.randrange(16), 4), other)] = random_.randint(40, 90)
    return tuple(
        ScoreHit(Hit(f"h{index}", 2.0 * bar + float(position) / 2, name, velocity, 0.9), bar, position)
        for index, ((bar, position, name), velocity) in enumerate(
            sorted(strokes.items(), key=lambda item: item[0][:2])
        )
    )
