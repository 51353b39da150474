"""What drummers play over the end of a phrase: a rhythm for each beat, led around the kit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from transcription.core.training.drumming.style_tabs import TICKS, TabMeter, Written

_DRUMS = {
    "s": "snare",
    "h": "tom_high",
    "m": "tom_mid",
    "l": "tom_low",
    "k": "kick",
    "c": "clap",
    "r": "snare_rim",
    "t": "side_stick",
    "b": "cowbell",
    "y": "crash",
    "p": "splash",
    "n": "china",
}
_FASTEST_S = 0.055  # from stroke to stroke: eighteen a second are about what two hands can do
_COMPOUND_CELLS = ("xxxxxx", "xxxxxx", "x-xxxx", "x-x-xx", "xxx", "xxx", "xxxx--")


@dataclass(frozen=True, slots=True)
class Fill:
    """A vocabulary of rhythms and ways around the kit.

    ``cells`` are rhythms of a quarter; a path goes round and round drum by drum or, after ``>``, once.
    """

    cells: tuple[str, ...]
    paths: tuple[str, ...]
    ornaments: tuple[str, ...] = ("", "", "", "", "", "", "", "flam")


_TOM_PATHS = (
    ">shml",
    ">shml",
    ">sml",
    ">hml",
    ">ssmml",
    "shml",
    "sshl",
    "ssml",
    "sl",
    ">hmmll",
    "hml",
    ">lmh",
)
FILLS: Mapping[str, Fill] = {
    "toms": Fill(("xxxx", "xxxx", "xxxx", "x-xx", "xx-x", "x-x-", "-xxx", "xxxxxx"), _TOM_PATHS),
    "eighths": Fill(("x-x-", "x-x-", "xxxx", "x---"), (">shml", ">sl", ">sm", "s", "sl"), ("", "", "flam")),
    "triplets": Fill(("xxx", "xxx", "xxx", "x-x", "xxxxxx"), (*_TOM_PATHS, "slk", "shk", "smk")),
    "metal": Fill(
        ("xxxx", "xxxx", "xxxxxx", "xxxxxxxx"),
        (*_TOM_PATHS, "skk", "shkk", "slkk", "hmlk", ">sshhmmllk", ">snyl"),
    ),
    "linear": Fill(("xxxx", "xxxx", "xx-x", "xxxxxx"), ("sk", "skl", "slk", "shmk", "sskl", "skhk", ">shml")),
    "snare": Fill(
        ("xxxx", "xxxx", "xx-x", "x-xx", "xxxxxxxx", "xxx"),
        ("s", "s", "s", "ssl"),
        ("", "", "", "flam", "drag", "ruff", "buzz"),
    ),
    "rims": Fill(
        ("xxx", "xxxx", "--xx", "x-x-", "xxxxxx"), ("r", "th", "t", "rh", ">rhm", "hhl", ">tthl", "ss")
    ),
    "timbales": Fill(("xxxx", "xx-x", "x-xx", "xxxxxx"), ("hm", ">hm", "hhm", "rh", "bh", ">shm", "hp")),
    "machine": Fill(
        ("xxxx", "xxxx", "x-x-", "xxxxxxxx"), ("s", "s", "c", ">hml", ">hmml", "hl", "b", "t"), ("",)
    ),
}


def fill(
    rng: np.random.Generator, kind: str, meter: TabMeter, first_group: int, quarter_s: float
) -> Iterator[Written]:
    """Yield a fill of ``kind``, one of ``FILLS``, over a bar's groups from ``first_group`` to its end."""
    vocabulary = FILLS[kind]
    ticks = list(_rhythm(rng, vocabulary.cells, meter, first_group, quarter_s))
    path = vocabulary.paths[int(rng.random() * len(vocabulary.paths))]
    swell = float(rng.uniform(-0.1, 0.35))  # how much louder the fill ends than it began
    level = float(rng.uniform(72, 98))
    for index, (tick, leads) in enumerate(ticks):
        progress = index / len(ticks)
        letter = path[1 + int(progress * (len(path) - 1))] if path[0] == ">" else path[index % len(path)]
        drum = _DRUMS[letter]
        ornament = ""
        if leads and drum in {"snare", "tom_high", "tom_mid", "tom_low"}:
            ornament = vocabulary.ornaments[int(rng.random() * len(vocabulary.ornaments))]
        velocity = level * (1.0 + swell * progress) * (1.15 if leads else 1.0)
        yield Written(tick, drum, velocity, ornament)


def _rhythm(
    rng: np.random.Generator, cells: Sequence[str], meter: TabMeter, first_group: int, quarter_s: float
) -> Iterator[tuple[int, bool]]:
    """Yield each stroke's tick within the bar and whether it leads a group."""
    begin = round(sum(meter.groups[:first_group]) * TICKS)
    steady = rng.random() < 0.5  # one rhythm all through
    cell: dict[bool, str] = {}
    for group in meter.groups[first_group:]:
        ticks = round(group * TICKS)
        compound = group == 1.5
        if compound not in cell or not steady:
            most = group * quarter_s / _FASTEST_S
            possible = [marks for marks in (_COMPOUND_CELLS if compound else cells) if len(marks) <= most]
            cell[compound] = possible[int(rng.random() * len(possible))] if possible else "x"
        marks = cell[compound]
        for index, mark in enumerate(marks):
            if mark == "x":
                yield begin + index * ticks // len(marks), index == 0
        begin += ticks
