"""The newest analysis of a recording, at the recording's own address."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import UserFactory
from media.artifacts import publish_artifact
from media.models import Recording
from media.services import delete_own_recording
from media.tests.factories import RecordingFactory
from transcription.models import Job
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db

Api = Callable[[User], APIClient]


@pytest.fixture
def analysed(tmp_path: Path) -> Callable[..., Job]:
    """Make a finished analysis of a recording that says ``bpm``."""

    def make(recording: Recording, bpm: float, *, hours_ago: float = 0.0, by: User | None = None) -> Job:
        job = JobFactory(
            recording=recording,
            requested_by=by or recording.owner,
            operation="analyse",
            status=Job.Status.COMPLETED,
            finished_at=timezone.now() - timedelta(hours=hours_ago),
        )
        path = tmp_path / "analysis.json"
        path.write_text(json.dumps({"tempo": {"bpm": bpm}}))
        publish_artifact(path=path, kind="analysis.json", stage="analyse", job_id=job.pk, recording=recording)
        return job

    return make


def url_of(recording: Recording) -> str:
    return f"/api/v1/recordings/{recording.pk}/analysis/"


def test_the_newest_finished_one_is_sent_with_the_address_of_its_job(
    api: Api, analysed: Callable[..., Job]
) -> None:
    recording = RecordingFactory()
    newest = analysed(recording, 120.0)
    analysed(recording, 60.0, hours_ago=1.0)
    JobFactory(recording=recording, operation="analyse")

    response = api(recording.owner).get(url_of(recording))

    assert response.json() == {"tempo": {"bpm": 120.0}}
    assert response.headers["Content-Location"].endswith(f"/api/v1/jobs/{newest.pk}/result")
    assert api(recording.owner).get(response.headers["Content-Location"]).json() == response.json()


def test_none_is_not_ready_and_says_what_to_start(api: Api) -> None:
    recording = RecordingFactory()
    JobFactory(recording=recording, status=Job.Status.COMPLETED)

    response = api(recording.owner).get(url_of(recording))

    assert (response.status_code, response.json()["code"]) == (409, "not_ready")
    assert response.json()["details"]["operation"] == "analyse"


def test_one_under_way_is_not_ready_and_is_named(api: Api) -> None:
    recording = RecordingFactory()
    job = JobFactory(recording=recording, operation="analyse")

    response = api(recording.owner).get(url_of(recording))

    assert (response.status_code, response.json()["code"]) == (409, "not_ready")
    assert response.json()["details"]["job_id"] == str(job.pk)


def test_what_a_moderator_had_analysed_is_theirs_alone(
    api: Api, moderator: User, analysed: Callable[..., Job]
) -> None:
    recording = RecordingFactory()
    analysed(recording, 120.0, by=moderator)

    assert api(recording.owner).get(url_of(recording)).status_code == 409
    assert api(moderator).get(url_of(recording)).status_code == 200


def test_somebody_elses_recording_is_not_found(api: Api, analysed: Callable[..., Job]) -> None:
    recording = RecordingFactory()
    analysed(recording, 120.0)

    answers = [
        api(UserFactory()).get(url_of(recording)),
        api(recording.owner).get(f"/api/v1/recordings/{uuid4()}/analysis/"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 2


def test_a_deleted_recordings_analysis_is_gone(api: Api, analysed: Callable[..., Job]) -> None:
    recording = RecordingFactory()
    analysed(recording, 120.0)
    delete_own_recording(recording=recording, by=recording.owner)

    response = api(recording.owner).get(url_of(recording))

    assert (response.status_code, response.json()["code"]) == (410, "recording_deleted")
