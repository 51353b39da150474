"""The table of ``docs/api-migration.md``, walked: what stands under *ours* is really asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory
from drumsite.tests.api_migration import UUID, filled, routes_in, rows
from media.artifacts import publish_artifact
from media.tests.factories import RecordingFactory, song
from notation.tests.factories import NotationFactory
from transcription.core.operations import OPERATIONS, Operation
from transcription.files import FORMATS
from transcription.models import Batch, Job
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db

HERE = list(dict.fromkeys(route for row in rows().values() for route in row.routes))
API_ROUTES = [route for route in HERE if " /api/v1/" in route]
# Whoever comes from elsewhere asks these before they have an account.
OPEN = {
    "GET /api/v1/health/",
    "GET /api/v1/ready/",
    "GET /api/v1/recordings/formats/",
    "POST /api/v1/auth/register/",
    "POST /api/v1/auth/login/",
    "POST /api/v1/auth/refresh/",
}


@pytest.fixture
def everything(tmp_path: Path) -> dict[str, Any]:
    """A person who looks after the site, with a song, a finished job of every file, and a chart."""
    owner = UserFactory(admin=True)
    recording = RecordingFactory(owner=owner, peaks={"duration_s": 2.0, "scale": 127, "peaks": [[-1, 1]]})
    jobs = {}
    for operation in (Operation.TRANSCRIBE, Operation.ANALYSE):
        job = JobFactory(recording=recording, operation=operation, status=Job.Status.COMPLETED)
        for kind in {OPERATIONS[operation].result, *(entry.kind for entry in FORMATS.values())}:
            path = tmp_path / kind
            path.write_text(json.dumps({"kind": kind}))
            publish_artifact(path=path, kind=kind, stage="extract", job_id=job.pk, recording=recording)
        jobs[operation] = job
    notation = NotationFactory(owner=owner, recording_id=recording.pk)
    batch = Batch.objects.create(owner=owner, title="Gig")
    ids = {
        "batches": batch.pk,
        "jobs": jobs[Operation.TRANSCRIBE].pk,
        "notations": notation.pk,
        "recordings": recording.pk,
    }
    return {"owner": owner, "ids": ids}


def test_every_address_that_is_read_answers(everything: dict[str, Any]) -> None:
    client = Client()
    client.force_login(everything["owner"])
    answers = {}

    for route in HERE:
        if route.startswith("GET /api/"):
            path = route.removeprefix("GET ").split("?")[0]
            noun = path.split("/")[3]
            answers[route] = client.get(filled(path, str(everything["ids"].get(noun, UUID)))).status_code

    assert len(answers) > 30
    assert {route: status for route, status in answers.items() if status != 200} == {}


def test_every_page_for_staff_is_there_for_them_alone(everything: dict[str, Any]) -> None:
    staff, visitor = Client(), Client()
    staff.force_login(everything["owner"])
    visitor.force_login(UserFactory())

    pages = [route for route in HERE if route.startswith("GET /admin/")]
    answers = set()
    for route in pages:
        path = filled(route.removeprefix("GET ").split("?")[0], str(everything["owner"].pk))
        answers.add((staff.get(path).status_code, visitor.get(path).status_code))

    assert len(pages) > 1
    assert answers == {(200, 302)}


def test_nobody_gets_in_without_signing_in() -> None:
    answers = {}

    for route in API_ROUTES:
        if route not in OPEN:
            method, path = route.split("?")[0].split(" ")
            answers[route] = APIClient().generic(method, filled(path)).status_code

    assert len(answers) > 50
    assert {route: status for route, status in answers.items() if status != 401} == {}


def test_what_is_open_to_all_is_open() -> None:
    for route in OPEN:
        method, path = route.split(" ")

        response = APIClient().generic(method, path, b"{}", content_type="application/json")

        assert response.json().get("code") not in {"not_authenticated", "permission_denied"}, route


Ask = Callable[..., Any]


@pytest.fixture
def ask() -> Ask:
    """Ask for the ``number``-th of ours in a row of the table."""

    def asked(client: APIClient, row_id: str, data: Any = None, *, number: int = 0, of: object = "") -> Any:
        named = rows()[row_id].routes or routes_in(rows()[row_id].how)
        method, path = named[number].split("?")[0].split(" ")
        upload = data is not None and any(isinstance(value, SimpleUploadedFile) for value in data.values())
        send = getattr(client, method.lower())
        return send(filled(path, str(of)), data, format="multipart" if upload else "json")

    return asked


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    def made(person: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(person)
        return client

    return made


def the_song() -> SimpleUploadedFile:
    return SimpleUploadedFile("song.mp3", song())


def test_a_client_of_the_first_system_gets_its_job(
    ask: Ask, client_of: Callable[[User], APIClient], user: User
) -> None:
    client = client_of(user)

    recording = ask(client, "DS-04", {"file": the_song()}).json()
    created = ask(client, "DS-04", {"recording_id": recording["id"]}, number=1)
    job = ask(client, "DS-05", of=created.json()["id"])
    files = ask(client, "DS-09", of=job.json()["id"])

    assert created.status_code == 201
    assert (job.json()["operation"], job.json()["recording_id"]) == ("transcribe", recording["id"])
    assert files.json() == []
    assert ask(client, "DS-02").json() == {"status": "ok"}
    assert ask(client, "DS-03").json()["status"] == "ok"


def test_a_client_of_the_second_system_waits_stops_and_deletes(
    ask: Ask, client_of: Callable[[User], APIClient], user: User
) -> None:
    client = client_of(user)
    job = JobFactory(recording=RecordingFactory(owner=user))

    early = [ask(client, "DSC-03", of=job.pk), ask(client, "DSC-04", of=job.pk)]
    stopped = ask(client, "DSC-05", {}, of=job.pk)
    deleted = ask(client, "DSC-05", number=1, of=job.pk)

    assert [(answer.status_code, answer.json()["code"]) for answer in early] == [(409, "not_ready")] * 2
    assert stopped.json()["status"] == "cancelled"
    assert deleted.status_code == 204
    assert ask(client, "DSC-02", of=job.pk).status_code == 404


def test_a_client_of_the_third_system_opens_an_account_and_keeps_it(ask: Ask) -> None:
    visitor = APIClient()
    person = {"email": "bonham@example.org", "password": PASSWORD}

    registered = ask(visitor, "DN-10", person)
    session = ask(visitor, "DN-21", person).json()
    renewed = ask(visitor, "DNx-11", {"refresh": session["refresh"]}).json()
    visitor.credentials(HTTP_AUTHORIZATION=f"Bearer {renewed['access']}")
    renamed = ask(visitor, "DN-30", {"display_name": "Bonzo"})
    me = ask(visitor, "DN-11").json()
    passwords = {"current_password": PASSWORD, "new_password": "kashmir-in-eight-1975"}
    changed = ask(visitor, "DN-34", passwords)

    assert [answer.status_code for answer in (registered, renamed, changed)] == [201, 200, 200]
    assert (me["email"], me["display_name"], me["roles"]) == (person["email"], "Bonzo", ["user"])


def test_a_client_of_the_third_system_handles_its_recordings(
    ask: Ask, client_of: Callable[[User], APIClient], user: User
) -> None:
    client = client_of(user)
    video = SimpleUploadedFile("gig.mp4", song("mp4"))

    made = ask(client, "DN-57", {"file": video}).json()
    listed = ask(client, "DN-59").json()
    renamed = ask(client, "DN-61", {"title": "Gig"}, of=made["id"]).json()
    deleted = ask(client, "DN-62", of=made["id"])
    gone = ask(client, "DN-60", of=made["id"])
    restored = ask(client, "DN-63", of=made["id"])

    assert made["has_video"]
    assert [entry["id"] for entry in listed["results"]] == [made["id"]]
    assert renamed["title"] == "Gig"
    assert (deleted.status_code, gone.status_code, restored.status_code) == (204, 410, 200)
    assert ask(client, "DN-65").json()["count"] == 1


def test_a_link_is_fetched_only_with_the_right_to_it(
    ask: Ask, client_of: Callable[[User], APIClient], user: User
) -> None:
    client, link = client_of(user), {"url": "https://music.example/shadows.mp3"}

    refused = ask(client, "DSC-01", link, number=2)
    taken = ask(client, "DSC-01", link | {"rights_confirmed": True}, number=2)

    assert (refused.status_code, refused.json()["code"]) == (400, "rights_not_confirmed")
    assert (taken.status_code, taken.json()["state"]) == (202, "pending")


def test_several_files_become_a_batch(ask: Ask, client_of: Callable[[User], APIClient], user: User) -> None:
    client = client_of(user)

    made = ask(client, "DNx-04", {"files": the_song(), "operation": "detect"}).json()
    read = ask(client, "DNx-04", number=1, of=made["id"]).json()

    assert (read["total"], read["refused"]) == (1, 0)
    assert [job["operation"] for job in read["items"]] == ["detect"]


@pytest.mark.parametrize(
    ("row_id", "operation"),
    [
        ("DN-68", "extract"), ("DN-82", "separate"), ("DN-84", "enhance"), ("DN-79", "analyse"),
        ("DN-80", "detect"), ("DNx-17", "onsets"), ("MA-03", "separate"),
    ],
)  # fmt: skip
def test_each_of_their_operations_is_taken_as_a_job(
    ask: Ask, client_of: Callable[[User], APIClient], user: User, row_id: str, operation: str
) -> None:
    client, recording = client_of(user), RecordingFactory(owner=user)

    created = ask(client, row_id, {"recording_id": str(recording.pk), "operation": operation})

    assert f"`operation: {operation}`" in rows()[row_id].how
    assert (created.status_code, created.json()["operation"]) == (201, operation)


def test_jobs_are_listed_by_state_kind_and_recording(
    ask: Ask, client_of: Callable[[User], APIClient], user: User
) -> None:
    recording = RecordingFactory(owner=user)
    failed = JobFactory(recording=recording, operation="extract", status=Job.Status.FAILED)
    JobFactory(recording=recording, status=Job.Status.FAILED)
    JobFactory(recording=RecordingFactory(owner=user), operation="extract")
    client = client_of(user)
    address = rows()["DN-87"].routes[0].split(" ")[1]

    chosen = client.get(address).json()
    of_it = client.get(rows()["DN-100"].routes[0].split(" ")[1].replace("{id}", str(recording.pk))).json()

    assert [job["id"] for job in chosen["results"]] == [str(failed.pk)]
    assert of_it["count"] == 2
    assert ask(client, "DN-99", {}, of=failed.pk).json()["status"] in {"pending", "queued"}


def test_a_chart_is_made_from_strokes_changed_checked_and_taken_away(
    ask: Ask, client_of: Callable[[User], APIClient], user: User
) -> None:
    client = client_of(user)
    strokes = [
        {"onset_s": 0.5 * beat, "instrument": "snare" if beat % 2 else "kick", "velocity": 90}
        for beat in range(8)
    ]

    made = ask(client, "DN-109", {"events": strokes, "tempo_bpm": 120, "meter": "4/4"}, number=1)
    chart = made.json()
    changed = ask(client, "DN-116", {"title": "Backbeat"}, of=chart["id"]).json()
    louder = {"op": "set_velocity", "ids": [chart["score"]["hits"][0]["id"]], "velocity": 110}
    checked = ask(client, "DN-126", {"commands": [louder]}, of=chart["id"]).json()
    score = ask(client, "DN-119", of=chart["id"])
    listed = ask(client, "DN-110").json()
    deleted = ask(client, "DN-117", of=chart["id"])

    assert (made.status_code, changed["title"]) == (201, "Backbeat")
    assert checked == {"valid": True, "errors": []}
    assert score.content.startswith(b"<?xml")
    assert [entry["id"] for entry in listed["results"]] == [chart["id"]]
    assert deleted.status_code == 204


def test_the_engines_and_the_description_of_the_api_are_told(
    ask: Ask, client_of: Callable[[User], APIClient], user: User
) -> None:
    client = client_of(user)

    assert {"crnn", "htdemucs"} <= {entry["name"] for entry in ask(client, "DN-135").json()}
    assert ask(client, "DN-19").status_code == 200
