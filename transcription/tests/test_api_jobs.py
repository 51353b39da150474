from __future__ import annotations

import json
import uuid

import pytest

from accounts.tests.factories import UserFactory
from media.artifacts import publish_artifact
from media.models import Artifact, Recording
from media.tests.factories import RecordingFactory
from transcription.models import Job, JobEvent
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_job_is_created_for_ones_own_recording(api):
    recording = RecordingFactory()

    response = api(recording.owner).post(
        "/api/v1/jobs/", {"recording_id": str(recording.pk), "options": {"meter": "3/4"}}, format="json"
    )

    assert response.status_code == 201
    body = response.json()
    assert body["status"] == "queued"
    assert [stage["stage"] for stage in body["stages"]] == ["extract", "detect", "beats", "notate", "engrave"]
    assert Job.objects.get(pk=body["id"]).options["meter"] == "3/4"


def test_somebody_elses_recording_is_not_found(api):
    recording = RecordingFactory()

    response = api(UserFactory()).post("/api/v1/jobs/", {"recording_id": str(recording.pk)}, format="json")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert not Job.objects.exists()


def test_a_deleted_recording_is_gone(api):
    recording = RecordingFactory()
    client = api(recording.owner)
    client.delete(f"/api/v1/recordings/{recording.pk}/")

    response = client.post("/api/v1/jobs/", {"recording_id": str(recording.pk)}, format="json")

    assert (response.status_code, response.json()["code"]) == (410, "recording_deleted")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"speed": 2}, "unknown_option"),
        ({"meter": "4/5"}, "invalid_option"),
        ({"tempo_bpm": 10**400}, "invalid_option"),
    ],
)
def test_impossible_options_get_a_stable_code(api, options, code):
    recording = RecordingFactory()

    response = api(recording.owner).post(
        "/api/v1/jobs/", {"recording_id": str(recording.pk), "options": options}, format="json"
    )

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert response.json()["details"]["hint"]


