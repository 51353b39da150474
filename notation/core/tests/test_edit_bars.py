"""Commands on bars, tempo, meter and feel."""

from __future__ import annotations

from fractions import Fraction

import pytest

from notation.core.edits import BadCommand, Edited, apply_commands
from notation.core.score import Score, Swing, SwingMark, TempoMark
from notation.core.tests.songs import SONGS

ROCK = SONGS["rock"].score()
SHUFFLE = SONGS["shuffle"].score()
PICKUP = SONGS["pickup"].score()
TWELVE_EIGHT = SONGS["twelve_eight"].score()
F = Fraction


def edit(score: Score, *commands: dict[str, object], **options) -> Edited:
    return apply_commands(score, commands, **options)


def reason(score: Score, *commands: dict[str, object], **options) -> str:
    with pytest.raises(BadCommand) as refused:
        apply_commands(score, commands, **options)
    return str(refused.value.details["reason"])


def onsets(score: Score) -> dict[str, float]:
    return {placed.hit.id: placed.hit.onset_s for placed in score.hits}


def frames(score: Score) -> list[tuple[int, str, Fraction]]:
    return [(bar.number, f"{bar.meter.beats}/{bar.meter.beat_type}", bar.quarters) for bar in score.bars]


def heard_and_placed(score: Score) -> float:
    """The farthest that a hit of a song played exactly lies from the time of its place."""
    bars = {bar.number: bar for bar in score.bars}
    mains = (placed for placed in score.hits if not placed.is_grace)
    return max(abs(bars[placed.bar].time_s_at(placed.position) - placed.hit.onset_s) for placed in mains)


def test_a_tempo_is_printed_and_the_recording_keeps_its_time():
    edited = edit(ROCK, {"op": "set_tempo", "bar": 5, "bpm": 118})

    assert edited.score.tempo_marks == (TempoMark(1, 120.0), TempoMark(5, 118.0))
    assert edited.score.bars == ROCK.bars
    assert edited.summary == ("tempo 120 → 118 from bar 5",)
    assert edited.changed_bars == {5}


def test_the_first_tempo_of_a_song_is_the_songs_and_no_longer_in_doubt():
    edited = edit(ROCK, {"op": "set_tempo", "bar": 1, "bpm": 118})

    assert edited.score.tempo_bpm == 118
    assert not edited.score.tempo_unreliable
    assert edited.summary == ("tempo 120 → 118 from bar 1",)


def test_without_a_recording_a_tempo_sets_the_times():
    edited = edit(ROCK, {"op": "set_tempo", "bar": 5, "bpm": 60}, has_recording=False)

    bars = edited.score.bars
    assert bars[3].end_s == ROCK.bars[3].end_s
    assert bars[4].end_s - bars[4].start_s == pytest.approx(4.0)
    assert heard_and_placed(edited.score) == pytest.approx(heard_and_placed(ROCK), abs=1e-6)


def test_without_a_recording_a_tempo_lasts_to_the_next_one():
    two = edit(ROCK, {"op": "set_tempo", "bar": 5, "bpm": 60}, has_recording=False).score

    edited = edit(two, {"op": "set_tempo", "bar": 1, "bpm": 240}, has_recording=False)

    lengths = [bar.end_s - bar.start_s for bar in edited.score.bars]
    assert lengths == pytest.approx([1.0] * 4 + [4.0] * 4)
    assert edited.summary == ("tempo 120 → 240 from bar 1",)


def test_a_tempo_can_be_taken_away_but_the_first():
    two = edit(ROCK, {"op": "set_tempo", "bar": 5, "bpm": 100}).score

    edited = edit(two, {"op": "set_tempo", "bar": 5, "bpm": None})

    assert edited.score.tempo_marks == ROCK.tempo_marks
    assert edited.summary == ("tempo 100 → 120 from bar 5",)
    assert "first tempo" in reason(ROCK, {"op": "set_tempo", "bar": 1, "bpm": None})
    assert "10 to 1000" in reason(ROCK, {"op": "set_tempo", "bar": 1, "bpm": 5})
    assert "beats a minute" in reason(ROCK, {"op": "set_tempo", "bar": 1, "bpm": float("nan")})


