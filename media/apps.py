"""The media app."""

from __future__ import annotations

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """Configures the media app."""

    name = "media"
