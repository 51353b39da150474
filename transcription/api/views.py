"""``/api/v1/jobs/``: transcriptions."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, TypeVar

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
from rest_framework.reverse import reverse

from accounts.core.text import readable
from media.idempotency import IDEMPOTENCY_PARAMETER, idempotent
from media.models import Recording
from media.reading import read_artifact
from media.selectors import recording_visible_to
from media.views import artifact_response
from notation.api.views import UUID_PATTERN
from transcription.api.serializers import (
    JobCreateSerializer,
    JobEventSerializer,
    JobFileSerializer,
    JobSerializer,
    RerunSerializer,
)
from transcription.archives import ARCHIVES, archive_response
from transcription.core.errors import InvalidOption, UnknownOption
from transcription.core.operations import OPERATIONS, Operation
from transcription.core.options import JobOptions
from transcription.core.stages import Stage
from transcription.files import (
    FORMATS,
    artifact_for,
    download_name,
    files_of,
    result_artifact,
)
from transcription.forms import LONGEST_REASON
from transcription.models import Job
from transcription.progress import describe_jobs
from transcription.selectors import jobs_visible_to
from transcription.services import cancel_job, create_job, delete_job, retry_job, run_again

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


_STEMS_EXAMPLE = OpenApiExample(
    "The stems alone",
    value={
        "recording_id": "0f0b6a52-6f8b-4f35-9d5e-3c2f5d0f5b1e",
        "operation": "separate",
        "options": {"separation_model": "htdemucs_ft", "two_stems": True},
    },
    request_only=True,
)
_Member = TypeVar("_Member", bound=StrEnum)


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
    operation = django_filters.MultipleChoiceFilter(
        choices=[(operation.value, spec.label) for operation, spec in OPERATIONS.items()]
    )
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
        summary="Transcribe a recording, or do a part of that",
        request=JobCreateSerializer,
        responses={201: JobSerializer},
        parameters=[IDEMPOTENCY_PARAMETER],
        examples=[_CREATE_EXAMPLE, _STEMS_EXAMPLE],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Queue a job. Unknown fields and options are refused with ``unknown_option``."""
        form = _checked(JobCreateSerializer, request, ("recording_id", "source_job_id"))
        operation = member(Operation, "operation", request.data.get("operation", Operation.TRANSCRIBE))
        options = JobOptions.parse(_options_of(request))
        source = form.validated_data.get("source_job_id")
        source_job = self._job(source) if source and OPERATIONS[operation].follows_a_job else None
        job = create_job(
            recording=self._recording(request, form.validated_data.get("recording_id"), source_job),
            requested_by=request.user,
            options=options,
            operation=operation,
            source_job=source_job,
        )
        return Response(self._describe(job), status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Run a job again, from one stage on",
        request=RerunSerializer,
        responses={201: JobSerializer},
        parameters=[_ID, IDEMPOTENCY_PARAMETER],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def rerun(self, request: Request, pk: str) -> Response:
        """Queue another job like this one; options given replace its own, the stages before are reused."""
        _checked(RerunSerializer, request, ())
        stage = member(Stage, "from_stage", request.data.get("from_stage"))
        job = run_again(job=self._job(pk), by=request.user, from_stage=stage, options=_options_of(request))
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
        """Return what the operation found; of a transcription: schema ``drumsite.transcription/1``."""
        return Response(json.loads(read_artifact(result_artifact(self._job(pk)))))

    @extend_schema(summary="The files that a job made", responses=JobFileSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def files(self, request: Request, pk: str) -> Response:
        """List what can be downloaded now; stems are there as soon as their stage is done."""
        job = self._job(pk)
        return Response(
            [
                {
                    "format": entry.fmt,
                    "label": entry.label,
                    "bytes": artifact.bytes,
                    "sha256": artifact.sha256,
                    "content_type": artifact.content_type,
                    "url": reverse("api-job-download", args=[job.pk, entry.fmt], request=request),
                }
                for entry, artifact in files_of(job)
            ]
        )

    @extend_schema(
        summary="Download what a job made",
        parameters=[
            _ID,
            OpenApiParameter("fmt", OpenApiTypes.STR, OpenApiParameter.PATH, enum=[*FORMATS, *ARCHIVES]),
        ],
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    @action(detail=True, methods=["get"], url_path=r"download/(?P<fmt>[\w-]+)")
    def download(self, request: Request, pk: str, fmt: str) -> HttpResponseBase:
        """Return a file, of which ranges are honoured; or, as ``stems`` or ``all``, an archive of several."""
        job = self._job(pk)
        if fmt in ARCHIVES:
            return archive_response(request, job, fmt)
        chosen, artifact = artifact_for(job, fmt)
        return artifact_response(request, artifact, filename=download_name(job, chosen))

    def _recording(self, request: Request, given: Any, source_job: Job | None) -> Recording:
        if given is None and source_job is not None:
            return source_job.recording
        if given is None:
            raise serializers.ValidationError({"recording_id": ["This field is required."]})
        try:
            recording = recording_visible_to(request.user, given)
        except Recording.DoesNotExist as error:
            raise Http404 from error
        if source_job is not None and source_job.recording_id != recording.pk:
            raise Http404
        return recording

    def _job(self, pk: Any) -> Job:
        return get_object_or_404(self.get_queryset(), pk=pk)

    def _describe(self, job: Job) -> dict[str, Any]:
        return describe_jobs([self.get_queryset().get(pk=job.pk)])[0]

    def _reason(self, request: Request) -> str:
        return reason_in(request)


def reason_in(request: Request) -> str:
    """Return why somebody acts, as they sent it; may be empty."""
    form = ReasonSerializer(data=request.data)
    form.is_valid(raise_exception=True)
    return str(form.validated_data.get("reason", ""))


def _checked(
    form_class: type[serializers.Serializer[Any]], request: Request, names: tuple[str, ...]
) -> serializers.Serializer[Any]:
    """Refuse what is no object and fields that nobody knows; check the fields called ``names``."""
    if not isinstance(request.data, dict):
        raise serializers.ValidationError({"non_field_errors": ["This must be an object."]})
    known = form_class().fields
    for name in request.data:
        if name not in known:
            raise UnknownOption(option=str(name)[:80], known=sorted(known))
    form = form_class(data={name: request.data[name] for name in names if name in request.data}, partial=True)
    form.is_valid(raise_exception=True)
    return form


def _options_of(request: Request) -> dict[str, Any]:
    given = request.data.get("options")
    if given is not None and not isinstance(given, dict):
        raise serializers.ValidationError({"options": ["This must be an object."]})
    return given or {}


def member(kind: type[_Member], name: str, value: object) -> _Member:
    """Return what ``value`` names; raises InvalidOption."""
    try:
        return kind(value)
    except ValueError as error:
        raise InvalidOption(option=name, expected=f"one of {', '.join(kind)}") from error
