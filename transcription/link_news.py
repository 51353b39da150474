"""How an import from a link stands, described as every door does, and told to its owner's feed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Max, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from accounts.feed import feed_group, message, publish
from accounts.models import User
from media.models import LinkImport
from media.selectors import link_imports_of

# A failed import is shown until its owner takes it away, or for so long.
_FAILURES_SHOWN_FOR = timedelta(days=7)


def links_to_show(user: User) -> QuerySet[LinkImport]:
    """Return the imports that a dashboard shows: unfinished ones, and what failed lately."""
    failed = Q(state=LinkImport.State.FAILED, finished_at__gt=timezone.now() - _FAILURES_SHOWN_FOR)
    return link_imports_of(user).filter(Q(state__in=LinkImport.UNFINISHED) | failed)


def link_as_dict(link: LinkImport) -> dict[str, Any]:
    """Describe ``link`` as every door does: REST, websocket and pages."""
    failure = None
    if link.failure_code:
        failure = {"code": link.failure_code, "message": link.failure_message, "hint": link.failure_hint}
    return {
        "id": str(link.pk),
        "url": link.url,
        "state": link.state,
        "progress": round(link.progress, 3),
        "bytes": link.bytes_done,
        "bytes_total": link.bytes_total,
        "title": link.title,
        "artist": link.artist,
        "page_url": link.page_url,
        "recording_id": str(link.recording_id) if link.recording_id else None,
        "job_id": str(link.job_id) if link.job_id else None,
        "job_url": reverse("job", args=[link.job_id]) if link.job_id else None,
        "failure": failure,
        "rights_confirmed_at": link.rights_confirmed_at.isoformat(),
        "created_at": link.created_at.isoformat(),
        "finished_at": link.finished_at.isoformat() if link.finished_at else None,
    }


def links_in_snapshot(user: User) -> list[dict[str, Any]]:
    """Return the imports of ``user`` for the first message of the feed."""
    return [link_as_dict(link) for link in links_to_show(user)]


def latest_link_seq(user: User) -> int:
    """Return the seq of the latest change to any import of ``user``."""
    return LinkImport.objects.filter(owner=user).aggregate(latest=Max("seq"))["latest"] or 0


def announce_link(link: LinkImport) -> None:
    """Tell the owner's feed how an import stands now."""
    publish([feed_group(link.owner_id)], message("link.updated", seq=link.seq, data=link_as_dict(link)))


def announce_link_deleted(link: LinkImport) -> None:
    """Tell the owner's feed that an import is gone."""
    publish([feed_group(link.owner_id)], message("link.deleted", seq=link.seq, data={"id": str(link.pk)}))
