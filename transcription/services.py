"""What a person asks of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import hold_jobs, release_jobs
from media.errors import RecordingDeleted
from media.models import Recording
from notation.services import delete_notation_of_job
from transcription.core.errors import EngineUnavailable
from transcription.core.operations import OPERATIONS, Operation, stages_of
from transcription.core.options import JobOptions
from transcription.core.stages import Stage
from transcription.core.weight_errors import UnknownModel
from transcription.errors import (
    JobNotCancellable,
    JobNotRetryable,
    NoSuchStage,
    NotReady,
    OnsetsRequired,
    ReasonRequired,
    SourceJobRequired,
)
from transcription.models import Batch, Job, JobEvent, StageRun, plan_stages
from transcription.progress import announce, announce_deleted, next_seq
from transcription.selectors import has_files_for
from transcription.tasks import enqueue
from transcription.weights import engine_here


@transaction.atomic
def create_job(
    *,
    recording: Recording,
    requested_by: User,
    options: JobOptions,
    operation: Operation = Operation.TRANSCRIBE,
    source_job: Job | None = None,
    fresh_from: Stage | None = None,
    batch: Batch | None = None,
) -> Job:
    """Queue an operation on ``recording``.

    The jobs of a person whom a moderator has put on hold wait as ``pending`` until they are released.

    Args:
        source_job: the finished job whose files it works on, where ``operation`` begins in the middle.
        fresh_from: the stage from which on no equal run's result is taken.
        batch: the songs with which this one was brought.
    Raises:
        RecordingDeleted: it was deleted.
        SourceJobRequired, NotReady: the operation works on an earlier job's files, which are not there.
        OnsetsRequired: strokes are to be named, and no times were given.
        NoSuchStage: the operation has no stage ``fresh_from``.
        UnknownModel: there is no such model that takes songs apart.
        EngineUnavailable: what is to hear or to separate cannot be used here.
    """
    if recording.deleted_at is not None:
        raise RecordingDeleted
    spec = OPERATIONS[operation]
    if spec.follows_a_job:
        if source_job is None:
            raise SourceJobRequired(operation=operation.value)
        source_job = _first_source(source_job)
        if not has_files_for(source_job, spec.stages[0]):
            raise NotReady(status=source_job.status)
    check_can_be_run(operation, options)
    chosen = options.as_dict()
    if not chosen["title"]:
        chosen["title"] = recording.title
    job = Job.objects.create(
        recording=recording,
        requested_by=requested_by,
        operation=operation.value,
        options=chosen,
        source_job=source_job if spec.follows_a_job else None,
        fresh_from=fresh_from.value if fresh_from else "",
        batch=batch,
    )
    Job.objects.filter(pk=job.pk).update(seq=next_seq())
    plan_stages(job)
    if fresh_from is not None and not job.stage_runs.filter(stage=fresh_from).exists():
        raise NoSuchStage(stage=fresh_from.value, operation=operation.value)
    JobEvent.objects.create(job=job, kind=JobEvent.Kind.CREATED, actor=requested_by)
    job.refresh_from_db()
    _queue_on_commit(job)
    return job


def run_again(*, job: Job, by: User, from_stage: Stage, options: Mapping[str, Any]) -> Job:
    """Queue another job like ``job`` with some options changed; its own results stay.

    Stages before ``from_stage`` are reused where nothing that decides their result has changed; those from
    there on are run anew.

    Raises:
        UnknownOption, InvalidOption: the options cannot be.
        And whatever :func:`create_job` raises.
    """
    changed = JobOptions.parse({**job.options, **options})
    return create_job(
        recording=job.recording,
        requested_by=by,
        options=changed,
        operation=Operation(job.operation),
        source_job=job.source_job,
        fresh_from=from_stage,
    )


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


def check_can_be_run(operation: Operation, options: JobOptions) -> None:
    """Refuse what would fail later, whatever the song: ask before anything is stored or fetched for a job.

    Raises:
        OnsetsRequired: strokes are to be named, and no times were given.
        UnknownModel: there is no such model that takes songs apart.
        EngineUnavailable: what is to hear or to separate cannot be used here.
    """
    if operation is Operation.CLASSIFY and not options.onsets_s:
        raise OnsetsRequired
    stages = {spec.stage for spec in stages_of(operation, options)}
    wanted = []
    if Stage.SEPARATE in stages:
        # Left to us, a song that cannot be taken apart is heard as it is, with a warning.
        asked_for = operation is Operation.SEPARATE or options.separation == "always"
        wanted.append((options.separation_model, "separate", asked_for))
    if stages & {Stage.DETECT, Stage.ONSETS, Stage.CLASSIFY}:
        wanted.append((options.engine, "detect", True))
    for name, task, is_needed in wanted:
        state = engine_here(name)
        if state.engine.task != task:
            raise UnknownModel(name=name)
        if is_needed and not state.is_available:
            raise EngineUnavailable(name=name, reason=state.reason)


def _first_source(job: Job) -> Job:
    """Return the job that listened: one that only wrote down what another heard has no hits of its own."""
    while job.operation_spec.follows_a_job and job.source_job is not None:
        job = job.source_job
    return job


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
    waiting = job.stage_runs.exclude(status__in=StageRun.DONE).order_by("position").first()
    return Stage(waiting.stage) if waiting is not None else None
