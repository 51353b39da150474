"""The part of ``/api/v1/notations/`` that sends pictures, timing and files."""

from __future__ import annotations

from typing import Any

from django.http import JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from notation.api.serializers import DrawingSerializer, ExportSerializer
from notation.core.playback import timing_table
from notation.core.writers.exports import ExportFormat
from notation.models import Notation
from notation.pictures import drum_key_svg, screen_svg, version_of
from notation.responses import conditional, export_response, svg_response
from notation.scores import score_of

ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)
NOT_FOUND = OpenApiResponse(OpenApiTypes.OBJECT, "No such notation, or not yours to see: `not_found`.")
_NOT_DRAWN = OpenApiResponse(OpenApiTypes.OBJECT, "The engraver failed: `engraving_failed`.")
_SVG = {(200, "image/svg+xml"): OpenApiTypes.BINARY, 404: NOT_FOUND, 500: _NOT_DRAWN}


class FilesMixin(GenericViewSet[Notation]):
    """Pictures and downloads; each says by its ETag which revision and choices it is of."""

    def _notation(self, pk: str) -> Notation:
        raise NotImplementedError

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A browser that asks for a picture gets one; only refusals are JSON."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        summary="The score as a picture",
        description="One long SVG for a screen. Each note has its hit's id, each bar the id `bar-17`.",
        parameters=[ID, DrawingSerializer],
        responses=_SVG,
    )
    @action(detail=True, methods=["get"])
    def svg(self, request: Request, pk: str) -> HttpResponseBase:
        """Draw the score."""
        asked = asked_for(DrawingSerializer, request.query_params)
        notation = self._notation(pk)
        width, number, kit = asked["width"], asked["revision"], asked["profile"]
        return conditional(
            request,
            version_of(notation, "svg", width, number=number, kit=kit),
            lambda: svg_response(screen_svg(notation, width, number=number, kit=kit)),
        )

    @extend_schema(
        summary="The drum key as a picture",
        description="Which head in which place stands for which instrument.",
        parameters=[
            ID,
            OpenApiParameter("profile", OpenApiTypes.STR, description="Instead of the notation's own kit."),
        ],
        responses=_SVG,
    )
    @action(detail=True, methods=["get"], url_path="drum-key")
    def drum_key(self, request: Request, pk: str) -> HttpResponseBase:
        """Draw the drum key."""
        kit = asked_for(DrawingSerializer, request.query_params)["profile"]
        notation = self._notation(pk)
        return conditional(
            request,
            version_of(notation, "drum-key", kit=kit),
            lambda: svg_response(drum_key_svg(notation, kit=kit)),
        )

    @extend_schema(
        summary="When each note, beat and bar sounds",
        description="Seconds of the recording, for players (schema `drumsite.timing/1`).",
        parameters=[ID],
        responses={200: OpenApiTypes.OBJECT, 404: NOT_FOUND},
        examples=[
            OpenApiExample(
                "One hit",
                value={
                    "schema": "drumsite.timing/1",
                    "hits": {"h1": 0.512},
                    "bars": [{"number": 1, "id": "bar-1", "start_s": 0.5, "end_s": 2.5}],
                    "beats": [{"time_s": 0.5, "bar": 1, "beat": 1}],
                },
                response_only=True,
            )
        ],
    )
    @action(detail=True, methods=["get"])
    def timing(self, request: Request, pk: str) -> HttpResponseBase:
        """Send the table."""
        notation = self._notation(pk)
        return conditional(
            request,
            version_of(notation, "timing"),
            lambda: JsonResponse(timing_table(score_of(notation))),
        )

    @extend_schema(
        summary="Download the score",
        description="Written from the current revision, or from an earlier one.",
        parameters=[
            ID,
            OpenApiParameter(
                "fmt", OpenApiTypes.STR, OpenApiParameter.PATH, enum=[fmt.value for fmt in ExportFormat]
            ),
            ExportSerializer,
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            400: OpenApiResponse(OpenApiTypes.OBJECT, "`unknown_export`, `bad_profile`."),
            404: NOT_FOUND,
            500: _NOT_DRAWN,
            501: OpenApiResponse(OpenApiTypes.OBJECT, "This site makes no PDF: `pdf_backend_missing`."),
        },
    )
    @action(
        detail=True,
        methods=["get"],
        url_path=r"export/(?P<fmt>[\w-]{1,40})",
    )
    def export(self, request: Request, pk: str, fmt: str) -> HttpResponseBase:
        """Write a file."""
        asked = asked_for(ExportSerializer, request.query_params)
        notation = self._notation(pk)
        return export_response(request, notation, fmt, asked)


def asked_for(serializer_class: type[Any], data: Any) -> dict[str, Any]:
    """Return what ``data`` says, as ``serializer_class`` reads it; refuses the request for anything else."""
    form = serializer_class(data=data)
    form.is_valid(raise_exception=True)
    asked: dict[str, Any] = form.validated_data
    return asked
