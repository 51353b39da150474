"""The part of ``/api/v1/notations/`` that changes music, and tells of its changes."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from media.idempotency import IDEMPOTENCY_PARAMETER, idempotent
from notation.api.files import ID, NOT_FOUND, asked_for
from notation.api.serializers import (
    BaseRevisionSerializer,
    CommandsSerializer,
    DetailsSerializer,
    DiffSerializer,
    EditedSerializer,
    FaultSerializer,
    NotationSerializer,
    RangeSerializer,
    RequantiseSerializer,
    RevisionDetailSerializer,
    RevisionSerializer,
    ScoreSerializer,
    ValidatedSerializer,
    ValidateSerializer,
)
from notation.core.edits import compare
from notation.core.errors import EngravingFailed
from notation.core.quantising.quantise_config import GridChoice, SwingChoice
from notation.editing import (
    Edited,
    change_details,
    edit,
    faults_of,
    replace_score,
    requantise,
    restore_revision,
)
from notation.models import Notation
from notation.pictures import bar_svgs
from notation.scores import score_of
from notation.selectors import revisions_of

_NUMBER = OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH)
_CONFLICT = OpenApiResponse(
    OpenApiTypes.OBJECT,
    "Somebody was faster: `revision_conflict`, with what they changed; nothing of theirs is overwritten.",
)
_CONFLICT_EXAMPLE = OpenApiExample(
    "revision_conflict",
    value={
        "code": "revision_conflict",
        "message": "The score was changed meanwhile; it is now at revision 8.",
        "details": {
            "current_revision": 8,
            "changes": [
                {
                    "revision": 8,
                    "author": "Alex",
                    "created_at": "2026-11-20T20:15:00+00:00",
                    "kind": "edited",
                    "summary": ["bar 17: ride → crash"],
                    "changed_bars": [17],
                }
            ],
        },
    },
    response_only=True,
    status_codes=["409"],
)
_COMMANDS_EXAMPLE = OpenApiExample(
    "A ride becomes a crash",
    value={
        "base_revision": 7,
        "commands": [{"op": "set_instrument", "ids": ["h212"], "instrument": "crash"}],
    },
    request_only=True,
)
_EDITED_EXAMPLE = OpenApiExample(
    "Done",
    value={
        "revision": 8,
        "summary": ["bar 17: ride → crash"],
        "changed_bars": [17],
        "rebuilt": False,
        "bars": {"17": "<svg …>"},
    },
    response_only=True,
    status_codes=["200"],
)


def _answers(refusals: str) -> dict[int, Any]:
    return {
        200: EditedSerializer,
        400: OpenApiResponse(OpenApiTypes.OBJECT, f"Nothing was changed: {refusals}."),
        403: OpenApiResponse(OpenApiTypes.OBJECT, "You may read it, not change it: `permission_denied`."),
        404: NOT_FOUND,
        409: _CONFLICT,
    }


class EditingMixin(GenericViewSet[Notation]):
    """Every change names the revision that its writer saw, and makes a new one."""

    def _notation(self, pk: str) -> Notation:
        raise NotImplementedError

    @extend_schema(
        summary="Edit by commands",
        description=(
            "Small commands, done all or none; each is an object with `op`: `add`, `remove`, `move`, "
            "`set_instrument`, `set_velocity`, `mark`, `unmark`, `set_tempo`, `set_meter`, `set_bar_one`, "
            "`insert_bars`, `delete_bars`, `copy_bars`, `set_section`, `set_swing`, `set_title`."
        ),
        request=CommandsSerializer,
        parameters=[ID, IDEMPOTENCY_PARAMETER],
        responses=_answers("`bad_command`, with `index` and `reason`"),
        examples=[_COMMANDS_EXAMPLE, _EDITED_EXAMPLE, _CONFLICT_EXAMPLE],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def commands(self, request: Request, pk: str) -> Response:
        """Apply commands."""
        asked = asked_for(CommandsSerializer, request.data)
        notation = self._notation(pk)
        return _edited(notation, edit(notation=notation, by=request.user, **asked))

    @extend_schema(
        summary="Replace the score",
        request=ScoreSerializer,
        parameters=[ID, IDEMPOTENCY_PARAMETER],
        responses=_answers("`bad_score`"),
        examples=[_CONFLICT_EXAMPLE],
    )
    @idempotent
    def update(self, request: Request, pk: str) -> Response:
        """Put a whole score in the place of the current one."""
        asked = asked_for(ScoreSerializer, request.data)
        notation = self._notation(pk)
        return _edited(notation, replace_score(notation=notation, by=request.user, **asked))

    @extend_schema(
        summary="Change title, artist or kit",
        description="Title and artist make a new revision; the kit changes how it is drawn, not the music.",
        request=DetailsSerializer,
        parameters=[ID],
        responses={
            200: NotationSerializer,
            400: OpenApiResponse(OpenApiTypes.OBJECT, "`bad_profile`, `bad_command`, `invalid_input`."),
            403: OpenApiResponse(OpenApiTypes.OBJECT, "You may read it, not change it: `permission_denied`."),
            404: NOT_FOUND,
            409: _CONFLICT,
        },
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change what is said about the music."""
        asked = asked_for(DetailsSerializer, request.data)
        notation = self._notation(pk)
        change_details(notation=notation, by=request.user, **asked)
        return Response(NotationSerializer(notation, context=self.get_serializer_context()).data)

    @extend_schema(
        summary="Write the hits down anew",
        description=(
            "From what was heard; edits made by hand stay in the earlier revisions. The beats stay as they "
            "are but for what is said of them."
        ),
        request=RequantiseSerializer,
        parameters=[ID, IDEMPOTENCY_PARAMETER],
        responses=_answers("`bad_grid_change`, `no_hits`"),
        examples=[_CONFLICT_EXAMPLE],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def requantise(self, request: Request, pk: str) -> Response:
        """Quantise again."""
        form = RequantiseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        notation = self._notation(pk)
        done = requantise(
            notation=notation,
            by=request.user,
            base_revision=asked["base_revision"],
            grid=GridChoice(asked["grid"]),
            swing=SwingChoice(asked["swing"]),
            changes=form.grid_changes(),
        )
        return _edited(notation, done)

    @extend_schema(
        summary="Check commands or a score",
        description="Says what is wrong with them, and changes nothing.",
        request=ValidateSerializer,
        parameters=[ID],
        responses={200: ValidatedSerializer, 404: NOT_FOUND},
    )
    @action(detail=True, methods=["post"])
    def validate(self, request: Request, pk: str) -> Response:
        """Try it without doing it."""
        asked = asked_for(ValidateSerializer, request.data)
        faults = faults_of(self._notation(pk), **asked)
        return Response({"valid": not faults, "errors": FaultSerializer(faults, many=True).data})

    @extend_schema(
        summary="List the revisions",
        description="Newest first: who changed what, when.",
        parameters=[ID],
        responses=RevisionSerializer(many=True),
    )
    @action(detail=True, methods=["get"], filterset_fields=None)
    def revisions(self, request: Request, pk: str) -> Response:
        """Tell the history."""
        page = self.paginate_queryset(revisions_of(self._notation(pk)))
        return self.get_paginated_response(RevisionSerializer(page, many=True).data)

    @extend_schema(
        summary="Read a revision",
        parameters=[ID, _NUMBER],
        responses={200: RevisionDetailSerializer, 404: NOT_FOUND},
    )
    @action(detail=True, methods=["get"], url_path=r"revisions/(?P<number>[1-9]\d{0,8})")
    def revision(self, request: Request, pk: str, number: str) -> Response:
        """Show the score as it was."""
        revisions = revisions_of(self._notation(pk)).defer(None)
        return Response(RevisionDetailSerializer(get_object_or_404(revisions, number=int(number))).data)

    @extend_schema(
        summary="Go back to a revision",
        description="As a new revision: what came after it is not lost.",
        request=BaseRevisionSerializer,
        parameters=[ID, _NUMBER, IDEMPOTENCY_PARAMETER],
        responses=_answers("`invalid_input`"),
        examples=[_CONFLICT_EXAMPLE],
    )
    @action(detail=True, methods=["post"], url_path=r"revisions/(?P<number>[1-9]\d{0,8})/restore")
    @idempotent
    def restore(self, request: Request, pk: str, number: str) -> Response:
        """Undo to a revision."""
        asked = asked_for(BaseRevisionSerializer, request.data)
        notation = self._notation(pk)
        done = restore_revision(notation=notation, by=request.user, number=int(number), **asked)
        return _edited(notation, done)

    @extend_schema(
        summary="Compare two revisions",
        parameters=[
            ID,
            OpenApiParameter("from", OpenApiTypes.INT, required=True),
            OpenApiParameter("to", OpenApiTypes.INT, required=True),
        ],
        responses={200: DiffSerializer, 404: NOT_FOUND},
    )
    @action(detail=True, methods=["get"])
    def diff(self, request: Request, pk: str) -> Response:
        """Say in musical words what differs."""
        asked = asked_for(RangeSerializer, request.query_params)
        notation = self._notation(pk)
        difference = compare(score_of(notation, asked["from"]), score_of(notation, asked["to"]))
        return Response(
            {
                "summary": difference.sentences,
                "changed_bars": sorted(difference.changed_bars),
                "added": sorted(difference.added),
                "removed": sorted(difference.removed),
                "changed": sorted(difference.changed),
            }
        )


def _edited(notation: Notation, done: Edited) -> Response:
    try:
        bars = {} if done.rebuilt else bar_svgs(notation, done.changed_bars)
    except EngravingFailed:  # the change is made all the same; the page asks for the whole picture
        bars = {}
    return Response(
        {
            "revision": done.revision,
            "summary": done.summary,
            "changed_bars": done.changed_bars,
            "rebuilt": done.rebuilt,
            "bars": {str(number): svg for number, svg in bars.items()},
        }
    )
