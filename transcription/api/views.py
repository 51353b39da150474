"""``/api/v1/jobs/``: transcriptions."""

from __future__ import annotations

import json
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.core.text import readable
from media.idempotency import IDEMPOTENCY_PARAMETER, idempotent
from media.models import Recording
from media.reading import read_artifact
from media.selectors import recording_visible_to
from media.views import artifact_response
from notation.api.views import UUID_PATTERN
from transcription.api.serializers import JobCreateSerializer, JobEventSerializer, JobSerializer
from transcription.core.errors import UnknownOption
from transcription.core.options import JobOptions
from transcription.files import FORMATS, PLAYER_FORMATS, artifact_for, download_name
from transcription.forms import LONGEST_REASON
from transcription.models import Job
from transcription.progress import describe_jobs
from transcription.selectors import jobs_visible_to
from transcription.services import cancel_job, create_job, delete_job, retry_job

_CREATE_EXAMPLE = OpenApiExample(
    "A waltz whose tempo is known",
    value={
        "recording_id": "0f0b6a52-6f8b-4f35-9d5e-3c2f5d0f5b1e",
        "options": {"meter": "3/4", "tempo_bpm": 148, "title": "Waltz of the week"},
    },
    request_only=True,
)
_RESULT_EXAMPLE = OpenApiExample(
    "One hit",
    value={
        "schema": "drumsite.transcription/1",
        "title": "Shadows",
        "audio": {"duration_s": 36.9, "sha256": "…"},
        "hits": [
            {
                "id": "h12",
                "onset_s": 0.528,
                "instrument": "snare",
                "velocity": 97,
                "confidence": 0.98,
                "bar": 1,
                "position": "1",
            }
        ],
        "beats": [{"time_s": 0.01, "bar": 1, "beat": 1}],
        "tempo": {"bpm": 112.3, "unreliable": False},
        "meters": [{"bar": 1, "beats": 4, "beat_type": 4}],
        "counts": {"snare": 1},
        "confidence": 0.98,
        "engines": {"detect": "crnn 2.0"},
        "warnings": [],
    },
    response_only=True,
)
_ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)


class ReasonField(serializers.CharField):
    """A text from which what cannot be read or stored, such as NUL, is left out."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Clean before anything is judged."""
        return super().run_validation(readable(data) if isinstance(data, str) else data)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why; a moderator must say, an owner may."""

    reason = ReasonField(required=False, allow_blank=True, max_length=LONGEST_REASON)


class JobFilter(django_filters.FilterSet):
    """Filters of the list of jobs."""

    status = django_filters.MultipleChoiceFilter(choices=Job.Status.choices)
    recording = django_filters.UUIDFilter(field_name="recording_id")
    created_after = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lte")

    class Meta:
        model = Job
        fields: tuple[str, ...] = ()


@extend_schema_view(
    list=extend_schema(summary="List my jobs"),
)
class JobViewSet(viewsets.GenericViewSet[Job]):
    """Transcriptions of recordings; everybody else's are 404."""

    queryset = Job.objects.none()
    serializer_class = JobSerializer
    filterset_class = JobFilter
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> QuerySet[Job]:
        """Return what the caller may see."""
        return jobs_visible_to(self.request.user)

    def list(self, request: Request) -> Response:
        """List jobs, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(describe_jobs(list(page or [])))

    @extend_schema(
        summary="Transcribe a recording",
        request=JobCreateSerializer,
        responses={201: JobSerializer},
        parameters=[IDEMPOTENCY_PARAMETER],
        examples=[_CREATE_EXAMPLE],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Queue a job. Unknown fields and options are refused with ``unknown_option``."""
        if not isinstance(request.data, dict):
            raise serializers.ValidationError({"non_field_errors": ["This must be an object."]})
        for name in request.data:
            if name not in JobCreateSerializer().fields:
                raise UnknownOption(option=str(name)[:80], known=sorted(JobCreateSerializer().fields))
        form = JobCreateSerializer(data={"recording_id": request.data.get("recording_id")})
        form.is_valid(raise_exception=True)
        given = request.data.get("options")
        if given is not None and not isinstance(given, dict):
            raise serializers.ValidationError({"options": ["This must be an object."]})
        options = JobOptions.parse(given or {})
        try:
            recording = recording_visible_to(request.user, form.validated_data["recording_id"])
        except Recording.DoesNotExist as error:
            raise Http404 from error
        job = create_job(recording=recording, requested_by=request.user, options=options)
        return Response(self._describe(job), status=status.HTTP_201_CREATED)

    @extend_schema(summary="Read a job", responses=JobSerializer, parameters=[_ID])
    def retrieve(self, request: Request, pk: str) -> Response:
        """Return how the job stands."""
        return Response(self._describe(self._job(pk)))

    @extend_schema(summary="Delete a job and its score", request=ReasonSerializer, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take the job out of every list; if it is running, stop it."""
        delete_job(job=self._job(pk), by=request.user, reason=self._reason(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Cancel a job", request=ReasonSerializer, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop it, also in the middle of a stage."""
        job = cancel_job(job=self._job(pk), by=request.user, reason=self._reason(request))
        return Response(self._describe(job))

    @extend_schema(summary="Try a failed job again", request=ReasonSerializer, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Run it again from the stage that did not finish."""
        job = retry_job(job=self._job(pk), by=request.user, reason=self._reason(request))
        return Response(self._describe(job))

    @extend_schema(summary="What happened to a job", responses=JobEventSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def events(self, request: Request, pk: str) -> Response:
        """Return the job's events, oldest first."""
        events = self._job(pk).events.select_related("job")
        return Response(JobEventSerializer(events, many=True).data)

    @extend_schema(
        summary="What was heard and where it was written",
        responses=OpenApiTypes.OBJECT,
        examples=[_RESULT_EXAMPLE],
    )
    @action(detail=True, methods=["get"])
    def result(self, request: Request, pk: str) -> Response:
        """Return the result JSON (schema ``drumsite.transcription/1``)."""
        _, artifact = artifact_for(self._job(pk), "json")
        return Response(json.loads(read_artifact(artifact)))

    @extend_schema(
        summary="Download the score",
        parameters=[
            _ID,
            OpenApiParameter(
                "fmt", OpenApiTypes.STR, OpenApiParameter.PATH, enum=[*FORMATS, *PLAYER_FORMATS]
            ),
        ],
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    @action(detail=True, methods=["get"], url_path=r"download/(?P<fmt>[\w-]+)")
    def download(self, request: Request, pk: str, fmt: str) -> HttpResponseBase:
        """Return a file; ranges are honoured."""
        job = self._job(pk)
        chosen, artifact = artifact_for(job, fmt)
        return artifact_response(request, artifact, filename=download_name(job, chosen))

    def _job(self, pk: str) -> Job:
        return get_object_or_404(self.get_queryset(), pk=pk)

    def _describe(self, job: Job) -> dict[str, Any]:
        return describe_jobs([self.get_queryset().get(pk=job.pk)])[0]

    def _reason(self, request: Request) -> str:
        form = ReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return str(form.validated_data.get("reason", ""))
