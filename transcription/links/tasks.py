"""The actor of imports from links, and the way onto its queue."""

from __future__ import annotations

import logging
from uuid import UUID

import dramatiq
from django.utils import timezone
from dramatiq.errors import DramatiqError
from redis.exceptions import RedisError

from media.models import LinkImport
from transcription.links.running import run_link_import

logger = logging.getLogger(__name__)


@dramatiq.actor(queue_name="io")
def fetch_song_of_link(link_id: str) -> None:
    """Fetch a song."""
    for following in run_link_import(link_id):
        enqueue_link(following.link_id, delay_s=following.delay_s)


def enqueue_link(link_id: UUID, *, delay_s: float = 0.0) -> None:
    """Put an import on its queue. Call it after the commit; what is lost before this, the sweeper finds.

    A broker that is away is no error of the caller's: the import waits in the database for the next sweep.
    """
    waiting = LinkImport.objects.filter(pk=link_id, state=LinkImport.State.PENDING)
    waiting.update(queued_at=timezone.now())
    try:
        fetch_song_of_link.send_with_options(args=(str(link_id),), delay=int(delay_s * 1000) or None)
    except (RedisError, DramatiqError):
        logger.exception("link_not_queued", extra={"link": str(link_id)})
        waiting.update(queued_at=None)
