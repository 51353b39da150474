"""``/api/v1/recordings/formats/``: what may be uploaded here, for clients that ask before they send."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from media.core.formats import accepted_formats
from media.core.probing import MAXIMUM_CHANNELS, MAXIMUM_RATE, MINIMUM_RATE

_EXAMPLE = OpenApiExample(
    "One of them",
    value={
        "containers": [
            {
                "name": "m4a",
                "extensions": [".m4a"],
                "content_types": ["audio/mp4", "audio/x-m4a"],
                "codecs": ["aac", "alac"],
                "has_video": False,
            }
        ],
        "limits": {
            "largest_mb": 200,
            "shortest_s": 1.0,
            "longest_s": 1800.0,
            "longest_minutes": 30.0,
            "lowest_rate": 8000,
            "highest_rate": 192000,
            "most_channels": 8,
        },
    },
    response_only=True,
)


class ContainerSerializer(serializers.Serializer[Any]):
    """A kind of file that is read here."""

    name = serializers.CharField(help_text="As a recording's `container` says it.")
    extensions = serializers.ListField(child=serializers.CharField())
    content_types = serializers.ListField(child=serializers.CharField())
    codecs = serializers.ListField(
        child=serializers.CharField(), help_text="The usual ones; others are tried as well."
    )
    has_video = serializers.BooleanField(help_text="Whether it mostly holds a picture beside the sound.")


class UploadLimitsSerializer(serializers.Serializer[Any]):
    """What a file may be at most, and at least."""

    largest_mb = serializers.IntegerField()
    shortest_s = serializers.FloatField()
    longest_s = serializers.FloatField()
    longest_minutes = serializers.FloatField()
    lowest_rate = serializers.IntegerField(help_text="Samples a second.")
    highest_rate = serializers.IntegerField(help_text="Samples a second.")
    most_channels = serializers.IntegerField()


class FormatsSerializer(serializers.Serializer[Any]):
    """What may be uploaded. The content of a file decides what it is, not its name or type."""

    containers = ContainerSerializer(many=True)
    limits = UploadLimitsSerializer()


@extend_schema(
    tags=["recordings"],
    summary="What may be uploaded",
    responses=FormatsSerializer,
    examples=[_EXAMPLE],
    auth=[],
)
@api_view(["GET"])
@permission_classes([AllowAny])
def list_formats(request: Request) -> Response:
    """Return the kinds of file that are read here, and the limits of this site."""
    containers = [asdict(known) | {"name": known.container} for known in accepted_formats()]
    limits = {
        "largest_mb": settings.UPLOAD_MAX_MB,
        "shortest_s": settings.RECORDING_MIN_S,
        "longest_s": settings.RECORDING_MAX_S,
        "longest_minutes": round(settings.RECORDING_MAX_S / 60, 2),
        "lowest_rate": MINIMUM_RATE,
        "highest_rate": MAXIMUM_RATE,
        "most_channels": MAXIMUM_CHANNELS,
    }
    return Response(FormatsSerializer({"containers": containers, "limits": limits}).data)
