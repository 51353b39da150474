from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.tests.factories import UserFactory
from media.artifacts import publish_artifact
from media.models import Recording
from media.tests.factories import RecordingFactory, silence_wav
from transcription.models import Job, JobEvent
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def wav(content: bytes | None = None, name: str = "beat.wav") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, silence_wav() if content is None else content)


def test_the_landing_page_needs_no_account(client):
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("name", ["dashboard", "profile"])
def test_pages_of_ones_own_need_an_account(client, name):
    response = client.get(reverse(name))

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


def test_an_empty_dashboard_says_what_to_do(signed_in):
    response = signed_in.get("/dashboard/")

    assert response.status_code == 200
    assert response.context["rows"] == []
    assert 'type="file"' in response.content.decode()


def test_the_dashboard_shows_ones_own_recordings_with_their_latest_job(signed_in, user):
    recording = RecordingFactory(owner=user)
    JobFactory(recording=recording, status=Job.Status.FAILED)
    latest = JobFactory(recording=recording, status=Job.Status.COMPLETED)
    RecordingFactory(title="Not mine")

    response = signed_in.get("/dashboard/")

    assert [row["job"]["id"] for row in response.context["rows"]] == [str(latest.pk)]
    assert "Not mine" not in response.content.decode()


def test_the_dashboard_can_be_searched(signed_in, user):
    RecordingFactory(owner=user, title="Moby waltz")
    RecordingFactory(owner=user, title="Something else", original_name="x.wav")

    rows = signed_in.get("/dashboard/?q=waltz").context["rows"]

    assert [row["recording"].title for row in rows] == ["Moby waltz"]


def test_what_cannot_be_printed_in_a_search_is_left_out(signed_in, user):
    RecordingFactory(owner=user, title="Moby waltz")

    assert len(signed_in.get("/dashboard/", {"q": "moby\0waltz"}).context["rows"]) == 1


def test_what_cannot_be_stored_in_a_reason_is_left_out(signed_in, user):
    job = JobFactory(recording__owner=user)

    assert signed_in.post(f"/jobs/{job.pk}/cancel/", {"reason": "Wro\0ng song"}).status_code == 302
    assert job.events.get(kind=JobEvent.Kind.CANCELLED).reason == "Wrong song"


def test_an_upload_by_form_leads_to_its_job(signed_in, user):
    response = signed_in.post("/upload/", {"file": wav(), "title": "My beat", "meter": "3/4"})

    job = Job.objects.get(requested_by=user)
    assert (response.status_code, response.url) == (302, reverse("job", args=[job.pk]))
    assert (job.recording.title, job.options["meter"]) == ("My beat", "3/4")


def test_an_upload_by_script_answers_json(signed_in):
    response = signed_in.post("/upload/", {"file": wav()}, headers={"Accept": "application/json"})

    assert response.status_code == 201
    assert response.json()["job"]["status"] == "queued"
    assert response.json()["url"] == response.json()["job"]["url"]


def test_an_upload_by_script_after_the_session_has_ended_is_refused_with_words(client):
    response = client.post("/upload/", {"file": wav()}, headers={"Accept": "application/json"})

    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
    assert "signed out" in response.json()["message"]
    assert "sign in" in response.json()["details"]["hint"]
    assert not Recording.objects.exists()


def test_an_upload_by_form_after_the_session_has_ended_leads_to_signing_in(client):
    response = client.post("/upload/", {"file": wav()})

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))
    assert not Recording.objects.exists()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"file": wav(b"")}, "empty_file"),
        ({}, "empty_file"),
        ({"file": wav(b"only words " * 50, "song.mp3")}, "not_audio"),
        ({"file": wav(), "tempo_bpm": "fast"}, "invalid_option"),
    ],
)
def test_a_bad_upload_is_refused_kindly_and_nothing_is_kept(signed_in, fields, code):
    for file in fields.values():
        if hasattr(file, "seek"):
            file.seek(0)
    as_json = signed_in.post("/upload/", fields, headers={"Accept": "application/json"})
    for file in fields.values():
        if hasattr(file, "seek"):
            file.seek(0)
    as_page = signed_in.post("/upload/", fields)

    assert as_json.status_code == as_page.status_code == 400
    assert as_json.json()["code"] == code
    assert as_json.json()["message"] in as_page.content.decode().replace("&#x27;", "'")
    assert not Recording.objects.exists()


