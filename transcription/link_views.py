"""Songs from links on pages: asking for one, stopping it, taking it out of the list."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts.core.errors import DrumError
from media.models import LinkImport
from media.selectors import link_imports_of
from transcription.forms import LinkForm, UploadForm
from transcription.links.batches import create_batch_of_links
from transcription.links.services import cancel_link_import, delete_link_import, request_link_import
from transcription.views import LINK_OPTION_IDS, dashboard_context


@login_required
@require_POST
def link_import(request: HttpRequest) -> HttpResponse:
    """Have the song behind a link fetched; of several links, or for a playlist, a batch is made."""
    form = LinkForm(request.POST)
    options = UploadForm(request.POST, auto_id=LINK_OPTION_IDS)
    urls = request.POST.get("url", "").split()
    confirmed, playlists = "rights_confirmed" in request.POST, "playlists" in request.POST
    try:
        if len(urls) > 1 or playlists:
            batch = create_batch_of_links(
                owner=request.user,
                urls=urls,
                rights_confirmed=confirmed,
                options=options.job_options(),
                takes_playlists=playlists,
            )
            return redirect("batch", batch.pk)
        request_link_import(
            owner=request.user,
            url="".join(urls),
            rights_confirmed=confirmed,
            options=options.job_options(),
        )
    except DrumError as error:
        form.add_error(None, f"{error} {error.hint}".strip())
        context = dashboard_context(request, UploadForm(), form, options)
        return render(request, "transcription/dashboard.html", context, status=400)
    return redirect("dashboard")


@login_required
@require_POST
def link_cancel(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """Stop an import."""
    cancel_link_import(link=_link(request, link_id), by=request.user)
    return redirect("dashboard")


@login_required
@require_POST
def link_delete(request: HttpRequest, link_id: UUID) -> HttpResponse:
    """Take an import out of the list."""
    delete_link_import(link=_link(request, link_id), by=request.user)
    return redirect("dashboard")


def _link(request: HttpRequest, link_id: UUID) -> LinkImport:
    return get_object_or_404(link_imports_of(request.user), pk=link_id)
