"""The pages of jobs: dashboard, upload, one job, its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts.core.errors import DrumError
from accounts.errors import NotSignedIn
from accounts.roles import is_moderator
from media.arrivals import is_batch
from media.core.errors import EmptyFile
from media.models import Recording
from media.selectors import recording_visible_to, recordings_visible_to, search_recordings
from media.services import create_recording, delete_own_recording
from media.uploads import ReceivedFile, RefusedFile, receives_batches
from media.views import artifact_response
from transcription.archives import ARCHIVES, archive_response
from transcription.batches import create_batch
from transcription.core.errors import InvalidOption
from transcription.core.operations import Operation
from transcription.core.options import JobOptions
from transcription.files import artifact_for, download_name, facts_of, sounds_of
from transcription.findings import figures_of
from transcription.forms import LinkForm, UploadForm, given_reason
from transcription.link_news import link_as_dict, links_to_show
from transcription.models import Job
from transcription.progress import describe_batches, describe_jobs
from transcription.selectors import batches_of, jobs_visible_to, latest_job_by_recording
from transcription.services import cancel_job, check_engines, create_job, delete_job, retry_job

ACCEPT = ".mp3,.wav,.flac,.ogg,.opus,.m4a,.aac,.mp4,.mov,.mkv,.webm,.avi,audio/*,video/*"
ACCEPT_MANY = f"{ACCEPT},.zip,application/zip"
_ROWS_A_PAGE = 20
# What the page of a job offers besides the score, in a person's words.
FURTHER_OPERATIONS = {
    Operation.SEPARATE.value: "Take it apart into stems",
    Operation.ENHANCE.value: "Clean its sound",
    Operation.ANALYSE.value: "Measure its sound",
}
LINK_OPTION_IDS = "link_%s"  # the same fields are on the page twice
_BATCHES_SHOWN = 5


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _refuses_scripts_that_are_signed_out(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a view that scripts post to: sent to the log-in page, they would take it for an answer."""

    @wraps(view)
    def refuse_or_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if _wants_json(request) and not request.user.is_authenticated:
            raise NotSignedIn
        return view(request, *args, **kwargs)

    return refuse_or_view


@login_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show one's recordings with their latest jobs, and the place to upload."""
    return render(request, "transcription/dashboard.html", dashboard_context(request, UploadForm()))


@_refuses_scripts_that_are_signed_out
@login_required
@require_POST
@receives_batches
def upload(request: HttpRequest) -> HttpResponse:
    """Store songs and queue their transcription; answers JSON to a script, a redirect to a form."""
    wants_json = _wants_json(request)
    form = UploadForm(request.POST, request.FILES)
    try:
        begun = _begin(request, form.job_options())
    except DrumError as error:
        if wants_json:
            raise
        form.full_clean()
        form.add_error(None, f"{error} {error.hint}".strip())
        return render(request, "transcription/dashboard.html", dashboard_context(request, form), status=400)
    if wants_json:
        return JsonResponse(begun, status=201)
    return redirect(begun["url"])


