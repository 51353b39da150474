"""Addresses of recordings in the API."""

from __future__ import annotations

from django.urls import re_path
from rest_framework.routers import SimpleRouter

from media.api.formats import list_formats
from media.api.views import RecordingViewSet

router = SimpleRouter()
router.trailing_slash = "/?"  # as in the rest of the API: it may be left out
router.register("recordings", RecordingViewSet, basename="recording")
urlpatterns = [
    re_path(r"^recordings/formats/?$", list_formats, name="recording-formats"),
    *router.urls,
]
