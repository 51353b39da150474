"""The rules of drum notation, one after the other, on bars written by hand.

Numbers are those of the list in docs/notation-rules.md.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from notation.core.engraving.layout import Layout, lay_out
from notation.core.engraving.mei import write_mei
from notation.core.instruments import InstrumentName
from notation.core.kit_profile import BERKLEE, WEINBERG, profile_from_json
from notation.core.score import Mark, ScoreHit, Swing, SwingMark
from notation.core.spelling.emphasis import find_emphasis
from notation.core.spelling.rhythm import units_of
from notation.core.spelling.spell import Event, SpelledBar, beam_states, spell
from notation.core.tests.any_score import METERS, scores
from notation.core.tests.charts import chart
from notation.core.writers.musicxml import write_musicxml

F = Fraction
NAMES = {F(4): "1", F(2): "2", F(1): "4", F(1, 2): "8", F(1, 4): "16", F(1, 8): "32"}
MEI = "{http://www.music-encoding.org/ns/mei}"
PROFILES = [
    WEINBERG,
    profile_from_json({"voices": 1, "toms": 1}),
    replace(BERKLEE, unison_fills=True, toms=2, left_handed=True),
]


def bars(*steps, profile=WEINBERG, **keywords) -> tuple[SpelledBar, ...]:
    return spell(chart("Rule", steps, **keywords), profile)


def rhythm(bar: SpelledBar, voice: int = 1) -> str:
    """One voice as text: ``8 16 r8 4.``; what is hidden is in brackets, tuplets end in ``/3``."""
    (found,) = [candidate for candidate in bar.voices if candidate.number == voice]
    words = []
    for event in found.events:
        word = ("r" if event.is_rest else "") + NAMES[event.base] + "." * event.dots
        word += f"/{event.tuplet.actual}" if event.tuplet else ""
        words.append("rest" if event.fills_bar else word if event.visible else f"[{word}]")
    return " ".join(words)


def beams(bar: SpelledBar, voice: int = 1) -> str:
    """Which notes of a voice are beamed together: ``(8 8) 4 8``."""
    (found,) = [candidate for candidate in bar.voices if candidate.number == voice]
    groups: list[tuple[int | None, list[str]]] = []
    for event in found.events:
        if event.is_rest and event.beam is None:
            continue
        word = ("r" if event.is_rest else "") + NAMES[event.base] + "." * event.dots
        if event.beam is not None and groups and groups[-1][0] == event.beam:
            groups[-1][1].append(word)
        else:
            groups.append((event.beam, [word]))
    return " ".join(f"({' '.join(words)})" if beam else words[0] for beam, words in groups)


def elements(score, name: str) -> list[etree._Element]:
    return list(etree.fromstring(write_mei(score).encode()).iter(f"{MEI}{name}"))


# --- 1: voices ---------------------------------------------------------------------------------------------


def test_1_what_is_struck_together_by_the_hands_is_one_chord():
    (bar,) = bars({"h": "x---", "s": "x---", "k": "x---"})
    hands, feet = bar.voices

    assert [head.hit.instrument for head in hands.events[0].heads] == ["snare", "hihat_closed"]
    assert [head.hit.instrument for head in feet.events[0].heads] == ["kick"]


def test_1_a_silent_voice_is_left_out():
    without_feet, without_hands = bars({"h": "xxxx"}, {"k": "xxxx"})

    assert [voice.number for voice in without_feet.voices] == [1]
    assert [voice.number for voice in without_hands.voices] == [2]


def test_1_a_unison_fill_may_be_one_voice():
    fill, groove = {"s": "xx-x", "k": "xx-x"}, {"s": "-x-x", "k": "x-x-"}

    apart = bars(fill, groove)
    joined = bars(fill, groove, profile=replace(WEINBERG, unison_fills=True))

    assert [len(bar.voices) for bar in apart] == [2, 2]
    assert [len(bar.voices) for bar in joined] == [1, 2]
    assert rhythm(joined[0]) == "4 4 r4 4"


# --- 2 and 3: values and dots -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "meter", "expected"),
    [
        ("x-------x-------", (4, 4), "4 r4 4 r4"),
        ("x--x--x---------", (4, 4), "8. 16 r8 8 r2"),
        ("xx--------------", (4, 4), "16 8. r4 r2"),
        ("x----x", (6, 8), "4. r4 8"),
        ("x--x--", (6, 8), "4. 4."),
        ("x---------", (5, 8), "4. r4"),
    ],
)
def test_2_and_3_no_value_crosses_a_beat_and_dots_stay_inside_one(steps, meter, expected):
    assert rhythm(bars({"s": steps}, meter=meter)[0]) == expected


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scores())
def test_2_and_3_hold_for_any_music_and_any_kit(score):
    assert len(METERS) >= 9
    for profile in PROFILES:
        shown: Counter[str] = Counter()
        for bar in spell(score, profile):
            for voice in bar.voices:
                assert sum((event.duration for event in voice.events), F(0)) == bar.bar.quarters
                for event in voice.events:
                    assert stays_in_its_beat(bar, event)
                    assert not (event.is_rest and event.dots) or event.duration in (F(3, 2), F(3))
                    shown.update(head.hit.id for head in event.heads)
                    shown.update(head.hit.id for small in event.graces for head in small)
        assert shown == Counter(placed.hit.id for placed in score.hits)


def stays_in_its_beat(bar: SpelledBar, event: Event) -> bool:
    """Only empty beats and quarter-note triplets are longer than a beat; they fill two, or the bar."""
    end, start = event.onset + event.duration, F(0)
    for length in units_of(bar.bar.meter, bar.bar.quarters):
        if start <= event.onset and end <= start + length:
            return True
        start += length
    if event.is_rest and event.tuplet is None:
        return event.fills_bar or event.onset % event.duration == 0
    return event.tuplet is not None and event.tuplet.length == 2 and event.base <= 1


def test_2_nothing_is_tied():
    root = etree.fromstring(
        write_musicxml(chart("Rule", [{"s": "x--x--x--x--x-x-", "k": "x-----x-----x---"}]))
    )

    assert not list(root.iter("tie", "tied"))


# --- 4 and 5: rests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "meter", "expected"),
    [
        ("x---", (4, 4), "4 r4 r2"),
        ("x--x", (4, 4), "4 r4 r4 4"),
        ("--x-", (4, 4), "r2 4 r4"),
        ("------x-----", (12, 8), "r2. 4. r4."),
        ("x--", (3, 4), "4 r4 r4"),
    ],
)
def test_4_rests_of_empty_beats_never_hide_the_middle_of_the_bar(steps, meter, expected):
    assert rhythm(bars({"s": steps}, meter=meter)[0]) == expected


def test_4_empty_bars_are_one_long_rest_up_to_a_change():
    score = chart("Rule", [{}, {}, {}, {"k": "x---"}])

    measures = lay_out(score, spell(score), Layout())

    assert [measure.bars for measure in measures] == [3, 1]
    assert rhythm(spell(score)[0]) == "rest"


def test_5_shared_silence_is_one_rest():
    (bar,) = bars({"s": "x--x", "k": "x-x-"})

    assert rhythm(bar, 1) == "4 r4 r4 4"
    assert rhythm(bar, 2) == "4 [r4] 4 r4"


# --- 6: beams -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "meter", "expected"),
    [
        ("x-x-x-x-x-x-x-x-", (4, 4), "(8 8 8 8) (8 8 8 8)"),
        ("x-x-xxx-x-x-x-x-", (4, 4), "(8 8) (16 16 8) (8 8 8 8)"),
        ("x--xx-x-x---x-x-", (4, 4), "(8. 16) (8 8) 4 (8 8)"),
        ("--x-x---x-------", (4, 4), "8 4 4"),
        ("xxxxxxx", (7, 8), "(8 8) (8 8) (8 8 8)"),
        ("xxxxxx", (6, 8), "(8 8 8) (8 8 8)"),
        ("xxxxx", (5, 8), "(8 8 8) (8 8)"),
        ("xxx-xx--x-------", (4, 4), "(16 16 8) (16 8.) 4"),
    ],
)
def test_6_beams_show_the_beats(steps, meter, expected):
    assert beams(bars({"s": steps}, meter=meter)[0]) == expected


# --- 7 and 12: tuplets --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "meter", "expected"),
    [
        ("xxx---------", (4, 4), "8/3 8/3 8/3 r4 r2"),
        ("xxxxx---------------", (4, 4), "16/5 16/5 16/5 16/5 16/5 r4 r2"),
        ("x--x----------------", (4, 4), "8./5 8/5 r4 r2"),
        ("xxxxxxx---------------------", (4, 4), "16/7 16/7 16/7 16/7 16/7 16/7 16/7 r4 r2"),
        ("xxxxxx------------------", (4, 4), "16/6 16/6 16/6 16/6 16/6 16/6 r4 r2"),
        ("x--xxx------------------", (4, 4), "8 16/3 16/3 16/3 r4 r2"),
        ("xxx---", (4, 4), "4/3 4/3 4/3 r2"),
        ("xx--", (6, 8), "8/2 8/2 r4."),
        ("xxxx----", (6, 8), "8/4 8/4 8/4 8/4 r4."),
        ("xxxx--x-", (6, 8), "8/4 8/4 8/4 8/4 r8/2 8/2"),
    ],
)
def test_7_each_beat_of_a_voice_has_one_tuplet_at_most(steps, meter, expected):
    assert rhythm(bars({"s": steps}, meter=meter)[0]) == expected


def test_7_a_tuplet_has_a_bracket_unless_one_beam_shows_it():
    score = chart("Rule", [{"s": "xxxxx-xxx-xx", "k": "xxxx-x------"}])

    hands = [element for element in elements(score, "tuplet") if element.get("num.place") == "above"]
    feet = [element for element in elements(score, "tuplet") if element.get("num.place") == "below"]
    written = etree.fromstring(write_musicxml(score)).findall(".//tuplet[@type='start']")

    assert [element.get("bracket.visible") for element in hands] == ["false", "true", "false", "true"]
    assert [element.get("bracket.visible") for element in feet] == ["false", "true"]
    assert [element.get("bracket") for element in written] == ["no", "yes", "no", "yes", "no", "yes"]


def test_12_what_cannot_be_written_together_is_moved_to_the_nearest_grid():
    score = chart("Rule", [{"s": "x---", "k": "x---"}])
    snare = next(placed for placed in score.hits if placed.hit.instrument is InstrumentName.SNARE)
    stray = [
        replace(snare, hit=replace(snare.hit, id=f"s{index}"), position=place)
        for index, place in enumerate((F(1, 5), F(1, 4), F(3, 7), F(2, 3)))
    ]
    score = replace(score, hits=(*score.hits, *stray))

    (bar,) = spell(score)

    heads = [head.hit.id for event in bar.voices[0].events for head in event.heads]
    assert sorted(heads) == ["h2", "s0", "s1", "s2", "s3"]


# --- 8: swing -----------------------------------------------------------------------------------------------


def test_8_swing_is_written_straight_only_in_its_section():
    shuffle = {"r": "x-xx-xx-xx-x"}
    score = chart("Rule", [shuffle] * 3)
    score = replace(score, swing_marks=(SwingMark(2, Swing.EIGHTHS), SwingMark(3, None)))

    triplets, swung, again = spell(score)

    assert rhythm(triplets) == rhythm(again) == "4/3 8/3 4/3 8/3 4/3 8/3 4/3 8/3"
    assert rhythm(swung) == "8 8 8 8 8 8 8 8"
    root = etree.fromstring(write_musicxml(score))
    assert [measure.findtext(".//swing-type") for measure in root.iter("measure")] == [None, "eighth", None]
    assert root.find(".//measure[@number='3']//swing/straight") is not None


def test_8_a_beat_with_all_three_triplets_is_a_triplet_under_the_mark_too():
    (bar,) = bars({"r": "x-xx-xxxxx-x"}, swing=Swing.EIGHTHS)

    assert rhythm(bar) == "8 8 8 8 8/3 8/3 8/3 8 8"


# --- 10: emphasis -------------------------------------------------------------------------------------------


def test_10_ghost_notes_are_in_brackets_and_accents_on_the_stems_side():
    groove = {"s": "----x--g----x--g", "k": "x-------x-------"}
    score = chart("Rule", [groove] * 4 + [{"s": "----X-----------", "k": "x-------X-------"}])

    ghosts = [note for note in elements(score, "note") if note.get("head.mod") == "paren"]

    assert {note.get("loc") for note in ghosts} == {"5"}
    assert [artic.get("place") for artic in elements(score, "artic")] == ["above", "below"]


def test_10_a_loud_backbeat_is_not_accented():
    score = chart("Rule", [{"s": "x--gX-gx--gxX-xx"}] * 6)

    assert not find_emphasis(placed.hit for placed in score.hits).accents


# --- 11: flams, drags, rolls --------------------------------------------------------------------------------


@pytest.mark.parametrize(("letter", "voice"), [("s", 1), ("k", 2)])
def test_11_a_flam_is_a_small_note_in_the_voice_of_its_drum(letter, voice):
    (bar,) = bars({letter: "--f-", "h" if voice == 2 else "p": "xxxx"})

    (graced,) = [event for event in bar.voices[voice - 1].events if event.graces]
    assert graced.onset == 2
    assert [len(small) for small in graced.graces] == [1]


def test_11_a_small_note_of_the_feet_that_leads_to_a_hand_is_written_with_it():
    score = chart("Rule", [{"s": "f---", "k": "--x-"}])
    grace, *rest = score.hits
    score = replace(
        score, hits=(replace(grace, hit=replace(grace.hit, instrument=InstrumentName.KICK)), *rest)
    )

    hands, _ = spell(score)[0].voices

    assert [head.hit.instrument for head in hands.events[0].graces[0]] == ["kick"]


def test_11_two_drums_flammed_together_share_the_last_small_chord():
    (bar,) = bars({"s": "d---", "3": "f---"})

    graces = bar.voices[0].events[0].graces

    assert [[head.hit.instrument for head in small] for small in graces] == [["snare"], ["tom_low", "snare"]]


def test_11_a_flam_that_begins_a_beam_or_a_tuplet_stands_before_it():
    beamed = elements(chart("Rule", [{"s": "fx--x---"}]), "layer")[0]
    in_tuplet = elements(chart("Rule", [{"s": "fxxx--x--x--"}]), "layer")[0]
    inside = elements(chart("Rule", [{"s": "xfxx--x--x--"}]), "layer")[0]

    assert beamed[0].get("grace") == "unacc"
    assert beamed[1].tag == f"{MEI}beam"
    assert in_tuplet[0].get("grace") == "unacc"
    assert in_tuplet[1].tag == f"{MEI}tuplet"
    assert inside[0].tag == f"{MEI}tuplet"
    assert [note.get("grace") for note in inside[0][0]] == [None, "unacc", None, None]


def test_11_a_rest_before_a_flam_stays_before_it():
    (layer, *_) = elements(chart("Rule", [{"s": "--f-----"}]), "layer")

    assert [element.tag.removeprefix(MEI) for element in layer][:3] == ["rest", "note", "note"]


@pytest.mark.parametrize(
    ("steps", "slashes"), [("r---", [3]), ("rr------", [2, 2]), ("rrrr------------", [1, 1, 1, 1])]
)
def test_11_a_roll_has_three_beams_and_slashes_together(steps, slashes):
    score = chart("Rule", [{"s": steps}])

    (voice,) = spell(score)[0].voices
    root = etree.fromstring(write_musicxml(score))

    assert [event.slashes for event in voice.events if not event.is_rest] == slashes
    assert [int(tremolo.text) for tremolo in root.iter("tremolo")] == slashes
    assert [element.get("unitdur") for element in elements(score, "bTrem")] == ["32"] * len(slashes)


def test_11_fast_strokes_are_beamed_by_the_eighth():
    (bar,) = bars({"s": "xxxxxxxx------------------------"})

    states = beam_states(bar.voices[0].events)

    assert [states[index][1] for index in range(8)] == ["begin", "continue", "continue", "end"] * 2


def test_11_each_drum_of_a_flam_has_its_own_slur_from_its_first_small_note():
    score = chart("Rule", [{"s": "d---", "3": "f---", "h": "x---"}])
    starts = {placed.hit.instrument: placed.hit.id for placed in reversed(score.hits) if placed.is_grace}
    ends = {placed.hit.instrument: placed.hit.id for placed in score.hits if not placed.is_grace}

    slurs = {(slur.get("startid")[1:], slur.get("endid")[1:]) for slur in elements(score, "slur")}
    written = etree.fromstring(write_musicxml(score)).findall(".//slur")

    assert slurs == {(starts[name], ends[name]) for name in ("snare", "tom_low")}
    assert Counter((slur.get("type"), slur.get("number")) for slur in written) == Counter(
        {("start", "1"): 1, ("stop", "1"): 1, ("start", "2"): 1, ("stop", "2"): 1}
    )


def test_10_in_a_chord_the_accent_stands_on_the_head_that_has_it():
    score = chart("Rule", [{"h": "x" * 16, "s": "X---x---x---x---"}])
    loud = next(placed.hit.id for placed in score.hits if placed.hit.velocity > 120)
    accented = replace(score, hits=tuple(with_accent(placed, loud) for placed in score.hits))

    notes = [
        note.get("id")
        for note in etree.fromstring(write_musicxml(accented)).iter("note")
        if note.find(".//accent") is not None
    ]

    assert notes == [loud]


def with_accent(placed: ScoreHit, chosen: str) -> ScoreHit:
    mark = Mark.ACCENT if placed.hit.id == chosen else Mark.PLAIN
    return replace(placed, marks=frozenset({mark}))
