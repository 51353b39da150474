"""Addresses of recordings in the API."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from media.api.views import RecordingViewSet

router = SimpleRouter()
router.register("recordings", RecordingViewSet, basename="recording")
urlpatterns = router.urls
