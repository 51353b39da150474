"""Reads about notations, and who may see which."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet

from accounts.models import User
from accounts.roles import is_moderator
from notation.models import Notation


def notations_visible_to(user: User | AnonymousUser) -> QuerySet[Notation]:
    """Return what ``user`` may read: one's own; everything for moderators and admins."""
    if not isinstance(user, User):
        return Notation.objects.none()
    notations = Notation.objects.filter(
        Q(recording=None) | Q(recording__deleted_at=None), deleted_at=None
    ).select_related("recording", "hit_set")
    return notations if is_moderator(user) else notations.filter(owner=user)


def notations_with_hit_counts(user: User | AnonymousUser) -> QuerySet[Notation]:
    """Return what ``user`` may read, each with ``hit_count``."""
    return notations_visible_to(user).annotate(hit_count=Count("hit_set__hits")).order_by("-created_at")


def notation_ids_by_job(job_ids: list[UUID]) -> dict[UUID, UUID]:
    """Return the notation that came of each of ``job_ids``."""
    rows = Notation.objects.filter(job_id__in=job_ids, deleted_at=None).values_list("job_id", "pk")
    return {job_id: pk for job_id, pk in rows if job_id is not None}
