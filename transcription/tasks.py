"""The actors, one a queue, and the way onto a queue."""

from __future__ import annotations

import logging
import threading
from uuid import UUID

import dramatiq
from django.utils import timezone
from dramatiq.errors import DramatiqError
from redis.exceptions import RedisError

from transcription.core.stage_process import StageProcess
from transcription.core.stages import SPEC_BY_STAGE, Stage
from transcription.jobs.running import run_stage
from transcription.models import Job, StageRun
from transcription.processes import new_stage_process
from transcription.progress import next_seq

logger = logging.getLogger(__name__)

QUEUES = ("io", "cpu", "gpu")

_of_this_thread = threading.local()


def stage_process() -> StageProcess:
    """Return this worker thread's child process, started on first use."""
    if not hasattr(_of_this_thread, "process"):
        _of_this_thread.process = new_stage_process()
    process: StageProcess = _of_this_thread.process
    return process


def _run(job_id: str, stage: str) -> None:
    following = run_stage(job_id, Stage(stage), stage_process())
    if following is not None:
        enqueue(following.job_id, following.stage, delay_s=following.delay_s)


@dramatiq.actor(queue_name="io")
def run_io_stage(job_id: str, stage: str) -> None:
    """Run a stage that mostly reads and writes."""
    _run(job_id, stage)


@dramatiq.actor(queue_name="cpu")
def run_cpu_stage(job_id: str, stage: str) -> None:
    """Run a stage that computes without a network."""
    _run(job_id, stage)


@dramatiq.actor(queue_name="gpu")
def run_gpu_stage(job_id: str, stage: str) -> None:
    """Run a stage that is quicker on a GPU where there is one."""
    _run(job_id, stage)


_ACTORS = {"io": run_io_stage, "cpu": run_cpu_stage, "gpu": run_gpu_stage}


def enqueue(job_id: UUID, stage: Stage, *, delay_s: float = 0.0) -> None:
    """Put a stage on its queue. Call it after the commit; what is lost before this, the sweeper finds.

    A broker that is away is no error of the caller's: the stage waits in the database for the next sweep.
    """
    waiting = StageRun.objects.filter(job_id=job_id, stage=stage, status=StageRun.Status.PENDING)
    waiting.update(queued_at=timezone.now())
    try:
        _ACTORS[SPEC_BY_STAGE[stage].queue].send_with_options(
            args=(str(job_id), stage.value), delay=int(delay_s * 1000) or None
        )
    except (RedisError, DramatiqError):
        logger.exception("stage_not_queued", extra={"job": str(job_id), "stage": stage.value})
        waiting.update(queued_at=None)
        return
    Job.objects.filter(pk=job_id, status=Job.Status.PENDING).update(status=Job.Status.QUEUED, seq=next_seq())