@pytest.mark.parametrize(("beats", "beat_type"), [(3, 4), (6, 8), (7, 8), (2, 2), (5, 4), (12, 8)])
@pytest.mark.parametrize("bar", [1, 4])
def test_another_meter_loses_no_hit_and_moves_none_in_time(beats, beat_type, bar):
    edited = edit(ROCK, {"op": "set_meter", "bar": bar, "beats": beats, "beat_type": beat_type})

    assert onsets(edited.score) == onsets(ROCK)
    assert heard_and_placed(edited.score) == pytest.approx(heard_and_placed(ROCK), abs=1e-6)
    assert edited.score.bars[: bar - 1] == ROCK.bars[: bar - 1]
    assert edited.summary == (f"meter 4/4 → {beats}/{beat_type} from bar {bar}",)
    assert edited.diff.rebuilt


def test_triplets_in_four_become_eighths_in_twelve_eight_and_back():
    twelve = edit(SHUFFLE, {"op": "set_meter", "bar": 1, "beats": 12, "beat_type": 8}).score

    back = edit(twelve, {"op": "set_meter", "bar": 1, "beats": 4, "beat_type": 4}).score

    assert twelve.swing_marks == ()
    assert {placed.position % F(1, 2) for placed in twelve.hits} == {F(0)}
    assert frames(twelve)[0] == (1, "12/8", F(6))
    assert back.hits == SHUFFLE.hits
    assert back.tempo_marks == SHUFFLE.tempo_marks


def test_swing_is_marked_where_simple_time_comes_back():
    two_feels = edit(SHUFFLE, {"op": "set_meter", "bar": 5, "beats": 2, "beat_type": 4}).score

    edited = edit(two_feels, {"op": "set_meter", "bar": 1, "beats": 12, "beat_type": 8})

    assert edited.score.swing_marks == (SwingMark(5, Swing.EIGHTHS),)


def test_three_four_becomes_six_eight_with_the_same_eighths():
    waltz = SONGS["waltz"].score()

    edited = edit(waltz, {"op": "set_meter", "bar": 1, "beats": 6, "beat_type": 8})

    assert edited.score.hits == waltz.hits
    assert edited.score.bars[0].beat_times_s == pytest.approx((0.5, 1.25))
    assert edited.score.tempo_marks == (TempoMark(1, 80.0),)


def test_keep_says_whether_notes_or_beats_stay():
    command = {"op": "set_meter", "bar": 1, "beats": 4, "beat_type": 4, "keep": "notes"}

    edited = edit(TWELVE_EIGHT, command)

    assert len(edited.score.bars) == 6
    assert {placed.position % F(1, 2) for placed in edited.score.hits} == {F(0)}


def test_beats_left_over_before_the_next_meter_get_a_bar_of_their_own():
    odd = SONGS["odd"].score()

    edited = edit(odd, {"op": "set_meter", "bar": 1, "beats": 4, "beat_type": 4})

    assert frames(edited.score)[:5] == [
        (1, "4/4", F(4)),
        (2, "4/4", F(4)),
        (3, "4/4", F(4)),
        (4, "2/4", F(2)),
        (5, "5/8", F(5, 2)),
    ]
    assert onsets(edited.score) == onsets(odd)


def test_a_pickup_stays_a_pickup_in_another_meter():
    edited = edit(PICKUP, {"op": "set_meter", "bar": 1, "beats": 3, "beat_type": 4})

    assert frames(edited.score)[:2] == [(0, "3/4", F(1)), (1, "3/4", F(3))]


