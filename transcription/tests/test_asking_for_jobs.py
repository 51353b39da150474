from __future__ import annotations

import socket

import pytest
from django.utils import timezone
from dramatiq.brokers.redis import RedisBroker

from accounts.tests.factories import UserFactory
from media.errors import RecordingDeleted
from media.tests.factories import RecordingFactory
from transcription import tasks
from transcription.core.errors import InvalidOption, UnknownOption
from transcription.core.options import JobOptions
from transcription.core.stages import Stage
from transcription.errors import JobNotCancellable, JobNotRetryable, ReasonRequired
from transcription.jobs.recovery import recover_lost_stages
from transcription.jobs.steps import NextStep
from transcription.models import Job, JobEvent, StageRun
from transcription.services import cancel_job, create_job, delete_job, hold_user, release_user, retry_job
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db(transaction=True)


def kinds(job: Job) -> list[str]:
    return list(job.events.values_list("kind", flat=True))


def test_a_new_job_is_queued_with_all_its_stages():
    recording = RecordingFactory()

    job = create_job(recording=recording, requested_by=recording.owner, options=JobOptions())

    job.refresh_from_db()
    assert job.status == Job.Status.QUEUED
    assert [run.stage for run in job.stage_runs.all()] == [
        "extract",
        "detect",
        "beats",
        "notate",
        "engrave",
    ]
    assert job.options["title"] == recording.title


def test_a_deleted_recording_cannot_be_transcribed():
    now = timezone.now()
    recording = RecordingFactory(deleted_at=now, purge_after=now)

    with pytest.raises(RecordingDeleted):
        create_job(recording=recording, requested_by=recording.owner, options=JobOptions())


def test_the_job_of_a_person_on_hold_waits_until_it_is_released():
    moderator = UserFactory(moderator=True)
    recording = RecordingFactory()
    hold_user(user=recording.owner, by=moderator, reason="Too many uploads.")

    job = create_job(recording=recording, requested_by=recording.owner, options=JobOptions())
    job.refresh_from_db()
    assert job.status == Job.Status.PENDING

    release_user(user=recording.owner, by=moderator)
    job.refresh_from_db()
    assert job.status == Job.Status.QUEUED
    assert kinds(job) == [JobEvent.Kind.CREATED, JobEvent.Kind.RELEASED]


def test_holding_needs_a_reason():
    with pytest.raises(ReasonRequired):
        hold_user(user=UserFactory(), by=UserFactory(moderator=True), reason=" ")


def test_an_unfinished_job_can_be_cancelled():
    job = JobFactory()

    cancel_job(job=job, by=job.requested_by)

    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED
    assert set(job.stage_runs.values_list("status", flat=True)) == {StageRun.Status.CANCELLED}


def test_a_finished_job_cannot_be_cancelled():
    job = JobFactory(status=Job.Status.COMPLETED)

    with pytest.raises(JobNotCancellable):
        cancel_job(job=job, by=job.requested_by)


def test_a_failed_job_is_retried_from_the_stage_that_failed():
    job = JobFactory(status=Job.Status.FAILED, failure_code="stage_crashed")
    job.stage_runs.filter(stage=Stage.EXTRACT).update(status=StageRun.Status.COMPLETED)
    job.stage_runs.filter(stage=Stage.DETECT).update(status=StageRun.Status.FAILED, attempt=3)

    retry_job(job=job, by=job.requested_by)

    job.refresh_from_db()
    assert (job.status, job.failure_code) == (Job.Status.QUEUED, "")
    assert job.stage_runs.get(stage=Stage.EXTRACT).status == StageRun.Status.COMPLETED
    assert job.stage_runs.get(stage=Stage.DETECT).status == StageRun.Status.PENDING
    assert job.stage_runs.get(stage=Stage.DETECT).attempt == 0


def test_a_completed_job_cannot_be_retried():
    job = JobFactory(status=Job.Status.COMPLETED)

    with pytest.raises(JobNotRetryable):
        retry_job(job=job, by=job.requested_by)


def test_a_moderator_must_say_why():
    moderator = UserFactory(moderator=True)
    job = JobFactory()

    with pytest.raises(ReasonRequired):
        cancel_job(job=job, by=moderator)
    cancel_job(job=job, by=moderator, reason="Copyright complaint.")

    event = job.events.get(kind=JobEvent.Kind.CANCELLED)
    assert (event.actor, event.reason) == (moderator, "Copyright complaint.")


def test_deleting_a_running_job_stops_it():
    job = JobFactory(status=Job.Status.RUNNING)

    delete_job(job=job, by=job.requested_by)

    job.refresh_from_db()
    assert job.deleted_at is not None
    assert job.status == Job.Status.CANCELLED


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"speed": 2}, UnknownOption),
        ({"tempo_bpm": 5}, InvalidOption),
        ({"tempo_bpm": "quick"}, InvalidOption),
        ({"tempo_bpm": float("nan")}, InvalidOption),
        ({"tempo_bpm": True}, InvalidOption),
        ({"meter": "4/5"}, InvalidOption),
        ({"meter": "0/4"}, InvalidOption),
        ({"grid": "64"}, InvalidOption),
        ({"swing": "hard"}, InvalidOption),
        ({"engine": "magic"}, InvalidOption),
        ({"title": "x" * 201}, InvalidOption),
    ],
)
def test_impossible_options_are_refused(given, error):
    with pytest.raises(error):
        JobOptions.parse(given)


def test_possible_options_are_kept():
    options = JobOptions.parse(
        {"tempo_bpm": "120.5", "meter": "6/8", "grid": "triplet", "swing": "off", "title": " A\nsong "}
    )

    assert (options.tempo_bpm, options.meter_parts, options.grid) == (120.5, (6, 8), "triplet")
    assert options.swing == "off"
    assert options.title == "A song"


def test_a_deleted_job_cannot_be_retried():
    job = JobFactory(status=Job.Status.FAILED, deleted_at=timezone.now())

    with pytest.raises(JobNotRetryable):
        retry_job(job=job, by=job.requested_by)


def test_a_broker_that_is_away_keeps_the_job_for_the_next_sweep(monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed_port = probe.getsockname()[1]
    away = RedisBroker(host="127.0.0.1", port=closed_port, middleware=[])
    away.declare_actor(tasks.run_io_stage)
    monkeypatch.setattr(tasks.run_io_stage, "broker", away)
    recording = RecordingFactory()

    job = create_job(recording=recording, requested_by=recording.owner, options=JobOptions())

    job.refresh_from_db()
    assert job.status == Job.Status.PENDING
    assert recover_lost_stages() == [NextStep(job.pk, Stage.EXTRACT)]
