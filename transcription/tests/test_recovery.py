from __future__ import annotations

import os
import socket
import subprocess
from datetime import timedelta

import pytest
from django.utils import timezone

from transcription.core.stages import Stage
from transcription.jobs.recovery import recover_lost_stages
from transcription.jobs.steps import NextStep
from transcription.models import Job, JobEvent, StageRun
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db


def held_by(job: Job, pid: int, host: str | None = None) -> StageRun:
    run = StageRun.take(job.pk, Stage.EXTRACT, holder=f"{host or socket.gethostname()}:{pid}:1", lease_s=30)
    assert run is not None
    return run


def pid_of_the_dead() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_stage_whose_worker_process_is_gone_is_recovered():
    job = JobFactory()
    held_by(job, pid_of_the_dead())

    lost = recover_lost_stages()

    assert lost == [NextStep(job.pk, Stage.EXTRACT)]
    assert job.events.filter(kind=JobEvent.Kind.RECOVERED).count() == 1


def test_a_stage_whose_worker_is_alive_is_left_alone():
    job = JobFactory()
    run = held_by(job, os.getpid())

    lost = recover_lost_stages()

    assert lost == []
    assert run.beat() is True


def test_a_stage_of_another_machine_is_recovered_when_its_heartbeat_stops():
    job = JobFactory()
    run = held_by(job, 1, host="elsewhere")
    assert recover_lost_stages() == []
    StageRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=31))

    lost = recover_lost_stages()

    assert lost == [NextStep(job.pk, Stage.EXTRACT)]


def test_a_message_lost_before_the_broker_is_queued_again():
    job = JobFactory()

    assert recover_lost_stages() == [NextStep(job.pk, Stage.EXTRACT)]


def test_a_stage_that_was_queued_just_now_is_not_queued_again():
    job = JobFactory()
    job.stage_runs.filter(stage=Stage.EXTRACT).update(queued_at=timezone.now())

    assert recover_lost_stages() == []


def test_a_process_with_its_own_broker_takes_up_everything_at_its_start():
    job = JobFactory()
    job.stage_runs.filter(stage=Stage.EXTRACT).update(queued_at=timezone.now())

    assert recover_lost_stages(at_start=True) == [NextStep(job.pk, Stage.EXTRACT)]


def test_a_stage_waits_until_the_stages_before_it_are_done():
    job = JobFactory()
    job.stage_runs.filter(stage=Stage.EXTRACT).update(status=StageRun.Status.COMPLETED)

    assert recover_lost_stages() == [NextStep(job.pk, Stage.DETECT)]


def test_jobs_on_hold_are_not_recovered():
    JobFactory(recording__owner__jobs_held=True)

    assert recover_lost_stages(at_start=True) == []


def test_however_many_jobs_wait_they_are_found_in_one_query(django_assert_num_queries):
    jobs = [JobFactory() for _ in range(3)]

    with django_assert_num_queries(2):  # the other looks for dead leases
        lost = recover_lost_stages()

    assert lost == [NextStep(job.pk, Stage.EXTRACT) for job in jobs]
