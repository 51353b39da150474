"""Where websockets are, and from where they may be opened."""

from __future__ import annotations

from urllib.parse import ParseResult

from channels.security.websocket import OriginValidator
from django.conf import settings
from django.urls import path

from accounts.consumers import FeedConsumer
from transcription.consumers import JobConsumer
from transcription.progress import feed_snapshot


class SameOriginOrNoBrowser(OriginValidator):  # type: ignore[misc]
    """Refuses pages of other sites. A client without an ``Origin`` is no browser and carries no cookie."""

    def __init__(self, application: object) -> None:
        super().__init__(application, settings.ALLOWED_HOSTS)

    def valid_origin(self, parsed_origin: ParseResult | None) -> bool:
        """Whether a websocket may be opened from ``parsed_origin``."""
        return parsed_origin is None or bool(self.validate_origin(parsed_origin))


websocket_urlpatterns = [
    path("ws/feed/", FeedConsumer.as_asgi(take_snapshot=feed_snapshot)),
    path("ws/jobs/<uuid:job_id>/", JobConsumer.as_asgi()),
]
