"""What is drawn, and what happens when the engraver does not survive it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from lxml import etree

from notation.core.engraving import engrave
from notation.core.engraving.engrave import (
    engrave_bars,
    engrave_drum_key,
    engrave_pages,
    engrave_screen,
)
from notation.core.engraving.layout import Layout, lay_out
from notation.core.errors import EngravingFailed
from notation.core.instruments import InstrumentName
from notation.core.kit_profile import WEINBERG
from notation.core.playback import bar_id
from notation.core.spelling.spell import spell
from notation.core.tests.any_score import scores
from notation.core.tests.charts import CHARTS
from notation.core.tests.songs import LETTERS, METAL, ROCK, SONGS, SPARSE, make_song

GROOVE = {"h": "x-x-x-x-x-x-x-x-", "s": "----x-------x---"}
STEPS = str.maketrans("01", "-x")


def ids(svg: str) -> Counter[str]:
    return Counter(re.findall(r' id="([^"]+)"', svg))


def texts(svg: str) -> list[str]:
    return [text.text for text in etree.fromstring(svg).iter("{*}text")]


def test_every_hit_and_every_bar_is_a_group_with_its_id(song):
    score = song.score()

    svg = engrave_screen(score, "desktop")

    found = ids(svg)
    assert {found[hit.id] for hit in song.hits} <= {1}
    shown = {bar_id(bar.number) for bar in score.bars} & set(found)
    silent = {bar.number for bar in score.bars} - {placed.bar for placed in score.hits}
    assert shown >= {bar_id(bar.number) for bar in score.bars if bar.number not in silent}
    assert max(found.values()) == 1


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(scores())
def test_any_score_shows_every_hit_once(score):
    found = ids(engrave_screen(score, "tablet"))

    assert {found[placed.hit.id] for placed in score.hits} <= {1}


def test_a_note_group_holds_its_head():
    svg = etree.fromstring(engrave_screen(make_song([{"k": "x---"}]).score(), "phone"))

    (note,) = svg.xpath("//*[@id='h1']")
    assert note.get("class") == "note"
    assert note.find("{*}use") is not None
    assert note.getparent().get("id") == "bar-1"


def test_bars_alone_have_their_own_notes_and_no_others():
    score = SONGS["half_time"].score()

    drawn = engrave_bars(score, [2, 4, 99])

    assert set(drawn) == {2, 4}
    for number, svg in drawn.items():
        assert set(ids(svg)) - {name for name in ids(svg) if name.startswith("glyph-")} == {
            bar_id(number),
            *(placed.hit.id for placed in score.hits if placed.bar == number),
        }


def test_a_bar_alone_says_where_its_staff_lies():
    (svg,) = engrave_bars(SONGS["rock"].score(), [3]).values()

    (measure,) = etree.fromstring(svg).xpath("//*[@class='measure']")
    assert float(measure.get("data-staff-bottom")) - float(measure.get("data-staff-top")) == 720


def test_a_bar_alone_shows_what_begins_in_it():
    score = SONGS["odd"].score()

    with_meter, without = (engrave_bars(score, [number])[number] for number in (5, 6))

    assert with_meter.count("glyph-E08") > without.count("glyph-E08") == 0


def test_a_profile_decides_what_is_drawn():
    score = SONGS["rock"].score()
    without_kick = replace(WEINBERG, hidden=frozenset({InstrumentName.KICK}))
    kicks = {placed.hit.id for placed in score.hits if placed.hit.instrument is InstrumentName.KICK}

    for svg in (
        engrave_screen(score, "phone", profile=without_kick),
        engrave_bars(score, [1], profile=without_kick)[1],
    ):
        assert not kicks & set(ids(svg))
    assert "Kick" not in texts(engrave_pages(score, profile=without_kick)[0])


def test_drawings_fit_a_strict_content_security_policy():
    score = SONGS["rock"].score()

    for svg in (*engrave_pages(score), engrave_screen(score, "phone"), engrave_drum_key(score)):
        assert "<style" not in svg
        assert " style=" not in svg
        assert "<script" not in svg
        assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_drawings_take_the_colour_of_the_page():
    svg = engrave_screen(SONGS["rock"].score(), "tablet")

    assert 'fill="currentColor"' in svg
    assert set(re.findall(r'stroke="([^"]+)"', svg)) == {"currentColor"}
    assert "black" not in svg


def test_a_narrow_screen_has_fewer_bars_on_a_line():
    score = SONGS["rock"].score()

    phone, tablet, desktop = (
        sum(text.isdigit() for text in texts(engrave_screen(score, width))) + 1
        for width in ("phone", "tablet", "desktop")
    )

    assert phone > tablet
    assert desktop == 2


def test_paper_has_title_artist_tempo_key_and_bar_numbers():
    (page,) = engrave_pages(SONGS["rock"].score(title="Rock & <Roll>", artist="The Band"))

    words = texts(page)
    assert {"Rock & <Roll>", "The Band", "Snare", "Open hi-hat", "5"} <= set(words)
    assert any("= 120" in word.replace("\u00a0", " ") for word in words)


def test_many_pages_are_numbered():
    bars = [
        {**bar, "s": f"{'g' * (index % 5)}{'-' * (11 - index % 5)}xx--x"}
        for index, bar in enumerate(ROCK * 8)
    ]
    pages = engrave_pages(make_song(bars).score(title="Long"))

    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert str(number) in texts(page)
        assert "Long" in texts(page)


@pytest.mark.parametrize("name", CHARTS)
def test_a_wide_screen_has_the_lines_of_its_layout(name):
    score = CHARTS[name]
    measures = lay_out(score, spell(score), Layout(simile=False))

    drawing = etree.fromstring(engrave_screen(score, "desktop"))

    tops = {measure.get("data-staff-top") for measure in drawing.findall(".//{*}g[@class='measure']")}
    assert len(tops) == sum(measure.starts_line for measure in measures)


@pytest.mark.parametrize(("paper", "box"), [("a4", "0 0 21000 29700"), ("letter", "0 0 21590 27940")])
def test_a_page_has_the_papers_size(paper, box):
    (page,) = engrave_pages(SONGS["rock"].score(), paper)

    assert etree.fromstring(page).get("viewBox") == box


def test_swing_is_said_and_written_straight():
    score = SONGS["shuffle"].score()

    svg = engrave_screen(score, "desktop")

    assert score.swing_marks
    assert any("Swing" in text for text in texts(svg))
    assert "3" not in texts(svg)


def test_a_long_rest_says_how_many_bars_it_stands_for():
    svg = etree.fromstring(engrave_screen(SONGS["sparse"].score(), "phone"))

    counts = {g.get("id"): g.get("data-bars") for g in svg.iter("{*}g") if g.get("class") == "measure"}
    assert counts["bar-1"] == "4"
    assert counts["bar-5"] == "1"
    assert counts["bar-6"] == "7"
    assert sum(int(count) for count in counts.values()) == len(SONGS["sparse"].score().bars)


@pytest.mark.slow
def test_a_song_too_long_for_one_drawing_is_stacked():
    score = make_song(METAL * 38).score()

    svg = engrave_screen(score, "phone")

    found = ids(svg)
    assert all(found[placed.hit.id] == 1 for placed in score.hits)
    assert max(found.values()) == 1


def test_the_drum_key_shows_what_is_played():
    svg = engrave_drum_key(SONGS["waltz"].score())

    assert texts(svg) == ["Ride", "Snare", "Kick", "Pedal hi-hat"]


def test_every_instrument_can_be_drawn():
    score = make_song([{letter: "x---"} for letter in LETTERS]).score()

    assert {hit.hit.id for hit in score.hits} <= set(ids(engrave_screen(score, "desktop")))
    assert len(texts(engrave_drum_key(score))) == len(InstrumentName)


def test_sections_are_boxed_and_hostile_texts_are_only_text():
    score = make_song(SPARSE).score(title="</svg><script>alert(1)</script>", artist="&amp;\x07")
    bars = tuple(replace(bar, section="<A>") if bar.number == 5 else bar for bar in score.bars)

    (page,) = engrave_pages(replace(score, bars=bars))

    assert "<script" not in page
    assert "<A>" in texts(page)


def test_an_empty_score_can_be_drawn():
    score = make_song([{}]).score(title="", artist="")

    assert len(engrave_pages(score)) == 1


def test_a_crash_of_the_engraver_is_an_error_with_a_code(monkeypatch):
    # A head that Verovio's fonts lack is known to crash it.
    original = engrave.write_mei
    monkeypatch.setattr(
        engrave, "write_mei", lambda *given, **named: original(*given, **named).replace('"x"', '"U+E0BE"')
    )

    with pytest.raises(EngravingFailed, match="signal 11") as failed:
        engrave_screen(SONGS["rock"].score(), "phone")

    assert failed.value.code == "engraving_failed"


def test_music_that_is_no_music_is_an_error_with_a_code(monkeypatch):
    monkeypatch.setattr(engrave, "write_mei", lambda *given, **named: "<mei/>")

    with pytest.raises(EngravingFailed):
        engrave_screen(SONGS["rock"].score(), "phone")


def test_an_engraver_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(engrave, "TIME_LIMIT_S", 0.001)
    monkeypatch.setattr(engrave, "TIME_LIMIT_A_BAR_S", 0.0)

    with pytest.raises(EngravingFailed, match="more than"):
        engrave_screen(SONGS["rock"].score(), "phone")


def test_a_song_a_little_too_long_for_two_pages_is_set_tighter():
    bars = [
        {**GROOVE, "k": "x-------x-x-----"}
        if index % 4 != 3
        else {**ROCK[7], "k": f"{index:016b}".translate(STEPS)}
        for index in range(100)
    ]

    pages = engrave_pages(make_song(bars).score(title="Long"))

    assert len(pages) == 2


def test_a_rest_before_the_first_section_shares_its_line():
    score = SONGS["sparse"].score()
    bars = tuple(replace(bar, section="A") if bar.number == 5 else bar for bar in score.bars)

    (page,) = engrave_pages(replace(score, bars=bars))

    assert "5" not in texts(page)  # a bar number stands where a line begins
