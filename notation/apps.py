"""The notation app."""

from __future__ import annotations

from django.apps import AppConfig


class NotationConfig(AppConfig):
    """Configures the notation app."""

    name = "notation"
