"""How much a person has brought, and how much room it takes."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet, Sum

from accounts.models import User
from media.models import Artifact, Recording


def usage_of(user: User) -> dict[str, Any]:
    """Return figures about the recordings of ``user``, in plain JSON values.

    ``made_bytes`` are the files that stages made of them. What was deleted counts apart while it is kept:
    ``deleted``. Recordings whose length is not known yet count as no minutes.
    """
    own = Recording.objects.filter(owner=user)
    rows = list(
        own.filter(deleted_at=None)
        .order_by("container")
        .values("container")
        .annotate(count=Count("pk"), total_bytes=Sum("bytes"), seconds=Sum("duration_s"))
    )
    made = Artifact.objects.filter(recording__owner=user, recording__deleted_at=None)
    return {
        "count": sum(row["count"] for row in rows),
        "bytes": sum(row["total_bytes"] for row in rows),
        "minutes": round(sum(row["seconds"] or 0.0 for row in rows) / 60, 1),
        "made_bytes": made.aggregate(total=Sum("bytes"))["total"] or 0,
        "containers": [
            {
                "name": row["container"],
                "count": row["count"],
                "bytes": row["total_bytes"],
                "minutes": round((row["seconds"] or 0.0) / 60, 1),
            }
            for row in rows
        ],
        "deleted": count_and_bytes(own.exclude(deleted_at=None)),
    }


def storage_in_use() -> dict[str, dict[str, int]]:
    """Return how many files the site holds, and their bytes: brought, deleted but kept, made by stages."""
    return {
        "recordings": count_and_bytes(Recording.objects.filter(deleted_at=None)),
        "deleted_recordings": count_and_bytes(Recording.objects.exclude(deleted_at=None)),
        "artifacts": count_and_bytes(Artifact.objects.all()),
    }


def count_and_bytes(rows: QuerySet[Recording] | QuerySet[Artifact]) -> dict[str, int]:
    """Return how many files there are, and the bytes of all together."""
    found = rows.order_by().aggregate(count=Count("pk"), total=Sum("bytes"))
    return {"count": found["count"], "bytes": found["total"] or 0}
