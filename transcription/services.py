"""What a person asks of jobs."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import hold_jobs, release_jobs
from media.errors import RecordingDeleted
from media.models import Recording
from notation.services import delete_notation_of_job
from transcription.core.options import JobOptions
from transcription.core.stages import PIPELINE, Stage
from transcription.errors import JobNotCancellable, JobNotRetryable, ReasonRequired
from transcription.models import Job, JobEvent, StageRun, plan_stages
from transcription.progress import announce, announce_deleted, next_seq
from transcription.tasks import enqueue


@transaction.atomic
def create_job(*, recording: Recording, requested_by: User, options: JobOptions) -> Job:
    """Queue a transcription of ``recording``; raises ``RecordingDeleted``.

    The jobs of a person whom a moderator has put on hold wait as ``pending`` until they are released.
    """
    if recording.deleted_at is not None:
        raise RecordingDeleted
    chosen = options.as_dict()
    if not chosen["title"]:
        chosen["title"] = recording.title
    job = Job.objects.create(recording=recording, requested_by=requested_by, options=chosen)
    Job.objects.filter(pk=job.pk).update(seq=next_seq())
    plan_stages(job)
    JobEvent.objects.create(job=job, kind=JobEvent.Kind.CREATED, actor=requested_by)
    job.refresh_from_db()
    _queue_on_commit(job)
    return job


@transaction.atomic
def cancel_job(*, job: Job, by: User, reason: str = "") -> Job:
    """Stop a job, also in the middle of a stage: its worker notices within a second."""
    _check_reason(job, by, reason)
    cancelled = job.move(
        to=Job.Status.CANCELLED,
        frm=Job.UNFINISHED,
        finished_at=timezone.now(),
        eta_s=None,
        seq=next_seq(),
    )
    if not cancelled:
        job.refresh_from_db()
        raise JobNotCancellable(status=job.status)
    job.stage_runs.filter(status=StageRun.Status.PENDING).update(status=StageRun.Status.CANCELLED)
    JobEvent.objects.create(job=job, kind=JobEvent.Kind.CANCELLED, actor=by, reason=reason)
    transaction.on_commit(partial(announce, job))
    return job


@transaction.atomic
def retry_job(*, job: Job, by: User, reason: str = "") -> Job:
    """Run a failed or cancelled job again from the stage that did not finish."""
    _check_reason(job, by, reason)
    if job.recording.deleted_at is not None:
        raise RecordingDeleted
    if job.deleted_at is not None:
        raise JobNotRetryable(status="deleted")
    retried = job.move(
        to=Job.Status.PENDING,
        frm=(Job.Status.FAILED, Job.Status.CANCELLED),
        finished_at=None,
        progress=0.0,
        failure_code="",
        failure_message="",
        failure_hint="",
        failure_details={},
        seq=next_seq(),
    )
    if not retried:
        job.refresh_from_db()
        raise JobNotRetryable(status=job.status)
    job.stage_runs.exclude(status__in=StageRun.DONE).update(
        status=StageRun.Status.PENDING,
        attempt=0,
        progress=0.0,
        lease_token=None,
        lease_holder="",
        heartbeat_at=None,
        queued_at=None,
        finished_at=None,
    )
    JobEvent.objects.create(job=job, kind=JobEvent.Kind.RETRIED, actor=by, reason=reason)
    _queue_on_commit(job)
    return job


@transaction.atomic
def delete_job(*, job: Job, by: User, reason: str = "") -> None:
    """Take a job and its score out of every list; its files go with its recording."""
    _check_reason(job, by, reason)
    Job.objects.filter(pk=job.pk).update(deleted_at=timezone.now(), seq=next_seq())
    job.move(to=Job.Status.CANCELLED, frm=Job.UNFINISHED, finished_at=timezone.now(), eta_s=None)
    job.refresh_from_db()
    delete_notation_of_job(job_id=job.pk)
    JobEvent.objects.create(job=job, kind=JobEvent.Kind.DELETED, actor=by, reason=reason)
    transaction.on_commit(partial(announce_deleted, job))


@transaction.atomic
def hold_user(*, user: User, by: User, reason: str) -> None:
    """Let none of ``user``'s jobs begin another stage until they are released."""
    if not reason.strip():
        raise ReasonRequired
    if not hold_jobs(user=user, by=by, reason=reason):
        return
    for job in Job.objects.filter(requested_by=user, status__in=Job.UNFINISHED, deleted_at=None):
        JobEvent.objects.create(job=job, kind=JobEvent.Kind.HELD, actor=by, reason=reason)


@transaction.atomic
def release_user(*, user: User, by: User, reason: str = "") -> None:
    """Let ``user``'s jobs go on."""
    if not release_jobs(user=user, by=by):
        return
    user.refresh_from_db()
    for job in Job.objects.filter(requested_by=user, status__in=Job.UNFINISHED, deleted_at=None):
        JobEvent.objects.create(job=job, kind=JobEvent.Kind.RELEASED, actor=by, reason=reason)
        _queue_on_commit(job)


def _check_reason(job: Job, by: User, reason: str) -> None:
    if by.pk != job.requested_by_id and not reason.strip():
        raise ReasonRequired


def _queue_on_commit(job: Job) -> None:
    """Put the first stage that is not done on its queue, unless the owner's jobs are held."""
    transaction.on_commit(partial(_queue_and_announce, job))


def _queue_and_announce(job: Job) -> None:
    stage = _first_unfinished_stage(job)
    held = User.objects.filter(pk=job.requested_by_id, jobs_held=True).exists()
    if stage is not None and not held:
        enqueue(job.pk, stage)
    job.refresh_from_db()
    announce(job)


def _first_unfinished_stage(job: Job) -> Stage | None:
    done = set(job.stage_runs.filter(status__in=StageRun.DONE).values_list("stage", flat=True))
    return next((spec.stage for spec in PIPELINE if spec.stage.value not in done), None)
