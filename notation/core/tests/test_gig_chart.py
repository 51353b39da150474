"""The gig chart says the song on one page."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from lxml import etree
from pypdf import PdfReader

from notation.core.engraving.gig_chart import draw_gig_chart, write_gig_chart
from notation.core.form.form import find_form, with_sections
from notation.core.score import TempoMark
from notation.core.tests.known_forms import FORMS, GROOVES, LEVELS, known_song
from notation.core.tests.songs import make_song

GROOVE = {"h": "x-x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "x-------x-x-----"}
RIDE = {"r": "x-x-x-x-x-x-x-x-", "s": "----x-------x---", "k": "x-x---x-x-x-----"}
FILL = {"s": "xxxx--------xxxx", "1": "----xxxx--------", "3": "--------xxxx----"}
HITS = {"c": "x-------x-------", "k": "x-------x-------"}
POP = [
    ("silent", 4), ("four_floor", 4), ("rock", 16), ("rock_ride", 8), ("rock", 16), ("rock_ride*", 16),
    ("two_bars", 8), ("half_time", 8), ("rock_ride*", 16), ("open", 16), ("four_floor", 8),
]  # fmt: skip


def texts(page):
    return [text.text for text in etree.fromstring(page).iter("{*}text")]


def staff_heights_mm(page):
    """Of every drawing on the page."""
    return [
        7.2 * float(scale)
        for scale in re.findall(r"translate\([^)]*\) scale\(([\d.]+), ", page)
        if float(scale) > 0.72
    ]


def song(bars, **details):
    score = make_song(bars).score(**details)
    return with_sections(score, find_form(score))


def test_each_section_says_what_to_play_how_often_and_where_the_fills_are():
    score = song([*[GROOVE] * 7, FILL, *[RIDE] * 7, FILL, *[GROOVE] * 8], title="Song", artist="Band")

    (page,) = draw_gig_chart(score)

    words = [word.strip() for word in texts(page)]
    assert words[:2] == ["= 120    4/4", "Song"]
    assert [word for word in words if word in ("A", "B")] == ["A", "B", "A"]
    assert [word for word in words if word.startswith("play")] == ["play 8", "play 8", "play 8, groove as A"]
    assert words.count("fill 8") == 4  # said, and over its cue
    assert {"1–8", "9–16", "17–24"} <= set(words)


def test_stops_and_hits_are_said_and_the_hits_are_written():
    score = song([*[GROOVE] * 5, {}, GROOVE, HITS, *[GROOVE] * 8])

    words = [word.strip() for word in texts(draw_gig_chart(score)[0])]

    assert "stop 6" in words
    assert words.count("hits 8") == 2


def test_changes_of_tempo_stand_where_they_happen():
    score = song([*[GROOVE] * 8, *[RIDE] * 8])
    score = replace(score, tempo_marks=(TempoMark(1, 120.0), TempoMark(9, 90.0), TempoMark(13, 100.0)))

    words = [word.strip() for word in texts(draw_gig_chart(score)[0])]

    assert "= 120    4/4" in words
    assert "tempo 90" in words
    assert "tempo 100 from 5" in words


@pytest.mark.parametrize("paper", ["a4", "letter"])
@pytest.mark.parametrize("level", ["none", "usual"])
def test_a_pop_song_fits_one_page_with_a_staff_that_can_be_read_on_a_stand(paper, level):
    known = known_song(POP, LEVELS[level], seed=2)
    score = with_sections(known.score, find_form(known.score))
    assert len(score.bars) == 120

    pages = draw_gig_chart(score, paper)

    assert len(pages) == 1
    assert max(staff_heights_mm(pages[0])) >= 6.99


def test_a_song_too_long_for_a_page_says_so():
    parts = [(name, 4) for name in GROOVES if name != "silent"] * 4
    known = known_song(parts, LEVELS["none"], seed=2)

    pages = draw_gig_chart(with_sections(known.score, find_form(known.score)))

    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in texts(page)


def test_nothing_leaves_the_page():
    known = known_song(FORMS["funk"], LEVELS["many"], seed=4)

    (page,) = draw_gig_chart(with_sections(known.score, find_form(known.score)))

    root = etree.fromstring(page)
    width, height = (float(side) for side in root.get("viewBox").split()[2:])
    for text in root.iter("{*}text"):
        if text.getparent().getparent() is root:
            assert 0 < float(text.get("x")) < width
            assert 0 < float(text.get("y")) < height - 500


def test_a_section_that_mostly_rests_shows_what_is_played_in_it():
    score = make_song([{}, {}, HITS, *[{}] * 5, *[GROOVE] * 8]).score()
    score = replace(
        score, bars=tuple(replace(bar, section={1: "A", 9: "B"}.get(bar.number)) for bar in score.bars)
    )

    words = [word.strip() for word in texts(draw_gig_chart(score)[0])]

    assert {"8 bars, mostly rest", "bar 3"} <= set(words)


def test_a_pickup_is_written_in_the_first_row():
    score = make_song([{"s": "xxxx"}, *[GROOVE] * 8], pickup_beats=1).score()

    assert "pickup" in texts(draw_gig_chart(score)[0])


def test_the_pdf_is_one_page_with_text_that_can_be_found():
    score = song([*[GROOVE] * 7, FILL, *[RIDE] * 8], title="Über Größe", artist="The <Band>")

    reader = PdfReader(io.BytesIO(write_gig_chart(score)))

    (page,) = reader.pages
    for words in ("Über Größe", "The <Band>", "play 8", "fill 8"):
        assert words in page.extract_text()
    assert reader.metadata.title == "Über Größe"


def test_an_empty_song_has_a_chart():
    (page,) = draw_gig_chart(make_song([{}]).score(title="", artist=""))

    assert "rest 1" in texts(page)
