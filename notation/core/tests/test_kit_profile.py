"""Kit profiles: what they change in the picture, and what they must leave alone."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest
from lxml import etree

from notation.core.engraving.drum_key import draw_drum_key
from notation.core.engraving.engrave import engrave_screen
from notation.core.engraving.mei import write_mei
from notation.core.errors import BadProfile
from notation.core.instruments import INSTRUMENTS, InstrumentName, Notehead
from notation.core.kit_profile import (
    BERKLEE,
    PROFILES,
    WEINBERG,
    KitProfile,
    profile_from_json,
    profile_to_json,
)
from notation.core.score import Score
from notation.core.spelling.spell import spell
from notation.core.tests.charts import CHARTS, chart
from notation.core.tests.songs import LETTERS
from notation.core.writers.musicxml import write_musicxml, write_mxl

EVERYTHING = chart("Everything", [dict.fromkeys(LETTERS, "x---"), {"s": "RLm-", "o": "h-xc"}])
OWN = profile_from_json(
    {
        "base": "berklee",
        "name": "My kit",
        "toms": 2,
        "left_handed": True,
        "hidden": ["clap", "tambourine"],
        "voices": 1,
        "unison_fills": True,
        "closed_marks": True,
        "instruments": {"crash": {"staff_loc": 11, "notehead": "circle-x", "label": "Crash right"}},
    }
)


def heads(score: Score, profile: KitProfile) -> list:
    return [
        head
        for bar in spell(score, profile)
        for voice in bar.voices
        for event in voice.events
        for head in event.heads
    ]


def sounds(written: bytes) -> dict[str, str]:
    """Each note's instrument, and what that sounds like to a MIDI player."""
    root = etree.fromstring(written)
    keys = {entry.get("id"): entry.findtext("midi-unpitched") for entry in root.iter("midi-instrument")}
    return {
        note.get("id"): keys[note.find("instrument").get("id")]
        for note in root.iter("note")
        if note.get("id")
    }


def labels(score: Score, profile: KitProfile) -> list[str]:
    return [text.text for text in draw_drum_key(score, profile).iter("{*}text") if len(text.text) > 1]


def test_the_default_is_the_table_of_instruments():
    for name, instrument in INSTRUMENTS.items():
        written = WEINBERG.written(name)

        assert (written.display_step, written.display_octave) == (
            instrument.display_step,
            instrument.display_octave,
        )
        assert (written.staff_loc, written.notehead) == (instrument.staff_loc, instrument.notehead)


@pytest.mark.parametrize("profile", [*PROFILES.values(), OWN], ids=lambda profile: profile.name)
def test_a_profile_comes_back_from_json_as_it_was(profile):
    assert profile_from_json(json.loads(json.dumps(profile_to_json(profile)))) == profile


