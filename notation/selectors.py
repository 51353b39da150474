"""Reads about notations, and who may see and change which."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.roles import is_admin, is_moderator
from notation.core.hits import Hit as HeardHit
from notation.core.instruments import InstrumentName
from notation.models import Notation, Revision


def notations_visible_to(user: User | AnonymousUser, *, deleted: bool = False) -> QuerySet[Notation]:
    """Return what ``user`` may read: one's own; everything for moderators and admins.

    Scores are left out until somebody reads them: they are large.

    Args:
        deleted: also return those that have been deleted.
    """
    notations = _of(user).filter(_recording_is_there())
    return notations if deleted else notations.filter(deleted_at=None)


def deleted_notations_of(user: User | AnonymousUser) -> QuerySet[Notation]:
    """Return what ``user`` may bring back: deleted, still kept, and not gone with its transcription."""
    return _of(user).filter(_recording_is_there(), deleted_at__gt=kept_since(), deleted_with_job=False)


def charts_of(user: User) -> QuerySet[Notation]:
    """Return a person's own notations that no transcription wrote: imported, entered or copied."""
    return notations_visible_to(user).filter(owner=user, job_id=None)


def may_edit(user: User | AnonymousUser, notation: Notation) -> bool:
    """Whether ``user`` may change ``notation``: its owner and admins; moderators read."""
    return is_own(user, notation) or may_edit_all(user)


def is_own(user: User | AnonymousUser, notation: Notation) -> bool:
    """Whether ``notation`` belongs to ``user``."""
    return isinstance(user, User) and notation.owner_id == user.pk


def may_edit_all(user: User | AnonymousUser) -> bool:
    """Whether ``user`` may change everybody's notations; asks the database, so a list asks it once."""
    return is_admin(user)


def notation_ids_by_job(job_ids: list[UUID]) -> dict[UUID, UUID]:
    """Return the notation that came of each of ``job_ids``."""
    rows = Notation.objects.filter(job_id__in=job_ids, deleted_at=None).values_list("job_id", "pk")
    return {job_id: pk for job_id, pk in rows if job_id is not None}


def revisions_of(notation: Notation) -> QuerySet[Revision]:
    """Return the revisions of ``notation``, newest first, without their scores."""
    return notation.revisions.select_related("author").defer("score")


def unedited_revision_of(notation: Notation) -> int:
    """Return the number of the revision that a person's edits, if any, began from."""
    rows = {
        number: (kind, of_number)
        for number, kind, of_number in notation.revisions.values_list("number", "kind", "of_number")
    }
    number = notation.revision
    while number > 1:
        kind, of_number = rows[number]
        if kind == Revision.Kind.EDITED:
            number -= 1
        elif kind == Revision.Kind.RESTORED and of_number is not None:
            number = of_number
        else:
            break
    return number


def heard_hits_of(notation: Notation) -> tuple[HeardHit, ...]:
    """Return what was heard in the recording of ``notation``; empty for one that came otherwise."""
    if notation.hit_set is None:
        return ()
    return tuple(
        HeardHit(ident, onset_s, InstrumentName(instrument), velocity, confidence)
        for ident, onset_s, instrument, velocity, confidence in notation.hit_set.hits.values_list(
            "ident", "onset_s", "instrument", "velocity", "confidence"
        )
    )


def kept_since(now: datetime | None = None) -> datetime:
    """Return the moment since which deleted notations are still kept."""
    return (now or timezone.now()) - timedelta(days=settings.RETENTION_DAYS)


def _of(user: User | AnonymousUser) -> QuerySet[Notation]:
    if not isinstance(user, User) or not user.is_active:
        return Notation.objects.none()
    notations = Notation.objects.select_related("recording", "hit_set").defer("score", "recording__peaks")
    return notations if is_moderator(user) else notations.filter(owner=user)


def _recording_is_there() -> Q:
    return Q(recording=None) | Q(recording__deleted_at=None)
