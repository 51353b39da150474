from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.api import openapi  # noqa: F401  (registers how our JWTs appear in the OpenAPI document)
