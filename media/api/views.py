"""Recordings in the API: upload, list, rename, delete, restore, listen."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import filters, mixins, status
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.viewsets import GenericViewSet

from media.api.serializers import (
    CreatedRecordingSerializer,
    PeaksSerializer,
    RecordingSerializer,
    RecordingTitleSerializer,
    RecordingUploadSerializer,
)
from media.errors import PeaksNotReady
from media.idempotency import IDEMPOTENCY_PARAMETER, idempotent
from media.models import Recording
from media.selectors import cover_of, recording_visible_to, recordings_visible_to, search_recordings
from media.services import create_recording, delete_own_recording, rename_recording, restore_recording
from media.uploads import stream_files_of
from media.views import artifact_response, audio_response

_RECORDING = {
    "id": "6f1c2f0e-3b0a-4f0e-9a53-3a6c9c1f7f10",
    "owner": "0b9f6a52-6a0a-4c0e-8f86-0d9f5a3b7c21",
    "title": "Shadows",
    "source": "upload",
    "source_url": "",
    "artist": "",
    "original_name": "shadows.flac",
    "container": "flac",
    "codec": "flac",
    "bytes": 4182311,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "duration_s": 36.9,
    "channels": 2,
    "sample_rate": 44100,
    "has_video": False,
    "tracks": [
        {
            "index": 0,
            "codec": "flac",
            "channels": 2,
            "rate": 44100,
            "language": "",
            "title": "",
            "is_default": True,
        }
    ],
    "state": "stored",
    "failure_code": "",
    "warnings": [],
    "created_at": "2026-11-20T10:15:00Z",
    "deleted_at": None,
    "purge_after": None,
    "audio_url": "https://drums.example/api/v1/recordings/6f1c2f0e-3b0a-4f0e-9a53-3a6c9c1f7f10/audio",
    "peaks_url": "https://drums.example/api/v1/recordings/6f1c2f0e-3b0a-4f0e-9a53-3a6c9c1f7f10/peaks",
}


def _refusal(code: str, message: str, http_status: int, **details: object) -> OpenApiExample:
    return OpenApiExample(
        code,
        value={"code": code, "message": message, "details": details},
        response_only=True,
        status_codes=[str(http_status)],
    )


_NOT_FOUND = OpenApiResponse(OpenApiTypes.OBJECT, "No such recording, or not yours to see: `not_found`.")
_GONE = OpenApiResponse(OpenApiTypes.OBJECT, "It was deleted: `recording_deleted`.")
_SHOWN = OpenApiExample("A recording", value=_RECORDING, response_only=True, status_codes=["200"])


@extend_schema(tags=["recordings"])
@extend_schema_view(
    list=extend_schema(
        summary="List recordings",
        description="Your recordings, newest first; a moderator gets everybody's.",
        parameters=[
            OpenApiParameter(
                "search", OpenApiTypes.STR, description="Words of the title or the file's name."
            ),
            OpenApiParameter(
                "deleted", OpenApiTypes.BOOL, description="List the deleted ones that are still kept."
            ),
        ],
    ),
)
class RecordingViewSet(mixins.ListModelMixin, GenericViewSet[Recording]):
    """Songs that people brought."""

    queryset = Recording.objects.none()
    serializer_class = RecordingSerializer
    parser_classes = [MultiPartParser, FormParser, JSONParser]
    filter_backends = [filters.OrderingFilter]
    ordering_fields = ["created_at", "title", "duration_s", "bytes"]
    ordering = ["-created_at"]
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Put the upload handler in place before anything, such as the check for CSRF, reads the body."""
        stream_files_of(request)
        return super().initialize_request(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Recording]:
        """Return what the person may list."""
        wants_deleted = self.request.query_params.get("deleted", "").lower() in {"1", "true", "yes"}
        recordings = recordings_visible_to(self.request.user, deleted=wants_deleted)
        return search_recordings(recordings, self.request.query_params.get("search", ""))

    def _recording(self, pk: str, *, deleted: bool = False) -> Recording:
        try:
            return recording_visible_to(self.request.user, pk, deleted=deleted)
        except Recording.DoesNotExist as error:
            raise Http404 from error

    def _shown(self, recording: Recording, http_status: int = status.HTTP_200_OK) -> Response:
        return Response(
            RecordingSerializer(recording, context=self.get_serializer_context()).data, http_status
        )

    @extend_schema(
        summary="Upload a recording",
        description=(
            "Send `multipart/form-data` with the field `file`: mp3, wav, flac, ogg, opus, m4a, aac, mp4, "
            "mov, mkv, webm or avi. The content decides what it is, not the name."
        ),
        request={"multipart/form-data": RecordingUploadSerializer},
        parameters=[IDEMPOTENCY_PARAMETER],
        responses={
            201: CreatedRecordingSerializer,
            400: OpenApiResponse(
                OpenApiTypes.OBJECT,
                "The content is refused: `empty_file`, `not_audio`, `no_audio_track`, `undecodable_audio`, "
                "`unsupported_audio`, `audio_too_short`, `audio_too_long`; without a file: `invalid_input`.",
            ),
            409: OpenApiResponse(OpenApiTypes.OBJECT, "`idempotency_conflict` or `idempotency_in_progress`."),
            413: OpenApiResponse(OpenApiTypes.OBJECT, "`file_too_large`."),
            507: OpenApiResponse(OpenApiTypes.OBJECT, "`storage_full`."),
        },
        examples=[
            OpenApiExample(
                "Stored",
                value={**_RECORDING, "already_uploaded_as": None},
                response_only=True,
                status_codes=["201"],
            ),
            _refusal("not_audio", "This file is not audio or video that we can read.", 400),
            _refusal("no_audio_track", "This video has no sound track.", 400),
            _refusal(
                "file_too_large",
                "The file is larger than the 200 MB that are allowed here.",
                413,
                maximum_mb=200,
            ),
        ],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Store a song."""
        given = RecordingUploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        recording = create_recording(
            owner=request.user, upload=given.validated_data["file"], title=given.validated_data.get("title")
        )
        shown = CreatedRecordingSerializer(recording, context=self.get_serializer_context()).data
        where = reverse("recording-detail", args=[recording.pk], request=request)
        return Response(shown, status.HTTP_201_CREATED, headers={"Location": where})

    @extend_schema(
        summary="Show a recording",
        responses={200: RecordingSerializer, 404: _NOT_FOUND, 410: _GONE},
        examples=[_SHOWN],
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one recording."""
        return self._shown(self._recording(pk))

    @extend_schema(
        summary="Rename a recording",
        request=RecordingTitleSerializer,
        responses={200: RecordingSerializer, 404: _NOT_FOUND, 410: _GONE},
        examples=[OpenApiExample("A title", value={"title": "Shadows (take 2)"}, request_only=True), _SHOWN],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change the title."""
        recording = self._recording(pk)
        given = RecordingTitleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self._shown(rename_recording(recording=recording, title=given.validated_data["title"]))

    @extend_schema(
        summary="Delete a recording",
        description="It can be restored until `purge_after`; then its files are really deleted.",
        responses={204: None, 404: _NOT_FOUND, 410: _GONE},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a recording."""
        delete_own_recording(recording=self._recording(pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Restore a deleted recording",
        request=None,
        responses={200: RecordingSerializer, 404: _NOT_FOUND, 410: _GONE},
        examples=[_SHOWN],
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Undo a deletion."""
        return self._shown(restore_recording(recording=self._recording(pk, deleted=True)))

    @extend_schema(
        summary="Listen to a recording",
        description="The file as it was uploaded, whole or in part; maybe by redirect to a signed link.",
        parameters=[
            OpenApiParameter(
                "Range", OpenApiTypes.STR, OpenApiParameter.HEADER, description="e.g. `bytes=0-1023`"
            ),
            OpenApiParameter("download", OpenApiTypes.BOOL, description="Save it instead of playing it."),
        ],
        responses={
            (200, "audio/*"): OpenApiTypes.BINARY,
            (206, "audio/*"): OpenApiTypes.BINARY,
            302: OpenApiResponse(description="A signed link to the storage service."),
            404: _NOT_FOUND,
            410: _GONE,
            416: OpenApiResponse(OpenApiTypes.OBJECT, "`range_not_satisfiable`."),
        },
    )
    @action(detail=True, methods=["get"], renderer_classes=[JSONRenderer])
    def audio(self, request: Request, pk: str) -> HttpResponseBase:
        """Send the sound."""
        return audio_response(request, self._recording(pk))

    @extend_schema(
        summary="The waveform of a recording",
        responses={
            200: PeaksSerializer,
            404: _NOT_FOUND,
            409: OpenApiResponse(OpenApiTypes.OBJECT, "The sound has not been decoded yet: `not_ready`."),
            410: _GONE,
        },
        examples=[
            OpenApiExample(
                "Three points",
                value={"duration_s": 36.9, "scale": 127, "peaks": [[-3, 4], [-90, 101], [-40, 38]]},
                response_only=True,
                status_codes=["200"],
            )
        ],
    )
    @action(detail=True, methods=["get"])
    def peaks(self, request: Request, pk: str) -> Response:
        """Send the waveform."""
        peaks = self._recording(pk).peaks
        if peaks is None:
            raise PeaksNotReady
        return Response(peaks, headers={"Cache-Control": "private, max-age=3600"})

    @extend_schema(
        summary="The picture of a recording",
        description="What the page that the song came from shows with it.",
        responses={
            (200, "image/*"): OpenApiTypes.BINARY,
            302: OpenApiResponse(description="A signed link to the storage service."),
            404: OpenApiResponse(
                OpenApiTypes.OBJECT, "No such recording, or without a picture: `not_found`."
            ),
            410: _GONE,
        },
    )
    @action(detail=True, methods=["get"], renderer_classes=[JSONRenderer])
    def cover(self, request: Request, pk: str) -> HttpResponseBase:
        """Send the picture."""
        picture = cover_of(self._recording(pk))
        if picture is None:
            raise Http404
        return artifact_response(request, picture, filename="cover", as_attachment=False)
