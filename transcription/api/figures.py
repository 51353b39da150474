"""Figures: ``/api/v1/recordings/stats/`` about one's own, ``/api/v1/admin/stats/`` about the whole site."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import is_moderator
from media.usage import usage_of
from transcription.figures import QUEUE_NAMES, jobs_by_status, site_figures

_MOST_DAYS = 365


class IsStaff(BasePermission):
    """Lets moderators and admins in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the caller looks after the site."""
        return is_moderator(request.user)


class FilesCountSerializer(serializers.Serializer[Any]):
    """Files, and their bytes together."""

    count = serializers.IntegerField()
    bytes = serializers.IntegerField()


class ContainerUsageSerializer(FilesCountSerializer):
    """One's own recordings of a kind of file."""

    name = serializers.CharField()
    minutes = serializers.FloatField()


class JobsByStatusSerializer(serializers.Serializer[Any]):
    """How many jobs are in each state."""

    pending = serializers.IntegerField()
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    completed = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class UsageSerializer(FilesCountSerializer):
    """What one has brought and asked for."""

    minutes = serializers.FloatField(help_text="Of those whose length is known.")
    made_bytes = serializers.IntegerField(help_text="Of the files that jobs made of them.")
    containers = ContainerUsageSerializer(many=True)
    deleted = FilesCountSerializer(help_text="Deleted, and still kept to be restored.")
    jobs = JobsByStatusSerializer()


class FailureCountSerializer(serializers.Serializer[Any]):
    """How often jobs failed for a reason."""

    code = serializers.CharField()
    count = serializers.IntegerField()


class StageSecondsSerializer(serializers.Serializer[Any]):
    """How long a stage takes here."""

    stage = serializers.CharField()
    runs = serializers.IntegerField(help_text="Without those taken from an equal run.")
    mean_s = serializers.FloatField()
    longest_s = serializers.FloatField()


class QueueSerializer(serializers.Serializer[Any]):
    """What a queue holds now."""

    queue = serializers.ChoiceField(choices=QUEUE_NAMES)
    waiting = serializers.IntegerField()
    running = serializers.IntegerField()
    held = serializers.IntegerField(help_text="Stages of people whose jobs are held.")


class StorageSerializer(serializers.Serializer[Any]):
    """What the storage holds."""

    recordings = FilesCountSerializer()
    deleted_recordings = FilesCountSerializer(help_text="Deleted, and still kept.")
    artifacts = FilesCountSerializer(help_text="What stages made.")


class SiteFiguresSerializer(serializers.Serializer[Any]):
    """How the site is doing."""

    days = serializers.IntegerField(help_text="So far back go operations, failures and stages.")
    people = serializers.IntegerField(help_text="Accounts that are open.")
    jobs = JobsByStatusSerializer()
    operations = serializers.DictField(child=serializers.IntegerField())
    failures = FailureCountSerializer(many=True, help_text="The most frequent first.")
    stages = StageSecondsSerializer(many=True)
    queues = QueueSerializer(many=True)
    storage = StorageSerializer()


class SiteFiguresQuerySerializer(serializers.Serializer[Any]):
    """How far back to look."""

    days = serializers.IntegerField(min_value=1, max_value=_MOST_DAYS, default=30)


@extend_schema(tags=["recordings"], summary="Figures about my recordings and jobs", responses=UsageSerializer)
@api_view(["GET"])
def own_figures(request: Request) -> Response:
    """Count one's own recordings, their bytes and minutes, and one's jobs by state; a moderator's, too."""
    figures = usage_of(request.user) | {"jobs": jobs_by_status(request.user)}
    return Response(UsageSerializer(figures).data)


@extend_schema(
    tags=["admin"],
    summary="How the site is doing",
    parameters=[
        OpenApiParameter(
            "days", OpenApiTypes.INT, description=f"How far back, 1 to {_MOST_DAYS}; default 30."
        )
    ],
    responses={
        200: SiteFiguresSerializer,
        400: OpenApiResponse(OpenApiTypes.OBJECT, "`invalid_input`"),
        403: OpenApiResponse(OpenApiTypes.OBJECT, "Neither moderator nor admin: `permission_denied`."),
    },
)
@api_view(["GET"])
@permission_classes([IsAuthenticated, IsStaff])
def all_figures(request: Request) -> Response:
    """Return jobs by state, failures, seconds by stage, queues and storage; for moderators and admins."""
    query = SiteFiguresQuerySerializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    return Response(SiteFiguresSerializer(site_figures(days=query.validated_data["days"])).data)
