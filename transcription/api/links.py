"""``/api/v1/links/``: songs from links."""

from __future__ import annotations

from django.db.models import QuerySet
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

from media.idempotency import IDEMPOTENCY_PARAMETER, idempotent
from media.models import LinkImport
from media.selectors import link_imports_of
from notation.api.views import UUID_PATTERN
from transcription.api.link_serializers import LinkRequestSerializer, LinkSerializer
from transcription.core.errors import UnknownOption
from transcription.core.options import JobOptions
from transcription.link_news import link_as_dict
from transcription.links.services import cancel_link_import, delete_link_import, request_link_import

_ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH)
_LINK = {
    "id": "2b7d9c1e-52d3-4a8f-9d40-7f6d2f0c3b11",
    "url": "https://music.example/songs/shadows",
    "state": "fetching",
    "progress": 0.42,
    "bytes": 1_835_008,
    "bytes_total": 4_182_311,
    "title": "Shadows",
    "artist": "The Backbeats",
    "page_url": "",
    "recording_id": None,
    "job_id": None,
    "job_url": None,
    "failure": None,
    "rights_confirmed_at": "2026-11-20T10:15:00Z",
    "created_at": "2026-11-20T10:15:00Z",
    "finished_at": None,
}
_REQUEST = OpenApiExample(
    "A waltz from a page",
    value={
        "url": "https://music.example/songs/shadows",
        "rights_confirmed": True,
        "options": {"meter": "3/4"},
    },
    request_only=True,
)
_REFUSED = OpenApiExample(
    "link_address_not_allowed",
    value={
        "code": "link_address_not_allowed",
        "message": "This link leads to a place that this site may not visit.",
        "details": {"hint": "Use a public link, or download the song and upload its file."},
    },
    response_only=True,
    status_codes=["400"],
)
_FAILURES = (
    "`link_unreachable`, `link_timed_out`, `link_too_slow`, `link_too_large`, `link_too_long`, "
    "`link_not_media`, `link_private`, `link_removed`, `link_age_restricted`, `link_live`, `link_blocked`, "
    "`link_unsupported`, `link_is_playlist`, `link_address_not_allowed`, `link_scheme_not_allowed`"
)


@extend_schema(tags=["links"])
@extend_schema_view(list=extend_schema(summary="List my imports from links"))
class LinkImportViewSet(viewsets.GenericViewSet[LinkImport]):
    """Songs that are fetched from links; everybody else's are 404."""

    queryset = LinkImport.objects.none()
    serializer_class = LinkSerializer
    filter_backends = ()
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> QuerySet[LinkImport]:
        """Return what the caller may see."""
        return link_imports_of(self.request.user)

    def list(self, request: Request) -> Response:
        """List imports, newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response([link_as_dict(link) for link in page or []])

    @extend_schema(
        summary="Import a song from a link",
        description=(
            "The song is fetched in the background; then its transcription is queued. Follow it by `GET`, or "
            f"by `link.updated` on `/ws/feed/`. If it fails, `failure.code` is one of {_FAILURES}."
        ),
        request=LinkRequestSerializer,
        responses={
            202: LinkSerializer,
            400: OpenApiResponse(
                OpenApiTypes.OBJECT,
                "`link_invalid`, `link_scheme_not_allowed`, `link_address_not_allowed`, "
                "`rights_not_confirmed`, `invalid_option`, `unknown_option`, `invalid_input`.",
            ),
            403: OpenApiResponse(OpenApiTypes.OBJECT, "This site fetches no links: `links_off`."),
            409: OpenApiResponse(OpenApiTypes.OBJECT, "`idempotency_conflict` or `idempotency_in_progress`."),
            429: OpenApiResponse(OpenApiTypes.OBJECT, "`too_many_links`."),
        },
        parameters=[IDEMPOTENCY_PARAMETER],
        examples=[
            _REQUEST,
            OpenApiExample("Under way", value=_LINK, response_only=True, status_codes=["202"]),
            _REFUSED,
        ],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Have a song fetched. The same link, while it is being fetched, is not fetched twice."""
        if not isinstance(request.data, dict):
            raise serializers.ValidationError({"non_field_errors": ["This must be an object."]})
        known = sorted(LinkRequestSerializer().fields)
        for name in request.data:
            if name not in known:
                raise UnknownOption(option=str(name)[:80], known=known)
        given = {name: request.data.get(name) for name in ("url", "rights_confirmed")}
        if given["rights_confirmed"] is None:
            given["rights_confirmed"] = False  # not said is not confirmed
        form = LinkRequestSerializer(data=given)
        form.is_valid(raise_exception=True)
        options = request.data.get("options")
        if options is not None and not isinstance(options, dict):
            raise serializers.ValidationError({"options": ["This must be an object."]})
        link = request_link_import(
            owner=request.user,
            url=form.validated_data["url"],
            rights_confirmed=form.validated_data["rights_confirmed"],
            options=JobOptions.parse(options or {}),
        )
        where = reverse("api-link-detail", args=[link.pk], request=request)
        return Response(link_as_dict(link), status=status.HTTP_202_ACCEPTED, headers={"Location": where})

    @extend_schema(summary="Read an import", responses=LinkSerializer, parameters=[_ID])
    def retrieve(self, request: Request, pk: str) -> Response:
        """Return how the import stands."""
        return Response(link_as_dict(self._link(pk)))

    @extend_schema(summary="Delete an import", responses={204: None}, parameters=[_ID])
    def destroy(self, request: Request, pk: str) -> Response:
        """Take it out of the list; if it is under way, stop it. What it brought stays."""
        delete_link_import(link=self._link(pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(summary="Stop an import", request=None, responses=LinkSerializer, parameters=[_ID])
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop it, also in the middle of its fetch."""
        return Response(link_as_dict(cancel_link_import(link=self._link(pk), by=request.user)))

    def _link(self, pk: str) -> LinkImport:
        return get_object_or_404(self.get_queryset(), pk=pk)
