"""Every format by its name, and what refuses to be one."""

from __future__ import annotations

import pytest

from notation.core.errors import PdfBackendMissing, UnknownExport
from notation.core.exports import ExportFormat, ExportOptions, PdfBackend, export
from notation.core.tests.songs import SONGS

# How each file begins.
SIGNATURES = {
    ExportFormat.PDF: b"%PDF-",
    ExportFormat.MUSICXML: b"<?xml",
    ExportFormat.MXL: b"PK\x03\x04",
    ExportFormat.MEI: b"<?xml",
    ExportFormat.SVG: b"<svg",
    ExportFormat.MIDI: b"MThd",
    ExportFormat.MIDI_PERFORMED: b"MThd",
    ExportFormat.JSON: b"{",
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


def test_an_unknown_format_is_refused_with_those_that_are_known():
    with pytest.raises(UnknownExport, match=r"'docx'.*musicxml") as refusal:
        export(SONGS["rock"].score(), "docx")

    assert refusal.value.code == "unknown_export"


@pytest.mark.parametrize("options", [{"paper": "a5"}, {"width": "watch"}, {"note_map": "cowbells-only"}])
def test_unknown_options_are_refused(options):
    with pytest.raises(UnknownExport):
        export(SONGS["rock"].score(), ExportFormat.MIDI, ExportOptions(**options))


def test_without_a_pdf_engraver_there_is_no_pdf():
    with pytest.raises(PdfBackendMissing) as refusal:
        export(SONGS["rock"].score(), ExportFormat.PDF, ExportOptions(pdf_backend=PdfBackend.NONE))

    assert refusal.value.code == "pdf_backend_missing"
