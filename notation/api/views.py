"""``/api/v1/notations/``: bringing, reading, copying and deleting scores."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer
from rest_framework.throttling import BaseThrottle

from media.idempotency import IDEMPOTENCY_PARAMETER, idempotent
from notation.api.editing import EditingMixin
from notation.api.files import ID, NOT_FOUND, FilesMixin
from notation.api.serializers import (
    EventsSerializer,
    GivenEventsSerializer,
    ImportedNotationSerializer,
    NotationDetailSerializer,
    NotationSerializer,
    OverviewSerializer,
    ScoreFileSerializer,
    TitleSerializer,
)
from notation.api.throttling import WritingRateThrottle
from notation.errors import RequestTooLarge
from notation.forms import MB, bytes_sent, refuse_long_form
from notation.models import Notation, Revision
from notation.overview import overview_of
from notation.selectors import deleted_notations_of, notations_visible_to
from notation.services import (
    create_from_events,
    create_from_file,
    delete_notation,
    duplicate_notation,
    undelete_notation,
)

UUID_PATTERN = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_WRITES_MUCH = frozenset({"export", "from_events", "from_file", "requantise"})
_BAD_MUSIC = "The music is refused: "


@extend_schema(tags=["notations"])
@extend_schema_view(
    list=extend_schema(
        summary="List my notations",
        parameters=[
            OpenApiParameter(
                "deleted", OpenApiTypes.BOOL, description="List the deleted ones that can be restored."
            )
        ],
    ),
    retrieve=extend_schema(summary="Read a notation with its score"),
)
class NotationViewSet(FilesMixin, EditingMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Scores; everybody else's are 404."""

    queryset = Notation.objects.none()
    filterset_fields = ("recording", "job_id")
    lookup_value_regex = UUID_PATTERN

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what is too large before anything, such as the check for CSRF, reads it."""
        if self.action == "from_file":
            refuse_long_form(request)
        elif bytes_sent(request) > settings.SCORE_BODY_MAX_MB * MB:
            raise RequestTooLarge(maximum_mb=settings.SCORE_BODY_MAX_MB)
        super().initial(request, *args, **kwargs)

    def get_throttles(self) -> list[BaseThrottle]:
        """Count what takes seconds apart."""
        throttles = list(super().get_throttles())
        return [*throttles, WritingRateThrottle()] if self.action in _WRITES_MUCH else throttles

    def handle_exception(self, exc: Exception) -> Response:
        """A revision that is not there is not found, as a notation is."""
        return super().handle_exception(Http404() if isinstance(exc, Revision.DoesNotExist) else exc)

    def get_queryset(self) -> QuerySet[Notation]:
        """Return what the caller may read, without scores in a list."""
        user = self.request.user
        if self.action == "list" and self.request.query_params.get("deleted", "").lower() in {"1", "true"}:
            return deleted_notations_of(user)
        notations = notations_visible_to(user)
        return notations.defer(None).defer("recording__peaks") if self.action == "retrieve" else notations

    def get_serializer_class(self) -> type[BaseSerializer[Notation]]:
        """Give the score only of one notation."""
        return NotationDetailSerializer if self.action == "retrieve" else NotationSerializer

    @extend_schema(
        summary="Write down a list of strokes",
        description=(
            "Strokes with their seconds, from any program that hears or plays them; the tempo is steady from "
            "second 0 unless `beats` say otherwise."
        ),
        request=GivenEventsSerializer,
        parameters=[IDEMPOTENCY_PARAMETER],
        responses={
            201: NotationDetailSerializer,
            400: OpenApiResponse(OpenApiTypes.OBJECT, _BAD_MUSIC + "`bad_events`, `invalid_input`."),
            413: OpenApiResponse(OpenApiTypes.OBJECT, "`request_too_large`, `score_too_large`."),
        },
    )
    @action(detail=False, methods=["post"], url_path="from-events")
    @idempotent
    def from_events(self, request: Request) -> Response:
        """Make a notation."""
        form = EventsSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return self._created(create_from_events(owner=request.user, **form.validated_data))

    @extend_schema(
        summary="Import a chart",
        description=(
            "Send `multipart/form-data` with the field `file`: MusicXML (also compressed), MIDI or our own "
            "JSON. The content decides what it is. `report` says what could not be kept."
        ),
        request={"multipart/form-data": ScoreFileSerializer},
        parameters=[IDEMPOTENCY_PARAMETER],
        responses={
            201: ImportedNotationSerializer,
            400: OpenApiResponse(
                OpenApiTypes.OBJECT,
                _BAD_MUSIC + "`import_unreadable`, `import_no_drums`, `bad_score`; no file: `invalid_input`.",
            ),
            413: OpenApiResponse(
                OpenApiTypes.OBJECT, "`file_too_large`, `import_too_large`, `score_too_large`."
            ),
            415: OpenApiResponse(OpenApiTypes.OBJECT, "`import_unsupported`."),
        },
    )
    @action(detail=False, methods=["post"], url_path="from-file")
    @idempotent
    def from_file(self, request: Request) -> Response:
        """Make a notation."""
        form = ScoreFileSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        file = form.validated_data["file"]
        notation, report = create_from_file(owner=request.user, data=file.read(), file_name=file.name or "")
        return self._created(notation, ImportedNotationSerializer, report=report)

    @extend_schema(
        summary="Copy a notation",
        request=TitleSerializer,
        parameters=[ID, IDEMPOTENCY_PARAMETER],
        responses={201: NotationDetailSerializer, 404: NOT_FOUND},
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def duplicate(self, request: Request, pk: str) -> Response:
        """Make a copy with a history of its own."""
        form = TitleSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        copy = duplicate_notation(
            notation=self._notation(pk), by=request.user, title=form.validated_data["title"]
        )
        return self._created(copy)

    @extend_schema(
        summary="Delete a notation",
        description="It can be restored for as long as the site keeps deleted things.",
        parameters=[ID],
        responses={204: None, 404: NOT_FOUND},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Take it out of every list."""
        delete_notation(notation=self._notation(pk), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Restore a deleted notation",
        request=None,
        parameters=[ID],
        responses={
            200: NotationSerializer,
            404: NOT_FOUND,
            410: OpenApiResponse(OpenApiTypes.OBJECT, "It cannot come back by itself: `notation_deleted`."),
        },
    )
    @action(detail=True, methods=["post"])
    def undelete(self, request: Request, pk: str) -> Response:
        """Undo a deletion."""
        found = notations_visible_to(request.user, deleted=True)
        notation = undelete_notation(notation=get_object_or_404(found, pk=pk), by=request.user)
        return Response(NotationSerializer(notation, context=self.get_serializer_context()).data)

    @extend_schema(
        summary="Figures about all my charts",
        description="Grooves are looked for in the 200 newest charts; everything else is counted in all.",
        responses=OverviewSerializer,
    )
    @action(detail=False, methods=["get"], url_path="stats/overview")
    def overview(self, request: Request) -> Response:
        """Count charts, minutes, hits, tempi, meters and grooves."""
        return Response(overview_of(request.user))

    def _notation(self, pk: str) -> Notation:
        return get_object_or_404(notations_visible_to(self.request.user), pk=pk)

    def _created(
        self,
        notation: Notation,
        serializer_class: type[NotationDetailSerializer] = NotationDetailSerializer,
        **context: Any,
    ) -> Response:
        shown = serializer_class(notation, context=self.get_serializer_context() | context).data
        where = reverse("api-notation-detail", args=[notation.pk], request=self.request)
        return Response(shown, status.HTTP_201_CREATED, headers={"Location": where})
