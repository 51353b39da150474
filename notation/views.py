"""The score page and its downloads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from media.downloads import has_playable_picture
from notation.api.serializers import ExportSerializer
from notation.api.throttling import counts_as_writing
from notation.core.errors import EngravingFailed
from notation.core.writers.exports import ExportFormat, ExportOptions, PdfBackend
from notation.core.writers.lilypond_pdf import lilypond_is_installed
from notation.core.writers.note_maps import NOTE_MAPS
from notation.errors import BadChoice
from notation.models import Notation, Revision
from notation.pictures import drum_key_svg, screen_svg
from notation.responses import export_response
from notation.selectors import may_edit, notations_visible_to

_F = ExportFormat
_DOWNLOADS: tuple[tuple[str, ExportFormat, str], ...] = (
    ("PDF, A4", _F.PDF, "paper=a4"),
    ("PDF, US Letter", _F.PDF, "paper=letter"),
    ("Gig chart, A4", _F.GIG_CHART, "paper=a4"),
    ("Gig chart, US Letter", _F.GIG_CHART, "paper=letter"),
    ("MusicXML", _F.MUSICXML, ""),
    ("MusicXML, compressed", _F.MXL, ""),
    ("MIDI, as written", _F.MIDI, ""),
    ("MIDI, as played", _F.MIDI_PERFORMED, ""),
    *(
        (f"MIDI for {note_map.label}", _F.MIDI, f"note_map={name}")
        for name, note_map in NOTE_MAPS.items()
        if name != ExportOptions().note_map
    ),
    ("Clone Hero", _F.CLONE_HERO, ""),
    ("Text tab", _F.TAB, ""),
    ("LilyPond source", _F.LILYPOND, ""),
    ("PDF by LilyPond", _F.LILYPOND_PDF, ""),
    ("SVG", _F.SVG, ""),
    ("MEI", _F.MEI, ""),
    ("JSON", _F.JSON, ""),
)


@login_required
@require_safe
def score_page(request: HttpRequest, notation_id: UUID) -> HttpResponse:
    """Show a score to play along with."""
    notation = get_object_or_404(notations_visible_to(request.user), pk=notation_id)
    context = {
        "notation": notation,
        "recording": notation.recording,
        "job_id": notation.job_id,
        "downloads": _downloads(notation),
        **_pictures(notation),
        "player": _player(notation) | {"can_edit": may_edit(request.user, notation)},
    }
    return render(request, "notation/score.html", context)


@login_required
@require_safe
@counts_as_writing
def score_download(request: HttpRequest, notation_id: UUID, fmt: str) -> HttpResponseBase:
    """Send the score as a file."""
    notation = get_object_or_404(notations_visible_to(request.user), pk=notation_id)
    form = ExportSerializer(data=request.GET)
    if not form.is_valid():
        raise BadChoice(names=", ".join(sorted(form.errors)))
    try:
        return export_response(request, notation, fmt, form.validated_data)
    except Revision.DoesNotExist as missing:
        raise Http404 from missing


def _downloads(notation: Notation) -> list[dict[str, str]]:
    missing = set() if lilypond_is_installed() else {ExportFormat.LILYPOND_PDF}
    if settings.PDF_BACKEND == PdfBackend.NONE:
        missing |= {ExportFormat.PDF, ExportFormat.GIG_CHART, ExportFormat.LILYPOND_PDF}
    return [
        {
            "label": label,
            "fmt": fmt,
            "url": reverse("score_download", args=[notation.pk, fmt]) + (f"?{query}" if query else ""),
        }
        for label, fmt, query in _DOWNLOADS
        if fmt not in missing
    ]


def _player(notation: Notation) -> dict[str, Any]:
    """What the page's script needs: the sound is the job's or the recording's, all else the notation's."""
    audio_url = peaks_url = None
    if notation.job_id is not None:
        audio_url = reverse("job_download", args=[notation.job_id, "audio"]) + "?inline=1"
        peaks_url = reverse("job_download", args=[notation.job_id, "peaks"]) + "?inline=1"
    elif notation.recording is not None:  # a copy; a browser's decoding of an mp3 may begin 25 ms off
        audio_url = reverse("recording_audio", args=[notation.recording.pk])
        peaks_url = reverse("recording-peaks", args=[notation.recording.pk])
    recording, video_url = notation.recording, None
    if audio_url is not None and recording is not None and has_playable_picture(recording):
        video_url = reverse("recording_audio", args=[recording.pk])
    svg_url = reverse("api-notation-svg", args=[notation.pk])
    return {
        "title": notation.title,
        "revision": notation.revision,
        "audio_url": audio_url,
        "peaks_url": peaks_url,
        "video_url": video_url,
        "notation_url": reverse("api-notation-detail", args=[notation.pk]),
        "timing_url": reverse("api-notation-timing", args=[notation.pk]),
        "drum_key_url": reverse("api-notation-drum-key", args=[notation.pk]),
        "svg_urls": {width: f"{svg_url}?width={width}" for width in ("phone", "tablet", "desktop")},
    }


def _pictures(notation: Notation) -> dict[str, SafeString]:
    """Return the drawings as inline SVG, so that the page shows them without any script."""
    try:
        # Written by our own engraver, which escapes titles; they hold no script.
        return {
            "svg": mark_safe(screen_svg(notation, "desktop")),
            "drum_key": mark_safe(drum_key_svg(notation)),
        }
    except EngravingFailed:  # the page says so in its place, and the rest of it still serves
        return {"svg": SafeString(""), "drum_key": SafeString("")}
