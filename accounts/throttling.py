"""How often one person may call the API: rates by role, from ``settings.API_RATES``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle, UserRateThrottle

from accounts.roles import highest_role

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which itself loads this module, as the default throttle


class RoleRateThrottle(UserRateThrottle):
    """Limits a person by the rate of their highest role, and visitors by address at the rate ``anon``."""

    def __init__(self) -> None:
        """Wait for the request before choosing a rate, which the base class would do here."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        role = highest_role(request.user)
        self.scope = role.value if role else "anon"
        self.rate = settings.API_RATES[self.scope]
        self.num_requests, self.duration = self.parse_rate(self.rate)
        return bool(super().allow_request(request, view))


class SignInRateThrottle(SimpleRateThrottle):
    """Limits attempts to sign up and log in by address, at the rate ``auth``, whoever is logged in."""

    scope = "auth"

    def get_rate(self) -> Any:
        return settings.API_RATES[self.scope]

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
