"""The row of an import, written, put on its queue and told of: for one link, or for many."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from media.models import LinkImport
from transcription.core.options import JobOptions
from transcription.link_news import announce_link
from transcription.links.tasks import enqueue_link
from transcription.progress import next_seq


def ask_for_link(
    *,
    owner: User,
    url: str,
    options: JobOptions,
    batch_id: UUID | None = None,
    takes_playlist: bool = False,
) -> LinkImport:
    """Write an import of ``url``, whose rights were just confirmed, and queue it when this is committed."""
    asked = LinkImport.objects.create(
        owner=owner,
        url=url,
        rights_confirmed_at=timezone.now(),
        options=options.as_dict(),
        title=options.title,
        artist=options.artist,
        batch_id=batch_id,
        takes_playlist=takes_playlist,
    )
    LinkImport.objects.filter(pk=asked.pk).update(seq=next_seq())
    asked.refresh_from_db()
    transaction.on_commit(partial(_queue_and_announce, asked))
    return asked


def _queue_and_announce(link: LinkImport) -> None:
    if not User.objects.filter(pk=link.owner_id, jobs_held=True).exists():
        enqueue_link(link.pk)
    announce_link(link)
