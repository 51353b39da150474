"""Charts for Clone Hero, read by a strict parser written from the format's documentation."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import given, settings

from notation.core.instruments import InstrumentName
from notation.core.score import Mark, Score
from notation.core.tests.any_score import scores
from notation.core.tests.charts import CHARTS
from notation.core.tests.songs import METAL, SONGS, make_song
from notation.core.writers.clone_hero import write_clone_hero

LANES = {0: "kick", 1: "red", 2: "yellow", 3: "blue", 4: "green"}
_I = InstrumentName
CYMBALS = {_I.HIHAT_CLOSED, _I.HIHAT_OPEN, _I.HIHAT_PEDAL, _I.TAMBOURINE, _I.COWBELL} | {
    *(_I.CRASH, _I.RIDE, _I.RIDE_BELL, _I.CHINA, _I.SPLASH)
}


@dataclass
class Chart:
    """A parsed chart: gems by tick as (lane, is a cymbal), marks by tick and lane, seconds of every tick."""

    song: dict[str, str]
    tempos: list[tuple[int, float]]
    signatures: list[tuple[int, int, int]]
    events: list[tuple[int, str]]
    gems: dict[int, Counter]
    second_kicks: set[int]
    ghosts: set[tuple[int, str]]
    accents: set[tuple[int, str]]
    rolls: list[tuple[int, int]]

    def time_s(self, tick: int) -> float:
        time_s = 0.0
        for (start, bpm), following in zip(self.tempos, [*self.tempos[1:], (10**12, 0)], strict=True):
            if start < tick:
                time_s += (min(tick, following[0]) - start) / int(self.song["Resolution"]) * 60 / bpm
        return time_s


def parse(data: bytes) -> Chart:
    """Read a chart, refusing whatever the format does not allow."""
    sections: dict[str, list[tuple[str, str]]] = {}
    lines = data.decode("utf-8").splitlines()
    while lines:
        heading = re.fullmatch(r"\[(\w+)\]", lines.pop(0))
        assert heading
        assert heading[1] not in sections
        assert lines.pop(0) == "{"
        entries = sections[heading[1]] = []
        while (line := lines.pop(0)) != "}":
            entry = re.fullmatch(r"  (\w+) = (.+)", line)
            assert entry, line
            entries.append((entry[1], entry[2]))
    song = dict(sections["Song"])
    assert len(song) == len(sections["Song"])
    for key in ("Name", "Artist", "Charter"):
        assert key not in song or re.fullmatch(r'"[^"]*"', song[key])
    for name in ("SyncTrack", "Events", "ExpertDrums"):
        ticks = [int(tick) for tick, _ in sections[name]]
        assert ticks == sorted(ticks)
        assert min(ticks, default=0) >= 0
    tempos, signatures = [], []
    for tick, value in sections["SyncTrack"]:
        if tempo := re.fullmatch(r"B (\d+)", value):
            tempos.append((int(tick), int(tempo[1]) / 1000))
        else:
            signature = re.fullmatch(r"TS (\d+)(?: (\d+))?", value)
            signatures.append((int(tick), int(signature[1]), 2 ** int(signature[2] or 2)))
    assert tempos[0][0] == signatures[0][0] == 0
    events = [(int(tick), re.fullmatch(r'E "([^"]*)"', value)[1]) for tick, value in sections["Events"]]
    return Chart(song, tempos, signatures, events, *parse_drums(sections["ExpertDrums"]))


def parse_drums(entries: list[tuple[str, str]]):
    notes, rolls = defaultdict(list), []
    for tick, value in entries:
        if roll := re.fullmatch(r"S 65 (\d+)", value):
            rolls.append((int(tick), int(roll[1])))
        else:
            note = re.fullmatch(r"N (\d+) 0", value)
            assert note, value
            notes[int(tick)].append(int(note[1]))
    gems, second, ghosts, accents = {}, set(), set(), set()
    for tick, numbers in notes.items():
        assert len(set(numbers)) == len(numbers)
        assert not {0, 32} <= set(numbers)
        present = {LANES[number] for number in numbers if number in LANES}
        cymbals = {LANES[number - 64] for number in numbers if 66 <= number <= 68}
        gems[tick] = Counter((lane, lane in cymbals) for lane in present)
        assert cymbals <= present
        for number in numbers:
            if number == 32:
                gems[tick]["kick", False] += 1
                second.add(tick)
            elif 34 <= number <= 37:
                accents.add((tick, LANES[number - 33]))
            elif 40 <= number <= 43:
                ghosts.add((tick, LANES[number - 39]))
            else:
                assert number in LANES or 66 <= number <= 68
        assert {lane for at, lane in accents | ghosts if at == tick} <= present
    return gems, second, ghosts, accents, rolls


def main_ticks(score: Score, lead_in: int = 0) -> dict[int, list]:
    """The strokes at each tick, grace notes apart."""
    start, starts = Fraction(0), {}
    for bar in score.bars:
        starts[bar.number] = start
        start += bar.quarters
    found = defaultdict(list)
    for placed in score.hits:
        if not placed.is_grace:
            found[round((starts[placed.bar] + placed.position) * 480) + lead_in].append(placed)
    return found


def test_every_hit_of_a_song_is_one_gem_of_its_kind_at_its_time(song):
    score = song.score()

    chart = parse(write_clone_hero(score))

    assert sum(gems.total() for gems in chart.gems.values()) == len(score.hits)
    for tick, strokes in main_ticks(score).items():
        gems = chart.gems[tick]
        names = [placed.hit.instrument for placed in strokes]
        assert gems["kick", False] == names.count(InstrumentName.KICK)
        assert sum(gems[gem] for gem in gems if gem[1]) == sum(name in CYMBALS for name in names)
        bar = next(bar for bar in score.bars if bar.number == strokes[0].bar)
        share = float(strokes[0].position / bar.quarters)
        expected_s = bar.start_s + share * (bar.end_s - bar.start_s)
        assert chart.time_s(tick) + float(chart.song["Offset"]) == pytest.approx(expected_s, abs=0.001)


@settings(max_examples=25, deadline=None)
@given(scores())
def test_of_any_score_only_what_no_lane_is_left_for_is_merged(score):
    chart = parse(write_clone_hero(score))

    assert sum(gems.total() for gems in chart.gems.values()) <= len(score.hits)
    lead_in = 120 * (len(chart.tempos) - len(score.bars))
    for tick, strokes in main_ticks(score, lead_in).items():
        names = {placed.hit.instrument for placed in strokes}
        hands = names - {InstrumentName.KICK}
        # Another stroke's grace note may fall on the same tick.
        assert chart.gems[tick]["kick", False] >= (InstrumentName.KICK in names)
        assert chart.gems[tick].total() >= min(4, len(hands)) + (InstrumentName.KICK in names)


def test_cymbals_and_drums_are_told_apart():
    score = make_song([{"1": "x---", "h": "-x--", "r": "--x-", "3": "---x", "c": "-x--"}]).score()

    chart = parse(write_clone_hero(score))

    assert chart.gems == {
        0: Counter({("yellow", False): 1}),
        480: Counter({("yellow", True): 1, ("green", True): 1}),
        960: Counter({("blue", True): 1}),
        1440: Counter({("green", False): 1}),
    }


def test_a_floor_tom_under_a_crash_moves_the_crash_to_the_next_lane():
    score = make_song([{"3": "x---", "c": "x---", "k": "x---"}]).score()

    chart = parse(write_clone_hero(score))

    assert chart.gems[0] == Counter({("green", False): 1, ("blue", True): 1, ("kick", False): 1})


def test_ghosts_and_accents_are_those_of_the_page():
    score = make_song([{"s": "xgxgxgxg"}, {"s": "xgxgxgXg"}, {"h": "x-x-x-x-"}]).score()

    chart = parse(write_clone_hero(score))

    assert chart.ghosts == {(tick, "red") for tick in range(240, 3840, 480)}
    assert chart.accents == {(1920 + 1440, "red")}


def test_kicks_too_fast_for_one_pedal_are_optional_every_second_time():
    fast = parse(write_clone_hero(make_song([METAL[0]], bpm=180).score()))
    slow = parse(write_clone_hero(make_song([METAL[0]], bpm=60).score()))

    assert fast.second_kicks == set(range(120, 1920, 240))
    assert slow.second_kicks == set()


def test_a_flam_is_a_ghost_and_its_note():
    chart = parse(write_clone_hero(make_song([{"s": "x-f-"}]).score()))

    assert sorted(chart.gems) == [0, 930, 960]
    assert chart.ghosts == {(930, "red")}


def test_meters_pickups_and_sections_are_written():
    score = SONGS["odd"].score()
    named = replace(
        score, bars=tuple(replace(bar, section='Verse "1"') for bar in score.bars[:1]) + score.bars[1:]
    )

    chart = parse(write_clone_hero(named))

    assert [(beats, beat_type) for _, beats, beat_type in chart.signatures] == [(7, 8), (5, 8), (5, 4)]
    assert chart.events[0] == (0, "section Verse '1'")
    assert chart.events[-1][1] == "end"
    assert parse(write_clone_hero(SONGS["pickup"].score())).signatures == [(0, 1, 4), (480, 4, 4)]


def test_a_roll_is_a_roll_lane():
    score = make_song([{"s": "x---", "k": "--x-"}]).score()
    rolled = replace(
        score,
        hits=tuple(
            replace(placed, marks=frozenset({Mark.ROLL})) if placed.hit.instrument == "snare" else placed
            for placed in score.hits
        ),
    )

    assert parse(write_clone_hero(rolled)).rolls == [(0, 480)]


@pytest.mark.parametrize("title", ['Say "hi"', "two\nlines\n[Song]\n{", "}", "太鼓", ""])
def test_no_title_breaks_the_file(title):
    chart = parse(write_clone_hero(make_song([{"k": "x---"}]).score(title=title, artist=title)))

    assert "\n" not in chart.song["Name"]
    assert len(chart.song["Name"]) > 2


@pytest.mark.parametrize("name", CHARTS)
def test_every_hit_of_a_chart_is_one_gem(name):
    chart = parse(write_clone_hero(CHARTS[name]))

    assert sum(gems.total() for gems in chart.gems.values()) == len(CHARTS[name].hits)
