"""The editor's tables in JavaScript say the same as the score's in Python."""

from __future__ import annotations

import re
from pathlib import Path

from notation.core.instruments import INSTRUMENTS
from notation.core.score import EMPHASIS_MARKS, INSTRUMENTS_OF_MARK, STICKING_MARKS, Mark

_TABLES = Path(__file__).parent.parent.joinpath("static/js/score/editor/instruments.js").read_text("utf-8")


def _names_in(text: str) -> list[str]:
    return re.findall(r'"([a-z_]+)"', text)


def test_the_palette_has_every_instrument_by_its_name_and_on_its_place() -> None:
    rows = re.findall(
        r'name: "(\w+)", label: "([^"]+)", short: "[^"]+", key: "\w", place: (-?\d+), head', _TABLES
    )

    shown = {name: (label, int(place)) for name, label, place in rows}

    assert shown == {name.value: (entry.label, entry.staff_loc) for name, entry in INSTRUMENTS.items()}


def test_every_mark_has_a_button_and_the_instruments_that_it_suits() -> None:
    table = _TABLES[_TABLES.index("const CYMBALS") : _TABLES.index("export const RIVAL_MARKS")]
    cymbals = _names_in(table.splitlines()[0])
    rows = re.findall(r'\{ name: "(\w+)",[^}]*?(?:only: (\[[^\]]*\]|CYMBALS))? \}', table)

    suits = {name: set(cymbals if only == "CYMBALS" else _names_in(only)) for name, only in rows}

    assert set(suits) == {mark.value for mark in Mark}
    for mark in Mark:
        assert suits[mark.value] == {name.value for name in INSTRUMENTS_OF_MARK.get(mark, frozenset())}


def test_the_same_marks_exclude_one_another() -> None:
    table = _TABLES[_TABLES.index("export const RIVAL_MARKS") :].partition("];")[0]

    rivals = [set(_names_in(line)) for line in table.splitlines() if _names_in(line)]

    assert rivals == [{mark.value for mark in group} for group in (EMPHASIS_MARKS, STICKING_MARKS)]
