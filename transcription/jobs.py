"""What a worker does with a stage: take it, run it, keep its files, and say what comes next."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.core.errors import DrumError
from media.artifacts import (
    delete_artifacts_of_job,
    delete_file,
    open_artifact_locally,
    open_recording_locally,
    publish_artifact,
    share_artifact,
)
from media.core.disk import no_room_is_storage_full
from media.errors import FileMissing, StorageUnavailable
from media.models import Artifact
from media.selectors import artifact_of_job, artifacts_of_job
from media.services import record_decoding, record_decoding_failure
from notation.services import delete_transcription, save_transcription
from transcription.core.errors import InternalError, StageCrashed
from transcription.core.hit_list import hits_from_json
from transcription.core.models import engine
from transcription.core.result import Finding
from transcription.core.stage_process import StageAnswer, StageBroke, StageProcess, StageRequest
from transcription.core.stages import PIPELINE, SOURCE, SPEC_BY_STAGE, Stage, StageSpec, next_stage
from transcription.models import Job, JobEvent, StageRun
from transcription.progress import announce, next_seq

logger = logging.getLogger(__name__)

# Progress is saved, and the lease renewed, this often: at most twice a second.
TICK_S = 0.5
# A stage that was queued this long ago and has not begun is queued once more; a message may have been lost.
REQUEUE_AFTER_S = 300
# What broke, or was away, may be well again a little later: 10 s after the first attempt, then 20.
RETRY_AFTER_S = 10.0


class LeaseLost(Exception):
    """The job was cancelled or deleted, or another worker has taken the stage over."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """A stage that is ready to be put on its queue, after ``delay_s`` when it is another attempt."""

    job_id: UUID
    stage: Stage
    delay_s: float = 0.0


def lease_holder() -> str:
    """Return who this process is, in a lease: its machine, process id and thread."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"


def run_stage(job_id: UUID | str, stage: Stage, process: StageProcess) -> NextStep | None:
    """Run one stage of a job in ``process``; return what is to be queued next.

    Safe to call twice, and again after a crash: only the holder of the lease works, and its results replace
    what an earlier attempt left.
    """
    run = StageRun.take(job_id, stage, holder=lease_holder(), lease_s=settings.LEASE_S)
    if run is None:
        return None  # delivered twice, cancelled while it waited, or someone else holds the lease
    try:
        _note_start(run)
        if run.attempt > settings.STAGE_ATTEMPTS:
            raise StageCrashed
        with _heartbeat(run):
            return _work(run, process)
    except LeaseLost:
        # The job of a deleted recording is unfinished: it goes on if the recording is restored.
        unfinished = Job.objects.filter(pk=run.job_id, status__in=Job.UNFINISHED, deleted_at=None).exists()
        run.release(status=StageRun.Status.PENDING if unfinished else StageRun.Status.CANCELLED)
        logger.info("stage_stopped", extra={"job": str(run.job_id), "stage": stage.value})
        return None
    except StorageUnavailable as error:  # storage may be back in a moment
        return _try_again(run, error)
    except DrumError as error:  # the audio's fault, or the options': a retry would fail again
        _fail(run, error)
        return None
    except Exception as error:
        return _try_again(run, error)


def _work(run: StageRun, process: StageProcess) -> NextStep | None:
    spec = SPEC_BY_STAGE[Stage(run.stage)]
    key = _cache_key(run, spec)
    earlier = _equal_run(run, spec, key)
    if earlier is not None:
        try:
            return _finish(run, spec, key, earlier=earlier)
        except FileMissing:  # its rows are there, a file is not: run the stage after all
            logger.warning("reuse_failed", extra={"job": str(run.job_id), "stage": run.stage})
    scratch = Path(settings.VAR_DIR) / "work"
    with ExitStack() as stack:
        stack.enter_context(no_room_is_storage_full())
        scratch.mkdir(parents=True, exist_ok=True)
        output_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=scratch)))
        request = StageRequest(
            stage=spec.stage,
            inputs={name: stack.enter_context(_input(run.job, name)) for name in spec.reads},
            output_dir=output_dir,
            options=run.job.options,
            minimum_s=settings.RECORDING_MIN_S,
            maximum_s=settings.RECORDING_MAX_S,
            earlier_warnings=_warnings_so_far(run.job),
        )
        answer = process.run(
            request,
            on_tick=lambda fraction: _tick(run, fraction),
            time_limit_s=settings.STAGE_TIME_LIMIT_S,
            tick_s=TICK_S,
        )
        return _finish(run, spec, key, answer=answer, output_dir=output_dir)


