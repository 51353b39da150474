"""``/ws/jobs/<id>/``: how one job stands, live."""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async

from accounts.consumers import NewsConsumer
from accounts.models import User
from transcription.progress import job_group, job_snapshot
from transcription.selectors import jobs_visible_to


class JobConsumer(NewsConsumer):
    """Sends one job to those who may see it; everybody else is told that there is no such job."""

    async def group_of(self, user: User) -> str | None:
        """Return the job's group, if ``user`` may see the job."""
        job_id = self.scope["url_route"]["kwargs"]["job_id"]
        visible = await database_sync_to_async(jobs_visible_to(user).filter(pk=job_id).exists)()
        return job_group(job_id) if visible else None

    async def snapshot(self, user: User) -> dict[str, Any]:
        """Return the job as it stands."""
        return await database_sync_to_async(self._read)(user)

    def _read(self, user: User) -> dict[str, Any]:
        return job_snapshot(jobs_visible_to(user).get(pk=self.scope["url_route"]["kwargs"]["job_id"]))
