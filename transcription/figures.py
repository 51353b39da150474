"""Jobs in figures: one person's, and the whole site's for those who look after it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Max, QuerySet
from django.utils import timezone

from accounts.models import User
from media.usage import storage_in_use
from transcription.core.operations import OPERATIONS
from transcription.core.stages import SPEC_BY_STAGE, STAGES, Stage
from transcription.models import Job, StageRun
from transcription.selectors import runs_that_are_due

QUEUE_NAMES = tuple(dict.fromkeys(spec.queue for spec in STAGES))


def jobs_by_status(user: User) -> dict[str, int]:
    """Return how many jobs ``user`` has in each state; every state is there."""
    return _counts(_kept_jobs().filter(requested_by=user), "status", Job.Status.values)


def site_figures(*, days: int) -> dict[str, Any]:
    """Return how the site is doing, in plain JSON values.

    Jobs by state and the queues are as of now; failures and seconds are of the last ``days`` days. Stages
    whose result was taken from an equal run of the same person are not counted: they say nothing about this
    machine. One that was taken from somebody else's counts as that did: nothing may tell them apart.
    """
    since = timezone.now() - timedelta(days=days)
    jobs = _kept_jobs()
    failed = jobs.filter(status=Job.Status.FAILED, finished_at__gte=since)
    return {
        "days": days,
        "people": User.objects.filter(is_active=True).count(),
        "jobs": _counts(jobs, "status", Job.Status.values),
        "operations": _counts(jobs.filter(created_at__gte=since), "operation", list(OPERATIONS)),
        "failures": [
            {"code": code, "count": count} for code, count in _counts(failed, "failure_code").items()
        ],
        "stages": _stage_seconds(since),
        "queues": _queues(),
        "storage": storage_in_use(),
    }


def _kept_jobs() -> QuerySet[Job]:
    return Job.objects.filter(deleted_at=None, recording__deleted_at=None)


def _counts(jobs: QuerySet[Job], field: str, every: list[Any] | None = None) -> dict[str, int]:
    """Return how many jobs have each value of ``field``, the most first; or in the order of ``every``."""
    rows = jobs.order_by().values_list(field).annotate(count=Count("pk")).order_by("-count", field)
    found: dict[str, int] = dict(rows)
    return found if every is None else {str(value): found.get(value, 0) for value in every}


def _stage_seconds(since: datetime) -> list[dict[str, Any]]:
    runs = StageRun.objects.filter(
        status=StageRun.Status.COMPLETED, finished_at__gte=since, seconds__isnull=False
    )
    rows = (
        runs.order_by()
        .values("stage")
        .annotate(runs=Count("pk"), mean_s=Avg("seconds"), longest_s=Max("seconds"))
    )
    by_stage = {row["stage"]: row for row in rows}
    return [
        {
            "stage": spec.stage.value,
            "runs": row["runs"],
            "mean_s": round(row["mean_s"], 3),
            "longest_s": round(row["longest_s"], 3),
        }
        for spec in STAGES
        if (row := by_stage.get(spec.stage.value)) is not None
    ]


def _queues() -> list[dict[str, Any]]:
    """Count by queue what is being run and what waits for a worker.

    Read from the database, which is right also while the broker is away. A stage waits once those before it
    are done; ``held`` are those of people whose jobs are held.
    """
    rows = runs_that_are_due().order_by().values_list("stage", "status", "job__requested_by__jobs_held")
    counted = {queue: {"waiting": 0, "running": 0, "held": 0} for queue in QUEUE_NAMES}
    for stage, status, is_held, count in rows.annotate(count=Count("pk")):
        counted[SPEC_BY_STAGE[Stage(stage)].queue][_state(status, is_held)] += count
    return [{"queue": queue, **counts} for queue, counts in counted.items()]


def _state(status: str, is_held: bool) -> str:
    if status == StageRun.Status.RUNNING:
        return "running"
    return "held" if is_held else "waiting"
