"""Stages that were lost on the way: their worker died, or their message did not arrive."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from transcription.core.stages import Stage
from transcription.jobs.leases import is_dead
from transcription.jobs.steps import NextStep
from transcription.models import Job, JobEvent, StageRun
from transcription.selectors import runs_that_are_due

logger = logging.getLogger(__name__)

# A stage that was queued this long ago and has not begun is queued once more; a message may have been lost.
REQUEUE_AFTER_S = 300


def recover_lost_stages(*, at_start: bool = False) -> list[NextStep]:
    """Find stages that nobody works on and nobody will, and return them for their queues.

    Lost are: a stage whose holder has died (its process is gone, or its heartbeat is older than the lease),
    and one whose message was lost on the way to the broker. ``at_start`` is for a process whose broker is its
    own memory: whatever waits in the database waits for it.
    """
    _release_dead_leases()
    due = timezone.now() - timedelta(seconds=0 if at_start else REQUEUE_AFTER_S)
    lost = runs_that_are_due().filter(
        Q(queued_at=None) | Q(queued_at__lt=due),
        status=StageRun.Status.PENDING,
        job__requested_by__jobs_held=False,
    )
    rows = lost.order_by("job__created_at", "position").values_list("job_id", "stage")
    return [NextStep(job_id, Stage(stage)) for job_id, stage in rows]


def _release_dead_leases() -> None:
    expired = timezone.now() - timedelta(seconds=settings.LEASE_S)
    held = StageRun.objects.filter(status=StageRun.Status.RUNNING, job__status__in=Job.UNFINISHED)
    for run in held:
        if (run.heartbeat_at is not None and run.heartbeat_at < expired) or is_dead(run.lease_holder):
            released = run.release(status=StageRun.Status.PENDING, queued_at=None)
            if released:
                logger.warning("stage_recovered", extra={"job": str(run.job_id), "stage": run.stage})
                JobEvent.objects.create(
                    job_id=run.job_id, kind=JobEvent.Kind.RECOVERED, data={"stage": run.stage}
                )
