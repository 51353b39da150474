"""Imports that were lost on the way, and those that ended long ago."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from media.models import LinkImport
from transcription.jobs.leases import is_dead
from transcription.jobs.recovery import REQUEUE_AFTER_S
from transcription.progress import next_seq

logger = logging.getLogger(__name__)


def recover_lost_links(*, at_start: bool = False) -> list[UUID]:
    """Find imports that nobody works on and nobody will, and return them for their queue.

    See ``jobs.recovery.recover_lost_stages``, which does the same for stages.
    """
    expired = timezone.now() - timedelta(seconds=settings.LEASE_S)
    for link in LinkImport.objects.filter(state=LinkImport.State.FETCHING):
        gone = (link.heartbeat_at is not None and link.heartbeat_at < expired) or is_dead(link.lease_holder)
        if gone and link.release(state=LinkImport.State.PENDING, queued_at=None, seq=next_seq()):
            logger.warning("link_recovered", extra={"link": str(link.pk)})
    due = timezone.now() - timedelta(seconds=0 if at_start else REQUEUE_AFTER_S)
    waiting = LinkImport.objects.filter(
        Q(queued_at=None) | Q(queued_at__lt=due),
        state=LinkImport.State.PENDING,
        owner__jobs_held=False,
        owner__is_active=True,
    )
    return list(waiting.order_by("created_at").values_list("pk", flat=True))


def purge_old_links(*, now: datetime | None = None) -> int:
    """Forget imports that came to nothing and ended longer ago than retention keeps; return how many."""
    before = (now or timezone.now()) - timedelta(days=settings.RETENTION_DAYS)
    ended = (LinkImport.State.FAILED, LinkImport.State.CANCELLED)
    purged, _ = LinkImport.objects.filter(state__in=ended, finished_at__lt=before).delete()
    return purged