def test_sections_and_feel_stay_with_their_music_when_bars_are_drawn_anew():
    marked = edit(
        ROCK, {"op": "set_section", "bar": 5, "name": "Verse"}, {"op": "set_swing", "bar": 7, "swing": "16th"}
    ).score

    edited = edit(marked, {"op": "set_meter", "bar": 1, "beats": 2, "beat_type": 4})

    assert [bar.number for bar in edited.score.bars if bar.section] == [9]
    assert edited.score.swing_marks == (SwingMark(13, Swing.SIXTEENTHS),)


@pytest.mark.parametrize(("beats", "beat_type"), [(4, 5), (0, 4), (33, 4), (4, 32)])
def test_a_meter_that_is_none_is_refused(beats, beat_type):
    assert reason(ROCK, {"op": "set_meter", "bar": 1, "beats": beats, "beat_type": beat_type})


def test_bar_one_in_the_middle_of_a_bar_makes_a_pickup():
    edited = edit(ROCK, {"op": "set_bar_one", "bar": 1, "beat": 4})

    assert frames(edited.score)[:2] == [(0, "4/4", F(3)), (1, "4/4", F(4))]
    assert edited.score.bars[1].start_s == pytest.approx(ROCK.bars[0].beat_times_s[3])
    assert onsets(edited.score) == onsets(ROCK)
    assert heard_and_placed(edited.score) == pytest.approx(heard_and_placed(ROCK), abs=1e-6)
    assert edited.summary == ("bar 1, beat 4, is now bar 1",)


def test_bars_before_bar_one_are_counted_backwards():
    edited = edit(ROCK, {"op": "set_section", "bar": 3, "name": "A"}, {"op": "set_bar_one", "bar": 3})

    assert [bar.number for bar in edited.score.bars] == [-1, 0, 1, 2, 3, 4, 5, 6]
    assert [bar.number for bar in edited.score.bars if bar.section] == [1]
    assert edited.score.tempo_marks == (TempoMark(-1, 120.0),)
    assert edited.summary[0] == "bar 3 is now bar 1"


def test_a_wrong_pickup_becomes_the_first_bar():
    edited = edit(PICKUP, {"op": "set_bar_one", "bar": 0})

    assert frames(edited.score)[0] == (1, "4/4", F(4))
    assert not any(bar.is_pickup for bar in edited.score.bars)


def test_bar_one_where_it_is_changes_nothing_and_elsewhere_is_refused():
    assert edit(ROCK, {"op": "set_bar_one", "bar": 1}).score == ROCK
    assert "there is no beat 5" in reason(ROCK, {"op": "set_bar_one", "bar": 1, "beat": 5})
    assert "no bar 12" in reason(ROCK, {"op": "set_bar_one", "bar": 12})


def test_bars_are_inserted_anywhere_when_no_recording_sets_the_time():
    edited = edit(ROCK, {"op": "insert_bars", "before": 3, "count": 2}, has_recording=False)

    before, after = ROCK.hits_by_bar(), edited.score.hits_by_bar()
    assert len(edited.score.bars) == 10
    assert 3 not in after
    assert [placed.hit.id for placed in after[5]] == [placed.hit.id for placed in before[3]]
    assert after[5][0].hit.onset_s == pytest.approx(before[3][0].hit.onset_s + 4.0)
    assert edited.summary == ("bars 3 and 4 inserted, empty",)
    assert edited.changed_bars == set(range(3, 11))


def test_a_recording_has_no_time_for_a_bar_in_its_midst():
    assert "the recording goes on from bar 2 to bar 3" in reason(
        ROCK, {"op": "insert_bars", "before": 3, "count": 1}
    )
    assert "0.5 s before bar 1" in reason(ROCK, {"op": "insert_bars", "before": 1, "count": 1})


