"""The enrichment app."""

from __future__ import annotations

from django.apps import AppConfig


class EnrichmentConfig(AppConfig):
    """Configures the enrichment app."""

    name = "enrichment"