def test_the_same_request_with_an_idempotency_key_makes_one_job(api):
    recording = RecordingFactory()
    client = api(recording.owner)
    body = {"recording_id": str(recording.pk)}

    first = client.post("/api/v1/jobs/", body, format="json", headers={"Idempotency-Key": "once"})
    second = client.post("/api/v1/jobs/", body, format="json", headers={"Idempotency-Key": "once"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert Job.objects.count() == 1


def test_a_list_holds_only_ones_own_jobs(api):
    mine = JobFactory()
    JobFactory()

    response = api(mine.requested_by).get("/api/v1/jobs/")

    assert [job["id"] for job in response.json()["results"]] == [str(mine.pk)]


def test_a_list_can_be_filtered_by_status(api):
    job = JobFactory(status=Job.Status.COMPLETED)
    JobFactory(recording=job.recording, status=Job.Status.FAILED)

    response = api(job.requested_by).get("/api/v1/jobs/?status=completed")

    assert [item["id"] for item in response.json()["results"]] == [str(job.pk)]


def test_a_moderator_sees_every_job(api, moderator):
    job = JobFactory()

    assert api(moderator).get(f"/api/v1/jobs/{job.pk}/").status_code == 200


@pytest.mark.parametrize("path", ["", "events/", "result/", "download/pdf/"])
def test_somebody_elses_job_is_not_found(api, path):
    job = JobFactory()

    response = api(UserFactory()).get(f"/api/v1/jobs/{job.pk}/{path}")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("body", [["recording_id"], "recording_id", 7, None])
def test_a_body_that_is_no_object_is_refused(api, user, body):
    response = api(user).post("/api/v1/jobs/", json.dumps(body), content_type="application/json")

    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")


@pytest.mark.parametrize("options", [[], False, 0, "", "x", ["meter"]])
def test_options_that_are_no_object_are_refused(api, options):
    recording = RecordingFactory()

    response = api(recording.owner).post(
        "/api/v1/jobs/", {"recording_id": str(recording.pk), "options": options}, format="json"
    )

    assert (response.status_code, response.json()["code"]) == (400, "invalid_input")
    assert not Job.objects.exists()


def test_a_field_that_nobody_knows_is_refused(api):
    recording = RecordingFactory()

    response = api(recording.owner).post(
        "/api/v1/jobs/", {"recording_id": str(recording.pk), "meter": "3/4"}, format="json"
    )

    assert (response.status_code, response.json()["code"]) == (400, "unknown_option")
    assert response.json()["details"]["known"] == [
        "operation",
        "options",
        "recording_id",
        "source_job_id",
    ]


def test_what_cannot_be_stored_in_a_reason_is_left_out(api, moderator):
    job = JobFactory()

    response = api(moderator).post(f"/api/v1/jobs/{job.pk}/cancel/", {"reason": "Sp\0am."}, format="json")

    assert response.status_code == 200
    assert job.events.get(kind=JobEvent.Kind.CANCELLED).reason == "Spam."


def test_a_reason_of_nothing_that_can_be_read_is_none(api, moderator):
    job = JobFactory()

    response = api(moderator).post(f"/api/v1/jobs/{job.pk}/cancel/", {"reason": "\0"}, format="json")

    assert (response.status_code, response.json()["code"]) == (400, "reason_required")


@pytest.fixture
def result(tmp_path) -> Artifact:
    path = tmp_path / "result.json"
    path.write_text('{"schema": "drumsite.transcription/1"}')
    job = JobFactory()
    return publish_artifact(path=path, kind="result.json", stage="notate", job_id=job.pk)


@pytest.mark.parametrize("path", ["result", "download/json"])
def test_a_file_is_read_while_it_is_there_and_else_said_to_be_missing(api, result, path):
    client = api(Job.objects.get(pk=result.job_id).requested_by)
    url = f"/api/v1/jobs/{result.job_id}/{path}"
    assert client.get(url).status_code == 200

    result.file.storage.delete(result.file.name)

    response = client.get(url)
    assert (response.status_code, response.json()["code"]) == (410, "file_missing")


@pytest.mark.parametrize("path", ["cancel/", "retry/"])
def test_somebody_elses_job_cannot_be_acted_on(api, path):
    job = JobFactory()

    assert api(UserFactory()).post(f"/api/v1/jobs/{job.pk}/{path}").status_code == 404
    job.refresh_from_db()
    assert job.status == Job.Status.QUEUED


@pytest.mark.parametrize("pk", [uuid.uuid4(), "nonsense"])
def test_an_unknown_job_is_not_found(api, user, pk):
    assert api(user).get(f"/api/v1/jobs/{pk}/").status_code == 404


def test_a_job_is_cancelled_once(api):
    job = JobFactory()
    client = api(job.requested_by)

    first = client.post(f"/api/v1/jobs/{job.pk}/cancel/")
    second = client.post(f"/api/v1/jobs/{job.pk}/cancel/")

    assert (first.status_code, first.json()["status"]) == (200, "cancelled")
    assert (second.status_code, second.json()["code"]) == (409, "job_not_cancellable")


def test_a_moderator_who_cancels_must_say_why(api, moderator):
    job = JobFactory()

    silent = api(moderator).post(f"/api/v1/jobs/{job.pk}/cancel/")
    open_ = api(moderator).post(f"/api/v1/jobs/{job.pk}/cancel/", {"reason": "Spam."}, format="json")

    assert (silent.status_code, silent.json()["code"]) == (400, "reason_required")
    assert open_.status_code == 200


def test_a_cancelled_job_can_be_retried(api):
    job = JobFactory(status=Job.Status.CANCELLED)

    response = api(job.requested_by).post(f"/api/v1/jobs/{job.pk}/retry/")

    assert (response.status_code, response.json()["status"]) == (200, "queued")


def test_a_deleted_job_is_not_found(api):
    job = JobFactory()
    client = api(job.requested_by)

    assert client.delete(f"/api/v1/jobs/{job.pk}/").status_code == 204
    assert client.get(f"/api/v1/jobs/{job.pk}/").status_code == 404


def test_events_tell_the_owner_what_happened(api, moderator):
    job = JobFactory()
    JobEvent.objects.create(job=job, kind=JobEvent.Kind.CANCELLED, actor=moderator, reason="Spam.")

    events = api(job.requested_by).get(f"/api/v1/jobs/{job.pk}/events/").json()

    assert [(event["kind"], event["actor"], event["reason"]) for event in events] == [
        ("cancelled", "moderator", "Spam.")
    ]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("result/", 409, "not_ready"),
        ("download/pdf/", 409, "not_ready"),
        ("download/docx/", 400, "unknown_format"),
    ],
)
def test_files_that_are_not_there_are_refused(api, path, status, code):
    job = JobFactory()

    response = api(job.requested_by).get(f"/api/v1/jobs/{job.pk}/{path}")

    assert (response.status_code, response.json()["code"]) == (status, code)


def test_the_jobs_of_a_deleted_recording_come_back_with_it(api):
    job = JobFactory()
    client = api(job.requested_by)

    client.delete(f"/api/v1/recordings/{job.recording_id}/")
    assert client.get(f"/api/v1/jobs/{job.pk}/").status_code == 404
    client.post(f"/api/v1/recordings/{job.recording_id}/restore/")

    assert Recording.objects.get(pk=job.recording_id).deleted_at is None
    assert client.get(f"/api/v1/jobs/{job.pk}/").status_code == 200


def test_health_and_readiness_need_no_token(client):
    assert client.get("/api/v1/health").json() == {"status": "ok"}
    ready = client.get("/api/v1/ready")
    assert (ready.status_code, ready.json()["checks"]) == (
        200,
        {"database": "ok", "queue": "ok", "storage": "ok"},
    )
