"""How often one person may have files written or read, which takes up to seconds each."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.throttling import UserRateThrottle


class WritingRateThrottle(UserRateThrottle):
    """Limits a person at the rate ``writing``, beside the rate of their role."""

    scope = "writing"

    def get_rate(self) -> Any:
        return settings.API_RATES[self.scope]
