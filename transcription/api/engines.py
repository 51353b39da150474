"""``/api/v1/engines/``: what hears drums and takes songs apart here."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from transcription.core.demucs_models import DEFAULT_SEPARATOR
from transcription.core.options import JobOptions
from transcription.core.weights_store.states import EngineState, Standing
from transcription.weights import engines_here

_EXAMPLE = OpenApiExample(
    "A model whose weights will be fetched",
    value={
        "name": "htdemucs",
        "task": "separate",
        "version": "4.1.0",
        "licence": "MIT",
        "source": "Demucs by Meta AI and A. Défossez, fetched from dl.fbaipublicfiles.com on first use",
        "size_bytes": 84141911,
        "is_default": True,
        "available": True,
        "status": "fetched_on_use",
        "reason": "The weights are fetched on first use.",
    },
    response_only=True,
)


class EngineSerializer(serializers.Serializer[Any]):
    """A network, whose it is, and whether a job may ask for it."""

    name = serializers.CharField()
    task = serializers.ChoiceField(choices=["separate", "detect", "beats"])
    version = serializers.CharField()
    licence = serializers.CharField()
    source = serializers.CharField()
    size_bytes = serializers.IntegerField(
        allow_null=True, help_text="Of all its files, where they are known."
    )
    is_default = serializers.BooleanField(help_text="Whether it is taken when a job names none.")
    available = serializers.BooleanField(
        help_text="Whether a job may ask for it: now, or once its weights have come by themselves."
    )
    status = serializers.ChoiceField(choices=[standing.value for standing in Standing])
    reason = serializers.CharField(
        allow_blank=True, help_text="Why it is not ready, and what would help; empty when it is."
    )


@extend_schema(
    summary="List the engines and separation models",
    responses=EngineSerializer(many=True),
    examples=[_EXAMPLE],
)
@api_view(["GET"])
def list_engines(request: Request) -> Response:
    """Return every engine, with its licence and whether it can be used here."""
    return Response([_described(state) for state in engines_here()])


def _described(state: EngineState) -> dict[str, Any]:
    engine = state.engine
    return {
        "name": engine.name,
        "task": engine.task,
        "version": engine.version,
        "licence": engine.licence,
        "source": engine.source,
        "size_bytes": state.size_bytes,
        "is_default": engine.name in {DEFAULT_SEPARATOR, JobOptions().engine},
        "available": state.is_available,
        "status": state.standing.value,
        "reason": state.reason,
    }
