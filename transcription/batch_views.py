"""The pages of batches."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from transcription.batches import cancel_batch, delete_batch, retry_batch
from transcription.forms import given_reason
from transcription.models import Batch
from transcription.progress import describe_batches, describe_jobs
from transcription.responses import batch_archive
from transcription.selectors import batches_visible_to, jobs_of_batch


@login_required
@require_safe
def batch_page(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Show a batch, live."""
    batch = _batch(request, batch_id)
    jobs = list(jobs_of_batch(batch))
    context: dict[str, Any] = {
        "batch": describe_batches([batch])[0],
        "rows": [
            {"recording": job.recording, "job": song, "notation_id": song["notation_id"]}
            for job, song in zip(jobs, describe_jobs(jobs), strict=True)
        ],
        "refused": batch.refused,
        "is_mine": batch.owner_id == request.user.pk,
    }
    return render(request, "transcription/batch.html", context)


@login_required
@require_POST
def batch_cancel(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Stop what is not finished."""
    cancel_batch(batch=_batch(request, batch_id), by=request.user, reason=given_reason(request))
    return redirect("batch", batch_id)


@login_required
@require_POST
def batch_retry(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Try songs again: those that failed, or with ``cancelled_too`` also those that were stopped."""
    retry_batch(
        batch=_batch(request, batch_id),
        by=request.user,
        reason=given_reason(request),
        cancelled_too=request.POST.get("cancelled_too") == "1",
    )
    return redirect("batch", batch_id)


@login_required
@require_POST
def batch_delete(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Delete a batch; its songs stay."""
    delete_batch(batch=_batch(request, batch_id), by=request.user)
    messages.success(request, "The batch was deleted; its songs are still here.")
    return redirect("dashboard")


@login_required
@require_GET
def batch_download(request: HttpRequest, batch_id: UUID) -> HttpResponseBase:
    """Send everything that came of a batch as one archive."""
    return batch_archive(request, _batch(request, batch_id))


def _batch(request: HttpRequest, batch_id: UUID) -> Batch:
    return get_object_or_404(batches_visible_to(request.user), pk=batch_id)