@login_required
@require_safe
def job_page(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show one job, live."""
    job = _job(request, job_id)
    summary = describe_jobs([job])[0]
    context = {
        "job": job,
        "summary": summary,
        "stages": summary["stages"],
        "recording": job.recording,
        "notation_id": summary["notation_id"],
        "is_moderator": is_moderator(request.user),
        "form": UploadForm(initial=job.options),
        "sounds": sounds_of(job),
        "facts": facts_of(job),
        "figures": figures_of(job) if job.is_finished else [],
        "further": FURTHER_OPERATIONS,
    }
    return render(request, "transcription/job.html", context)


@login_required
@require_POST
def job_cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Stop a job."""
    cancel_job(job=_job(request, job_id), by=request.user, reason=given_reason(request))
    messages.success(request, "The transcription was stopped.")
    return redirect("job", job_id)


@login_required
@require_POST
def job_retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Run a failed or cancelled job again."""
    retry_job(job=_job(request, job_id), by=request.user, reason=given_reason(request))
    return redirect("job", job_id)


@login_required
@require_POST
def job_delete(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Delete a job and its score."""
    delete_job(job=_job(request, job_id), by=request.user, reason=given_reason(request))
    messages.success(request, "The transcription was deleted.")
    return redirect("dashboard")


@login_required
@require_POST
def transcribe_again(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Start another job for a recording that is there: a transcription, unless another is asked for."""
    options = JobOptions.parse(UploadForm(request.POST).options())
    recording = _recording(request, recording_id)
    asked = request.POST.get("operation", Operation.TRANSCRIBE)
    if asked != Operation.TRANSCRIBE and asked not in FURTHER_OPERATIONS:
        raise InvalidOption(option="operation", expected=f"one of {', '.join(FURTHER_OPERATIONS)}")
    job = create_job(
        recording=recording, requested_by=request.user, options=options, operation=Operation(asked)
    )
    return redirect("job", job.pk)


@login_required
@require_POST
def recording_delete(request: HttpRequest, recording_id: UUID) -> HttpResponse:
    """Delete a recording with all that was made of it."""
    delete_own_recording(recording=_recording(request, recording_id), by=request.user)
    messages.success(request, "The recording was deleted.")
    return redirect("dashboard")


@login_required
@require_GET
def job_download(request: HttpRequest, job_id: UUID, fmt: str) -> HttpResponseBase:
    """Send a file of a job; the score page shows SVG and JSON in place, everything else is saved."""
    job = _job(request, job_id)
    if fmt in ARCHIVES:
        return archive_response(request, job, fmt)
    chosen, artifact = artifact_for(job, fmt)
    as_attachment = request.GET.get("inline") != "1"
    return artifact_response(
        request, artifact, filename=download_name(job, chosen), as_attachment=as_attachment
    )


def _begin(request: HttpRequest, options: JobOptions) -> dict[str, Any]:
    """Return what was begun, and the address of its page: of one song a job, of several a batch."""
    uploads = request.FILES.getlist("file")
    if is_batch(uploads):
        batch = create_batch(owner=request.user, uploads=uploads, options=options, title=options.title)
        described = describe_batches([batch])[0]
        return {"batch": described, "url": described["url"]}
    check_engines(Operation.TRANSCRIBE, options)  # before the song is stored
    recording = _received_recording(request, uploads, options)
    job = create_job(recording=recording, requested_by=request.user, options=options)
    described = describe_jobs([jobs_visible_to(request.user).get(pk=job.pk)])[0]
    return {"job": described, "url": described["url"]}


def _received_recording(
    request: HttpRequest, uploads: Sequence[UploadedFile], options: JobOptions
) -> Recording:
    received = uploads[0] if uploads else None
    if isinstance(received, RefusedFile):
        raise received.error
    if not isinstance(received, ReceivedFile):
        raise EmptyFile
    return create_recording(owner=request.user, upload=received, title=options.title or None)


def dashboard_context(
    request: HttpRequest,
    form: UploadForm,
    link_form: LinkForm | None = None,
    link_options: UploadForm | None = None,
) -> dict[str, Any]:
    """Return what the dashboard shows, with one of its forms as it was sent."""
    query = request.GET.get("q", "").strip()
    recordings = search_recordings(recordings_visible_to(request.user).filter(owner=request.user), query)
    page = Paginator(recordings, _ROWS_A_PAGE).get_page(request.GET.get("page"))
    jobs = latest_job_by_recording(list(page.object_list))
    described = {summary["recording_id"]: summary for summary in describe_jobs(list(jobs.values()))}
    rows = [
        {
            "recording": recording,
            "job": described.get(str(recording.pk)),
            "notation_id": (described.get(str(recording.pk)) or {}).get("notation_id"),
        }
        for recording in page.object_list
    ]
    limits = {
        "upload_max_mb": settings.UPLOAD_MAX_MB,
        "max_minutes": int(settings.RECORDING_MAX_S // 60),
        "accept": ACCEPT_MANY,
        "batch_max_mb": settings.BATCH_MAX_MB,
        "batch_max_files": settings.BATCH_MAX_FILES,
    }
    batches = [] if query or page.number > 1 else list(batches_of(request.user)[:_BATCHES_SHOWN])
    return {
        "rows": rows,
        "page_obj": page,
        "q": query,
        "limits": limits,
        "form": form,
        "batches": describe_batches(batches),
        "links_on": settings.LINK_IMPORTS,
        "link_form": link_form or LinkForm(),
        "link_options": link_options or UploadForm(auto_id=LINK_OPTION_IDS),
        "links": [link_as_dict(link) for link in links_to_show(request.user)],
    }


def _job(request: HttpRequest, job_id: UUID) -> Job:
    return get_object_or_404(jobs_visible_to(request.user), pk=job_id)


def _recording(request: HttpRequest, recording_id: UUID) -> Recording:
    try:
        return recording_visible_to(request.user, recording_id)
    except Recording.DoesNotExist as error:
        raise Http404 from error
