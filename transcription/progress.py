"""Websocket group names and message shapes of jobs, in one place."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone

from accounts.feed import feed_group, message, publish
from accounts.models import User
from notation.selectors import notation_ids_by_job
from transcription.core.stages import SPEC_BY_STAGE, Stage
from transcription.link_news import latest_link_seq, links_in_snapshot
from transcription.models import Batch, Job
from transcription.selectors import (
    BatchStanding,
    feed_seq,
    jobs_of,
    jobs_of_batch,
    running_batches_of,
    standing_of,
)

_JOBS_IN_A_SNAPSHOT = 50
_TOO_SOON_TO_TELL = 0.02  # of a batch: a pace measured over less says nothing


def job_group(job_id: UUID | str) -> str:
    """Return the group that listens to one job."""
    return f"job-{job_id}"


def next_seq() -> Greatest:
    """Return the expression for a job's next ``seq``: microseconds of the clock, but always growing.

    The clock makes the numbers of several jobs comparable, so that one feed can carry them all.
    """
    return Greatest(F("seq") + 1, time.time_ns() // 1000)


def job_as_dict(job: Job, notation_id: UUID | None) -> dict[str, Any]:
    """Describe ``job`` as every door does: REST, websocket and pages."""
    return {
        "id": str(job.pk),
        "operation": job.operation,
        "status": job.status,
        "stage": job.stage or None,
        "progress": round(job.progress, 3),
        "eta_s": job.eta_s,
        "title": job.options.get("title") or job.recording.title,
        "recording_id": str(job.recording_id),
        "source_job_id": str(job.source_job_id) if job.source_job_id else None,
        "batch_id": str(job.batch_id) if job.batch_id else None,
        "notation_id": str(notation_id) if notation_id else None,
        "held": job.requested_by.jobs_held and not job.is_finished,
        "stages": [
            {
                "stage": run.stage,
                "label": SPEC_BY_STAGE[Stage(run.stage)].label,
                "status": run.status,
                "progress": round(run.progress, 3),
                "seconds": run.seconds,
            }
            for run in job.stage_runs.all()
        ],
        "failure": _failure(job),
        "warnings": job.warnings,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "url": reverse("job", args=[job.pk]),
        "score_url": reverse("score", args=[notation_id]) if notation_id else None,
    }


def describe_jobs(jobs: list[Job]) -> list[dict[str, Any]]:
    """Describe several jobs with one query for their notations."""
    notation_ids = notation_ids_by_job([job.pk for job in jobs])
    return [job_as_dict(job, notation_ids.get(job.pk)) for job in jobs]


def batch_as_dict(batch: Batch, standing: BatchStanding) -> dict[str, Any]:
    """Describe ``batch`` as every door does; its songs are described by themselves."""
    return {
        "id": str(batch.pk),
        "title": batch.title,
        "status": standing.status.value,
        "total": standing.total,
        "done": standing.done,
        "failed": standing.failed,
        "cancelled": standing.cancelled,
        "fetching": standing.fetching,
        "refused": len(batch.refused),
        "progress": round(standing.progress, 3),
        "eta_s": _batch_eta_s(batch, standing),
        "created_at": batch.created_at.isoformat(),
        "url": reverse("batch", args=[batch.pk]),
    }


def describe_batches(batches: list[Batch]) -> list[dict[str, Any]]:
    """Describe several batches with one query for all that they count."""
    standing = standing_of(batches)
    return [batch_as_dict(batch, standing[batch.pk]) for batch in batches]


def describe_batch_with_songs(batch: Batch) -> dict[str, Any]:
    """Describe ``batch``, each of its songs, and each file that was refused."""
    songs = describe_jobs(list(jobs_of_batch(batch)))
    return describe_batches([batch])[0] | {"items": songs, "refused_items": batch.refused}


def job_snapshot(job: Job) -> dict[str, Any]:
    """Return what a page that opens one job gets first."""
    return message("snapshot", seq=job.seq, data=describe_jobs([job])[0])


def feed_snapshot(user: User) -> dict[str, Any]:
    """Return what a page that opens the feed gets first."""
    seq = max(feed_seq(user), latest_link_seq(user))
    jobs = list(jobs_of(user)[:_JOBS_IN_A_SNAPSHOT])
    batches = describe_batches(list(running_batches_of(user)))
    data = {"jobs": describe_jobs(jobs), "batches": batches, "links": links_in_snapshot(user)}
    return message("snapshot", seq=seq, data=data)


def announce(job: Job) -> None:
    """Tell the job's pages and its owner's feed how it stands now, and its batch with it."""
    news = message("job.updated", seq=job.seq, data=describe_jobs([job])[0])
    publish([job_group(job.pk), feed_group(job.requested_by_id)], news)
    _announce_batch_of(job)


def announce_deleted(job: Job) -> None:
    """Tell them that it is gone."""
    news = message("job.deleted", seq=job.seq, data={"id": str(job.pk)})
    publish([job_group(job.pk), feed_group(job.requested_by_id)], news)
    _announce_batch_of(job)


def announce_batch(batch: Batch) -> None:
    """Tell the owner's feed how the batch stands now."""
    standing = standing_of([batch])[batch.pk]
    news = message("batch.updated", seq=max(batch.seq, standing.seq), data=batch_as_dict(batch, standing))
    publish([feed_group(batch.owner_id)], news)


def announce_batch_deleted(batch: Batch) -> None:
    """Tell it that the batch is gone."""
    publish([feed_group(batch.owner_id)], message("batch.deleted", seq=batch.seq, data={"id": str(batch.pk)}))


def _announce_batch_of(job: Job) -> None:
    if job.batch is not None and job.batch.deleted_at is None:
        announce_batch(job.batch)


def _batch_eta_s(batch: Batch, standing: BatchStanding) -> float | None:
    """Return the seconds that the rest takes at the pace so far; None when that cannot be told."""
    progress = standing.progress
    gone = progress - batch.done_before
    if not standing.is_running or gone < _TOO_SOON_TO_TELL:
        return None
    elapsed_s = (timezone.now() - batch.clock_from).total_seconds()
    return round(elapsed_s * (1 - progress) / gone, 1)


def _failure(job: Job) -> dict[str, str] | None:
    if not job.failure_code:
        return None
    return {"code": job.failure_code, "message": job.failure_message, "hint": job.failure_hint}
