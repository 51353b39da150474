"""Figures about one's own, and about the whole site for those who look after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import UserFactory
from media.artifacts import publish_artifact
from media.services import delete_own_recording
from media.tests.factories import RecordingFactory
from transcription.core.stages import Stage
from transcription.models import Job, StageRun
from transcription.tests.factories import JobFactory

OWN = "/api/v1/recordings/stats/"
SITE = "/api/v1/admin/stats/"

pytestmark = pytest.mark.django_db

Api = Callable[[User], APIClient]


def test_ones_own_recordings_are_counted_by_container_and_state(api: Api, tmp_path: Path) -> None:
    first = RecordingFactory(duration_s=90.0)
    second = RecordingFactory(owner=first.owner, duration_s=30.0)
    RecordingFactory(owner=first.owner, container="mp3", duration_s=None)
    RecordingFactory()
    job = JobFactory(recording=first, status=Job.Status.COMPLETED)
    JobFactory(recording=second)
    made = tmp_path / "hits.json"
    made.write_bytes(b"[]")
    publish_artifact(path=made, kind="hits.json", stage="detect", job_id=job.pk, recording=first)

    body = api(first.owner).get(OWN).json()

    assert (body["count"], body["minutes"], body["made_bytes"]) == (3, 2.0, 2)
    assert body["bytes"] == 3 * first.bytes
    assert body["containers"] == [
        {"name": "mp3", "count": 1, "bytes": first.bytes, "minutes": 0.0},
        {"name": "wav", "count": 2, "bytes": 2 * first.bytes, "minutes": 2.0},
    ]
    assert body["jobs"] == {
        "pending": 0, "queued": 1, "running": 0, "completed": 1, "failed": 0, "cancelled": 0
    }  # fmt: skip


def test_what_is_deleted_counts_apart(api: Api) -> None:
    recording = RecordingFactory()
    JobFactory(recording=recording)
    delete_own_recording(recording=recording, by=recording.owner)

    body = api(recording.owner).get(OWN).json()

    assert (body["count"], body["bytes"], body["containers"]) == (0, 0, [])
    assert body["deleted"] == {"count": 1, "bytes": recording.bytes}
    assert set(body["jobs"].values()) == {0}


def test_a_moderator_gets_the_figures_of_their_own_too(api: Api, moderator: User) -> None:
    RecordingFactory()

    assert api(moderator).get(OWN).json()["count"] == 0


def test_figures_cost_as_many_queries_for_many_as_for_one(
    api: Api, user: User, django_assert_num_queries: Any
) -> None:
    for _ in range(4):
        JobFactory(recording=RecordingFactory(owner=user))
    client = api(user)

    with django_assert_num_queries(5):  # four sums, and the role that limits the rate
        client.get(OWN)


def test_who_is_not_signed_in_gets_no_figures() -> None:
    assert [APIClient().get(url).status_code for url in (OWN, SITE)] == [401, 401]


def test_staff_see_failures_by_reason_and_jobs_by_state(api: Api, moderator: User) -> None:
    now = timezone.now()
    for code in ("undecodable_audio", "stage_crashed", "stage_crashed"):
        JobFactory(status=Job.Status.FAILED, failure_code=code, finished_at=now)
    JobFactory(status=Job.Status.FAILED, failure_code="weights_missing", finished_at=now - timedelta(days=3))

    body = api(moderator).get(SITE, {"days": 2}).json()

    assert (body["days"], body["jobs"]["failed"], body["jobs"]["completed"]) == (2, 4, 0)
    assert body["failures"] == [
        {"code": "stage_crashed", "count": 2},
        {"code": "undecodable_audio", "count": 1},
    ]
    assert body["operations"]["transcribe"] == 4
    assert body["people"] == 5
    assert body["storage"]["recordings"]["count"] == 4


def test_seconds_by_stage_leave_out_what_was_taken_from_an_equal_run(api: Api, moderator: User) -> None:
    done = {"finished_at": timezone.now()}
    for seconds, status in ((1.0, "completed"), (2.0, "completed"), (0.01, "reused")):
        job = JobFactory(status=Job.Status.COMPLETED)
        job.stage_runs.filter(stage=Stage.BEATS).update(status=status, seconds=seconds, **done)

    body = api(moderator).get(SITE).json()

    assert body["stages"] == [{"stage": "beats", "runs": 2, "mean_s": 1.5, "longest_s": 2.0}]


def test_queues_hold_what_is_next_of_each_job(api: Api, moderator: User) -> None:
    JobFactory()
    running = JobFactory(status=Job.Status.RUNNING)
    running.stage_runs.filter(stage=Stage.EXTRACT).update(status=StageRun.Status.COMPLETED)
    running.stage_runs.filter(stage=Stage.DETECT).update(status=StageRun.Status.RUNNING)
    JobFactory(recording=RecordingFactory(owner=UserFactory(jobs_held=True)))
    JobFactory(status=Job.Status.CANCELLED)

    queues = {entry.pop("queue"): entry for entry in api(moderator).get(SITE).json()["queues"]}

    assert queues == {
        "io": {"waiting": 1, "running": 0, "held": 1},
        "gpu": {"waiting": 0, "running": 1, "held": 0},
        "cpu": {"waiting": 0, "running": 0, "held": 0},
    }


@pytest.mark.parametrize("days", ["0", "366", "soon"])
def test_a_time_that_cannot_be_looked_back_is_refused(api: Api, moderator: User, days: str) -> None:
    response = api(moderator).get(SITE, {"days": days})

    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")


def test_the_sites_figures_are_for_staff_alone(api: Api, user: User) -> None:
    response = api(user).get(SITE)

    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
