"""Values, rests, beams, tuplets, and the marks of drum notation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings

from notation.core.engraving.layout import Layout, lay_out
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.spelling.emphasis import find_emphasis
from notation.core.spelling.spell import beam_states, spell
from notation.core.tests.any_score import scores
from notation.core.tests.songs import HALF_TIME, ROCK, SPARSE, make_song

F = Fraction
NAMES = {F(4): "1", F(2): "2", F(1): "4", F(1, 2): "8", F(1, 4): "16", F(1, 8): "32"}


def rhythm(bar, voice: int = 1) -> str:
    """One voice as text: ``8 16 r8 4.``; what is hidden is in brackets, tuplets end in ``/3``."""
    (found,) = [candidate for candidate in bar.voices if candidate.number == voice]
    words = []
    for event in found.events:
        if event.fills_bar:
            words.append("rest")
            continue
        word = ("r" if event.is_rest else "") + NAMES[event.base] + "." * event.dots
        if event.tuplet:
            word += f"/{event.tuplet.actual}"
        words.append(word if event.visible else f"[{word}]")
    return " ".join(words)


def one_bar(steps: dict[str, str], **keywords):
    return spell(make_song([steps], **keywords).score())[0]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("x---", "4 r4 r2"),
        ("xxxx", "4 4 4 4"),
        ("x-xxx-xx", "4 8 8 4 8 8"),
        ("x--xx-----------", "8. 16 4 r2"),
        ("xx--x-----------", "16 8. 4 r2"),
        ("xxx-x-----------", "16 16 8 4 r2"),
        ("xx-xx-----------", "16 8 16 4 r2"),
        ("-x--x-----------", "r16 8. 4 r2"),
        ("--x-x-----------", "r8 8 4 r2"),
        ("---xx-----------", "r8 r16 16 4 r2"),
        ("----x---", "r2 4 r4"),
        ("xxx---------", "8/3 8/3 8/3 r4 r2"),
        ("x-x---------", "4/3 8/3 r4 r2"),
        ("-xx---------", "r8/3 8/3 8/3 r4 r2"),
    ],
)
def test_a_note_lasts_to_the_next_or_to_the_end_of_its_beat(steps, expected):
    song = make_song([{"s": steps}] * 4)

    assert rhythm(spell(song.score())[0]) == expected


def test_sextuplets_and_split_eighths():
    song = make_song([{"s": "xxxxxx------------------"}, {"s": "x--xxx------------------"}] * 4, bpm=80)
    bars = spell(song.score())

    assert rhythm(bars[0]) == "16/6 16/6 16/6 16/6 16/6 16/6 r4 r2"
    assert rhythm(bars[1]) == "8 16/3 16/3 16/3 r4 r2"


def test_a_quarter_note_triplet_spans_two_beats():
    bars = spell(make_song([{"s": "xxx---", "k": "x---"}] * 4).score())

    assert rhythm(bars[0]) == "4/3 4/3 4/3 r2"


@pytest.mark.parametrize(
    ("steps", "meter", "expected"),
    [
        ("xxxxxx", (6, 8), "8 8 8 8 8 8"),
        ("x-xx--", (6, 8), "4 8 4."),
        ("---xxx", (6, 8), "r4. 8 8 8"),
        ("x-xxx-x-----", (6, 8), "8 16 16 8 4."),
        ("x--------xxx", (12, 8), "4. r4. r4. 8 8 8"),
        ("x-----", (3, 4), "4 r4 r4"),
        ("x-x-x-x-x-x-x-", (7, 8), "8 8 8 8 8 8 8"),
        ("x-----x-------", (7, 8), "4 r8 8 r4."),
        ("x-x-", (2, 2), "4 r4 4 r4"),
    ],
)
def test_each_meter_has_its_own_units(steps, meter, expected):
    assert rhythm(one_bar({"s": steps}, meter=meter)) == expected


def test_silent_feet_have_no_voice_and_shared_silence_one_rest():
    alone = one_bar({"s": "xxxx"})
    shared = one_bar({"s": "x---", "k": "x---"})

    assert [voice.number for voice in alone.voices] == [1]
    assert rhythm(shared, 1) == "4 r4 r2"
    assert rhythm(shared, 2) == "4 [r4] [r2]"


def test_an_empty_bar_has_one_rest():
    bars = spell(make_song([{"k": "x---"}, {}, {"k": "x---"}]).score())

    assert rhythm(bars[1]) == "rest"


def test_plain_eighths_are_beamed_by_the_half_bar():
    (voice,) = one_bar({"h": "x-x-x-x-x-x-x-x-"}).voices

    assert [event.beam for event in voice.events] == [1, 1, 1, 1, 3, 3, 3, 3]


def test_mixed_values_are_beamed_by_the_beat():
    (voice,) = one_bar({"h": "x-xxx-xxx-x-x-x-"}).voices

    assert len({event.beam for event in voice.events[:6]}) == 2


def test_thirty_seconds_are_parted_at_the_eighth():
    song = make_song([{"s": "xxxxxxxx------------------------"}] * 4, bpm=70)
    voice = spell(song.score())[0].voices[0]

    states = beam_states(voice.events)

    assert [states[index][1] for index in range(8)] == ["begin", "continue", "continue", "end"] * 2
    assert states[3][0] == "continue"


def test_a_swung_bar_is_written_straight():
    song = make_song([{"r": "x-xx-xx-xx-x", "k": "x-----x-----"}] * 8)
    score = song.score()

    assert score.swing_marks
    assert rhythm(spell(score)[0]) == "8 8 8 8 8 8 8 8"


def test_swung_sixteenths_are_written_straight():
    song = make_song([{"h": "x-xx-xx-xx-xx-xx-xx-xx-x", "k": "x-----x-----"}] * 6, bpm=85)
    score = song.score()

    assert rhythm(spell(score)[0]) == " ".join(["16 16 16 16"] * 4)


def test_ghosts_are_soft_for_the_song_not_by_number():
    quiet = [Hit(f"q{i}", i, InstrumentName.SNARE, 60, 1) for i in range(12)]
    loud = [Hit(f"l{i}", i, InstrumentName.SNARE, 110, 1) for i in range(12)]
    ghost = Hit("g", 99, InstrumentName.SNARE, 50, 1)

    assert find_emphasis([*quiet, ghost]).ghosts == frozenset()
    assert find_emphasis([*loud, ghost]).ghosts == {"g"}


def test_a_soft_hihat_is_no_ghost():
    hats = [Hit(f"h{i}", i, InstrumentName.HIHAT_CLOSED, 100 if i % 2 else 35, 1) for i in range(16)]

    assert not find_emphasis(hats).ghosts


def test_accents_stand_out_and_a_loud_song_has_none():
    usual = [Hit(f"u{i}", i, InstrumentName.SNARE, 90, 1) for i in range(15)]
    accent = Hit("a", 99, InstrumentName.SNARE, 124, 1)
    backbeats = [Hit(f"b{i}", i, InstrumentName.SNARE, 124, 1) for i in range(15)]

    assert find_emphasis([*usual, accent]).accents == {"a"}
    assert not find_emphasis([*usual, *backbeats]).accents


def test_a_flam_is_a_grace_note_before_its_chord():
    (hands, _) = spell(make_song(ROCK).score())[6].voices

    graced = [event for event in hands.events if event.graces]
    assert len(graced) == 1
    assert graced[0].graces[0][0].hit.instrument is InstrumentName.SNARE
    assert graced[0].onset == 1


def test_a_drag_has_two_grace_notes():
    hands = spell(make_song(HALF_TIME, bpm=88).score())[1].voices[0]

    assert [len(event.graces) for event in hands.events if event.graces] == [2]


def test_equal_bars_become_repeat_signs_but_not_at_a_line_start():
    score = make_song([ROCK[1]] * 8).score()

    measures = lay_out(score, spell(score), Layout())

    assert [measure.is_simile for measure in measures] == [False, True, True, True] * 2
    assert [measure.starts_line for measure in measures] == [True, False, False, False] * 2


def test_bars_that_differ_in_a_ghost_note_are_both_written():
    other = {**ROCK[1], "s": "----x--g----x---"}
    score = make_song([ROCK[1], other, ROCK[1], ROCK[1]] * 3).score()

    measures = lay_out(score, spell(score), Layout())

    assert [measure.is_simile for measure in measures[:4]] == [False, False, False, True]


def test_long_rests_are_folded_and_end_at_a_section():
    score = make_song(SPARSE).score()
    bars = tuple(replace(bar, section="B") if bar.number == 8 else bar for bar in score.bars)
    score = replace(score, bars=bars)

    measures = lay_out(score, spell(score), Layout())

    assert [(m.number, m.bars) for m in measures if m.spelled.is_empty] == [(1, 4), (6, 2), (8, 5), (15, 1)]
    assert [m.number for m in measures if m.starts_line and m.spelled.bar.section] == [8]


def test_dense_bars_stand_two_on_a_line():
    kicks = ("x---", "x-x-", "xx--", "x--x", "-x--", "--x-", "xxxx", "x-xx")
    score = make_song([{"h": "x" * 16, "k": kick} for kick in kicks]).score()

    measures = lay_out(score, spell(score), Layout())

    assert [measure.number for measure in measures if measure.starts_line] == [1, 3, 5, 7]


# --- any music at all ----------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scores())
def test_any_score_fills_its_bars_and_shows_every_hit_once(score):
    shown: Counter[str] = Counter()
    for bar in spell(score):
        for voice in bar.voices:
            at = F(0)
            for event in voice.events:
                assert event.onset == at
                at += event.duration
                if not event.fills_bar:
                    value = event.base * (F(3, 2) if event.dots else 1)
                    ratio = F(event.tuplet.normal, event.tuplet.actual) if event.tuplet else 1
                    assert value * ratio == event.duration
                shown.update(head.hit.id for head in event.heads)
                shown.update(head.hit.id for chord in event.graces for head in chord)
            assert at == bar.bar.quarters
            for states in beam_states(voice.events).values():
                assert states
    assert shown == Counter(placed.hit.id for placed in score.hits)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scores())
def test_beams_and_tuplets_of_any_score_nest(score):
    for bar in spell(score):
        for voice in bar.voices:
            beams: dict[int, set[int]] = {}
            tuplets: dict[object, set[int]] = {}
            for index, event in enumerate(voice.events):
                if event.beam is not None:
                    beams.setdefault(event.beam, set()).add(index)
                if event.tuplet is not None:
                    tuplets.setdefault(event.tuplet, set()).add(index)
            for beam in beams.values():
                for tuplet in tuplets.values():
                    assert beam <= tuplet or tuplet <= beam or not beam & tuplet


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scores())
def test_any_score_has_well_formed_beams(score):
    for bar in spell(score):
        for voice in bar.voices:
            states = beam_states(voice.events)
            for level in range(5):
                depth = 0
                for index in sorted(states):
                    if level < len(states[index]):
                        state = states[index][level]
                        depth += {"begin": 1, "end": -1}.get(state, 0)
                        assert depth in (0, 1)
                        assert not (state == "continue" and depth == 0)
                assert depth == 0