def test_bars_fit_where_bars_of_the_recording_were_deleted():
    shorter = edit(ROCK, {"op": "delete_bars", "from": 3, "to": 4}).score

    edited = edit(shorter, {"op": "insert_bars", "before": 3, "count": 2})

    times = [bar.beat_times_s for bar in edited.score.bars]
    assert times == [pytest.approx(bar.beat_times_s) for bar in ROCK.bars]


def test_bars_are_appended_at_the_last_tempo():
    edited = edit(ROCK, {"op": "insert_bars", "before": 9, "count": 1})

    assert edited.score.bars[-1].start_s == ROCK.bars[-1].end_s
    assert edited.score.bars[-1].end_s == pytest.approx(ROCK.bars[-1].end_s + 2.0)
    assert edited.changed_bars == {8, 9}


def test_a_bar_before_the_first_takes_over_its_tempo():
    edited = edit(ROCK, {"op": "insert_bars", "before": 1, "count": 1}, has_recording=False)

    assert edited.score.tempo_marks == (TempoMark(1, 120.0),)
    assert edited.summary == ("bar 1 inserted, empty",)
    assert "leads in to bar 1" in reason(PICKUP, {"op": "insert_bars", "before": 0, "count": 1})


def test_deleted_bars_take_their_hits_with_them_and_leave_tempo_and_feel():
    marked = edit(
        ROCK, {"op": "set_tempo", "bar": 3, "bpm": 90}, {"op": "set_swing", "bar": 4, "swing": "16th"}
    ).score

    edited = edit(marked, {"op": "delete_bars", "from": 3, "to": 4})

    assert edited.score.tempo_marks == (TempoMark(1, 120.0), TempoMark(3, 90.0))
    assert edited.score.swing_marks == (SwingMark(3, Swing.SIXTEENTHS),)
    assert edited.score.bars[2].start_s == ROCK.bars[4].start_s
    assert edited.summary == ("bars 3 and 4 deleted",)


def test_without_a_recording_deleted_bars_leave_no_gap():
    edited = edit(ROCK, {"op": "delete_bars", "from": 1, "to": 2}, has_recording=False)

    assert edited.score.bars[0].start_s == ROCK.bars[0].start_s
    assert heard_and_placed(edited.score) == pytest.approx(heard_and_placed(ROCK), abs=1e-6)


def test_not_all_bars_can_be_deleted():
    assert "one bar at least" in reason(ROCK, {"op": "delete_bars", "from": 1, "to": 8})
    assert "comes after the last" in reason(ROCK, {"op": "delete_bars", "from": 3, "to": 2})


def test_a_pattern_is_copied_over_other_bars_and_common_strokes_stay_as_heard():
    edited = edit(ROCK, {"op": "copy_bars", "from": 2, "to": 3, "over": 5})

    grouped = edited.score.hits_by_bar()

    def content(bar: int) -> list[tuple[str, Fraction, int]]:
        strokes = [(placed.hit.instrument, placed.position, placed.hit.velocity) for placed in grouped[bar]]
        return sorted(strokes)

    assert content(5) == content(2)
    assert content(6) == content(3)
    assert not edited.diff.added
    kept = onsets(ROCK)
    assert all(kept[placed.hit.id] == placed.hit.onset_s for placed in grouped[5])
    assert edited.summary == ("bar 6: velocity of snare on 4 125 → 95",)


def test_copied_flams_stay_flams():
    edited = edit(ROCK, {"op": "copy_bars", "from": 7, "to": 7, "over": 2})

    grace = next(placed for placed in edited.score.hits_by_bar()[2] if placed.is_grace)
    main = next(placed for placed in edited.score.hits if placed.hit.id == grace.grace_of)
    assert main.bar == 2
    assert main.hit.onset_s - grace.hit.onset_s == pytest.approx(0.028, abs=1e-6)
    assert edited.summary == ("bar 2: grace note before 2 added",)


