"""The project's own app: the broker, system checks and commands."""

from __future__ import annotations

from django.apps import AppConfig


class DrumsiteConfig(AppConfig):
    """Sets up the broker and the checks once settings are known."""

    name = "drumsite"

    def ready(self) -> None:
        """Make the broker before any module with an actor is imported."""
        from drumsite import checks  # noqa: F401
        from drumsite.queue import set_up_broker

        set_up_broker()
