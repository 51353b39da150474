"""How a job stands: saved in its row, told to those who watch."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from transcription.core.result import Finding
from transcription.jobs.forecast import forecast
from transcription.jobs.leases import LeaseLost
from transcription.models import Job, JobEvent, StageRun
from transcription.progress import announce, next_seq


def update_job(job_id: UUID, **changes: Any) -> bool:
    """Change a job that is still wanted; ``False`` when it has ended or was deleted meanwhile."""
    wanted = Job.objects.filter(pk=job_id, status__in=Job.UNFINISHED, deleted_at=None)
    return bool(wanted.update(seq=next_seq(), **changes))


def announce_job(job_id: UUID) -> None:
    """Tell everybody who watches the job how it stands in the database now."""
    jobs = Job.objects.select_related("recording", "requested_by", "batch").prefetch_related("stage_runs")
    announce(jobs.get(pk=job_id))


def note_start(run: StageRun) -> None:
    """Save and tell that a stage has begun.

    Raises:
        LeaseLost: the job was cancelled between taking the lease and now.
    """
    changes: dict[str, Any] = {"stage": run.stage, "status": Job.Status.RUNNING}
    if run.job.started_at is None:
        changes["started_at"] = timezone.now()
        JobEvent.objects.create(job_id=run.job_id, kind=JobEvent.Kind.STARTED)
    if not update_job(run.job_id, **changes):
        raise LeaseLost
    announce_job(run.job_id)


def note_progress(run: StageRun, fraction: float) -> None:
    """Renew the lease, save and tell that ``fraction`` (0..1) of a stage is done.

    Raises:
        LeaseLost: the stage is no longer ours to run.
    """
    if not run.beat(progress=fraction):
        raise LeaseLost
    expected = forecast(run, fraction)
    # A first guess from the clock may have been ahead of what the stage then reports: never go back.
    update_job(run.job_id, progress=Greatest(F("progress"), expected.share_done), eta_s=expected.eta_s)
    announce_job(run.job_id)


def warnings_of(job: Job) -> list[dict[str, str]]:
    """Return the warnings of all stages that are done, in their order, as they are stored."""
    runs = StageRun.objects.filter(job=job).order_by("position")
    return [warning for run in runs for warning in run.warnings]


def findings_of(job: Job) -> tuple[Finding, ...]:
    """Return the same warnings as the core knows them, after those of the job whose files it works on."""
    earlier = warnings_of(job.source_job) if job.source_job is not None else []
    return tuple(Finding(item["code"], item["message"]) for item in (*earlier, *warnings_of(job)))
