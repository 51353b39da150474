"""Which recordings and artifacts there are, and who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from accounts.core.text import one_line
from accounts.models import User
from accounts.roles import is_moderator
from media.errors import RecordingDeleted
from media.models import Artifact, LinkImport, Recording


def recordings_visible_to(user: User | AnonymousUser, *, deleted: bool = False) -> QuerySet[Recording]:
    """Return a person's own recordings, or everybody's for a moderator; the deleted ones only if asked for.

    The waveform is left out until somebody reads it.
    """
    recordings = _of(user).filter(deleted_at__isnull=not deleted)
    return recordings.select_related("owner").defer("peaks")


def recording_visible_to(user: User | AnonymousUser, pk: UUID | str, *, deleted: bool = False) -> Recording:
    """Return one recording.

    Args:
        deleted: also return it when it has been deleted.
    Raises:
        Recording.DoesNotExist: there is none, or it is not theirs to see.
        RecordingDeleted: it was deleted.
    """
    try:
        recording = _of(user).select_related("owner").get(pk=pk)
    except ValidationError as error:  # not even a UUID
        raise Recording.DoesNotExist from error
    if recording.is_deleted and not deleted:
        raise RecordingDeleted
    return recording


def search_recordings(recordings: QuerySet[Recording], text: str) -> QuerySet[Recording]:
    """Return those whose title or file name has every word of ``text``."""
    # PostgreSQL takes no NUL in a text, and a title has nothing of its kind: see create_recording.
    for word in one_line(text).split():
        recordings = recordings.filter(Q(title__icontains=word) | Q(original_name__icontains=word))
    return recordings


def earlier_upload_of(recording: Recording) -> Recording | None:
    """Return the owner's first recording with the same content that is still there."""
    same = Recording.objects.filter(
        owner_id=recording.owner_id, sha256=recording.sha256, deleted_at__isnull=True
    ).exclude(pk=recording.pk)
    return same.filter(created_at__lte=recording.created_at).defer("peaks").order_by("created_at").first()


def artifacts_of_job(job_id: UUID) -> QuerySet[Artifact]:
    """Return what a job's stages have made so far; whoever may see the job may see them."""
    return Artifact.objects.filter(job_id=job_id)


def artifacts_of_jobs(job_ids: Sequence[UUID]) -> QuerySet[Artifact]:
    """Return what the stages of several jobs have made so far."""
    return Artifact.objects.filter(job_id__in=job_ids)


def artifact_of_job(job_id: UUID, kind: str) -> Artifact | None:
    """Return a job's artifact of one kind, None if it is not made yet."""
    return Artifact.objects.filter(job_id=job_id, kind=kind).first()


def link_imports_of(user: User | AnonymousUser) -> QuerySet[LinkImport]:
    """Return a person's own imports from links, newest first; nobody else sees them."""
    if not isinstance(user, User) or not user.is_active:
        return LinkImport.objects.none()
    return LinkImport.objects.filter(owner=user).select_related("recording").defer("recording__peaks")


def cover_of(recording: Recording) -> Artifact | None:
    """Return the picture that came with a recording from a link, None if there is none."""
    return Artifact.objects.filter(recording=recording, job_id__isnull=True, kind="cover").first()


def _of(user: User | AnonymousUser) -> QuerySet[Recording]:
    if not isinstance(user, User) or not user.is_active:
        return Recording.objects.none()
    return Recording.objects.all() if is_moderator(user) else Recording.objects.filter(owner=user)
