"""Websockets: who is listening, and what they get first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from accounts.authentication import user_from_access_token
from accounts.feed import feed_group, remember_server_loop
from accounts.models import User

CLOSE_NOT_SIGNED_IN = 4401
CLOSE_NOT_FOUND = 4404
CLOSE_BAD_MESSAGE = 4400
_FIRST_MESSAGE_WITHIN_S = 10.0


class NewsConsumer(AsyncJsonWebsocketConsumer):
    """Sends a snapshot, then news, to one signed-in person.

    The session's cookie says who that is; without one, the first message must be
    ``{"type": "authenticate", "token": ACCESS}`` (a token in the URL would end up in logs). A client that was
    connected before may send ``{"type": "resume", "seq": N}``: it gets a snapshot if it missed something.
    """

    user: User | None = None
    _group: str | None = None
    _patience: asyncio.Task[None] | None = None

    async def group_of(self, user: User) -> str | None:
        """Return the group that ``user`` may listen to here; ``None`` when there is nothing to listen to."""
        raise NotImplementedError

    async def snapshot(self, user: User) -> dict[str, Any] | None:
        """Return the message that brings a client up to date; ``None`` when what it is about is gone."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Accept, and begin at once where the session says who it is."""
        remember_server_loop()
        await self.accept()
        user = self.scope.get("user")
        if user is not None and user.is_authenticated:
            await self._begin(user)
        else:
            self._patience = asyncio.create_task(self._close_unless_known())

    async def disconnect(self, code: int) -> None:
        """Stop listening."""
        if self._patience is not None:
            self._patience.cancel()
        if self._group is not None:
            await self.channel_layer.group_discard(self._group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Answer ``authenticate`` and ``resume``; anything else is refused."""
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "authenticate" and self.user is None:
            user = await database_sync_to_async(user_from_access_token)(str(content.get("token", "")))
            if user is None:
                await self.close(CLOSE_NOT_SIGNED_IN)
            else:
                await self._begin(user)
        elif kind == "resume" and self.user is not None:
            await self._send_snapshot(than=content.get("seq"))
        else:
            await self.close(CLOSE_NOT_SIGNED_IN if self.user is None else CLOSE_BAD_MESSAGE)

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        """Read a message; what is no JSON is an empty message, which is refused like any unknown one."""
        try:
            return await super().decode_json(text_data)
        except ValueError:
            return None

    async def news(self, event: dict[str, Any]) -> None:
        """Pass on what the group was sent."""
        await self.send_json(event["news"])

    async def _begin(self, user: User) -> None:
        if self._patience is not None:
            self._patience.cancel()
        group = await self.group_of(user)
        if group is None:
            await self.close(CLOSE_NOT_FOUND)
            return
        self.user, self._group = user, group
        # Listen first, then look: what happens in between arrives twice rather than never.
        await self.channel_layer.group_add(group, self.channel_name)
        await self._send_snapshot(than=None)

    async def _send_snapshot(self, *, than: Any) -> None:
        """Send a snapshot if it is newer ``than`` the seq that the client has."""
        assert self.user is not None
        snapshot = await self.snapshot(self.user)
        if snapshot is None:
            await self.close(CLOSE_NOT_FOUND)
        elif not isinstance(than, int) or than < snapshot["seq"]:
            await self.send_json(snapshot)

    async def _close_unless_known(self) -> None:
        await asyncio.sleep(_FIRST_MESSAGE_WITHIN_S)
        await self.close(CLOSE_NOT_SIGNED_IN)


class FeedConsumer(NewsConsumer):
    """``/ws/feed/``: everything of mine. ``take_snapshot`` comes from above, where jobs are known."""

    def __init__(self, *args: Any, take_snapshot: Callable[[User], dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._take_snapshot = take_snapshot

    async def group_of(self, user: User) -> str:
        """Everybody has a feed."""
        return feed_group(user.pk)

    async def snapshot(self, user: User) -> dict[str, Any]:
        """Return what the project put together for this person."""
        return await database_sync_to_async(self._take_snapshot)(user)