def test_bars_are_copied_in_between_with_new_ids():
    edited = edit(ROCK, {"op": "copy_bars", "from": 7, "to": 8, "before": 1}, has_recording=False)

    copied = [placed for placed in edited.score.hits if placed.bar <= 2]
    originals = [placed for placed in ROCK.hits if placed.bar >= 7]
    assert [placed.hit.instrument for placed in copied] == [placed.hit.instrument for placed in originals]
    assert {placed.hit.id for placed in copied} == edited.diff.added
    assert edited.summary == (f"bars 1 and 2 inserted with {len(originals)} hits",)


def test_bars_of_another_length_are_not_copied_over():
    odd = SONGS["odd"].score()

    assert "another meter or length" in reason(odd, {"op": "copy_bars", "from": 1, "to": 1, "over": 5})
    assert "no bar 9" in reason(ROCK, {"op": "copy_bars", "from": 1, "to": 2, "over": 8})
    assert "pickup cannot be copied" in reason(PICKUP, {"op": "copy_bars", "from": 0, "to": 0, "over": 1})
    assert "either 'before'" in reason(ROCK, {"op": "copy_bars", "from": 1, "to": 2})


def test_sections_are_named_renamed_and_removed():
    named = edit(ROCK, {"op": "set_section", "bar": 5, "name": " B "})
    renamed = edit(named.score, {"op": "set_section", "bar": 5, "name": "Chorus"})
    removed = edit(renamed.score, {"op": "set_section", "bar": 5, "name": None})

    assert named.summary == ("section B at bar 5",)
    assert renamed.summary == ("section B → Chorus at bar 5",)
    assert removed.summary == ("section Chorus at bar 5 removed",)
    assert removed.score == ROCK


@pytest.mark.parametrize("name", ["a\x00b", "\ud800", "x" * 61, 7])
def test_a_name_that_cannot_be_printed_is_refused(name):
    assert "'name'" in reason(ROCK, {"op": "set_section", "bar": 5, "name": name})


def test_swung_eighths_become_straight_ones_and_back():
    straight = edit(SHUFFLE, {"op": "set_swing", "bar": 1, "swing": None})
    back = edit(straight.score, {"op": "set_swing", "bar": 1, "swing": "eighth"})

    assert straight.score.swing_marks == ()
    assert {placed.position % 1 for placed in straight.score.hits} == {F(0), F(1, 2)}
    assert onsets(straight.score) == onsets(SHUFFLE)
    assert straight.summary == ("feel swung eighths → straight from bar 1",)
    assert back.score == SHUFFLE


def test_swung_eighths_are_written_as_triplets_when_the_sound_is_kept():
    edited = edit(SHUFFLE, {"op": "set_swing", "bar": 3, "swing": None, "keep": "sound"})

    assert edited.score.hits == SHUFFLE.hits
    assert edited.score.swing_at(2) is Swing.EIGHTHS
    assert edited.score.swing_at(3) is None
    assert edited.changed_bars == set(range(3, 9))


def test_compound_time_does_not_swing():
    command = {"op": "set_swing", "bar": 1, "swing": "eighth"}

    assert "is in 12/8, where the thirds" in reason(TWELVE_EIGHT, command)


def test_the_song_gets_another_name():
    edited = edit(ROCK, {"op": "set_title", "title": "Rosanna", "artist": "Toto"})

    assert (edited.score.title, edited.score.artist) == ("Rosanna", "Toto")
    assert edited.summary == ("title “Song” → “Rosanna”", "artist “Band” → “Toto”")
    assert edited.changed_bars == frozenset()
    assert "needs a title" in reason(ROCK, {"op": "set_title", "title": "  "})
    assert "a title or an artist" in reason(ROCK, {"op": "set_title"})


def test_a_song_does_not_grow_without_end(monkeypatch):
    monkeypatch.setattr("notation.core.edits.draft.MOST_BARS", 50)
    grow = {"op": "insert_bars", "before": 9, "count": 20}

    assert "50 bars, this would be 68" in reason(ROCK, *[grow] * 3, has_recording=False)
