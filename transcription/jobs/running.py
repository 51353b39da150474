"""One stage of one job, run under its lease."""

from __future__ import annotations

import logging
import tempfile
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from uuid import UUID

from django.conf import settings

from accounts.core.errors import DrumError
from media.artifacts import open_artifact_locally, open_recording_locally
from media.core.disk import no_room_is_storage_full
from media.errors import FileMissing, StorageUnavailable
from transcription.core.errors import InternalError, StageCrashed
from transcription.core.operations import Operation
from transcription.core.stage_process import StageBroke, StageProcess, StageRequest
from transcription.core.stages import SOURCE, Stage, StageSpec
from transcription.jobs.finishing import fail_stage, finish_stage
from transcription.jobs.leases import LeaseLost, heartbeat, lease_holder
from transcription.jobs.reuse import cache_key, equal_run
from transcription.jobs.standing import findings_of, note_progress, note_start
from transcription.jobs.steps import NextStep
from transcription.models import Job, JobEvent, StageRun
from transcription.selectors import input_artifacts

logger = logging.getLogger(__name__)

# Progress is saved, and the lease renewed, this often: at most twice a second.
TICK_S = 0.5
# What broke, or was away, may be well again a little later: 10 s after the first attempt, then 20.
RETRY_AFTER_S = 10.0


def run_stage(job_id: UUID | str, stage: Stage, process: StageProcess) -> NextStep | None:
    """Run one stage of a job in ``process``; return what is to be queued next.

    Safe to call twice, and again after a crash: only the holder of the lease works, and its results replace
    what an earlier attempt left.
    """
    run = StageRun.take(job_id, stage, holder=lease_holder(), lease_s=settings.LEASE_S)
    if run is None:
        return None  # delivered twice, cancelled while it waited, or someone else holds the lease
    try:
        note_start(run)
        if run.attempt > settings.STAGE_ATTEMPTS:
            raise StageCrashed
        with heartbeat(run):
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
        fail_stage(run, error)
        return None
    except Exception as error:
        return _try_again(run, error)


def _work(run: StageRun, process: StageProcess) -> NextStep | None:
    spec = run.spec
    key = cache_key(run, spec)
    earlier = equal_run(run, key)
    if earlier is not None:
        try:
            return finish_stage(run, spec, key, earlier=earlier)
        except FileMissing:  # its rows are there, a file is not: run the stage after all
            logger.warning("reuse_failed", extra={"job": str(run.job_id), "stage": run.stage})
    scratch = Path(settings.VAR_DIR) / "work"
    with ExitStack() as stack:
        stack.enter_context(no_room_is_storage_full())
        scratch.mkdir(parents=True, exist_ok=True)
        output_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=scratch)))
        request = StageRequest(
            stage=spec.stage,
            inputs={name: stack.enter_context(file) for name, file in _inputs(run.job, spec).items()},
            output_dir=output_dir,
            options=run.job.options,
            minimum_s=settings.RECORDING_MIN_S,
            maximum_s=settings.RECORDING_MAX_S,
            earlier_warnings=findings_of(run.job),
            operation=Operation(run.job.operation),
        )
        answer = process.run(
            request,
            on_tick=lambda fraction: note_progress(run, fraction),
            time_limit_s=settings.STAGE_TIME_LIMIT_S,
            tick_s=TICK_S,
        )
        return finish_stage(run, spec, key, answer=answer, output_dir=output_dir)


def _inputs(job: Job, spec: StageSpec) -> dict[str, AbstractContextManager[Path]]:
    """Return the files behind the names that a stage reads."""
    there = input_artifacts(job)
    files: dict[str, AbstractContextManager[Path]] = {}
    for name in (*spec.reads, *spec.reads_if_there):
        if name == SOURCE:
            files[name] = open_recording_locally(job.recording)
        elif name in there:
            files[name] = open_artifact_locally(there[name])
        elif name in spec.reads:
            raise FileMissing
    return files


def _try_again(run: StageRun, error: Exception) -> NextStep | None:
    """Give a stage that broke through our fault another attempt, until they are used up."""
    logger.error(
        "stage_broke",
        extra={"job": str(run.job_id), "stage": run.stage, "attempt": run.attempt},
        exc_info=error,
    )
    if run.attempt >= settings.STAGE_ATTEMPTS:
        if isinstance(error, DrumError):
            fail_stage(run, error)
        else:
            fail_stage(run, StageCrashed() if isinstance(error, StageBroke) else InternalError())
        return None
    if not run.release(status=StageRun.Status.PENDING):
        return None
    JobEvent.objects.create(
        job_id=run.job_id, kind=JobEvent.Kind.STAGE_RETRIED, data={"stage": run.stage, "attempt": run.attempt}
    )
    return NextStep(run.job_id, Stage(run.stage), delay_s=RETRY_AFTER_S * run.attempt)