def test_nothing_said_is_the_default():
    assert profile_from_json({}) == WEINBERG


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([], "not an object"),
        ({"base": "mine"}, "base"),
        ({"toms": 0}, "toms"),
        ({"toms": 2.0}, "toms"),
        ({"toms": True}, "toms"),
        ({"voices": 3}, "voices"),
        ({"left_handed": "yes"}, "left_handed"),
        ({"hidden": "kick"}, "hidden"),
        ({"hidden": ["triangle"]}, "triangle"),
        ({"hidden": [["kick"]]}, "no instrument"),
        ({"instruments": {"gong": {}}}, "gong"),
        ({"instruments": {"kick": {"staff_loc": 99}}}, "staff_loc"),
        ({"instruments": {"kick": {"notehead": "U+E0BE"}}}, "notehead"),
        ({"instruments": {"kick": {"notehead": []}}}, "notehead"),
        ({"instruments": {"kick": {"label": "a\nb"}}}, "label"),
        ({"instruments": {"kick": {"label": "x" * 41}}}, "label"),
        ({"instruments": {"kick": {"colour": "red"}}}, "colour"),
        ({"strings": 6}, "strings"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(data, reason):
    with pytest.raises(BadProfile) as refused:
        profile_from_json(data)

    assert refused.value.code == "bad_profile"
    assert reason in str(refused.value)


@pytest.mark.parametrize("profile", [BERKLEE, OWN], ids=lambda profile: profile.name)
def test_no_profile_changes_a_sound_or_loses_a_hit_in_musicxml(profile):
    expected = {
        placed.hit.id: str(INSTRUMENTS[placed.hit.instrument].gm_note + 1) for placed in EVERYTHING.hits
    }

    assert sounds(write_musicxml(EVERYTHING, profile)) == expected
    assert write_mxl(EVERYTHING, profile) != write_mxl(EVERYTHING)


def test_with_two_toms_the_upper_ones_share_a_place_and_a_name():
    fill = chart("Fill", [{"1": "xx------", "2": "--xx----", "3": "----xx--"}])

    two = replace(WEINBERG, toms=2)

    assert [head.written.staff_loc for head in heads(fill, two)] == [7, 7, 7, 7, 3, 3]
    assert labels(fill, two) == ["Tom", "Floor tom"]
    assert labels(fill, replace(WEINBERG, toms=1)) == ["Tom"]
    assert labels(fill, replace(WEINBERG, toms=4)) == labels(fill, WEINBERG)


def test_two_toms_struck_together_in_one_place_are_one_head_that_is_seen():
    both = chart("Both", [{"1": "x---", "2": "x---"}])

    seen = [head.doubled for head in heads(both, replace(WEINBERG, toms=2))]
    svg = etree.fromstring(engrave_screen(both, profile=replace(WEINBERG, toms=2)).encode())
    groups = {
        group.get("id"): len(list(group.iter("{*}use"))) for group in svg.iter("{*}g") if group.get("id")
    }

    assert seen == [False, True]
    assert sorted(groups[placed.hit.id] for placed in both.hits) == [0, 1]


def test_what_is_hidden_is_not_drawn_and_its_rests_close_up():
    score = chart("Hidden", [{"h": "xxxx", "p": "x---"}, {"p": "xxxx"}, {}])
    profile = replace(WEINBERG, hidden=frozenset({InstrumentName.HIHAT_PEDAL}))

    groove, *empty = spell(score, profile)

    assert [voice.number for voice in groove.voices] == [1]
    assert all(bar.is_empty for bar in empty)
    assert labels(score, profile) == ["Hi-hat"]
    assert 'num="2"' in write_mei(score, profile=profile)  # a rest of two bars
    assert len(sounds(write_musicxml(score, profile))) == len(score.hits)


def test_small_notes_are_hidden_with_the_stroke_that_they_lead_to():
    score = chart("Hidden", [{"s": "f---", "h": "xxxx"}])

    shown = heads(score, replace(WEINBERG, hidden=frozenset({InstrumentName.SNARE})))

    assert {head.hit.instrument for head in shown} == {InstrumentName.HIHAT_CLOSED}


def test_one_voice_has_all_stems_up_and_its_rests_once():
    score = chart("One voice", [{"h": "x-x-", "k": "-x--"}])

    (bar,) = spell(score, replace(WEINBERG, voices=1))
    stems = {
        stem.text
        for stem in etree.fromstring(write_musicxml(score, replace(WEINBERG, voices=1))).iter("stem")
    }

    (voice,) = bar.voices
    assert [event.is_rest for event in voice.events] == [False, False, False, True]
    assert stems == {"up"}


def test_a_left_handed_kit_mirrors_the_key_and_swaps_the_hands():
    left = replace(WEINBERG, left_handed=True)

    assert labels(EVERYTHING, left) == labels(EVERYTHING, WEINBERG)[::-1]
    assert [head.sticking for head in heads(EVERYTHING, WEINBERG) if head.sticking] == ["R", "L"]
    assert [head.sticking for head in heads(EVERYTHING, left) if head.sticking] == ["L", "R"]


def test_a_plus_may_show_where_the_hihat_closes():
    score = chart("Closing", [{"h": "x-xx", "o": "-x--"}, {"o": "x---", "p": "-x--", "h": "--x-"}])

    marked = replace(WEINBERG, closed_marks=True)

    assert not any(head.closes for head in heads(score, WEINBERG))
    assert [head.closes for head in heads(score, marked)] == [False, False, True, False] + [False] * 3
    assert write_mei(score, profile=marked).count('artic="stop"') == 1
    assert write_musicxml(score, marked).count(b"<stopped/>") == 1


def test_berklee_writes_ride_and_hihat_in_each_others_place():
    assert BERKLEE.written(InstrumentName.RIDE).staff_loc == 9
    assert BERKLEE.written(InstrumentName.HIHAT_CLOSED).staff_loc == 8
    assert BERKLEE.written(InstrumentName.HIHAT_OPEN).notehead is Notehead.CIRCLE_CROSS
    assert BERKLEE.written(InstrumentName.SNARE) == WEINBERG.written(InstrumentName.SNARE)


@pytest.mark.slow
@pytest.mark.parametrize("profile", [WEINBERG, BERKLEE, OWN], ids=lambda profile: profile.name)
def test_every_chart_is_drawn_for_every_kit_with_each_shown_hit_once(profile):
    for score in CHARTS.values():
        svg = engrave_screen(score, profile=profile)

        groups = Counter(
            group.get("id") for group in etree.fromstring(svg.encode()).iter("{*}g") if group.get("id")
        )
        for placed in score.hits:
            assert groups[placed.hit.id] == profile.shows(placed.hit.instrument)