def _input(job: Job, name: str) -> AbstractContextManager[Path]:
    """Return the file behind a name that a stage reads."""
    if name == SOURCE:
        return open_recording_locally(job.recording)
    artifact = artifact_of_job(job.pk, name)
    if artifact is None:
        raise FileMissing
    return open_artifact_locally(artifact)


def _cache_key(run: StageRun, spec: StageSpec) -> str:
    """Return the fingerprint of all that decides the stage's result."""
    hashes = dict(
        Artifact.objects.filter(job_id=run.job_id, kind__in=spec.reads).values_list("kind", "sha256")
    )
    if SOURCE in spec.reads:
        hashes[SOURCE] = run.job.recording.sha256
    parts = {
        "stage": spec.stage,
        "version": spec.version,
        "inputs": hashes,
        "options": {name: run.job.options.get(name) for name in spec.options},
        "model": _model_version(spec),
        "warnings": [finding.as_dict() for finding in _warnings_so_far(run.job)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _model_version(spec: StageSpec) -> str:
    if spec.stage is not Stage.DETECT:
        return ""
    return engine("crnn").sha256


def _equal_run(run: StageRun, spec: StageSpec, key: str) -> StageRun | None:
    """Return a finished run of the same owner with an equal result whose files are all still there."""
    candidates = StageRun.objects.filter(
        cache_key=key,
        stage=run.stage,
        status__in=StageRun.DONE,
        job__requested_by=run.job.requested_by_id,
        job__deleted_at=None,
    ).exclude(job=run.job_id)
    for candidate in candidates.order_by("-finished_at")[:3]:
        kinds = Artifact.objects.filter(job_id=candidate.job_id, kind__in=spec.writes)
        if kinds.count() == len(spec.writes):
            return candidate
    return None


def _finish(
    run: StageRun,
    spec: StageSpec,
    key: str,
    *,
    answer: StageAnswer | None = None,
    output_dir: Path | None = None,
    earlier: StageRun | None = None,
) -> NextStep | None:
    """Publish the stage's files and mark it done, all in one transaction.

    Raises:
        LeaseLost: the job was cancelled or deleted, or the lease has gone to another; nothing is published.
    """
    published: list[str] = []
    try:
        with transaction.atomic():
            _check_is_wanted(run)
            done = run.release(
                status=StageRun.Status.COMPLETED if earlier is None else StageRun.Status.REUSED,
                progress=1.0,
                finished_at=timezone.now(),
                cache_key=key,
                seconds=round(answer.seconds, 3) if answer else 0.0,
                engine=answer.engine if answer else earlier.engine if earlier else "",
                warnings=_warnings_of(answer, earlier),
            )
            if not done:
                raise LeaseLost
            for artifact in _publish(run, spec, answer, output_dir, earlier):
                published.append(artifact.file.name)
            if spec.stage is Stage.EXTRACT:
                _note_decoding(run)
            following = next_stage(spec.stage)
            JobEvent.objects.create(
                job_id=run.job_id, kind=JobEvent.Kind.STAGE_COMPLETED, data={"stage": run.stage}
            )
            if following is None:
                _complete(run.job)
            else:
                share, eta_s = _forecast(run, 1.0)
                _update_job(
                    run.job_id,
                    stage=following,
                    progress=Greatest(F("progress"), share),
                    eta_s=eta_s,
                    warnings=_all_warnings(run.job),
                )
    except BaseException:
        for name in published:  # their rows are rolled back
            delete_file(default_storage, name)
        raise
    announce(_fresh(run.job_id))
    return NextStep(run.job_id, following) if following else None


def _check_is_wanted(run: StageRun) -> None:
    """Lock the job until the transaction ends, so that it is cancelled either before this or after."""
    job = Job.objects.select_for_update().filter(pk=run.job_id, status__in=Job.UNFINISHED, deleted_at=None)
    if not job.exists():
        raise LeaseLost


def _publish(
    run: StageRun,
    spec: StageSpec,
    answer: StageAnswer | None,
    output_dir: Path | None,
    earlier: StageRun | None,
) -> Iterator[Artifact]:
    """Publish the stage's files one by one, from ``output_dir`` or from an equal run."""
    recording = run.job.recording
    if earlier is not None:
        for artifact in artifacts_of_job(earlier.job_id).filter(kind__in=spec.writes):
            yield share_artifact(artifact, job_id=run.job_id, recording=recording)
        return
    assert output_dir is not None
    for name in spec.writes:
        yield publish_artifact(
            job_id=run.job_id,
            recording=recording,
            stage=run.stage,
            kind=name,
            path=output_dir / name,
            made_by=answer.engine if answer else "",
        )


def _warnings_of(answer: StageAnswer | None, earlier: StageRun | None) -> list[dict[str, str]]:
    if answer is not None:
        return [finding.as_dict() for finding in answer.warnings]
    return list(earlier.warnings) if earlier is not None else []


def _complete(job: Job) -> None:
    result = _read_json(job, "result.json")
    save_transcription(
        owner=job.requested_by,
        recording=job.recording,
        job_id=job.pk,
        engine=result["engines"]["detect"],
        hits=hits_from_json(_read_json(job, "hits.json")),
        score=_read_json(job, "score.json"),
        meters=result["meters"],
        title=result["title"] or job.recording.title,
    )
    _update_job(
        job.pk,
        status=Job.Status.COMPLETED,
        stage="",
        progress=1.0,
        eta_s=None,
        finished_at=timezone.now(),
        warnings=_all_warnings(job),
    )
    JobEvent.objects.create(job=job, kind=JobEvent.Kind.COMPLETED)


def _note_decoding(run: StageRun) -> None:
    audio = _read_json(run.job, "audio.json")
    record_decoding(
        recording=run.job.recording,
        duration_s=audio["duration_s"],
        waveform=_read_json(run.job, "peaks.json"),
        warnings=_all_warnings(run.job),
    )


def _read_json(job: Job, kind: str) -> Any:
    with Artifact.objects.get(job_id=job.pk, kind=kind).file.open("rb") as file:
        return json.load(file)


def _warnings_so_far(job: Job) -> tuple[Finding, ...]:
    return tuple(Finding(item["code"], item["message"]) for item in _all_warnings(job))


def _all_warnings(job: Job) -> list[dict[str, str]]:
    runs = StageRun.objects.filter(job=job).order_by("position")
    return [warning for run in runs for warning in run.warnings]


# --- How it stands ------------------------------------------------------------------------------------


def _note_start(run: StageRun) -> None:
    changes: dict[str, Any] = {"stage": run.stage, "status": Job.Status.RUNNING}
    if run.job.started_at is None:
        changes["started_at"] = timezone.now()
        JobEvent.objects.create(job_id=run.job_id, kind=JobEvent.Kind.STARTED)
    if not _update_job(run.job_id, **changes):
        raise LeaseLost  # cancelled between taking the lease and now
    announce(_fresh(run.job_id))


@contextmanager
def _heartbeat(run: StageRun) -> Iterator[None]:
    """Keep the lease while files are fetched and published, when no stage reports progress."""
    stopping = threading.Event()

    def beat() -> None:
        try:
            while not stopping.wait(settings.LEASE_S / 3):
                try:
                    run.beat()
                except DatabaseError:  # the next beat may find it again
                    logger.warning("heartbeat_missed", extra={"job": str(run.job_id)}, exc_info=True)
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _tick(run: StageRun, fraction: float) -> None:
    """Renew the lease and save progress; raises when the stage is no longer ours to run."""
    if not run.beat(progress=fraction):
        raise LeaseLost
    done, eta_s = _forecast(run, fraction)
    # A first guess from the clock may have been ahead of what the stage then reports: never go back.
    _update_job(run.job_id, progress=Greatest(F("progress"), done), eta_s=eta_s)
    announce(_fresh(run.job_id))


def _forecast(run: StageRun, fraction: float) -> tuple[float, float]:
    """Return the share of the whole job that is done, and the seconds still to go.

    The measured cost of each stage gives the shares; this job's own pace so far corrects the seconds.
    """
    minutes = max(0.1, (run.job.recording.duration_s or 180.0) / 60)
    expected = {spec.stage: 0.2 + spec.seconds_per_minute * minutes for spec in PIPELINE}
    order = [spec.stage for spec in PIPELINE]
    position = order.index(Stage(run.stage))
    elapsed = (timezone.now() - run.started_at).total_seconds() if run.started_at else 0.0
    own = expected[order[position]]
    remaining_here = elapsed * (1 - fraction) / fraction if fraction > 0.05 else max(0.0, own - elapsed)
    remaining = remaining_here + sum(expected[stage] for stage in order[position + 1 :])
    before = sum(expected[stage] for stage in order[:position])
    share = max(fraction, min(0.9, elapsed / own) if fraction == 0.0 else fraction)
    return (before + own * share) / sum(expected.values()), round(remaining, 1)


def _fail(run: StageRun, error: DrumError) -> None:
    with transaction.atomic():
        if not run.release(status=StageRun.Status.FAILED, finished_at=timezone.now()):
            return
        failed = _update_job(
            run.job_id,
            status=Job.Status.FAILED,
            eta_s=None,
            finished_at=timezone.now(),
            failure_code=error.code,
            failure_message=str(error),
            failure_hint=error.hint,
            failure_details={key: value for key, value in error.details.items() if not callable(value)},
        )
        if not failed:
            return  # cancelled meanwhile
        JobEvent.objects.create(
            job_id=run.job_id, kind=JobEvent.Kind.FAILED, data={"stage": run.stage, "code": error.code}
        )
        if run.stage == Stage.EXTRACT:
            record_decoding_failure(recording=run.job.recording, error=error)
    announce(_fresh(run.job_id))


def _try_again(run: StageRun, error: Exception) -> NextStep | None:
    """Give a stage that broke through our fault another attempt, until they are used up."""
    logger.error(
        "stage_broke",
        extra={"job": str(run.job_id), "stage": run.stage, "attempt": run.attempt},
        exc_info=error,
    )
    if run.attempt >= settings.STAGE_ATTEMPTS:
        if isinstance(error, DrumError):
            _fail(run, error)
        else:
            _fail(run, StageCrashed() if isinstance(error, StageBroke) else InternalError())
        return None
    if not run.release(status=StageRun.Status.PENDING):
        return None
    JobEvent.objects.create(
        job_id=run.job_id, kind=JobEvent.Kind.STAGE_RETRIED, data={"stage": run.stage, "attempt": run.attempt}
    )
    return NextStep(run.job_id, Stage(run.stage), delay_s=RETRY_AFTER_S * run.attempt)


def _update_job(job_id: UUID, **changes: Any) -> bool:
    """Change a job that is still wanted; ``False`` when it has ended or was deleted meanwhile."""
    wanted = Job.objects.filter(pk=job_id, status__in=Job.UNFINISHED, deleted_at=None)
    return bool(wanted.update(seq=next_seq(), **changes))


def _fresh(job_id: UUID) -> Job:
    return (
        Job.objects.select_related("recording", "requested_by").prefetch_related("stage_runs").get(pk=job_id)
    )


# --- What was lost on the way -------------------------------------------------------------------------


def recover_lost_stages(*, at_start: bool = False) -> list[NextStep]:
    """Find stages that nobody works on and nobody will, and return them for their queues.

    Lost are: a stage whose holder has died (its process is gone, or its heartbeat is older than the lease),
    and one whose message was lost on the way to the broker. ``at_start`` is for a process whose broker is its
    own memory: whatever waits in the database waits for it.
    """
    _release_dead_leases()
    due = timezone.now() - timedelta(seconds=0 if at_start else REQUEUE_AFTER_S)
    lost: list[NextStep] = []
    waiting = StageRun.objects.filter(
        Q(queued_at=None) | Q(queued_at__lt=due),
        status=StageRun.Status.PENDING,
        job__status__in=Job.UNFINISHED,
        job__deleted_at=None,
        job__recording__deleted_at=None,
        job__requested_by__jobs_held=False,
    )
    for run in waiting.select_related("job").order_by("job__created_at", "position"):
        before = StageRun.objects.filter(job=run.job, position__lt=run.position)
        if not before.exclude(status__in=StageRun.DONE).exists():
            lost.append(NextStep(run.job_id, Stage(run.stage)))
    return lost


def purge_deleted_jobs(*, now: datetime | None = None) -> int:
    """Really delete jobs that were deleted longer ago than retention keeps them; return how many.

    Their artifacts, hits and notations go with them; the recording stays.
    """
    before = (now or timezone.now()) - timedelta(days=settings.RETENTION_DAYS)
    jobs = list(Job.objects.filter(deleted_at__lt=before))
    for job in jobs:
        with transaction.atomic():
            delete_artifacts_of_job(job.pk)
            delete_transcription(job_id=job.pk)
            job.delete()
    return len(jobs)


def _release_dead_leases() -> None:
    expired = timezone.now() - timedelta(seconds=settings.LEASE_S)
    held = StageRun.objects.filter(status=StageRun.Status.RUNNING, job__status__in=Job.UNFINISHED)
    for run in held:
        if (run.heartbeat_at is not None and run.heartbeat_at < expired) or _is_dead(run.lease_holder):
            released = run.release(status=StageRun.Status.PENDING, queued_at=None)
            if released:
                logger.warning("stage_recovered", extra={"job": str(run.job_id), "stage": run.stage})
                JobEvent.objects.create(
                    job_id=run.job_id, kind=JobEvent.Kind.RECOVERED, data={"stage": run.stage}
                )


def _is_dead(holder: str) -> bool:
    """Whether ``holder`` was a process of this machine that is gone; of other machines nothing is known."""
    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
