"""``/api/v1/recordings/{id}/analysis/``: what a recording is like, as its newest analysis says."""

from __future__ import annotations

import json

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from media.models import Recording
from media.reading import read_artifact
from media.selectors import recording_visible_to
from transcription.analyses import newest_analysis

_NOT_READY = OpenApiExample(
    "not_ready",
    value={
        "code": "not_ready",
        "message": "This recording has not been analysed yet.",
        "details": {"operation": "analyse", "hint": "Start a job for it with operation “analyse”."},
    },
    response_only=True,
    status_codes=["409"],
)


@extend_schema(
    tags=["recordings"],
    summary="What a recording is like",
    description=(
        "The result of the newest finished job with operation `analyse` that you may see, the same as at "
        "`/api/v1/jobs/{id}/result/` of that job, which `Content-Location` names."
    ),
    parameters=[OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)],
    responses={
        200: OpenApiTypes.OBJECT,
        404: OpenApiResponse(OpenApiTypes.OBJECT, "No such recording, or not yours to see: `not_found`."),
        409: OpenApiResponse(OpenApiTypes.OBJECT, "Not analysed yet: `not_ready`."),
        410: OpenApiResponse(OpenApiTypes.OBJECT, "It was deleted: `recording_deleted`."),
    },
    examples=[_NOT_READY],
)
@api_view(["GET"])
def recording_analysis(request: Request, id: str) -> Response:
    """Send what the newest analysis found."""
    try:
        recording = recording_visible_to(request.user, id)
    except Recording.DoesNotExist as error:
        raise Http404 from error
    artifact = newest_analysis(recording, seen_by=request.user)
    where = reverse("api-job-result", args=[artifact.job_id], request=request)
    return Response(json.loads(read_artifact(artifact)), headers={"Content-Location": where})