def test_an_upload_for_what_this_site_cannot_do_is_refused_and_nothing_is_kept(signed_in, settings, tmp_path):
    settings.MODEL_DIR, settings.MODEL_FETCH = tmp_path, False

    refused = signed_in.post(
        "/upload/", {"file": wav(), "separation": "always"}, headers={"Accept": "application/json"}
    )

    assert refused.json()["code"] == "engine_unavailable"
    assert not Recording.objects.exists()


def test_a_file_over_the_limit_is_refused(signed_in, settings):
    settings.UPLOAD_MAX_MB = 1

    response = signed_in.post(
        "/upload/", {"file": wav(bytes(1_200_000))}, headers={"Accept": "application/json"}
    )

    assert (response.status_code, response.json()["code"]) == (413, "file_too_large")


def test_an_upload_that_wants_an_engine_that_is_not_here_keeps_nothing(signed_in, settings, tmp_path):
    settings.MODEL_FETCH, settings.MODEL_DIR = False, tmp_path

    refused = signed_in.post("/upload/", {"file": wav(), "separation": "always"})
    taken = signed_in.post("/upload/", {"file": wav(), "separation": "never"})

    assert (refused.status_code, taken.status_code) == (400, 302)
    assert "cannot be used" in refused.content.decode()
    assert Recording.objects.count() == 1


def test_an_option_that_is_none_is_shown_where_it_was_chosen(signed_in):
    response = signed_in.post("/upload/", {"file": wav(), "engine": "ears"})

    assert response.status_code == 400
    assert '<details class="upload__options" open>' in response.content.decode()


def test_an_upload_without_a_csrf_token_is_refused(user):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(user)

    assert client.post("/upload/", {"file": wav()}).status_code == 403
    assert not Recording.objects.exists()


def test_a_job_page_shows_its_stages(signed_in, user):
    job = JobFactory(recording__owner=user)

    response = signed_in.get(f"/jobs/{job.pk}/")

    assert response.status_code == 200
    for label in ("Reading the sound", "Hearing the drums", "Engraving the score"):
        assert label in response.content.decode()


def test_a_failed_job_says_why_and_what_to_try(signed_in, user):
    job = JobFactory(
        recording__owner=user,
        status=Job.Status.FAILED,
        failure_code="silent_audio",
        failure_message="The recording is silent.",
        failure_hint="Check the volume.",
    )

    text = signed_in.get(f"/jobs/{job.pk}/").content.decode()

    assert "The recording is silent." in text
    assert "Check the volume." in text
    assert reverse("job_retry", args=[job.pk]) in text


@pytest.mark.parametrize("path", ["", "download/pdf/"])
def test_somebody_elses_job_page_is_not_found(signed_in, path):
    assert signed_in.get(f"/jobs/{JobFactory().pk}/{path}").status_code == 404


@pytest.mark.parametrize("act", ["cancel", "retry", "delete"])
def test_somebody_elses_job_cannot_be_changed(signed_in, act):
    job = JobFactory()

    assert signed_in.post(f"/jobs/{job.pk}/{act}/").status_code == 404
    job.refresh_from_db()
    assert (job.status, job.deleted_at) == (Job.Status.QUEUED, None)


def test_a_job_is_cancelled_retried_and_deleted_by_its_buttons(signed_in, user):
    job = JobFactory(recording__owner=user)

    signed_in.post(f"/jobs/{job.pk}/cancel/")
    assert Job.objects.get(pk=job.pk).status == Job.Status.CANCELLED
    signed_in.post(f"/jobs/{job.pk}/retry/")
    assert Job.objects.get(pk=job.pk).status == Job.Status.QUEUED
    signed_in.post(f"/jobs/{job.pk}/delete/")
    assert signed_in.get(f"/jobs/{job.pk}/").status_code == 404


def test_cancelling_what_has_ended_is_refused_with_a_page(signed_in, user):
    job = JobFactory(recording__owner=user, status=Job.Status.COMPLETED)

    response = signed_in.post(f"/jobs/{job.pk}/cancel/")

    assert response.status_code == 409
    assert "cannot be cancelled" in response.content.decode()


