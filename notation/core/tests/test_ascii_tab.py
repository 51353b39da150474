"""Drum tablature, read back by a parser of its own."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import given, settings

from notation.core.instruments import InstrumentName
from notation.core.kit_profile import profile_from_json
from notation.core.score import Mark, Score
from notation.core.spelling.spell import spell
from notation.core.tests.any_score import scores
from notation.core.tests.charts import CHARTS
from notation.core.tests.songs import SONGS, make_song
from notation.core.writers.ascii_tab import write_ascii_tab

I = InstrumentName  # noqa: E741
LINES = {
    "SP": I.SPLASH, "CH": I.CHINA, "CC": I.CRASH, "RB": I.RIDE_BELL, "RD": I.RIDE, "HO": I.HIHAT_OPEN,
    "HH": I.HIHAT_CLOSED, "TA": I.TAMBOURINE, "CB": I.COWBELL, "CP": I.CLAP, "T1": I.TOM_HIGH,
    "T2": I.TOM_MID, "SS": I.SIDE_STICK, "SN": I.SNARE, "FT": I.TOM_LOW, "BD": I.KICK, "HF": I.HIHAT_PEDAL,
}  # fmt: skip
GUESTS = {
    ("HH", "o"): I.HIHAT_OPEN, ("HH", "O"): I.HIHAT_OPEN, ("HH", "h"): I.HIHAT_OPEN, ("RD", "b"): I.RIDE_BELL,
    ("RD", "B"): I.RIDE_BELL, ("SN", "@"): I.SIDE_STICK,
}  # fmt: skip
GRACES = {"f": 1, "d": 2} | {str(count): count for count in range(3, 10)}

Stroke = tuple[int, Fraction, InstrumentName]


@dataclass
class Tab:
    """A parsed tab: strokes by bar, place in quarters and instrument; grace notes likewise."""

    strokes: Counter[Stroke]
    graces: Counter[Stroke]
    letters: dict[Stroke, str]


def parse(text: str) -> Tab:
    """Read a tab; whatever is not understood fails."""
    tab = Tab(Counter(), Counter(), {})
    beat_type = None
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if meter := re.match(r"Bars? \d+.*?  (\d+)/(\d+)(?:  |$)", line):
            beat_type = int(meter[2])
        if not line.startswith("  |"):
            continue
        number = int(re.match(r"Bar (\d+)", lines[at - 1])[1])
        counts = line[3:-1].split("|")
        following = at + 1
        while re.match(r"[A-Z][A-Z0-9]\|", lines[following]):
            label, *bars = lines[following].rstrip("|").split("|")
            assert [len(bar) for bar in bars] == [len(count) for count in counts]
            for place, (count, letters) in enumerate(zip(counts, bars, strict=True)):
                read_bar(tab, number + place, Fraction(4, beat_type), count, label, letters)
            following += 1
        assert lines[following] == ""
    return tab


def read_bar(tab: Tab, number: int, unit: Fraction, count: str, label: str, letters: str) -> None:
    starts = [column for column, sign in enumerate(count) if sign.isdigit()]
    for beat, (start, end) in enumerate(zip(starts, [*starts[1:], len(count)], strict=True)):
        for column in range(start, end):
            letter = letters[column]
            if letter == "-":
                continue
            onset = (beat + Fraction(column - start, end - start)) * unit
            stroke = (number, onset, GUESTS.get((label, letter), LINES[label]))
            if letter == "'":
                tab.graces[stroke] += 1
                continue
            tab.strokes[stroke] += 1
            tab.letters[stroke] = letter
            tab.graces[stroke] += GRACES.get(letter.lower(), 0)


def written(score: Score) -> tuple[Counter[Stroke], Counter[Stroke]]:
    strokes: Counter[Stroke] = Counter()
    graces: Counter[Stroke] = Counter()
    for bar in spell(score):
        for event in (event for voice in bar.voices for event in voice.events):
            for head in event.heads:
                strokes[bar.bar.number, event.onset, head.hit.instrument] += 1
            for grace in (grace for chord in event.graces for grace in chord):
                graces[bar.bar.number, event.onset, grace.hit.instrument] += 1
    return strokes, graces


def test_every_hit_of_a_song_is_read_back(song):
    score = song.score()

    tab = parse(write_ascii_tab(score))

    assert (tab.strokes, +tab.graces) == written(score)
    assert tab.strokes.total() + tab.graces.total() == len(score.hits)


@settings(max_examples=25, deadline=None)
@given(scores())
def test_every_hit_of_any_score_is_read_back(score):
    tab = parse(write_ascii_tab(score))

    strokes, graces = written(score)
    assert tab.strokes == strokes
    # A letter counts nine grace notes at most, and of two strokes on one drum at once both have them.
    assert set(+tab.graces) == set(graces)


def test_a_tab_reads_like_a_tab():
    bar = {"h": "x-x-x-x-x---x-x-", "o": "----------x-----", "s": "----x-------f--g", "k": "x-------x-x-----"}
    score = make_song([bar]).score()

    assert write_ascii_tab(score) == (
        "Song\n"
        "Band\n"
        "\n"
        "Bar 1  4/4  quarter = 120\n"
        "  |1e+a2e+a3e+a4e+a|\n"
        "HH|x-x-x-x-x-o-x-x-|\n"
        "SN|----o-------f--g|\n"
        "BD|o-------o-o-----|\n"
        "\n"
        "HH hi-hat  SN snare  BD bass drum\n"
        "x stroke  o stroke on a drum, or open hi-hat  g ghost note  f flam\n"
    )


@pytest.mark.parametrize(
    ("steps", "columns"), [("x-x-x-x-", 16), ("x-xx-xx-xx-x", 12), ("xxxxxx" + "-" * 18, 24)]
)
def test_triplets_have_columns_of_their_own(steps, columns):
    # Without a snare on the beat there is no shuffle that could be written straight.
    counts = next(line for line in write_ascii_tab(triplets(steps)).splitlines() if line.startswith("  |"))

    assert len(counts) == len("  ||") + columns


def triplets(steps: str) -> Score:
    return replace(make_song([{"s": steps}]).score(), swing_marks=())


@pytest.mark.parametrize(
    ("letter", "marks", "sign"),
    [
        ("o", {Mark.HALF_OPEN}, "h"),
        ("s", {Mark.RIM_SHOT}, "r"),
        ("s", {Mark.ROLL}, "z"),
        ("c", {Mark.CHOKE}, "#"),
        ("s", {Mark.GHOST}, "g"),
        ("c", {Mark.ACCENT}, "X"),
        ("b", {Mark.ACCENT}, "B"),
    ],
)
def test_marks_have_letters(letter, marks, sign):
    score = make_song([{letter: "x---"}]).score()
    marked = replace(score, hits=(replace(score.hits[0], marks=frozenset(marks)),))

    assert list(parse(write_ascii_tab(marked)).letters.values()) == [sign]


def test_open_and_closed_hi_hat_at_once_both_stand_there():
    tab = parse(write_ascii_tab(make_song([{"h": "x---", "o": "x---", "r": "-x--", "b": "-x--"}]).score()))

    assert {name for _, _, name in tab.strokes} == {I.HIHAT_CLOSED, I.HIHAT_OPEN, I.RIDE, I.RIDE_BELL}


def test_empty_bars_are_rests_in_words():
    assert "Bars 6 to 12: rest" in write_ascii_tab(SONGS["sparse"].score())


def test_no_title_or_section_adds_a_line():
    score = make_song([{"k": "x---"}]).score(title="a\nBD|oooo|", artist="b\r\n|")
    named = replace(score, bars=(replace(score.bars[0], section="Verse\nHH|x|"),))

    lines = write_ascii_tab(named).splitlines()

    assert lines[:2] == ["a BD|oooo|", "b |"]
    assert "[Verse HH|x|]" in lines[3]


def test_hidden_instruments_are_left_out():
    profile = profile_from_json({"hidden": ["hihat_closed"]})

    assert "HH" not in write_ascii_tab(make_song([{"h": "xxxx", "k": "x---"}]).score(), profile)


def test_no_line_is_wider_than_a_page(song):
    assert max(len(line) for line in write_ascii_tab(song.score()).splitlines()) <= 110


@pytest.mark.parametrize("name", CHARTS)
def test_every_hit_of_a_chart_is_read_back(name):
    tab = parse(write_ascii_tab(CHARTS[name]))

    assert (tab.strokes, +tab.graces) == written(CHARTS[name])
