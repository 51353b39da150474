"""How well sections and fills are found, on songs whose form is known.

    python -m benchmarks.form

prints the table of docs/form.md: section starts, bars with equal letters, fills.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notation.core.form.form import Form, find_form
from notation.core.tests.known_forms import FORMS, LEVELS, UNSEEN, Known, Part, known_song

Recipe = tuple[Sequence[Part], Mapping[str, bool]]


@dataclass(frozen=True)
class Found:
    """F-measures, 0..1: section starts (to the bar), bars with equal letters, fills."""

    starts: float
    letters: float
    fills: float


def compare(known: Known, form: Form) -> Found:
    """How ``form`` agrees with what is known."""
    first = known.score.bars[0].number
    starts = {section.first for section in form.sections} - {first}
    letters = [section.letter for section in form.sections for _ in range(section.bars)]
    pairs = [(a, b) for a in range(len(letters)) for b in range(a)]
    ours = {pair for pair in pairs if letters[pair[0]] == letters[pair[1]]}
    theirs = {pair for pair in pairs if known.names[pair[0]] == known.names[pair[1]]}
    return Found(
        _f_measure(starts, known.starts - {first}),
        _f_measure(ours, theirs),
        _f_measure({fill.bar for fill in form.fills}, known.fills),
    )


def _f_measure(found: set, known: set | frozenset) -> float:
    if not found and not known:
        return 1.0
    return 2 * len(found & known) / (len(found) + len(known))


def main() -> None:
    """Print two tables: songs down, levels of faults across, mean of 20 songs each."""
    _print_table("song", {name: (parts, {}) for name, parts in FORMS.items()})
    print()
    unseen: dict[str, Recipe] = {name: (parts, {}) for name, parts in UNSEEN.items()}
    for name, parts in UNSEEN.items():
        unseen[f"{name}, no fills"] = (parts, {"with_fills": False})
        unseen[f"{name}, no crashes"] = (parts, {"with_crashes": False})
        unseen[f"{name}, neither"] = (parts, {"with_fills": False, "with_crashes": False})
    _print_table("unseen song", dict(sorted(unseen.items())))
    long = known_song([("rock", 8), ("rock_ride", 8)] * 6 + [("rock", 4)], LEVELS["usual"], 1).score
    started = time.perf_counter()
    find_form(long)
    print(f"\n{len(long.bars)} bars, {len(long.hits)} hits: {1000 * (time.perf_counter() - started):.0f} ms")


def _print_table(kind: str, songs: Mapping[str, Recipe]) -> None:
    print(f"| {kind} | " + " | ".join(f"{level} faults" for level in LEVELS) + " |")
    print("| --- |" + " --- |" * len(LEVELS))
    totals: dict[str, list[Found]] = {level: [] for level in LEVELS}
    for name, (parts, choices) in songs.items():
        cells = []
        for level, faults in LEVELS.items():
            played = [known_song(parts, faults, seed, **choices) for seed in range(20)]
            found = [compare(song, find_form(song.score)) for song in played]
            totals[level] += found
            cells.append(_cell(found))
        print(f"| {name} | " + " | ".join(cells) + " |")
    print("| **all** | " + " | ".join(_cell(found) for found in totals.values()) + " |")


def _cell(found: Sequence[Found]) -> str:
    columns = zip(*((one.starts, one.letters, one.fills) for one in found), strict=True)
    return " / ".join(f"{statistics.mean(column):.2f}" for column in columns)


if __name__ == "__main__":
    main()
