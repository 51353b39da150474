"""Songs made in code: bars as step strings, and the beat grid that goes with them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantising.quantise import QuantiseConfig, quantise
from notation.core.score import Score

_I = InstrumentName
LETTERS = {
    "k": _I.KICK, "s": _I.SNARE, "x": _I.SIDE_STICK, "h": _I.HIHAT_CLOSED, "o": _I.HIHAT_OPEN,
    "p": _I.HIHAT_PEDAL, "1": _I.TOM_HIGH, "2": _I.TOM_MID, "3": _I.TOM_LOW, "c": _I.CRASH, "r": _I.RIDE,
    "b": _I.RIDE_BELL, "C": _I.CHINA, "S": _I.SPLASH, "w": _I.COWBELL, "t": _I.TAMBOURINE, "l": _I.CLAP,
}  # fmt: skip
# x plain, X accented, g ghost, f with a flam before it, d with a drag before it
VELOCITIES = {"x": 95, "X": 125, "g": 30, "f": 95, "d": 95}

Bar = Mapping[str, str]


@dataclass(frozen=True)
class Song:
    """Hits and the grid that they were played to."""

    hits: tuple[Hit, ...]
    grid: BeatGrid

    def score(self, config: QuantiseConfig | None = None, title: str = "Song", artist: str = "Band") -> Score:
        """The song as a score."""
        return quantise(self.hits, self.grid, config, title=title, artist=artist)


@dataclass(frozen=True)
class Player:
    """How well it is played: standard deviations in seconds, shares of strokes."""

    jitter_s: float = 0.0
    beat_jitter_s: float = 0.0
    missing: float = 0.0
    spurious: float = 0.0
    seed: int = 1


def make_song(
    bars: Sequence[Bar],
    *,
    meter: tuple[int, int] = (4, 4),
    meters: Sequence[Meter] = (),
    bpm: float = 120.0,
    pickup_beats: int = 0,
    start_s: float = 0.5,
    player: Player | None = None,
) -> Song:
    """Play ``bars``; each maps an instrument's letter to its steps over the whole bar (``x-x-``).

    ``bpm`` counts felt beats, but quarters in meters of eighths such as 7/8. With ``pickup_beats`` the first
    bar is a pickup of so many beats.
    """
    player = player or Player()
    random_ = random.Random(player.seed)
    first = 0 if pickup_beats else 1
    in_force = tuple(meters) or (Meter(first, *meter),)
    time_s = start_s
    beats: list[Beat] = []
    strokes: list[tuple[float, InstrumentName, int]] = []
    current = in_force[0]
    for number, bar in enumerate(bars, start=first):
        current = max((m for m in in_force if m.bar <= number), key=lambda m: m.bar)
        count = pickup_beats if pickup_beats and number == 0 else current.felt_beats
        period_s = 60 / bpm * min(1.0, float(current.beat_quarters) if not current.is_compound else 1.0)
        for beat in range(count):
            wobble_s = random_.gauss(0, player.beat_jitter_s) if player.beat_jitter_s else 0.0
            beats.append(Beat(time_s + beat * period_s + wobble_s, number, beat + 1))
        for letter, steps in bar.items():
            steps = steps.replace(" ", "")
            for place, step in enumerate(steps):
                if step == "-":
                    continue
                onset_s = time_s + place / len(steps) * count * period_s + random_.gauss(0, player.jitter_s)
                if random_.random() < player.missing:
                    continue
                if step in "fd":
                    strokes.append((onset_s - 0.028, LETTERS[letter], 50))
                if step == "d":
                    strokes.append((onset_s - 0.058, LETTERS[letter], 45))
                strokes.append((onset_s, LETTERS[letter], VELOCITIES[step]))
                if random_.random() < player.spurious:
                    strokes.append(
                        (onset_s + random_.uniform(0.06, 0.3), random_.choice(list(LETTERS.values())), 50)
                    )
        time_s += count * period_s
    number = first + len(bars)
    beats += [Beat(time_s, number, 1), Beat(time_s + 60 / bpm, number, 2 if current.felt_beats > 1 else 1)]
    strokes.sort(key=lambda stroke: stroke[0])
    hits = tuple(
        Hit(f"h{index}", max(0.0, onset_s), instrument, velocity, 0.95)
        for index, (onset_s, instrument, velocity) in enumerate(strokes, start=1)
    )
    return Song(hits, BeatGrid(tuple(beats), in_force, bpm, False))


ROCK: list[Bar] = [
    {"c": "x---------------", "h": "--x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "x-------x-x-----"},
    {"h": "x-x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "x-------x-x-----"},
    {"h": "x-x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "x-------x-x-----"},
    {"h": "x-x-x-x-x-x---x-", "o": "------------x---", "s": "----x-------x--g", "k": "x--x----x-x-----"},
    {"h": "x-x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "x-------x-x-----"},
    {"h": "x-x-x-x-x-x-x-x-", "s": "----x-------X---", "k": "x-------x-x-----"},
    {"h": "x-x-x-x-x-x-x-x-", "s": "----f-------x---", "k": "x-------x-x-----"},
    {"s": "xxxx------------", "1": "----xxxx--------", "2": "--------xxxx----", "3": "------------xxxx",
     "k": "x---x---x---x---"},
]  # fmt: skip
SHUFFLE: list[Bar] = [
    {"h": "x-xx-xx-xx-x", "s": "---x-----x--", "k": "x----xx-----"},
    {"h": "x-xx-xx-xx-x", "s": "---x-----x--", "k": "x-----x----x"},
] * 4
HALF_TIME: list[Bar] = [
    {"h": "x-xx-xx-xx-x", "s": "-g--g-xg--g-", "k": "x----x-----x"},
    {"h": "x-xx-xx-xx-x", "s": "-g--g-x--dg-", "k": "x-x--x-----x"},
    {"h": "x-xx-xx-xx-x", "s": "-g--g-Xg--g-", "k": "x----x-----x"},
    {"h": "x-xx-xx-x---", "s": "-g--g-f--xxx", "k": "x----x------"},
] * 2
SIX_EIGHT: list[Bar] = [
    {"h": "x-x-x-x-x-x-", "s": "------x-----", "k": "x---------x-"},
    {"h": "x-xxx-x-x-x-", "s": "------x---g-", "k": "x---------x-"},
    {"h": "x-x-x-x-----", "s": "------x-xxxx", "k": "x-----------"},
    {"r": "x-----x-----", "k": "x-----x-----"},
] * 2
WALTZ: list[Bar] = [
    {"r": "x-x-x-", "p": "--x-x-", "k": "x-----"},
    {"r": "x-x-xx", "p": "--x-x-", "k": "x-----", "s": "-----g"},
] * 4
METAL: list[Bar] = [
    {"c": "x---------------", "r": "x---x---x---x---", "s": "----x-------x---", "k": "xxxxxxxxxxxxxxxx"},
    {"C": "x-x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "xxxxxxxxxxxxxxxx"},
    {"h": "x-x-x-x-x-x-x-x-", "s": "----X-------X---", "k": "x-xxx-xxx-xxx-xx"},
    {"b": "x-x-x-x-x-x-x-x-", "s": "-x-x-x-x-x-x-x-x", "k": "x-x-x-x-x-x-x-x-"},
] * 2
SPARSE: list[Bar] = [
    *[{}] * 4,
    {"S": "x---", "k": "x---"},
    *[{}] * 7,
    {"x": "--x-", "k": "x---"},
    {"w": "x-x-"},
    {},
    {"c": "x-------", "s": "-------x", "k": "x-------"},
]
ODD: list[Bar] = [
    *[{"h": "x-x-x-x-x-x-x-", "s": "----x-----x---", "k": "x-----x-------"}] * 4,
    *[{"h": "x-x-x-x-x-", "s": "----x---x-", "k": "x---------"}] * 2,
    *[{"h": "xxxxxxxxxx", "s": "--x---x-x-", "k": "x---x-----"}] * 2,
]
ODD_METERS = (Meter(1, 7, 8), Meter(5, 5, 8), Meter(7, 5, 4))

SONGS: dict[str, Song] = {
    "rock": make_song(ROCK),
    "shuffle": make_song(SHUFFLE),
    "half_time": make_song(HALF_TIME, bpm=88),
    "six_eight": make_song(SIX_EIGHT, meter=(6, 8), bpm=70),
    "twelve_eight": make_song(
        [{"h": "xxxxxxxxxxxx", "s": "---x-----x--", "k": "x----xx-----"}] * 4, meter=(12, 8), bpm=60
    ),
    "waltz": make_song(WALTZ, meter=(3, 4)),
    "cut_time": make_song([{"h": "x-x-x-x-", "s": "--x---x-", "k": "x---x--x"}] * 4, meter=(2, 2), bpm=90),
    "metal": make_song(METAL, bpm=180),
    "sparse": make_song(SPARSE, bpm=96),
    "odd": make_song(ODD, meters=ODD_METERS, bpm=140),
    "pickup": make_song([{"s": "xxxx"}, *ROCK], pickup_beats=1),
    "played": make_song(
        ROCK * 3, player=Player(jitter_s=0.010, beat_jitter_s=0.006, missing=0.04, spurious=0.03)
    ),
}
