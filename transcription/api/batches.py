"""``/api/v1/batches/``: many songs at once."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from media.idempotency import IDEMPOTENCY_PARAMETER, idempotent
from media.uploads import BatchUploadHandler, stream_files_of
from notation.api.views import UUID_PATTERN
from transcription.api.batch_serializers import (
    BatchCreateSerializer,
    BatchDetailSerializer,
    BatchOfLinksSerializer,
    BatchRetrySerializer,
    BatchSerializer,
)
from transcription.api.views import ReasonSerializer, member, reason_in
from transcription.batches import cancel_batch, create_batch, delete_batch, retry_batch
from transcription.core.errors import InvalidOption, UnknownOption
from transcription.core.operations import Operation
from transcription.core.options import JobOptions
from transcription.links.batches import create_batch_of_links
from transcription.models import Batch
from transcription.progress import describe_batch_with_songs, describe_batches
from transcription.responses import batch_archive
from transcription.selectors import batches_visible_to

_ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)


@extend_schema_view(list=extend_schema(summary="List my batches"))
class BatchViewSet(viewsets.GenericViewSet[Batch]):
    """Songs that were brought together; everybody else's are 404."""

    queryset = Batch.objects.none()
    serializer_class = BatchSerializer
    lookup_value_regex = UUID_PATTERN

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Put the upload handler in place before anything, such as the check for CSRF, reads the body."""
        stream_files_of(request, by=BatchUploadHandler)
        return super().initialize_request(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Batch]:
        """Return what the caller may see."""
        return batches_visible_to(self.request.user)

    def list(self, request: Request) -> Response:
        """List batches, newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(describe_batches(list(page or [])))

    @extend_schema(
        summary="Bring many songs, as files, zip files or links",
        description=(
            "Links come as JSON (`links`, `rights_confirmed`); with `playlists`, a link to a playlist stands "
            "for its songs, 50 at most. "
            "Send `multipart/form-data` with a field `files` for each song or zip file. A file that is "
            "refused stops no other: it is listed in `refused_items` with the reason. When none of several "
            "could be taken, the answer is `batch_empty` with the list in `details.refused`; when there was "
            "just one, its own error."
        ),
        request={"multipart/form-data": BatchCreateSerializer, "application/json": BatchOfLinksSerializer},
        responses={
            201: BatchDetailSerializer,
            400: OpenApiResponse(
                OpenApiTypes.OBJECT,
                "`batch_empty`, `archive_damaged`, `archive_encrypted`, `unknown_option`, `invalid_option`, "
                "or what a single song is refused for.",
            ),
            413: OpenApiResponse(
                OpenApiTypes.OBJECT, "`batch_too_large`, `archive_too_large`, `too_many_files`."
            ),
            507: OpenApiResponse(OpenApiTypes.OBJECT, "`storage_full`."),
        },
        parameters=[IDEMPOTENCY_PARAMETER],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Store the songs and queue a job for each."""
        if not isinstance(request.data, dict):
            raise ValidationError({"non_field_errors": ["This must be an object."]})
        if "links" in request.data:
            return self._of_links(request)
        known = BatchCreateSerializer().fields
        for name in request.data:
            if name not in known:
                raise UnknownOption(option=str(name)[:80], known=sorted(known))
        batch = create_batch(
            owner=request.user,
            uploads=request.FILES.getlist("files"),
            options=JobOptions.parse(_options_in(request.data.get("options"))),
            operation=member(Operation, "operation", request.data.get("operation") or Operation.TRANSCRIBE),
            title=str(request.data.get("title") or ""),
        )
        return Response(describe_batch_with_songs(batch), status=status.HTTP_201_CREATED)

    def _of_links(self, request: Request) -> Response:
        known = BatchOfLinksSerializer().fields
        for name in request.data:
            if name not in known:
                raise UnknownOption(option=str(name)[:80], known=sorted(known))
        given = {name: request.data[name] for name in known if name in request.data and name != "options"}
        form = BatchOfLinksSerializer(data=given)
        form.is_valid(raise_exception=True)
        batch = create_batch_of_links(
            owner=request.user,
            urls=form.validated_data["links"],
            rights_confirmed=form.validated_data["rights_confirmed"],
            options=JobOptions.parse(_options_in(request.data.get("options"))),
            title=form.validated_data["title"],
            takes_playlists=form.validated_data["playlists"],
        )
        return Response(describe_batch_with_songs(batch), status=status.HTTP_201_CREATED)

    @extend_schema(summary="Read a batch and its songs", responses=BatchDetailSerializer, parameters=[_ID])
    def retrieve(self, request: Request, pk: str) -> Response:
        """Return how the batch stands."""
        return Response(describe_batch_with_songs(self._batch(pk)))

    @extend_schema(summary="Delete a batch; its songs stay", request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take it out of the list and stop what is not finished."""
        delete_batch(batch=self._batch(pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Stop a batch", request=ReasonSerializer, responses=BatchDetailSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop every song that is not finished."""
        batch = cancel_batch(batch=self._batch(pk), by=request.user, reason=reason_in(request))
        return Response(describe_batch_with_songs(batch))

    @extend_schema(
        summary="Try failed songs again", request=BatchRetrySerializer, responses=BatchDetailSerializer
    )
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Run each again from the stage that did not finish."""
        form = BatchRetrySerializer(data=request.data)
        form.is_valid(raise_exception=True)
        batch = retry_batch(batch=self._batch(pk), by=request.user, **form.validated_data)
        return Response(describe_batch_with_songs(batch))

    @extend_schema(
        summary="Download everything that came of a batch",
        description="A zip file with a folder for each finished song, `results.json` and `report.txt`.",
        parameters=[_ID],
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            409: OpenApiResponse(OpenApiTypes.OBJECT, "No song is finished: `not_ready`."),
        },
    )
    @action(detail=True, methods=["get"])
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        """Send the archive while it is made."""
        return batch_archive(request, self._batch(pk))

    def _batch(self, pk: str) -> Batch:
        return get_object_or_404(self.get_queryset(), pk=pk)


def _options_in(text: Any) -> dict[str, Any]:
    """Return the options that a form has as text; JSON bodies have them as they are."""
    if not text:
        return {}
    try:
        given = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError) as error:
        raise InvalidOption(option="options", expected="a JSON object") from error
    if not isinstance(given, dict):
        raise InvalidOption(option="options", expected="a JSON object")
    return given
