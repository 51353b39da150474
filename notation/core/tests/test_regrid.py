"""What a person says of tempo, meter, bar one and pickup, without the sound."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import pairwise

import pytest

from notation.core.beat_grid import Beat, BeatGrid, Meter
from notation.core.errors import BadGridChange
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.quantising.quantise import quantise
from notation.core.quantising.regrid import GridChanges, grid_of, regrid
from notation.core.tests.songs import ROCK, SONGS, Player, make_song

F = Fraction


def four_four(bars: int = 4, *, bpm: float = 120, start_s: float = 0.5) -> BeatGrid:
    beats = tuple(
        Beat(start_s + index * 60 / bpm, index // 4 + 1, index % 4 + 1) for index in range(4 * bars + 1)
    )
    return BeatGrid(beats, (Meter(1, 4, 4),), bpm, True)


def downbeats(grid: BeatGrid) -> list[tuple[int, float]]:
    seen: dict[int, float] = {}
    for beat in grid.beats:
        seen.setdefault(beat.bar, round(beat.time_s, 6))
    return list(seen.items())


@pytest.mark.parametrize("name", sorted(SONGS))
def test_a_score_quantised_again_on_its_own_grid_is_the_same(name):
    score = SONGS[name].score()

    again = quantise(SONGS[name].hits, grid_of(score), title=score.title, artist=score.artist)

    assert again.bars == score.bars
    assert again.hits == score.hits


def test_saying_nothing_changes_nothing():
    grid = four_four()

    assert regrid(grid, GridChanges()) is grid


def test_double_tempo_puts_a_beat_between_two():
    grid = regrid(four_four(), GridChanges(tempo_bpm=240))

    assert [round(beat.time_s, 6) for beat in grid.beats[:5]] == [0.5, 0.75, 1.0, 1.25, 1.5]
    assert downbeats(grid)[:3] == [(1, 0.5), (2, 1.5), (3, 2.5)]
    assert grid.tempo_bpm == 240
    assert not grid.unreliable


def test_half_tempo_drops_every_other_beat_and_keeps_bar_one():
    pickup = (Beat(0.0, 0, 4), *four_four().beats)
    grid = regrid(BeatGrid(pickup, (Meter(0, 4, 4),), 120, False), GridChanges(tempo_bpm=61))

    assert (1, 0.5) in downbeats(grid)
    assert (2, 4.5) in downbeats(grid)


def test_half_and_double_tempo_follow_a_drummer_who_speeds_up():
    times, now = [], 0.0
    for index in range(17):
        times.append(Beat(now, index // 4 + 1, index % 4 + 1))
        now += 0.5 - 0.01 * index
    grid = BeatGrid(tuple(times), (Meter(1, 4, 4),), 130, False)

    there = regrid(grid, GridChanges(tempo_bpm=260))
    back = regrid(there, GridChanges(tempo_bpm=130))

    assert [beat.time_s for beat in back.beats] == pytest.approx([beat.time_s for beat in times])


def test_another_tempo_is_an_even_grid_through_bar_one():
    grid = regrid(four_four(), GridChanges(tempo_bpm=100))

    steps = {round(later.time_s - earlier.time_s, 6) for earlier, later in pairwise(grid.beats)}
    assert steps == {0.6}
    assert (1, 0.5) in downbeats(grid)
    assert grid.beats[-1].time_s >= 8.5


def test_a_tempo_that_only_rounds_the_heard_one_keeps_the_beats():
    grid = regrid(four_four(bpm=120.4), GridChanges(tempo_bpm=120))

    assert grid.beats == four_four(bpm=120.4).beats
    assert grid.tempo_bpm == 120


def test_three_four_counts_the_same_beats_in_threes():
    grid = regrid(four_four(), GridChanges(meter=(3, 4)))

    assert downbeats(grid)[:3] == [(1, 0.5), (2, 2.0), (3, 3.5)]
    assert [beat.beat for beat in grid.beats[:4]] == [1, 2, 3, 1]


def test_seven_eight_counts_eighths_at_the_same_speed_of_quarters():
    grid = regrid(four_four(), GridChanges(meter=(7, 8)))

    assert downbeats(grid)[:2] == [(1, 0.5), (2, 2.25)]
    assert grid.tempo_bpm == 240


def test_six_eight_keeps_the_felt_beat():
    grid = regrid(four_four(), GridChanges(meter=(6, 8)))

    assert downbeats(grid)[:3] == [(1, 0.5), (2, 1.5), (3, 2.5)]
    assert grid.tempo_bpm == 120


@pytest.mark.parametrize(("later_s", "first_bar"), [(1.0, [0]), (1.5, [0, 0]), (2.5, [0, 0, 0, 0])])
def test_bar_one_later_leaves_beats_before_it(later_s, first_bar):
    grid = regrid(four_four(), GridChanges(bar_one_s=later_s))

    assert [beat.bar for beat in grid.beats if beat.time_s < later_s - 0.01] == first_bar
    assert (1, later_s) in downbeats(grid)


def test_bar_one_earlier_than_the_first_beat_gets_beats_of_its_own():
    grid = regrid(four_four(start_s=1.5), GridChanges(bar_one_s=0.5))

    assert [round(beat.time_s, 6) for beat in grid.beats[:3]] == [0.5, 1.0, 1.5]
    assert grid.beats[0].bar == 1


def test_bar_one_between_two_beats_moves_them_all_there():
    grid = regrid(four_four(), GridChanges(bar_one_s=2.25))

    assert (1, 2.25) in downbeats(grid)
    assert {round((beat.time_s - 0.25) % 0.5, 6) % 0.5 for beat in grid.beats} == {0.0}


def test_a_pickup_is_the_first_beats_of_the_grid():
    grid = regrid(four_four(), GridChanges(pickup_beats=1))

    assert [(beat.bar, beat.time_s) for beat in grid.beats[:2]] == [(0, 0.5), (1, 1.0)]


def test_a_pickup_before_a_stated_bar_one_keeps_so_many_beats():
    grid = regrid(four_four(), GridChanges(bar_one_s=2.5, pickup_beats=2))

    assert [(beat.bar, beat.time_s) for beat in grid.beats[:3]] == [(0, 1.5), (0, 2.0), (1, 2.5)]


def test_later_meters_stay_where_they_were_when_bar_one_moves():
    song = SONGS["odd"]
    score = song.score()

    grid = regrid(grid_of(score), GridChanges(bar_one_s=score.bars[1].start_s))

    assert [(meter.bar, meter.beats, meter.beat_type) for meter in grid.meters] == [
        (0, 7, 8),
        (4, 5, 8),
        (6, 5, 4),
    ]


def test_a_new_bar_one_makes_a_pickup_of_what_came_before():
    song = make_song(ROCK)

    score = quantise(song.hits, regrid(song.grid, GridChanges(bar_one_s=1.0)))

    assert score.bars[0].number == 0
    assert score.bars[0].quarters == 1
    assert len(score.hits) == len(song.hits)


def test_empty_bars_before_bar_one_are_left_out():
    song = make_song([{}, {}, *ROCK])

    score = quantise(song.hits, regrid(song.grid, GridChanges(bar_one_s=song.grid.beats[8].time_s)))

    assert score.bars[0].number == 1
    assert len(score.bars) == len(ROCK)


def test_double_tempo_writes_eighths_as_quarters():
    song = make_song(ROCK[1:2] * 4)

    score = quantise(song.hits, regrid(song.grid, GridChanges(tempo_bpm=240)))

    assert len(score.bars) == 8
    assert {placed.position.denominator for placed in score.hits} == {1}


@pytest.mark.parametrize(
    "changes",
    [
        GridChanges(tempo_bpm=0),
        GridChanges(tempo_bpm=float("nan")),
        GridChanges(tempo_bpm=5000),
        GridChanges(meter=(0, 4)),
        GridChanges(meter=(4, 3)),
        GridChanges(meter=(99, 4)),
        GridChanges(bar_one_s=-1.0),
        GridChanges(bar_one_s=1000.0),
        GridChanges(bar_one_s=float("inf")),
        GridChanges(pickup_beats=4),
        GridChanges(pickup_beats=-1),
        GridChanges(meter=(3, 4), pickup_beats=3),
        GridChanges(bar_one_s=8.5),
    ],
)
def test_what_no_music_has_is_refused(changes):
    with pytest.raises(BadGridChange) as refused:
        regrid(four_four(), changes)

    assert refused.value.code == "bad_grid_change"


def test_a_whole_song_is_quantised_anew_in_a_moment():
    song = make_song((ROCK * 13)[:100], player=Player(jitter_s=0.01))

    began_s = time.process_time()
    score = quantise(song.hits, regrid(song.grid, GridChanges(tempo_bpm=60)))
    took_s = time.process_time() - began_s

    assert len(score.hits) == len(song.hits)
    assert took_s < 1.0


def test_strokes_outside_the_new_grid_are_kept():
    hits = [Hit(f"h{index}", 0.5 * index, InstrumentName.SNARE, 90, 0.9) for index in range(1, 16)]

    score = quantise(hits, regrid(four_four(), GridChanges(bar_one_s=4.5, pickup_beats=0)))

    assert len(score.hits) == 15
    assert score.hits[0].bar < 1
    assert {F(placed.position) % 1 for placed in score.hits} == {F(0)}
