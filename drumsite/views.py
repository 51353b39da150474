"""The landing page, and whether the site is well."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema, inline_serializer
from redis import Redis
from rest_framework import serializers
from rest_framework.decorators import api_view, authentication_classes, permission_classes, throttle_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Say what drumsite is."""
    return render(request, "drumsite/landing.html")


@extend_schema(
    summary="Whether this process answers",
    responses=inline_serializer("Health", {"status": serializers.CharField()}),
    auth=[],
)
@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
@throttle_classes([])
def health(request: Request) -> Response:
    """Answer as long as the process is alive."""
    return Response({"status": "ok"})


@extend_schema(
    summary="Whether everything it needs is there",
    responses=inline_serializer(
        "Readiness", {"status": serializers.CharField(), "checks": serializers.DictField()}
    ),
    auth=[],
)
@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
@throttle_classes([])
def ready(request: Request) -> Response:
    """Ask the database, the queue and the storage; 503 while one of them is away."""
    checks = {"database": _works(_ask_database), "queue": _works(_ask_queue), "storage": _works(_ask_storage)}
    is_ready = all(checks.values())
    body: dict[str, Any] = {
        "status": "ok" if is_ready else "unavailable",
        "checks": {name: "ok" if works else "unavailable" for name, works in checks.items()},
    }
    return Response(body, status=200 if is_ready else 503)


def _works(ask: Any) -> bool:
    try:
        ask()
    except Exception:  # whatever is wrong with it, it is not ready
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_queue() -> None:
    if settings.REDIS_URL:
        Redis.from_url(settings.REDIS_URL, socket_timeout=2).ping()


def _ask_storage() -> None:
    default_storage.exists("ready")
