"""The PDF: vectors, embedded fonts, text that can be selected."""

from __future__ import annotations

import io

import pypdf
import pytest

from notation.core.engraving.engrave import engrave_pages
from notation.core.engraving.page import Paper
from notation.core.engraving.pdf import write_pdf
from notation.core.score import Score
from notation.core.tests.songs import ROCK, SONGS, make_song


def read_back(score: Score, paper: Paper = "a4") -> pypdf.PdfReader:
    """Write ``score`` as a PDF, and read that."""
    return pypdf.PdfReader(io.BytesIO(write_pdf(score, engrave_pages(score, paper), paper)))


def test_texts_can_be_selected():
    reader = read_back(SONGS["rock"].score(title="Über Größe", artist="Бэнд"))

    text = reader.pages[0].extract_text()
    assert "Über Größe" in text
    assert "Бэнд" in text
    assert "Snare" in text
    assert reader.metadata.title == "Über Größe"
    assert reader.metadata.author == "Бэнд"


def test_all_fonts_are_embedded():
    reader = read_back(SONGS["rock"].score())

    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    for font in fonts:
        descriptor = font.get("/FontDescriptor") or font["/DescendantFonts"][0]["/FontDescriptor"]
        assert "/FontFile2" in descriptor.get_object()
    assert any("Liberation" in font["/BaseFont"] for font in fonts)


def test_nothing_is_a_picture():
    page = read_back(SONGS["rock"].score()).pages[0]

    assert not page.images
    assert b"glyph-" in page.get_contents().get_data()


@pytest.mark.parametrize(("paper", "size"), [("a4", (595.28, 841.89)), ("letter", (612, 792))])
def test_a_page_has_the_papers_size(paper, size):
    box = read_back(SONGS["waltz"].score(), paper).pages[0].mediabox

    assert (float(box.width), float(box.height)) == pytest.approx(size, abs=0.1)


def test_every_page_is_written_and_equal_scores_give_equal_files():
    score = make_song(ROCK * 8).score()
    pages = engrave_pages(score)

    pdf = write_pdf(score, pages)

    assert len(pypdf.PdfReader(io.BytesIO(pdf)).pages) == len(pages) > 1
    assert pdf == write_pdf(score, engrave_pages(score))


def test_a_title_in_letters_that_the_font_lacks_is_still_written():
    reader = read_back(SONGS["waltz"].score(title="太鼓の達人", artist="\U0001f941"))

    assert reader.metadata.title == "太鼓の達人"
