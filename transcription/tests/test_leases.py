from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from transcription.core.stages import Stage
from transcription.models import Job, StageRun
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db


def take(job: Job) -> StageRun | None:
    return StageRun.take(job.pk, Stage.EXTRACT, holder="here:1:1", lease_s=30)


def test_a_stage_that_waits_can_be_taken():
    job = JobFactory()

    run = take(job)

    assert run is not None
    assert (run.status, run.attempt) == (StageRun.Status.RUNNING, 1)


def test_a_stage_that_is_held_cannot_be_taken_again():
    job = JobFactory()
    take(job)

    second = take(job)

    assert second is None


def test_a_lease_without_a_heartbeat_passes_to_the_next_worker():
    job = JobFactory()
    first = take(job)
    StageRun.objects.filter(pk=first.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=31))

    second = take(job)

    assert second is not None
    assert second.attempt == 2
    assert first.beat() is False
    assert second.beat() is True


def test_a_holder_that_lost_its_lease_cannot_finish_the_stage():
    job = JobFactory()
    first = take(job)
    StageRun.objects.filter(pk=first.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=31))
    second = take(job)

    assert first.release(status=StageRun.Status.COMPLETED) is False
    assert second.release(status=StageRun.Status.COMPLETED) is True


@pytest.mark.parametrize("status", [Job.Status.CANCELLED, Job.Status.FAILED, Job.Status.COMPLETED])
def test_a_stage_of_a_job_that_has_ended_cannot_be_taken(status):
    job = JobFactory(status=status)

    assert take(job) is None


def test_a_stage_of_a_person_on_hold_cannot_be_taken():
    job = JobFactory(recording__owner__jobs_held=True)

    assert take(job) is None


def test_a_stage_of_a_deleted_recording_cannot_be_taken():
    now = timezone.now()
    job = JobFactory(recording__deleted_at=now, recording__purge_after=now)

    assert take(job) is None


def test_a_heartbeat_fails_once_the_job_is_cancelled():
    job = JobFactory()
    run = take(job)
    Job.objects.filter(pk=job.pk).update(status=Job.Status.CANCELLED)

    assert run.beat() is False


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_at_once_one_gets_the_lease():
    job = JobFactory()
    together = threading.Barrier(6)
    taken: list[StageRun | None] = []

    def race() -> None:
        try:
            together.wait()
            taken.append(take(job))
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(run is not None for run in taken) == 1
    assert job.stage_runs.get(stage=Stage.EXTRACT).attempt == 1
