"""Sound and stored files for pages, by session; the API sends its sound through here too."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from accounts.roles import is_moderator
from media.downloads import protected_response, recording_content_type
from media.models import Artifact, Recording
from media.selectors import recording_visible_to


def audio_response(request: HttpRequest | Request, recording: Recording) -> HttpResponseBase:
    """Send what was uploaded to somebody who may see it; ``?download=1`` makes browsers save it."""
    return protected_response(
        request,
        recording.file,
        filename=f"{recording.title}.{recording.container}",
        content_type=recording_content_type(recording.container, has_video=recording.has_video),
        sha256=recording.sha256,
        modified_at=recording.created_at,
        as_attachment=request.GET.get("download", "") in {"1", "true"},
    )


@login_required
@require_safe
def recording_audio(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Send a recording's sound to the player on a page."""
    try:
        return audio_response(request, recording_visible_to(request.user, pk))
    except Recording.DoesNotExist as error:
        raise Http404 from error


@login_required
@require_safe
def moderator_artifact(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Send any artifact to a moderator: the admin pages link here."""
    if not is_moderator(request.user):
        raise Http404
    try:
        artifact = Artifact.objects.get(pk=pk)
    except Artifact.DoesNotExist as error:
        raise Http404 from error
    return artifact_response(request, artifact, filename=f"{artifact.kind}-{artifact.pk}")


def artifact_response(
    request: HttpRequest | Request, artifact: Artifact, *, filename: str, as_attachment: bool = True
) -> HttpResponseBase:
    """Send an artifact to somebody who may see its job; ``filename`` gets the artifact's own ending."""
    _, dot, ending = artifact.file.name.rpartition("/")[2].partition(".")
    return protected_response(
        request,
        artifact.file,
        filename=filename if not dot or filename.endswith(dot + ending) else f"{filename}.{ending}",
        content_type=artifact.content_type,
        sha256=artifact.sha256,
        modified_at=artifact.replaced_at or artifact.created_at,
        as_attachment=as_attachment,
    )
