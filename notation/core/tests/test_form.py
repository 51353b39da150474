"""Sections, fills, grooves and stops are found where they were put."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings

from notation.core.form.form import find_form, with_sections
from notation.core.tests.any_score import scores
from notation.core.tests.known_forms import FORMS, LEVELS, known_song
from notation.core.tests.songs import ODD, ODD_METERS, SONGS, SPARSE, make_song

GROOVE = {"h": "x-x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "x-------x-x-----"}
RIDE = {"r": "x-x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "x-x---x-x-x-----"}
TOM_FILL = {
    "h": "x-x-x-x---------",
    "s": "----x---xxxx----",
    "3": "------------xxxx",
    "k": "x-------x-------",
}


def letters(form):
    return "".join(section.letter for section in form.sections)


def starts(form):
    return [section.first for section in form.sections]


def test_a_section_that_returns_has_its_letter_again():
    score = make_song([*[GROOVE] * 8, *[RIDE] * 8, *[GROOVE] * 8]).score()

    form = find_form(score)

    assert letters(form) == "ABA"
    assert starts(form) == [1, 9, 17]


@pytest.mark.parametrize("name", ["verse and chorus", "ballad", "two-bar groove", "funk", "fills inside"])
def test_the_form_of_a_song_is_found_in_spite_of_a_transcriptions_usual_faults(name):
    known = known_song(FORMS[name], LEVELS["usual"], seed=3)

    form = find_form(known.score)

    assert set(starts(form)) == known.starts
    for section in form.sections:
        same = {
            other.letter
            for other in form.sections
            if known.names[other.first - 1] == known.names[section.first - 1]
        }
        assert same == {section.letter}


def test_a_fill_is_found_with_the_beat_it_begins_on():
    score = make_song([*[GROOVE] * 3, TOM_FILL, *[GROOVE] * 4]).score()

    (fill,) = find_form(score).fills

    assert fill.bar == 4
    assert fill.position == Fraction(2)


def test_a_groove_on_the_toms_is_no_fill():
    score = make_song([{"3": "x-xxx-xxx-xxx-xx", "k": "x---x---x---x---"}] * 8).score()

    assert find_form(score).fills == ()


def test_a_misheard_bar_starts_no_section():
    odd = {"h": "x-x---x-x-x-x---", "s": "----x-x-----x---", "k": "x-----x---x-----", "1": "--x-------------"}
    score = make_song([*[GROOVE] * 5, odd, *[GROOVE] * 10]).score()

    assert starts(find_form(score)) == [1]


def test_a_crash_after_a_fill_starts_a_section_on_the_same_groove():
    crashed = {**GROOVE, "c": "x---------------"}
    score = make_song([*[GROOVE] * 7, TOM_FILL, crashed, *[GROOVE] * 7]).score()

    form = find_form(score)

    assert starts(form) == [1, 9]
    assert letters(form) == "AA"


def test_the_groove_bar_is_not_silent_in_a_section_that_mostly_is():
    score = make_song([GROOVE, *[{}] * 3, GROOVE, *[{}] * 3, GROOVE]).score()

    played = {placed.bar for placed in score.hits}
    assert all(set(section.groove_bars) <= played for section in find_form(score).sections)


def test_the_groove_bar_is_neither_fill_nor_crash():
    crashed = {**GROOVE, "c": "x---------------"}
    score = make_song([crashed, *[GROOVE] * 6, TOM_FILL]).score()

    (section,) = find_form(score).sections

    assert set(section.groove_bars) <= set(range(2, 8))


def test_a_two_bar_groove_is_shown_by_two_bars():
    answer = {**GROOVE, "k": "--x---x---x---x-"}
    score = make_song([GROOVE, answer] * 8).score()

    form = find_form(score)
    (section,) = form.sections

    assert len(section.groove_bars) == 2
    first, second = section.groove_bars
    assert (first % 2, second % 2) == (1, 0)
    assert form.like[7] == first
    assert form.like[8] == second


def test_silence_before_the_drums_has_no_letter():
    form = find_form(make_song(SPARSE).score())

    assert [section.letter for section in form.sections][:2] == ["", "A"]
    assert form.sections[0].groove_bars == ()


def test_a_new_meter_starts_a_section():
    form = find_form(make_song(ODD, meters=ODD_METERS).score())

    assert starts(form) == [1, 5]


def test_a_silent_bar_and_unison_hits_amid_the_song_are_stops():
    hits = {"c": "x-------x-------", "k": "x-------x-------"}
    score = make_song([*[GROOVE] * 6, {}, GROOVE, *[GROOVE] * 3, hits, *[GROOVE] * 4]).score()

    assert find_form(score).stops == (7, 12)


def test_a_pickup_belongs_to_no_section():
    form = find_form(SONGS["pickup"].score())

    assert form.sections[0].first == 1


def test_names_that_a_person_gave_are_all_the_names_there_are():
    score = make_song([GROOVE] * 16).score()
    bars = tuple(replace(bar, section="Solo") if bar.number == 11 else bar for bar in score.bars)
    score = replace(score, bars=bars)

    form = find_form(score)
    marked = with_sections(score, form)

    assert [(section.first, section.name) for section in form.sections] == [(1, ""), (11, "Solo")]
    assert marked == score


def test_marking_sections_again_changes_nothing():
    score = make_song([*[GROOVE] * 8, *[RIDE] * 8, *[GROOVE] * 8]).score()
    marked = with_sections(score, find_form(score))

    assert with_sections(marked, find_form(marked)) == marked
    assert [bar.section for bar in marked.bars if bar.section] == ["A", "B", "A"]


def test_a_song_of_one_section_gets_no_letter():
    score = make_song([GROOVE] * 8).score()

    assert with_sections(score, find_form(score)) == score


@settings(max_examples=60, deadline=None)
@given(scores())
def test_sections_follow_one_another_to_the_end_of_any_score(score):
    form = find_form(score)

    without_pickup = [bar.number for bar in score.bars if not (bar.is_pickup and bar is score.bars[0])]
    covered = [number for section in form.sections for number in range(section.first, section.last + 1)]
    assert covered == without_pickup or len(score.bars) == 1
    assert {fill.bar for fill in form.fills} <= {bar.number for bar in score.bars}


def test_a_hundred_bars_take_little_time():
    score = known_song(FORMS["verse and chorus"] * 2, LEVELS["usual"], seed=1).score
    find_form(score)

    started = time.process_time()
    find_form(score)

    assert len(score.bars) > 100
    assert time.process_time() - started < 0.5  # measured: 0.03 s; a busy machine may be ten times slower


def test_a_song_longer_than_can_be_compared_at_once_is_parted_too():
    known = known_song([("rock", 8), ("rock_ride", 8)] * 36, LEVELS["none"], seed=1)

    form = find_form(known.score)

    assert len(known.score.bars) > 512
    assert set(starts(form)) == known.starts
    assert letters(form) == "AB" * 36


def test_an_empty_song_has_one_section_without_a_letter():
    (section,) = find_form(make_song([{}]).score()).sections

    assert (section.letter, section.first, section.groove_bars) == ("", 1, ())


def test_a_played_song_has_a_section_for_each_time_round():
    form = find_form(SONGS["played"].score())

    assert starts(form) == [1, 9, 17]
    assert [fill.bar for fill in form.fills] == [8, 16, 24]
