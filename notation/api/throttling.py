"""How often one person may have files written or read, which takes up to seconds each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from notation.errors import TooOften


class WritingRateThrottle(UserRateThrottle):
    """Limits a person at the rate ``writing``, beside the rate of their role."""

    scope = "writing"

    def get_rate(self) -> Any:
        return settings.API_RATES[self.scope]


def counts_as_writing(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorate a page's view that writes or reads a file: it counts together with the API's."""

    @wraps(view)
    def count_then_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        throttle = WritingRateThrottle()
        # It asks only who sends the request, which a request of Django's tells as well as one of the API's.
        if not throttle.allow_request(cast(Request, request), cast(APIView, None)):
            raise TooOften(retry_after_s=max(1, ceil(throttle.wait() or 1)))
        return view(request, *args, **kwargs)

    return count_then_view
