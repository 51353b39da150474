"""Marks on notes: what each looks like in the picture, and how it is written in MusicXML."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from lxml import etree

from notation.core.engraving.drum_key import draw_drum_key
from notation.core.engraving.engrave import engrave_screen
from notation.core.engraving.layout import Layout, lay_out
from notation.core.engraving.mei import write_mei
from notation.core.hits import Hit
from notation.core.instruments import InstrumentName
from notation.core.kit_profile import WEINBERG
from notation.core.score import Mark, Score
from notation.core.spelling.emphasis import emphasis_of, find_emphasis
from notation.core.spelling.spell import spell
from notation.core.tests.charts import CHARTS, chart
from notation.core.writers.musicxml import write_musicxml

SNARE, OPEN = InstrumentName.SNARE, InstrumentName.HIHAT_OPEN


def marked(score: Score, instrument: InstrumentName, *marks: Mark) -> Score:
    """The score with the same marks on every stroke of one instrument."""
    hits = tuple(
        replace(placed, marks=frozenset(marks)) if placed.hit.instrument is instrument else placed
        for placed in score.hits
    )
    return replace(score, hits=hits)


def drawn(score: Score) -> etree._Element:
    return etree.fromstring(write_mei(score).encode())


def written(score: Score) -> etree._Element:
    return etree.fromstring(write_musicxml(score))


def test_a_person_overrules_the_velocity():
    score = chart("Marks", [{"s": "xxxxxxxg"}, {"s": "xxxxxxxX"}])
    by_velocity = emphasis_of(score.hits)
    first, ghost, accent = score.hits[0], score.hits[7], score.hits[15]

    plain = tuple(replace(hit, marks=frozenset({Mark.PLAIN})) for hit in (ghost, accent))
    loud = replace(first, marks=frozenset({Mark.ACCENT}))
    corrected = emphasis_of((loud, *score.hits[1:7], plain[0], *score.hits[8:15], plain[1]))

    assert (by_velocity.ghosts, by_velocity.accents) == ({ghost.hit.id}, {accent.hit.id})
    assert (corrected.ghosts, corrected.accents) == (frozenset(), {first.hit.id})


def test_small_notes_do_not_count_as_soft_strokes():
    score = chart("Marks", [{"s": "ffffffff"}])

    found = emphasis_of(score.hits)

    assert not found.ghosts
    assert not found.accents


def test_ghost_notes_are_found_where_most_strokes_are_ghosts():
    soft = [Hit(f"g{i}", i, SNARE, 22 + i % 9, 1) for i in range(80)]
    backbeats = [Hit(f"b{i}", i, SNARE, 108 + i % 9, 1) for i in range(12)]

    found = find_emphasis([*soft, *backbeats])

    assert found.ghosts == {hit.id for hit in soft}
    assert not found.accents


def test_without_two_groups_only_the_softest_are_ghosts():
    gradual = [Hit(f"h{i}", i, SNARE, 20 + i, 1) for i in range(100)]

    ghosts = find_emphasis(gradual).ghosts

    assert max(hit.velocity for hit in gradual if hit.id in ghosts) < 0.46 * 115


def test_a_crash_is_accented_only_by_a_person():
    crashes = [Hit(f"c{i}", i, InstrumentName.CRASH, 80, 1) for i in range(15)]
    loud = Hit("loud", 99, InstrumentName.CRASH, 127, 1)

    assert not find_emphasis([*crashes, loud]).accents


def test_a_half_open_hihat_has_a_slashed_circle_instead_of_the_open_one():
    score = chart("Marks", [{"o": "hx--"}])

    picture, file = drawn(score), written(score)

    assert ["".join(mark.itertext()) for mark in picture.iter("{*}dir")] == ["ø"]
    assert [artic.get("artic") for artic in picture.iter("{*}artic")] == ["open"]
    technical = [[mark.tag for mark in group] for group in file.iter("technical")]
    assert technical == [["half-muted"], ["open-string"]]


def test_a_choke_is_a_damping_sign():
    score = chart("Marks", [{"c": "c--x"}])

    assert [artic.get("artic") for artic in drawn(score).iter("{*}artic")] == ["damp"]
    assert len(list(written(score).iter("staccatissimo"))) == 1


def test_a_rim_shot_has_a_slashed_head_also_as_a_ghost():
    score = marked(chart("Marks", [{"s": "xx--"}]), SNARE, Mark.RIM_SHOT, Mark.GHOST)

    notes, heads = list(drawn(score).iter("{*}note")), list(written(score).iter("notehead"))

    assert {(note.get("head.shape"), note.get("head.mod")) for note in notes} == {("U+E0CF", "paren")}
    assert {(head.text, head.get("parentheses")) for head in heads} == {("slashed", "yes")}


def test_sticking_stands_above_the_hands_and_below_the_feet():
    score = marked(chart("Marks", [{"s": "RLRL", "k": "x-x-"}]), InstrumentName.KICK, Mark.RIGHT)

    letters = Counter((mark.text, mark.get("place")) for mark in drawn(score).iter("{*}fing"))
    fingerings = Counter((mark.text, mark.get("placement")) for mark in written(score).iter("fingering"))

    expected = Counter({("R", "above"): 2, ("L", "above"): 2, ("R", "below"): 2})
    assert letters == fingerings == expected


def test_bars_that_differ_in_a_mark_are_both_written():
    score = chart("Marks", [{"s": "xxxx"}, {"s": "xxxx"}, {"s": "xxxm"}, {"s": "RxxL"}])

    measures = lay_out(score, spell(score), Layout())

    assert [measure.is_simile for measure in measures] == [False, True, False, False]


def test_the_drum_key_explains_the_marks_that_need_it_once():
    score = chart("Marks", [{"o": "hh--", "c": "c---", "C": "c---", "s": "m-gX"}])

    texts = [text.text for text in draw_drum_key(score).iter("{*}text")]

    assert [text for text in texts if text != "ø"] == [
        "China", "Choke", "Crash", "Half-open hi-hat", "Snare", "Rim shot",
    ]  # fmt: skip


def test_a_key_with_symbols_above_high_cymbals_grows_upwards():
    plain, choked = chart("Marks", [{"C": "x---"}]), chart("Marks", [{"C": "xc--"}])

    tops = [float(draw_drum_key(score).get("viewBox").split()[1]) for score in (plain, choked)]

    assert tops[0] == 0
    assert tops[1] < 0


@pytest.mark.parametrize("name", ["half-time", "flams"])
def test_every_mark_can_be_drawn_together(name):
    score = CHARTS[name]
    everything = frozenset({Mark.ROLL, Mark.RIGHT, Mark.ACCENT})
    more = {SNARE: {Mark.RIM_SHOT}, OPEN: {Mark.HALF_OPEN, Mark.CHOKE}, InstrumentName.CRASH: {Mark.CHOKE}}
    hits = tuple(
        replace(placed, marks=everything | more.get(placed.hit.instrument, set())) for placed in score.hits
    )

    svg = engrave_screen(replace(score, hits=hits))

    assert all(f'id="{placed.hit.id}"' in svg for placed in hits)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(CHARTS))
def test_music21_reads_every_chart_with_its_marks_back(name):
    from music21 import articulations, chord, converter, expressions, note  # slow to import

    score = CHARTS[name]
    starts, at = {}, Fraction(0)
    for bar in score.bars:
        starts[bar.number] = at
        at += bar.quarters

    read = converter.parseData(write_musicxml(score), format="musicxml")

    heard: Counter[tuple[object, ...]] = Counter()
    marks: Counter[str] = Counter()
    for element in read.recurse().getElementsByClass((note.Unpitched, chord.ChordBase)):
        onset = Fraction(element.getOffsetInHierarchy(read)).limit_denominator(96)
        for member in element.notes if isinstance(element, chord.ChordBase) else (element,):
            heard[(onset, member.displayStep, member.displayOctave)] += 1
        kinds = {"wedge": articulations.Staccatissimo, "letter": articulations.Fingering}
        for word, kind in kinds.items():
            marks[word] += sum(isinstance(mark, kind) for mark in element.articulations)
        marks["roll"] += sum(isinstance(mark, expressions.Tremolo) for mark in element.expressions)
    wanted: Counter[tuple[object, ...]] = Counter()
    for bar in spell(score):
        for voice in bar.voices:
            for event in voice.events:
                for head in (*event.heads, *(head for small in event.graces for head in small)):
                    place = WEINBERG.written(head.hit.instrument)
                    wanted[
                        (starts[bar.bar.number] + event.onset, place.display_step, place.display_octave)
                    ] += 1
    assert heard == wanted
    assert sum(heard.values()) == len(score.hits)
    said = [mark for placed in score.hits for mark in placed.marks]
    assert marks["wedge"] == said.count(Mark.CHOKE)
    assert marks["roll"] == said.count(Mark.ROLL)
    assert marks["letter"] == said.count(Mark.RIGHT) + said.count(Mark.LEFT)


def test_a_tempo_leaves_room_for_the_number_of_a_tuplet_below_it():
    score = chart("Marks", [{"s": "xxx---------"}, {"s": "xxx---------"}, {"s": "x--xxx------"}])

    measures = list(drawn(score).iter("{*}measure"))

    assert [[mark.text for mark in measure.iter("{*}dir")] for measure in measures] == [["\u00a0"], [], []]
