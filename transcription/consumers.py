"""``/ws/jobs/<id>/``: how one job stands, live."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async

from accounts.consumers import NewsConsumer
from accounts.models import User
from transcription.progress import job_group, job_snapshot
from transcription.selectors import jobs_visible_to


class JobConsumer(NewsConsumer):
    """Sends one job to those who may see it; everybody else is told that there is no such job."""

    async def group_of(self, user: User) -> str | None:
        """Return the job's group, if ``user`` may see the job."""
        snapshot = await self.snapshot(user)
        return job_group(self._job_id) if snapshot else None

    @database_sync_to_async
    def snapshot(self, user: User) -> dict[str, Any] | None:
        """Return the job as it stands; ``None`` when it is not there for ``user``."""
        job = jobs_visible_to(user).filter(pk=self._job_id).first()
        return job_snapshot(job) if job else None

    @property
    def _job_id(self) -> UUID:
        job_id: UUID = self.scope["url_route"]["kwargs"]["job_id"]
        return job_id
