"""Commands on notes: what a drummer asks for, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from notation.core.edits import BadCommand, Edited, apply_commands
from notation.core.instruments import InstrumentName
from notation.core.score import Mark, Score, ScoreHit
from notation.core.tests.songs import SONGS

ROCK = SONGS["rock"].score()
SHUFFLE = SONGS["shuffle"].score()
I = InstrumentName  # noqa: E741


def edit(score: Score, *commands: dict[str, object], **options) -> Edited:
    return apply_commands(score, commands, **options)


def at(score: Score, bar: int, position: str, instrument: InstrumentName) -> ScoreHit | None:
    found = [
        placed
        for placed in score.hits
        if (placed.bar, placed.position, placed.hit.instrument) == (bar, Fraction(position), instrument)
        and not placed.is_grace
    ]
    assert len(found) <= 1
    return found[0] if found else None


def id_at(score: Score, bar: int, position: str, instrument: InstrumentName) -> str:
    placed = at(score, bar, position, instrument)
    assert placed is not None
    return placed.hit.id


def reason(score: Score, *commands: dict[str, object], **options) -> str:
    with pytest.raises(BadCommand) as refused:
        apply_commands(score, commands, **options)
    assert refused.value.code == "bad_command"
    return str(refused.value.details["reason"])


def test_a_new_note_sounds_on_its_beat_and_as_loud_as_the_others():
    edited = edit(ROCK, {"op": "add", "bar": 2, "position": "1/2", "instrument": "snare"})

    new = at(edited.score, 2, "1/2", I.SNARE)
    assert new.hit.id == "e1"
    assert new.hit.onset_s == pytest.approx(ROCK.bars[1].time_s_at(Fraction(1, 2)))
    assert (new.hit.velocity, new.hit.confidence) == (95, 1.0)
    assert edited.summary == ("bar 2: snare on 1& added",)
    assert edited.changed_bars == {2}


def test_a_new_ghost_note_is_soft():
    command = {"op": "add", "bar": 2, "position": "1/2", "instrument": "snare", "marks": ["ghost"]}

    edited = edit(ROCK, command)

    assert at(edited.score, 2, "1/2", I.SNARE).hit.velocity < 60
    assert edited.summary == ("bar 2: ghost note on 1& added",)


def test_an_off_beat_under_a_swing_mark_is_played_late():
    command = {"op": "add", "bar": 1, "position": "3/2", "instrument": "crash"}

    edited = edit(SHUFFLE, command)

    assert at(edited.score, 1, "5/3", I.CRASH) is not None
    assert edited.summary == ("bar 1: crash on 2& added",)


def test_a_straight_16th_under_a_swing_mark_stays_where_it_is():
    edited = edit(SHUFFLE, {"op": "add", "bar": 1, "position": "13/4", "instrument": "ride"})

    assert at(edited.score, 1, "13/4", I.RIDE) is not None


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"bar": 2, "position": "0", "instrument": "hihat_closed"}, "bar 2, 1: there is a hi-hat already"),
        ({"bar": 2, "position": "0", "instrument": "hihat_open"}, "there is a hi-hat already"),
        ({"bar": 2, "position": "1/9", "instrument": "snare"}, "no note value or tuplet"),
        ({"bar": 4, "position": "2/3", "instrument": "kick"}, "cannot be read together"),
        ({"bar": 2, "position": "4", "instrument": "snare"}, "bar 2 is 4 quarter notes long"),
        ({"bar": 2, "position": "-1/4", "instrument": "snare"}, "outside it"),
        ({"bar": 9, "position": "0", "instrument": "snare"}, "no bar 9; the song has bars 1 to 8"),
        ({"bar": 2, "position": "1/0", "instrument": "snare"}, "divides by zero"),
        ({"bar": 2, "position": 0.5, "instrument": "snare"}, "in quarter notes"),
        ({"bar": True, "position": "0", "instrument": "snare"}, "'bar' is a whole number"),
        ({"bar": 2, "position": "1/4", "instrument": "gong"}, "'instrument' is one of kick, snare"),
        ({"bar": 2, "position": "1/4", "instrument": "snare", "velocity": 128}, "from 1 to 127"),
        ({"bar": 2, "position": "1/4", "instrument": "snare", "marks": ["choke"]}, "snare cannot be choked"),
        ({"bar": 2, "position": "1/4", "instrument": "snare", "marks": ["left", "right"]}, "at once"),
        ({"bar": 2, "position": "1/4", "instrument": "snare", "like": "hits"}, "similar bars"),
        ({"bar": 2, "position": "1/4"}, "needs 'bar', 'position' and 'instrument'"),
        ({"bar": 2, "position": "1/4", "instrument": "snare", "colour": "red"}, "no field 'colour'"),
    ],
)
def test_a_note_that_cannot_be_is_refused_with_a_reason(command, words):
    assert words in reason(ROCK, {"op": "add", **command})


def test_a_beat_of_16ths_becomes_triplets_in_one_request():
    first, second, third, fourth = (id_at(ROCK, 8, f"{place}/4", I.TOM_HIGH) for place in (4, 5, 6, 7))
    to_triplets = [
        {"op": "move", "id": second, "bar": 8, "position": "4/3"},
        {"op": "move", "id": third, "bar": 8, "position": "5/3"},
        {"op": "remove", "ids": [fourth]},
    ]

    edited = edit(ROCK, *to_triplets)

    triplet = [placed.position for placed in edited.score.hits_by_bar()[8] if 1 <= placed.position < 2]
    assert sorted(set(triplet)) == [1, Fraction(4, 3), Fraction(5, 3)]
    assert "cannot be read together" in reason(ROCK, to_triplets[1])
    assert at(edited.score, 8, "1", I.TOM_HIGH).hit.id == first


def test_a_flam_is_added_before_a_note_and_a_drag_of_two():
    snare = id_at(ROCK, 2, "1", I.SNARE)

    edited = edit(ROCK, {"op": "add", "grace_of": snare}, {"op": "add", "grace_of": snare})

    graces = [placed for placed in edited.score.hits if placed.grace_of == snare]
    main = at(edited.score, 2, "1", I.SNARE)
    assert [main.hit.onset_s - grace.hit.onset_s for grace in graces] == pytest.approx([0.06, 0.03])
    assert all(grace.hit.velocity < main.hit.velocity for grace in graces)
    assert edited.summary == ("bar 2: 2 grace notes added",)


def test_a_note_has_three_grace_notes_at_most_and_they_have_none():
    snare = id_at(ROCK, 2, "1", I.SNARE)
    grace = {"op": "add", "grace_of": snare}

    assert "3 grace notes" in reason(ROCK, grace, grace, grace, grace)
    assert "grace note of its own" in reason(ROCK, grace, {"op": "add", "grace_of": "e1"})
    assert "with a foot" in reason(ROCK, {**grace, "instrument": "kick"})
    assert "leave 'bar'" in reason(ROCK, {**grace, "bar": 2, "position": "0"})


def test_grace_notes_go_with_the_note_that_is_removed():
    snare = id_at(ROCK, 7, "1", I.SNARE)

    edited = edit(ROCK, {"op": "remove", "ids": [snare]})

    assert len(edited.score.hits) == len(ROCK.hits) - 2
    assert edited.summary == ("bar 7: snare on 2 with its grace notes removed",)
    assert len(edited.diff.removed) == 2


def test_a_note_moved_by_a_16th_keeps_the_time_at_which_it_was_heard():
    played = SONGS["played"].score()
    snare = next(
        placed
        for placed in played.hits
        if placed.hit.instrument is I.SNARE and placed.position == 1 and placed.bar == 2
    )

    edited = edit(played, {"op": "move", "ids": [snare.hit.id], "by": "1/4"})

    moved = at(edited.score, 2, "5/4", I.SNARE)
    assert moved.hit.onset_s == snare.hit.onset_s
    assert edited.summary == ("bar 2: snare moved from 2 to 2e",)


@pytest.mark.parametrize(("by", "has_recording"), [("1", True), ("1/4", False)])
def test_a_note_moved_far_or_without_a_recording_sounds_on_its_new_beat(by, has_recording):
    played = SONGS["played"].score()
    snare = next(
        placed
        for placed in played.hits
        if placed.hit.instrument is I.SNARE and placed.position == 1 and placed.bar == 2
    )

    edited = edit(played, {"op": "move", "ids": [snare.hit.id], "by": by}, has_recording=has_recording)

    moved = next(placed for placed in edited.score.hits if placed.hit.id == snare.hit.id)
    there_s = played.bars[1].time_s_at(moved.position)
    assert moved.hit.onset_s == pytest.approx(there_s)


def test_notes_move_over_the_bar_line_with_their_grace_notes():
    snare = id_at(ROCK, 7, "1", I.SNARE)

    edited = edit(ROCK, {"op": "move", "ids": [snare], "by": "-7/4"})

    moved = [placed for placed in edited.score.hits if snare in (placed.hit.id, placed.grace_of)]
    assert [(placed.bar, placed.position) for placed in moved] == [(6, Fraction(13, 4))] * 2
    assert edited.summary == ("bar 7: snare moved from 2 to bar 6, 4e",)
    assert edited.changed_bars == {6, 7}


def test_notes_moved_together_may_take_each_others_places():
    run = [id_at(ROCK, 8, f"{place}/4", I.SNARE) for place in range(4)]

    edited = edit(ROCK, {"op": "move", "ids": run, "by": "1/4"})

    assert [id_at(edited.score, 8, f"{place}/4", I.SNARE) for place in range(1, 5)] == run


def test_an_eighth_later_is_the_next_written_eighth_in_a_shuffle():
    hihat = id_at(SHUFFLE, 1, "0", I.HIHAT_CLOSED)
    ride = [
        {"op": "set_instrument", "ids": [hihat], "instrument": "ride"},
        {"op": "move", "ids": [hihat], "by": "1/2"},
    ]

    late = edit(SHUFFLE, *ride)
    next_beat = edit(SHUFFLE, *ride, ride[1])

    assert at(late.score, 1, "2/3", I.RIDE) is not None
    assert at(next_beat.score, 1, "1", I.RIDE) is not None


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"by": "-1/4"}, "before the first bar"),
        ({"by": "4000"}, "after the last bar"),
        ({"by": "1/2"}, "its place is taken"),
        ({}, "either 'ids' and 'by', or"),
        ({"by": "1/4", "bar": 2}, "either 'ids' and 'by', or"),
    ],
)
def test_a_move_that_cannot_be_is_refused(command, words):
    hihat = id_at(ROCK, 1, "1/2", I.HIHAT_CLOSED)
    crash = id_at(ROCK, 1, "0", I.CRASH)
    ids = [crash] if command.get("by") == "-1/4" else [hihat]

    assert words in reason(ROCK, {"op": "move", "ids": ids, **command})


def test_a_grace_note_does_not_move_without_its_note():
    grace = next(placed for placed in ROCK.hits if placed.is_grace)

    assert "stands with its note" in reason(ROCK, {"op": "move", "ids": [grace.hit.id], "by": "1"})
    edit(ROCK, {"op": "move", "ids": [grace.hit.id, grace.grace_of], "by": "1/2"})


def test_hihat_becomes_ride_and_says_so():
    crash = id_at(ROCK, 1, "0", I.CRASH)

    edited = edit(ROCK, {"op": "set_instrument", "ids": [crash], "instrument": "ride"})

    assert edited.summary == ("bar 1: crash → ride",)
    assert edited.changed_bars == {1}
    assert edited.diff.changed == {crash}


def test_a_closed_hihat_is_opened_where_it_stands():
    hihat = id_at(ROCK, 2, "7/2", I.HIHAT_CLOSED)

    edited = edit(ROCK, {"op": "set_instrument", "ids": [hihat], "instrument": "hihat_open"})

    assert at(edited.score, 2, "7/2", I.HIHAT_OPEN).hit.id == hihat


def test_marks_that_the_new_instrument_cannot_have_go_and_that_is_said():
    crash = id_at(ROCK, 1, "0", I.CRASH)
    choked = edit(ROCK, {"op": "mark", "ids": [crash], "mark": "choke"})

    edited = edit(choked.score, {"op": "set_instrument", "ids": [crash], "instrument": "hihat_closed"})

    assert choked.summary == ("bar 1: crash on 1 now choked",)
    assert at(edited.score, 1, "0", I.HIHAT_CLOSED).marks == frozenset()
    assert edited.summary == ("bar 1: crash → hi-hat (no longer choked)",)


def test_a_flam_goes_to_the_other_drum_as_a_whole():
    snare = id_at(ROCK, 7, "1", I.SNARE)

    edited = edit(ROCK, {"op": "set_instrument", "ids": [snare], "instrument": "tom_low"})

    graces = [placed for placed in edited.score.hits if placed.grace_of == snare]
    assert [grace.hit.instrument for grace in graces] == [I.TOM_LOW]
    assert edited.summary == ("bar 7: snare → floor tom",)


def test_an_instrument_does_not_strike_twice_at_once():
    kick = id_at(ROCK, 2, "0", I.KICK)

    assert "there is a hi-hat already" in reason(
        ROCK, {"op": "set_instrument", "ids": [kick], "instrument": "hihat_closed"}
    )


def test_the_louder_of_two_marks_of_one_kind_replaces_the_other():
    snare = id_at(ROCK, 2, "1", I.SNARE)

    edited = edit(
        ROCK,
        {"op": "mark", "ids": [snare], "mark": "ghost"},
        {"op": "mark", "ids": [snare], "mark": "rim_shot"},
        {"op": "mark", "ids": [snare], "mark": "accent"},
    )

    assert at(edited.score, 2, "1", I.SNARE).marks == {Mark.ACCENT, Mark.RIM_SHOT}
    assert "cannot be half open" in reason(ROCK, {"op": "mark", "ids": [snare], "mark": "half_open"})


def test_taking_a_mark_away_that_is_not_there_changes_nothing():
    snare = id_at(ROCK, 2, "1", I.SNARE)

    edited = edit(ROCK, {"op": "unmark", "ids": [snare], "mark": "accent"})

    assert edited.score == ROCK
    assert (edited.summary, edited.changed_bars) == ((), frozenset())


def test_velocities_may_make_ghost_notes_elsewhere_too():
    snares = [placed for placed in ROCK.hits if placed.hit.instrument is I.SNARE and placed.bar < 8]

    edited = edit(ROCK, {"op": "set_velocity", "ids": [placed.hit.id for placed in snares], "velocity": 20})

    assert {placed.bar for placed in snares} <= edited.changed_bars
    assert edited.summary == (f"bars 1–7: velocity of {len(snares)} snare hits → 20",)


def test_like_hits_reaches_every_such_stroke_in_the_song():
    snare = id_at(ROCK, 2, "1", I.SNARE)

    edited = edit(ROCK, {"op": "move", "ids": [snare], "by": "1/2", "like": "hits"})

    moved = {
        placed.bar
        for placed in edited.score.hits
        if placed.hit.instrument is I.SNARE and placed.position == 1.5
    }
    assert moved == set(range(1, 8))
    assert edited.summary == ("bars 1–7: 7 snare hits moved",)


def test_like_bars_reaches_the_same_stroke_of_equal_bars_only():
    hihat = id_at(ROCK, 2, "0", I.HIHAT_CLOSED)

    edited = edit(ROCK, {"op": "set_instrument", "ids": [hihat], "instrument": "ride", "like": "bars"})

    assert {placed.bar for placed in edited.score.hits if placed.hit.instrument is I.RIDE} == {2, 3, 5, 6}
    assert edited.summary == ("bars 2, 3, 5 and 6: hi-hat → ride (4 hits)",)


def test_a_note_is_added_to_all_equal_bars():
    edited = edit(
        ROCK,
        {"op": "add", "bar": 3, "position": "15/4", "instrument": "snare", "velocity": 30, "like": "bars"},
    )

    assert edited.summary == ("bars 2, 3, 5 and 6: 4 ghost notes added",)
    assert edited.diff.added == {"e1", "e2", "e3", "e4"}


def test_similar_strokes_whose_place_is_taken_stay():
    with_open = edit(ROCK, {"op": "add", "bar": 3, "position": "1/4", "instrument": "hihat_open"})
    hihat = id_at(ROCK, 2, "0", I.HIHAT_CLOSED)

    edited = edit(with_open.score, {"op": "move", "ids": [hihat], "by": "1/4", "like": "hits"})

    stayed = [bar for bar in range(1, 9) if at(edited.score, bar, "0", I.HIHAT_CLOSED)]
    assert stayed == [3]


def test_similar_strokes_that_could_not_be_read_stay():
    triplets = edit(
        ROCK,
        {"op": "remove", "ids": [id_at(ROCK, 3, place, I.HIHAT_CLOSED) for place in ("1/2", "3/2")]},
        {"op": "add", "bar": 3, "position": "1/3", "instrument": "hihat_closed"},
        {"op": "add", "bar": 3, "position": "2/3", "instrument": "hihat_closed"},
    ).score
    snare = id_at(ROCK, 2, "1", I.SNARE)
    earlier = {"op": "move", "ids": [snare], "by": "-1/4", "like": "hits"}

    edited = edit(triplets, earlier)

    assert [bar for bar in range(1, 8) if at(edited.score, bar, "1", I.SNARE)] == [3]
    only_there = [{"op": "move", "ids": [id_at(ROCK, 3, "1", I.SNARE)], "by": "-1/4"}]
    assert "cannot be read together" in reason(triplets, *only_there)


def test_ids_are_never_used_again():
    added = edit(ROCK, {"op": "add", "bar": 2, "position": "1/2", "instrument": "snare"})
    removed = edit(added.score, {"op": "remove", "ids": ["e1"]}, fresh_from=added.fresh_from)

    again = edit(
        removed.score,
        {"op": "add", "bar": 2, "position": "1/2", "instrument": "snare"},
        fresh_from=removed.fresh_from,
    )

    assert again.diff.added == {"e2"}


def test_nothing_is_done_when_one_command_cannot_be():
    with pytest.raises(BadCommand) as refused:
        edit(ROCK, {"op": "set_title", "title": "Other"}, {"op": "remove", "ids": ["h9999"]})

    assert refused.value.details == {
        "index": 1,
        "reason": "there is no hit 'h9999'; it may have been removed",
    }
    assert ROCK.title == "Song"


def test_work_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("notation.core.edits.draft.MOST_WORK", 5_000)
    mark = {"op": "unmark", "ids": ["h5"], "mark": "accent", "like": "hits"}
    shift = {"op": "set_bar_one", "bar": 1}

    edit(ROCK, *[mark] * 20, *[shift] * 20)

    assert "send fewer in one request" in reason(ROCK, *[mark] * 60)
    assert "send fewer in one request" in reason(ROCK, *[{**shift, "beat": 2}] * 20)


def test_too_many_commands_or_hits_at_once_are_refused():
    ids = [placed.hit.id for placed in ROCK.hits]
    louder = {"op": "set_velocity", "ids": ids, "velocity": 99}

    assert "500 at once" in reason(ROCK, *[louder] * 501)
    assert "more than 20000 hits" in reason(ROCK, *[louder] * 200)
