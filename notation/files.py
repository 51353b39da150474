"""Files that a person takes away from a notation."""

from __future__ import annotations

from django.conf import settings

from notation.core.writers.exports import Exported, ExportOptions, PdfBackend, export
from notation.models import Notation
from notation.pictures import kit_of
from notation.scores import score_of


def exported(
    notation: Notation,
    fmt: str,
    *,
    paper: str,
    width: str,
    note_map: str,
    profile: str = "",
    number: int | None = None,
) -> Exported:
    """Write ``notation``, or its revision ``number``, as ``fmt`` (see ``notation.core.writers.exports``).

    Raises:
        UnknownExport, BadProfile: there is no such format, paper, width, note map or kit.
        EngravingFailed, PdfBackendMissing: it cannot be drawn, or not here.
        Revision.DoesNotExist: there is no such revision.
    """
    options = ExportOptions(
        paper=paper,
        width=width,
        note_map=note_map,
        profile=kit_of(notation, profile),
        pdf_backend=PdfBackend(settings.PDF_BACKEND),
    )
    return export(score_of(notation, number), fmt, options)


def download_name(notation: Notation, ending: str) -> str:
    """Return the name that a browser saves the file under."""
    safe = "".join(char if char.isalnum() or char in " -_." else "_" for char in notation.title).strip(" .")
    return f"{safe or 'drum score'}.{ending}"
