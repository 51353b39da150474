"""Jobs that were deleted go for good when their time is up."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from media.artifacts import delete_artifacts_of_job
from notation.services import delete_transcription
from transcription.models import Batch, Job


def purge_deleted_jobs(*, now: datetime | None = None) -> int:
    """Really delete jobs that were deleted longer ago than retention keeps them; return how many.

    Their artifacts, hits and notations go with them; the recording stays. Of batches, whose songs stay, only
    the row goes.
    """
    before = (now or timezone.now()) - timedelta(days=settings.RETENTION_DAYS)
    Batch.objects.filter(deleted_at__lt=before).delete()
    jobs = list(Job.objects.filter(deleted_at__lt=before))
    for job in jobs:
        with transaction.atomic():
            delete_artifacts_of_job(job.pk)
            delete_transcription(job_id=job.pk)
            job.delete()
    return len(jobs)
