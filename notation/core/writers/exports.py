"""Every file that a score can be downloaded as: one name, one call.

``docs/exports.md`` says what each format keeps and loses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import get_args

from notation.core.engraving.engrave import SCREEN_WIDTHS_PX, ScreenWidth, engrave_pages, engrave_screen
from notation.core.engraving.gig_chart import write_gig_chart
from notation.core.engraving.layout import Layout
from notation.core.engraving.mei import write_mei
from notation.core.engraving.page import Paper
from notation.core.engraving.pdf import write_pdf
from notation.core.errors import PdfBackendMissing, UnknownExport
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.score import Score, score_to_json
from notation.core.writers.ascii_tab import write_ascii_tab
from notation.core.writers.clone_hero import write_clone_hero
from notation.core.writers.lilypond import write_lilypond
from notation.core.writers.lilypond_pdf import write_lilypond_pdf
from notation.core.writers.midi import write_midi
from notation.core.writers.musicxml import write_musicxml, write_mxl
from notation.core.writers.note_maps import NOTE_MAPS


class ExportFormat(StrEnum):
    """What a score can be written as; the value is the name in URLs."""

    PDF = "pdf"
    GIG_CHART = "gig-chart"
    MUSICXML = "musicxml"
    MXL = "mxl"
    MEI = "mei"
    SVG = "svg"
    MIDI = "midi"
    MIDI_PERFORMED = "midi-performed"
    JSON = "json"
    LILYPOND = "lilypond"
    LILYPOND_PDF = "lilypond-pdf"
    TAB = "tab"
    CLONE_HERO = "clone-hero"


class PdfBackend(StrEnum):
    """Which engraver makes the format ``pdf``; ``NONE`` switches every PDF off."""

    VEROVIO = "verovio"
    LILYPOND = "lilypond"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What a person may choose; each format reads only what concerns it.

    ``paper`` is for pages, ``width`` for the SVG, ``note_map`` for MIDI, ``profile`` for everything that
    shows notes. ``pdf_backend`` is the installation's choice, not a person's.
    """

    paper: Paper = "a4"
    profile: KitProfile = WEINBERG
    note_map: str = "general-midi"
    width: ScreenWidth = "desktop"
    pdf_backend: PdfBackend = PdfBackend.VEROVIO


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished file: its bytes, what a browser should be told they are, and the ending without its dot."""

    content: bytes
    media_type: str
    ending: str


def export(score: Score, fmt: ExportFormat | str, options: ExportOptions | None = None) -> Exported:
    """Write ``score`` as ``fmt``.

    Raises:
        UnknownExport: no such format, paper, width or note map.
        EngravingFailed: the engraver crashed or took too long (PDFs, SVG).
        PdfBackendMissing: this installation makes no such PDF.
    """
    options = options or ExportOptions()
    kind = _known("format", fmt, ExportFormat)
    _check(options)
    writer, media_type, ending = _WRITERS[ExportFormat(kind)]
    return Exported(writer(score, options), media_type, ending)


def _known(kind: str, name: str, known: object) -> str:
    names = [str(entry) for entry in known]  # type: ignore[attr-defined]
    if name not in names:
        raise UnknownExport(kind=kind, name=name, known=", ".join(names))
    return name


def _check(options: ExportOptions) -> None:
    _known("paper", options.paper, get_args(Paper))
    _known("width", options.width, SCREEN_WIDTHS_PX)
    _known("note map", options.note_map, NOTE_MAPS)


def _pdf(score: Score, options: ExportOptions) -> bytes:
    if options.pdf_backend is PdfBackend.LILYPOND:
        return _lilypond_pdf(score, options)
    _refuse_without_pdfs(options)
    pages = engrave_pages(score, options.paper, profile=options.profile)
    return write_pdf(score, pages, options.paper)


def _gig_chart(score: Score, options: ExportOptions) -> bytes:
    _refuse_without_pdfs(options)
    return write_gig_chart(score, options.paper, options.profile)


def _lilypond_pdf(score: Score, options: ExportOptions) -> bytes:
    _refuse_without_pdfs(options)
    return write_lilypond_pdf(score, options.profile, paper=options.paper)


def _refuse_without_pdfs(options: ExportOptions) -> None:
    if options.pdf_backend is PdfBackend.NONE:
        raise PdfBackendMissing(reason="PDFs are switched off")


def _lilypond(score: Score, options: ExportOptions) -> bytes:
    return write_lilypond(score, options.profile, paper=options.paper).encode()


def _midi(score: Score, options: ExportOptions) -> bytes:
    return write_midi(score, note_map=NOTE_MAPS[options.note_map])


def _midi_performed(score: Score, options: ExportOptions) -> bytes:
    return write_midi(score, performed=True, note_map=NOTE_MAPS[options.note_map])


def _json(score: Score, options: ExportOptions) -> bytes:
    return (json.dumps(score_to_json(score), ensure_ascii=False, indent=1) + "\n").encode()


def _musicxml(score: Score, options: ExportOptions) -> bytes:
    return write_musicxml(score, options.profile)


def _mxl(score: Score, options: ExportOptions) -> bytes:
    return write_mxl(score, options.profile)


def _mei(score: Score, options: ExportOptions) -> bytes:
    # A file for other programs, so that every hit is a note of its own, and none is hidden.
    return write_mei(score, Layout(simile=False), profile=options.profile.showing_all()).encode()


def _svg(score: Score, options: ExportOptions) -> bytes:
    return engrave_screen(score, options.width, profile=options.profile).encode()


def _tab(score: Score, options: ExportOptions) -> bytes:
    return write_ascii_tab(score, options.profile).encode()


def _clone_hero(score: Score, options: ExportOptions) -> bytes:
    return write_clone_hero(score)


_Writer = Callable[[Score, ExportOptions], bytes]
_TEXT = "text/plain; charset=utf-8"
# The writer, what a browser is told, and the ending.
_WRITERS: Mapping[ExportFormat, tuple[_Writer, str, str]] = {
    ExportFormat.PDF: (_pdf, "application/pdf", "pdf"),
    ExportFormat.GIG_CHART: (_gig_chart, "application/pdf", "pdf"),
    ExportFormat.MUSICXML: (_musicxml, "application/vnd.recordare.musicxml+xml", "musicxml"),
    ExportFormat.MXL: (_mxl, "application/vnd.recordare.musicxml", "mxl"),
    ExportFormat.MEI: (_mei, "application/mei+xml", "mei"),
    ExportFormat.SVG: (_svg, "image/svg+xml", "svg"),
    ExportFormat.MIDI: (_midi, "audio/midi", "mid"),
    ExportFormat.MIDI_PERFORMED: (_midi_performed, "audio/midi", "mid"),
    ExportFormat.JSON: (_json, "application/json", "json"),
    ExportFormat.LILYPOND: (_lilypond, "text/x-lilypond; charset=utf-8", "ly"),
    ExportFormat.LILYPOND_PDF: (_lilypond_pdf, "application/pdf", "pdf"),
    ExportFormat.TAB: (_tab, _TEXT, "txt"),
    ExportFormat.CLONE_HERO: (_clone_hero, _TEXT, "chart"),
}
