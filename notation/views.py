"""The score page."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from media.errors import FileMissing
from media.reading import read_artifact
from media.selectors import artifact_of_job
from notation.models import Notation
from notation.selectors import notations_with_hit_counts

_DOWNLOADS = (("PDF", "pdf"), ("MusicXML", "musicxml"), ("MIDI", "midi"), ("JSON", "json"), ("SVG", "svg"))


@login_required
@require_safe
def score_page(request: HttpRequest, notation_id: UUID) -> HttpResponse:
    """Show a score to play along with."""
    notation = get_object_or_404(notations_with_hit_counts(request.user), pk=notation_id)
    context = {
        "notation": notation,
        "recording": notation.recording,
        "job_id": notation.job_id,
        "downloads": [
            {"label": label, "fmt": fmt, "url": _file_url(notation, fmt)} for label, fmt in _DOWNLOADS
        ],
        "svg": _engraving(notation, "score-desktop.svg"),
        "drum_key": _engraving(notation, "drum-key.svg"),
        "player": {
            "title": notation.title,
            "audio_url": _file_url(notation, "audio") + "?inline=1",
            "peaks_url": _file_url(notation, "peaks") + "?inline=1",
            "timing_url": _file_url(notation, "timing") + "?inline=1",
            "svg_urls": {
                "phone": _file_url(notation, "svg-phone") + "?inline=1",
                "tablet": _file_url(notation, "svg-tablet") + "?inline=1",
                "desktop": _file_url(notation, "svg") + "?inline=1",
            },
        },
    }
    return render(request, "notation/score.html", context)


def _file_url(notation: Notation, fmt: str) -> str:
    return reverse("job_download", args=[notation.job_id, fmt])


def _engraving(notation: Notation, kind: str) -> SafeString:
    """Return an engraving as inline SVG, so that the page shows it without any script."""
    artifact = artifact_of_job(notation.job_id, kind) if notation.job_id else None
    if artifact is None:
        return SafeString("")
    try:
        # Written by our own engraver, which escapes titles; it holds no script.
        return mark_safe(read_artifact(artifact).decode())
    except FileMissing:  # the page says so in its place, and the rest of it still serves
        return SafeString("")
