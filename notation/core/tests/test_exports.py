"""Every format by its name, and what refuses to be one."""

from __future__ import annotations

import io

import pytest
from lxml import etree
from pypdf import PdfReader

from notation.core.errors import PdfBackendMissing, UnknownExport
from notation.core.kit_profile import profile_from_json
from notation.core.tests.songs import SONGS, make_song
from notation.core.writers.exports import ExportFormat, ExportOptions, PdfBackend, export
from notation.core.writers.lilypond_pdf import lilypond_is_installed

# How each file begins.
SIGNATURES = {
    ExportFormat.PDF: b"%PDF-",
    ExportFormat.GIG_CHART: b"%PDF-",
    ExportFormat.MUSICXML: b"<?xml",
    ExportFormat.MXL: b"PK\x03\x04",
    ExportFormat.MEI: b"<?xml",
    ExportFormat.SVG: b"<svg",
    ExportFormat.MIDI: b"MThd",
    ExportFormat.MIDI_PERFORMED: b"MThd",
    ExportFormat.JSON: b"{",
    ExportFormat.LILYPOND: b"\\version",
    ExportFormat.TAB: b"Song\nBand\n",
    ExportFormat.CLONE_HERO: b"[Song]",
}


@pytest.mark.parametrize("fmt", SIGNATURES)
def test_each_format_gives_a_file_of_its_kind(fmt):
    exported = export(SONGS["pickup"].score(), fmt)

    assert exported.content.startswith(SIGNATURES[fmt])
    assert exported.media_type.count("/") == 1
    assert exported.ending.isalnum()


@pytest.mark.parametrize(
    "fmt", [ExportFormat.MUSICXML, ExportFormat.MXL, ExportFormat.MIDI, ExportFormat.JSON]
)
def test_the_same_score_gives_the_same_bytes(fmt):
    score = SONGS["rock"].score()

    assert export(score, fmt) == export(score, fmt.value)


@pytest.mark.parametrize("fmt", ["svg", "lilypond", "tab"])
def test_what_is_read_by_people_hides_what_the_kit_profile_hides(fmt):
    shown, hidden = with_and_without_hi_hat(fmt)

    assert shown != hidden


@pytest.mark.parametrize("fmt", ["musicxml", "mei", "midi", "json", "clone-hero"])
def test_what_is_read_by_programs_keeps_every_hit(fmt):
    shown, hidden = with_and_without_hi_hat(fmt)

    assert shown == hidden


def with_and_without_hi_hat(fmt: str) -> tuple[bytes, bytes]:
    score = make_song([{"h": "x-x-", "k": "x---"}]).score()
    options = ExportOptions(profile=profile_from_json({"hidden": ["hihat_closed"]}))
    return export(score, fmt).content, export(score, fmt, options).content


def test_every_hit_of_a_song_is_a_note_in_mei(song):
    score = song.score()

    root = etree.fromstring(export(score, ExportFormat.MEI).content)

    ids = [note.get("{http://www.w3.org/XML/1998/namespace}id") for note in root.iter("{*}note")]
    assert sorted(ids) == sorted(placed.hit.id for placed in score.hits)


def test_an_unknown_format_is_refused_with_those_that_are_known():
    with pytest.raises(UnknownExport, match=r"'docx'.*musicxml") as refusal:
        export(SONGS["rock"].score(), "docx")

    assert refusal.value.code == "unknown_export"


@pytest.mark.parametrize("options", [{"paper": "a5"}, {"width": "watch"}, {"note_map": "cowbells-only"}])
def test_unknown_options_are_refused(options):
    with pytest.raises(UnknownExport):
        export(SONGS["rock"].score(), ExportFormat.MIDI, ExportOptions(**options))


@pytest.mark.slow
@pytest.mark.skipif(not lilypond_is_installed(), reason="LilyPond is optional: requirements/lilypond.txt")
def test_lilypond_makes_the_pdf_where_it_is_chosen_and_installed():
    score = SONGS["rock"].score()

    chosen = export(score, ExportFormat.PDF, ExportOptions(pdf_backend=PdfBackend.LILYPOND))
    asked_for = export(score, ExportFormat.LILYPOND_PDF)

    for exported in (chosen, asked_for):
        assert "LilyPond" in PdfReader(io.BytesIO(exported.content)).metadata.creator


@pytest.mark.parametrize("fmt", [ExportFormat.PDF, ExportFormat.GIG_CHART, ExportFormat.LILYPOND_PDF])
def test_without_a_pdf_engraver_there_is_no_pdf(fmt):
    with pytest.raises(PdfBackendMissing) as refusal:
        export(SONGS["rock"].score(), fmt, ExportOptions(pdf_backend=PdfBackend.NONE))

    assert refusal.value.code == "pdf_backend_missing"