def test_a_recording_can_be_transcribed_again_with_other_options(signed_in, user):
    recording = RecordingFactory(owner=user)

    response = signed_in.post(f"/recordings/{recording.pk}/transcribe/", {"meter": "6/8"})

    job = Job.objects.get(recording=recording)
    assert response.url == reverse("job", args=[job.pk])
    assert job.options["meter"] == "6/8"


def test_deleting_a_recording_takes_its_jobs_along(signed_in, user):
    job = JobFactory(recording__owner=user)

    signed_in.post(f"/recordings/{job.recording_id}/delete/")

    assert signed_in.get("/dashboard/").context["rows"] == []
    assert signed_in.get(f"/jobs/{job.pk}/").status_code == 404


def test_somebody_elses_recording_cannot_be_deleted(signed_in):
    recording = RecordingFactory()

    assert signed_in.post(f"/recordings/{recording.pk}/delete/").status_code == 404
    assert Recording.objects.get(pk=recording.pk).deleted_at is None


def test_a_moderator_opens_anybodys_job(client):
    client.force_login(UserFactory(moderator=True))

    assert client.get(f"/jobs/{JobFactory().pk}/").status_code == 200


@pytest.mark.parametrize("operation", ["separate", "enhance", "analyse"])
def test_more_is_asked_of_a_recording_on_the_page_of_its_job(signed_in, user, operation):
    recording = RecordingFactory(owner=user)

    response = signed_in.post(f"/recordings/{recording.pk}/transcribe/", {"operation": operation})

    job = Job.objects.get(recording=recording)
    assert (response.status_code, response.url) == (302, f"/jobs/{job.pk}/")
    assert job.operation == operation


def test_what_the_page_does_not_offer_is_refused(signed_in, user):
    recording = RecordingFactory(owner=user)

    response = signed_in.post(f"/recordings/{recording.pk}/transcribe/", {"operation": "sing"})

    assert response.status_code == 400
    assert not Job.objects.exists()


def test_the_sounds_of_a_job_are_listed_played_and_taken_away(signed_in, user, tmp_path):
    job = JobFactory(recording__owner=user, status=Job.Status.COMPLETED)
    for kind in ("drums.flac", "drumless.flac"):
        (tmp_path / kind).write_bytes(b"fLaC")
        publish_artifact(path=tmp_path / kind, kind=kind, stage="separate", job_id=job.pk)

    page = signed_in.get(f"/jobs/{job.pk}/").content.decode()
    archive = signed_in.get(f"/jobs/{job.pk}/download/stems/")

    assert f'src="/jobs/{job.pk}/download/drums/?inline=1"' in page
    names = zipfile.ZipFile(io.BytesIO(b"".join(archive.streaming_content))).namelist()
    assert names == ["Backbeat drums.flac", "Backbeat without drums.flac"]


def test_a_job_whose_figures_are_lost_still_has_its_page(signed_in, user, tmp_path):
    job = JobFactory(recording__owner=user, status=Job.Status.COMPLETED, operation="enhance")
    (tmp_path / "enhancement.json").write_text("{}")
    artifact = publish_artifact(
        path=tmp_path / "enhancement.json", kind="enhancement.json", stage="enhance", job_id=job.pk
    )
    artifact.file.storage.delete(artifact.file.name)

    assert signed_in.get(f"/jobs/{job.pk}/").status_code == 200


def test_one_of_several_sound_tracks_is_chosen_on_the_page_of_the_job(signed_in, user):
    tracks = [
        {"index": 0, "title": "Band", "language": "", "channels": 2, "is_default": True},
        {"index": 1, "title": "Drums", "language": "", "channels": 1, "is_default": False},
    ]
    recording = RecordingFactory(owner=user, tracks=tracks)
    job = JobFactory(recording=recording, status=Job.Status.COMPLETED)

    page = signed_in.get(f"/jobs/{job.pk}/").content.decode()
    signed_in.post(f"/recordings/{recording.pk}/transcribe/", {"track": "1"})

    assert "2 · Drums, 1 channel<" in page
    assert Job.objects.exclude(pk=job.pk).get().options["track"] == 1


def test_a_recording_with_one_sound_track_offers_no_choice(signed_in, user):
    job = JobFactory(recording__owner=user, status=Job.Status.COMPLETED)

    assert 'name="track"' not in signed_in.get(f"/jobs/{job.pk}/").content.decode()
