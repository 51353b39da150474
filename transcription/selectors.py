"""Reads about jobs, and who may see which."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Max, Prefetch, QuerySet

from accounts.models import User
from accounts.roles import is_moderator
from media.models import Artifact, Recording
from transcription.core.stages import SPEC_BY_STAGE, Stage
from transcription.models import Job, StageRun

_RUNS = Prefetch("stage_runs", queryset=StageRun.objects.order_by("position"))


def jobs_with_stages() -> QuerySet[Job]:
    """Return every job that is not deleted, nor its recording, with what its description needs."""
    return (
        Job.objects.filter(deleted_at=None, recording__deleted_at=None)
        .select_related("recording", "requested_by")
        .prefetch_related(_RUNS)
    )


def jobs_visible_to(user: User | AnonymousUser) -> QuerySet[Job]:
    """Return what ``user`` may see: one's own jobs; everything for moderators and admins."""
    if not isinstance(user, User):
        return Job.objects.none()
    jobs = jobs_with_stages()
    return jobs if is_moderator(user) else jobs.filter(requested_by=user)


def jobs_of(user: User) -> QuerySet[Job]:
    """Return ``user``'s own jobs, newest first."""
    return jobs_with_stages().filter(requested_by=user)


def feed_seq(user: User) -> int:
    """Return the seq of the latest change to any job of ``user``, deleted ones included."""
    return Job.objects.filter(requested_by=user).aggregate(latest=Max("seq"))["latest"] or 0


def input_artifacts(job: Job) -> dict[str, Artifact]:
    """Return what a job's stages may read, by kind: its own artifacts and, behind them, its source job's."""
    theirs = Artifact.objects.filter(job_id=job.source_job_id) if job.source_job_id else ()
    found = {artifact.kind: artifact for artifact in theirs}
    return found | {artifact.kind: artifact for artifact in Artifact.objects.filter(job_id=job.pk)}


def has_files_for(job: Job, stage: Stage) -> bool:
    """Whether everything that ``stage`` reads is there."""
    return set(SPEC_BY_STAGE[stage].reads) <= set(input_artifacts(job))


def latest_job_by_recording(recordings: list[Recording]) -> dict[UUID, Job]:
    """Return each recording's newest job asked for by its owner, who may not see a moderator's.

    One that makes a score goes before any other: that is what a person looks for.
    """
    latest: dict[UUID, Job] = {}
    jobs = jobs_with_stages().filter(recording__in=recordings, requested_by=F("recording__owner"))
    for job in sorted(jobs, key=lambda job: (job.makes_a_score, job.created_at)):
        latest[job.recording_id] = job
    return latest
