"""``/api/v1/batches/``, and the archive of all results."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.tests.factories import UserFactory
from media.models import Artifact, Recording
from transcription.models import Batch, Job
from transcription.tests.batch_files import WAV, sent, zipped
from transcription.tests.factories import make_batch

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/batches/"


def send(client, *files, **fields):
    return client.post(URL, {"files": list(files), **fields}, format="multipart")


def keep(job: Job, kind: str, content: bytes = b"%PDF") -> Artifact:
    """Leave a file as the stages of ``job`` would, and finish it."""
    Job.objects.filter(pk=job.pk).update(status=Job.Status.COMPLETED)
    name = default_storage.save(f"tests/{job.pk}/{kind}", ContentFile(content))
    return Artifact.objects.create(
        recording=job.recording, job_id=job.pk, stage="engrave", kind=kind, file=name,
        sha256="0" * 64, bytes=len(content), content_type="application/octet-stream",
    )  # fmt: skip


def downloaded(client, batch) -> dict[str, bytes]:
    answer = client.get(f"{URL}{batch.pk}/download/")
    assert answer.status_code == 200, answer.content
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_songs_are_taken_and_described(api, user):
    answer = send(
        api(user), sent("one.wav"), sent("letter.txt", b"words " * 99),
        sent("more.zip", zipped(("two.wav", WAV))), options='{"meter": "6/8"}', operation="beats",
        title="Rehearsal",
    )  # fmt: skip

    assert answer.status_code == 201, answer.data
    told = answer.json()
    assert (told["title"], told["status"], told["total"], told["refused"]) == ("Rehearsal", "running", 2, 1)
    assert [(item["title"], item["operation"]) for item in told["items"]] == [
        ("one", "beats"),
        ("two", "beats"),
    ]
    assert [(item["name"], item["code"]) for item in told["refused_items"]] == [("letter.txt", "not_audio")]
    assert Job.objects.first().options["meter"] == "6/8"
    assert api(user).get(f"{URL}{told['id']}/").json()["items"] == told["items"]
    assert [batch["id"] for batch in api(user).get(URL).json()["results"]] == [told["id"]]


def test_one_song_alone_is_a_batch_too(api, user):
    assert send(api(user), sent("one.wav")).json()["total"] == 1


@pytest.mark.parametrize(
    ("files", "fields", "status", "code"),
    [
        ([], {}, 400, "batch_empty"),
        ([("a.zip", b"PK\x03\x04")], {}, 400, "archive_damaged"),
        ([("a.txt", b"a"), ("b.txt", b"b")], {}, 400, "batch_empty"),
        ([("a.wav", WAV)], {"options": "[1]"}, 400, "invalid_option"),
        ([("a.wav", WAV)], {"options": "{"}, 400, "invalid_option"),
        ([("a.wav", WAV)], {"options": '{"meter": "9"}'}, 400, "invalid_option"),
        ([("a.wav", WAV)], {"options": '{"colour": 1}'}, 400, "unknown_option"),
        ([("a.wav", WAV)], {"operation": "sing"}, 400, "invalid_option"),
        ([("a.wav", WAV)], {"operation": "notate"}, 400, "source_job_required"),
        ([("a.wav", WAV)], {"file": "x"}, 400, "unknown_option"),
    ],
)
def test_what_cannot_be_a_batch_is_refused(api, user, files, fields, status, code):
    answer = send(api(user), *(sent(*file) for file in files), **fields)

    assert (answer.status_code, answer.data["code"]) == (status, code)
    assert not Batch.objects.exists()
    assert not Recording.objects.exists()


@pytest.mark.parametrize(("body", "code"), [([1], "invalid_input"), ({}, "batch_empty")])
def test_a_body_without_files_is_refused(api, user, body, code):
    answer = api(user).post(URL, body, format="json")

    assert (answer.status_code, answer.data["code"]) == (400, code)


def test_more_files_than_the_limit_are_refused_while_they_arrive(api, user, settings):
    settings.BATCH_MAX_FILES = 2

    assert send(api(user), sent("a.wav"), sent("b.wav")).status_code == 201
    answer = send(api(user), sent("a.wav"), sent("b.wav"), sent("c.wav"))

    assert (answer.status_code, answer.data["code"]) == (413, "too_many_files")


def test_a_file_over_the_limit_of_a_song_stops_no_other(api, user, settings):
    settings.UPLOAD_MAX_MB = 1

    answer = send(api(user), sent("big.wav", WAV + bytes(1_100_000)), sent("one.wav"))

    assert answer.json()["refused_items"][0]["code"] == "file_too_large"
    assert [item["title"] for item in answer.json()["items"]] == ["one"]


def test_an_archive_may_be_larger_than_a_song(api, user, settings):
    settings.UPLOAD_MAX_MB = 1
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:  # stored, as sound is in most archives
        for name in ("one.wav", "two.wav"):
            archive.writestr(name, WAV + bytes(900_000))

    assert send(api(user), sent("cd.zip", buffer.getvalue())).json()["total"] == 2


def test_more_bytes_than_the_limit_are_refused_unread(api, user, settings):
    settings.BATCH_MAX_MB = 1

    answer = send(api(user), sent("a.zip", bytes(2_200_000)))

    assert (answer.status_code, answer.data["code"]) == (413, "batch_too_large")


def test_the_same_request_twice_is_one_batch(api, user):
    def again(content: bytes = WAV):
        return api(user).post(
            URL, {"files": [sent("a.wav"), sent("b.wav", content)]}, headers={"Idempotency-Key": "k"},
        )  # fmt: skip

    first, second, other = again(), again(), again(zipped())

    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert other.json()["code"] == "idempotency_conflict"
    assert Job.objects.count() == 2


def test_a_batch_is_stopped_tried_again_and_deleted(api, user):
    batch = make_batch(user)
    client = api(user)

    assert client.post(f"{URL}{batch.pk}/cancel/").json()["status"] == "cancelled"
    assert client.post(f"{URL}{batch.pk}/cancel/").status_code == 409
    assert client.post(f"{URL}{batch.pk}/retry/").json()["code"] == "batch_not_retryable"
    assert client.post(f"{URL}{batch.pk}/retry/", {"cancelled_too": True}).json()["status"] == "running"
    assert client.delete(f"{URL}{batch.pk}/").status_code == 204
    assert client.get(f"{URL}{batch.pk}/").status_code == 404
    assert Recording.objects.filter(deleted_at=None).count() == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", ""), ("delete", ""), ("post", "cancel/"), ("post", "retry/"), ("get", "download/")],
)
def test_somebody_elses_batch_is_not_found(api, user, method, path):
    batch = make_batch(UserFactory())

    assert getattr(api(user), method)(f"{URL}{batch.pk}/{path}").status_code == 404
    assert set(batch.jobs.values_list("status", flat=True)) == {Job.Status.QUEUED}


def test_the_archive_has_a_folder_a_song_and_a_report(api, user):
    batch = make_batch(user, songs=4, title="Album")
    batch.refused = [{"name": "cover.jpg", "code": "not_audio", "message": "No sound.", "hint": "None."}]
    batch.save()
    first, second, failed, _ = batch.jobs.order_by("created_at")
    for job, title in ((first, "same"), (second, "Same")):
        Job.objects.filter(pk=job.pk).update(options={**job.options, "title": title})
    for kind in ("score.pdf", "score.mid", "drums.flac", "hits.json", "audio.flac"):
        keep(first, kind, kind.encode())
    keep(second, "score.pdf")
    Job.objects.filter(pk=failed.pk).update(
        status=Job.Status.FAILED, failure_code="silent_audio", failure_message="It is silent."
    )

    found = downloaded(api(user), batch)

    assert set(found) == {
        "same/same.pdf", "same/same.mid", "same/same drums.flac", "Same (2)/Same.pdf",
        "results.json", "report.txt",
    }  # fmt: skip
    assert found["same/same drums.flac"] == b"drums.flac"
    results = json.loads(found["results.json"])
    assert [(song["status"], song["folder"]) for song in results["songs"]] == [
        ("completed", "same"), ("completed", "Same (2)"), ("failed", None), ("queued", None),
    ]  # fmt: skip
    assert [entry["name"] for entry in results["refused"]] == ["cover.jpg"]
    report = found["report.txt"].decode()
    for words in ("song 3: failed. It is silent. (silent", "cover.jpg: No sound. None.", "song 4: not fin"):
        assert words in report


def test_where_there_is_no_score_the_facts_are_taken_away(api, user):
    batch = make_batch(user, songs=1)
    for kind in ("hits.json", "audio.flac"):
        keep(batch.jobs.get(), kind)

    assert "song 1/song 1 hits.json" in downloaded(api(user), batch)


def test_a_lost_file_is_named_and_stops_nothing(api, user):
    batch = make_batch(user, songs=1)
    keep(batch.jobs.get(), "score.pdf")
    lost = keep(batch.jobs.get(), "score.mid")
    default_storage.delete(lost.file.name)

    found = downloaded(api(user), batch)

    assert set(found) == {"song 1/song 1.pdf", "results.json", "report.txt"}
    assert "lost: song 1.mid" in found["report.txt"].decode()


def test_before_a_song_is_finished_there_is_nothing_to_download(api, user):
    answer = api(user).get(f"{URL}{make_batch(user).pk}/download/")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")
