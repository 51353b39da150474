"""The per-user event feed: how news of anything a person owns reaches their open pages."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

# The loop that serves websockets in this process. The in-memory layer is not thread-safe: a worker thread
# must hand its news to this loop.
_server_loop: asyncio.AbstractEventLoop | None = None


def remember_server_loop() -> None:
    """Note the running loop as the one that serves websockets; consumers call this when one connects."""
    global _server_loop
    _server_loop = asyncio.get_running_loop()


def feed_group(user_id: UUID | str) -> str:
    """Return the group that receives everything of one person."""
    return f"feed-{user_id}"


def message(kind: str, *, seq: int, data: dict[str, Any]) -> dict[str, Any]:
    """Return a websocket message; ``seq`` grows with each change of what ``data`` describes."""
    return {"type": kind, "seq": seq, "at": datetime.now(UTC).isoformat(), "data": data}


def publish(groups: list[str], news: dict[str, Any]) -> None:
    """Send ``news`` to every page that listens to one of ``groups``.

    News are a courtesy: what they tell is in the database, and a page that missed them gets a snapshot. So a
    layer that cannot be reached is logged and is no reason for the caller to fail.
    """
    layer = get_channel_layer()
    if layer is None:
        return
    if isinstance(layer, InMemoryChannelLayer):
        if _server_loop is None or _server_loop.is_closed():
            return  # no websocket was ever opened in this process
        for group in groups:
            asyncio.run_coroutine_threadsafe(layer.group_send(group, _envelope(news)), _server_loop)
        return
    try:
        for group in groups:
            async_to_sync(layer.group_send)(group, _envelope(news))
    except Exception:  # Redis away, its buffer full, its connection of another loop
        logger.warning("news_not_sent", exc_info=True)


def _envelope(news: dict[str, Any]) -> dict[str, Any]:
    return {"type": "news", "news": news}
