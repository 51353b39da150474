"""Reads about jobs, and who may see which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    Avg,
    Case,
    Count,
    Exists,
    F,
    FloatField,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)

from accounts.models import User
from accounts.roles import is_moderator
from media.models import Artifact, LinkImport, Recording
from transcription.core.stages import SPEC_BY_STAGE, Stage
from transcription.models import Batch, Job, StageRun

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
    """Return the seq of the latest change to any job or batch of ``user``, deleted ones included."""
    of_jobs = Job.objects.filter(requested_by=user).aggregate(latest=Max("seq"))["latest"] or 0
    of_batches = Batch.objects.filter(owner=user).aggregate(latest=Max("seq"))["latest"] or 0
    return max(of_jobs, of_batches)


@dataclass(frozen=True, slots=True)
class BatchStanding:
    """How the songs of a batch stand, counted; ``share_done`` (0..1) is the mean of its jobs'.

    ``fetching`` counts songs that are not here yet, and so have no job.
    """

    jobs: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    share_done: float = 0.0
    seq: int = 0
    fetching: int = 0

    @property
    def total(self) -> int:
        """All songs, but for those that were refused."""
        return self.jobs + self.fetching

    @property
    def is_running(self) -> bool:
        """Whether any song is still to be done."""
        return self.total > self.done + self.failed + self.cancelled

    @property
    def progress(self) -> float:
        """How much of the whole is done, 0..1."""
        return self.share_done * self.jobs / self.total if self.total else 1.0

    @property
    def status(self) -> Batch.Status:
        """What that comes to."""
        if self.is_running:
            return Batch.Status.RUNNING
        if self.done or not self.total:
            return Batch.Status.COMPLETED
        return Batch.Status.FAILED if self.failed else Batch.Status.CANCELLED


def batches_visible_to(user: User | AnonymousUser) -> QuerySet[Batch]:
    """Return what ``user`` may see: one's own batches; everybody's for moderators and admins."""
    if not isinstance(user, User):
        return Batch.objects.none()
    batches = Batch.objects.filter(deleted_at=None)
    return batches if is_moderator(user) else batches.filter(owner=user)


def batches_of(user: User) -> QuerySet[Batch]:
    """Return ``user``'s own batches, newest first."""
    return Batch.objects.filter(owner=user, deleted_at=None)


def running_batches_of(user: User) -> QuerySet[Batch]:
    """Return those of ``user``'s own batches of which a song is still to be done."""
    running = _jobs_that_count().filter(requested_by=user, status__in=Job.UNFINISHED)
    fetching = links_of_batches().filter(owner=user)
    return batches_of(user).filter(Q(pk__in=running.values("batch")) | Q(pk__in=fetching.values("batch_id")))


def links_of_batches() -> QuerySet[LinkImport]:
    """Return the songs of batches that are still to be fetched."""
    return LinkImport.objects.filter(batch_id__isnull=False, state__in=LinkImport.UNFINISHED)


def jobs_of_batch(batch: Batch) -> QuerySet[Job]:
    """Return the batch's jobs that are still there, in the order of their songs."""
    return jobs_with_stages().filter(batch=batch).order_by("created_at")


def standing_of(batches: Iterable[Batch]) -> dict[UUID, BatchStanding]:
    """Count the songs of each of ``batches``, in two queries."""
    ids = [batch.pk for batch in batches]
    share = Case(
        When(status__in=Job.UNFINISHED, then=F("progress")), default=Value(1.0), output_field=FloatField()
    )
    counted = (
        _jobs_that_count()
        .filter(batch__in=ids)
        .order_by()
        .values("batch")
        .annotate(
            jobs=Count("pk"),
            done=Count("pk", filter=Q(status=Job.Status.COMPLETED)),
            failed=Count("pk", filter=Q(status=Job.Status.FAILED)),
            cancelled=Count("pk", filter=Q(status=Job.Status.CANCELLED)),
            share_done=Avg(share),
            latest=Max("seq"),
        )
    )
    found = {row.pop("batch"): BatchStanding(seq=row.pop("latest"), **row) for row in counted}
    links = links_of_batches().filter(batch_id__in=ids).order_by().values_list("batch_id")
    fetching = dict(links.annotate(songs=Count("pk")))
    return {pk: replace(found.get(pk, BatchStanding()), fetching=fetching.get(pk, 0)) for pk in ids}


def _jobs_that_count() -> QuerySet[Job]:
    return Job.objects.filter(deleted_at=None, recording__deleted_at=None)


def input_artifacts(job: Job) -> dict[str, Artifact]:
    """Return what a job's stages may read, by kind: its own artifacts and, behind them, its source job's."""
    theirs = Artifact.objects.filter(job_id=job.source_job_id) if job.source_job_id else ()
    found = {artifact.kind: artifact for artifact in theirs}
    return found | {artifact.kind: artifact for artifact in Artifact.objects.filter(job_id=job.pk)}


def runs_that_are_due() -> QuerySet[StageRun]:
    """Return the runs that are being worked on or that nothing but a worker is missing for.

    Those before each are done, and its job is wanted; whether its owner's jobs are held is not looked at.
    """
    not_done_before = StageRun.objects.filter(job=OuterRef("job"), position__lt=OuterRef("position")).exclude(
        status__in=StageRun.DONE
    )
    return StageRun.objects.filter(
        ~Exists(not_done_before),
        status__in=(StageRun.Status.PENDING, StageRun.Status.RUNNING),
        job__status__in=Job.UNFINISHED,
        job__deleted_at=None,
        job__recording__deleted_at=None,
    )


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
