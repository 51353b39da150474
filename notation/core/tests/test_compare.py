"""What is said to have changed between two revisions."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from notation.core.beat_grid import Meter
from notation.core.edits import apply_commands, compare
from notation.core.edits.words import bars_name, beat_name
from notation.core.instruments import InstrumentName
from notation.core.score import Bar, Score
from notation.core.tests.songs import SONGS, make_song

ROCK = SONGS["rock"].score()


def edited(score: Score, *commands, **options) -> Score:
    return apply_commands(score, commands, **options).score


def ids(score: Score, bars: range, instrument: InstrumentName) -> list[str]:
    return [
        placed.hit.id
        for placed in score.hits
        if placed.bar in bars and placed.hit.instrument is instrument and not placed.is_grace
    ]


def test_a_song_is_no_different_from_itself(song):
    score = song.score()

    diff = compare(score, score)

    assert (diff.sentences, diff.changed_bars, diff.rebuilt) == ((), frozenset(), False)


def test_revisions_further_apart_are_told_of_in_one_go():
    new = edited(ROCK, {"op": "set_tempo", "bar": 5, "bpm": 99}, {"op": "set_section", "bar": 5, "name": "B"})
    new = edited(
        new,
        {"op": "set_instrument", "ids": ids(new, range(1, 2), InstrumentName.CRASH), "instrument": "china"},
        {"op": "add", "bar": 2, "position": "1/2", "instrument": "snare", "velocity": 30, "like": "bars"},
    )

    diff = compare(ROCK, new)

    assert diff.sentences == (
        "tempo 120 → 99 from bar 5",
        "section B at bar 5",
        "bar 1: crash → china",
        "bars 2, 3, 5 and 6: 4 ghost notes added",
    )
    assert diff.changed_bars == {1, 2, 3, 5, 6}


def test_what_is_undone_is_told_in_reverse():
    new = edited(ROCK, {"op": "remove", "ids": ids(ROCK, range(7, 8), InstrumentName.SNARE)})

    assert compare(ROCK, new).sentences == (
        "bar 7: snare on 2 with its grace notes removed",
        "bar 7: snare on 4 removed",
    )
    assert compare(new, ROCK).sentences == (
        "bar 7: snare on 2 with its grace notes added",
        "bar 7: snare on 4 added",
    )


def test_several_strokes_in_one_bar_are_counted_out():
    new = edited(ROCK, {"op": "remove", "ids": ids(ROCK, range(2, 3), InstrumentName.KICK)})

    assert compare(ROCK, new).sentences == ("bar 2: kick on 1, 3 and 3& removed",)


def test_mass_changes_are_told_in_one_sentence():
    louder = [
        {"op": "set_velocity", "ids": [placed.hit.id], "velocity": 1 + place}
        for place, placed in enumerate(ROCK.hits[:42])
    ]
    new = edited(ROCK, *louder)

    assert compare(ROCK, new).sentences == ("42 hits changed in bars 1–4",)


def test_bars_are_recognised_by_their_notes_when_others_come_and_go():
    new = edited(ROCK, {"op": "delete_bars", "from": 2, "to": 3})
    new = edited(
        new, {"op": "set_velocity", "ids": ids(new, range(4, 5), InstrumentName.KICK)[:1], "velocity": 9}
    )

    diff = compare(ROCK, new)

    assert diff.sentences == ("bars 2 and 3 deleted", "bar 4: velocity of kick on 1 95 → 9")
    assert diff.rebuilt
    assert diff.changed_bars >= {2, 3, 4, 5, 6}


def test_bars_deleted_and_others_appended_are_not_taken_for_moved_notes():
    new = edited(
        ROCK, {"op": "delete_bars", "from": 1, "to": 2}, {"op": "insert_bars", "before": 7, "count": 2}
    )

    assert compare(ROCK, new).sentences == ("bars 1 and 2 deleted", "bars 7 and 8 inserted, empty")


def test_empty_bars_inserted_among_empty_bars_are_found_by_their_time():
    sparse = SONGS["sparse"].score()
    new = edited(sparse, {"op": "delete_bars", "from": 7, "to": 8})

    assert compare(sparse, new).sentences == ("bars 7 and 8 deleted",)


def test_a_meter_and_notes_that_changed_together_are_both_told():
    new = edited(ROCK, {"op": "set_meter", "bar": 5, "beats": 3, "beat_type": 4})
    new = edited(
        new,
        {"op": "set_instrument", "ids": ids(new, range(6, 7), InstrumentName.KICK), "instrument": "tom_low"},
    )

    assert compare(ROCK, new).sentences == (
        "meter 4/4 → 3/4 from bar 5",
        "bar 6: kick → floor tom",
    )


def test_a_section_named_while_bars_are_drawn_anew_is_told():
    new = edited(
        ROCK, {"op": "set_bar_one", "bar": 3, "beat": 2}, {"op": "set_section", "bar": 1, "name": "A"}
    )

    assert compare(ROCK, new).sentences == ("bar 3, beat 2, is now bar 1", "section A at bar 1")
    assert compare(new, ROCK).sentences[1:] == ("section A removed",)


def test_other_times_alone_are_told_but_draw_nothing_anew():
    slower = replace(
        ROCK,
        bars=tuple(
            replace(bar, beat_times_s=tuple(2 * time for time in bar.beat_times_s), end_s=2 * bar.end_s)
            for bar in ROCK.bars
        ),
    )

    diff = compare(ROCK, slower)

    assert diff.sentences == ("the times of the beats changed",)
    assert diff.changed_bars == frozenset()


def test_the_tempo_of_seven_eight_is_told_as_it_is_printed():
    seven = make_song([{"h": "xxxxxxx"}] * 4, meter=(7, 8), bpm=140).score()

    new = edited(seven, {"op": "set_tempo", "bar": 1, "bpm": 240})

    assert compare(seven, new).sentences == ("tempo 140 → 120 from bar 1",)


@pytest.mark.parametrize(
    ("meter", "position", "name"),
    [
        ((4, 4), "0", "1"),
        ((4, 4), "5/4", "2e"),
        ((4, 4), "5/2", "3&"),
        ((4, 4), "15/4", "4a"),
        ((4, 4), "1/3", "1 trip"),
        ((4, 4), "5/3", "2 let"),
        ((4, 4), "1/8", "1+1/8"),
        ((6, 8), "1/2", "1 la"),
        ((6, 8), "5/2", "2 li"),
        ((7, 8), "3", "7"),
        ((2, 2), "1", "1&"),
    ],
)
def test_beats_are_named_as_drummers_count(meter, position, name):
    signature = Meter(1, *meter)
    bar = Bar(1, signature, signature.bar_quarters, tuple(map(float, range(signature.felt_beats))), 9.0)

    assert beat_name(bar, Fraction(position)) == name


def test_a_pickup_is_counted_as_the_end_of_its_bar():
    bar = Bar(0, Meter(0, 4, 4), Fraction(1), (0.0,), 0.5)

    assert beat_name(bar, Fraction(1, 2)) == "4&"


@pytest.mark.parametrize(
    ("numbers", "name"),
    [
        ([17], "bar 17"),
        ([0], "the pickup"),
        ([3, 4], "bars 3 and 4"),
        ([5, 6, 7, 8], "bars 5–8"),
        ([1, 5, 9], "bars 1, 5 and 9"),
        ([1, 2, 3, 9], "bars 1–3 and 9"),
        (range(5, 60, 5), "11 bars from 5 to 55"),
    ],
)
def test_bars_are_named_in_few_words(numbers, name):
    assert bars_name(numbers) == name
