"""How our JWTs appear in the OpenAPI document."""

from __future__ import annotations

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme


class JWTScheme(SimpleJWTScheme):
    """The same bearer scheme as simplejwt's, for our subclass of its authentication."""

    target_class = "accounts.authentication.JWTAuthentication"
