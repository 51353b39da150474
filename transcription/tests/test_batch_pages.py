from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory
from transcription.models import Batch, Job
from transcription.tests.batch_files import WAV, sent, zipped
from transcription.tests.factories import make_batch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signed_in(client, user):
    client.force_login(user)
    return client


def test_several_files_in_the_form_lead_to_their_batch(signed_in, user):
    response = signed_in.post(
        "/upload/", {"file": [sent("a.wav"), sent("b.wav")], "title": "Set", "meter": "3/4"}
    )

    batch = Batch.objects.get(owner=user)
    assert (response.status_code, response.url) == (302, reverse("batch", args=[batch.pk]))
    assert batch.title == "Set"
    assert [job.options["title"] for job in batch.jobs.order_by("created_at")] == ["a", "b"]
    assert {job.options["meter"] for job in batch.jobs.all()} == {"3/4"}


def test_an_archive_in_the_form_leads_to_its_batch(signed_in):
    answer = signed_in.post(
        "/upload/", {"file": sent("cd.zip", zipped(("a.wav", WAV)))}, headers={"Accept": "application/json"}
    )

    assert answer.status_code == 201
    assert answer.json()["url"] == answer.json()["batch"]["url"]
    assert answer.json()["batch"]["title"] == "cd"


def test_one_song_in_the_form_is_no_batch(signed_in):
    answer = signed_in.post("/upload/", {"file": sent()}, headers={"Accept": "application/json"})

    assert (answer.status_code, set(answer.json())) == (201, {"job", "url"})
    assert not Batch.objects.exists()


def test_what_is_no_batch_is_refused_on_the_page(signed_in):
    response = signed_in.post("/upload/", {"file": [sent("a.txt", b"a"), sent("b.txt", b"b")]})

    assert response.status_code == 400
    assert "There is no song in this." in response.content.decode()


def test_the_page_shows_songs_and_what_was_refused(signed_in, user):
    signed_in.post("/upload/", {"file": [sent("a.wav"), sent("b.wav"), sent("<b>.txt", b"words")]})
    batch = Batch.objects.get()
    Job.objects.filter(pk=batch.jobs.first().pk).update(status=Job.Status.COMPLETED)

    text = signed_in.get(f"/batches/{batch.pk}/").content.decode()

    assert "1 of 2 songs ready" in text
    assert "&lt;b&gt;.txt" in text
    assert "This file is not audio" in text
    for name in ("batch_download", "batch_cancel", "batch_delete"):
        assert reverse(name, args=[batch.pk]) in text
    assert reverse("batch_retry", args=[batch.pk]) not in text


def test_the_buttons_stop_try_again_and_delete(signed_in, user):
    batch = make_batch(user)

    signed_in.post(f"/batches/{batch.pk}/cancel/")
    assert set(batch.jobs.values_list("status", flat=True)) == {"cancelled"}
    assert signed_in.post(f"/batches/{batch.pk}/retry/").status_code == 409
    signed_in.post(f"/batches/{batch.pk}/retry/", {"cancelled_too": "1"})
    assert set(batch.jobs.values_list("status", flat=True)) == {"queued"}
    assert signed_in.post(f"/batches/{batch.pk}/delete/").url == reverse("dashboard")
    assert signed_in.get(f"/batches/{batch.pk}/").status_code == 404


def test_a_songs_own_page_leads_back_to_its_batch_while_there_is_one(signed_in, user):
    batch = make_batch(user)
    job = batch.jobs.first()

    assert reverse("batch", args=[batch.pk]) in signed_in.get(f"/jobs/{job.pk}/").content.decode()
    signed_in.post(f"/batches/{batch.pk}/delete/")
    assert reverse("batch", args=[batch.pk]) not in signed_in.get(f"/jobs/{job.pk}/").content.decode()


def test_the_dashboard_lists_ones_latest_batches(signed_in, user):
    mine, other = make_batch(user, title="My set"), make_batch(UserFactory(), title="Not mine")

    text = signed_in.get("/dashboard/").content.decode()

    assert reverse("batch", args=[mine.pk]) in text
    assert reverse("batch", args=[other.pk]) not in text
    assert reverse("batch", args=[mine.pk]) not in signed_in.get("/dashboard/?q=song").content.decode()


@pytest.mark.parametrize("path", ["", "download/"])
def test_somebody_elses_batch_is_not_found(signed_in, path):
    assert signed_in.get(f"/batches/{make_batch(UserFactory()).pk}/{path}").status_code == 404


@pytest.mark.parametrize("act", ["cancel", "retry", "delete"])
def test_somebody_elses_batch_cannot_be_changed(signed_in, act):
    batch = make_batch(UserFactory())

    assert signed_in.post(f"/batches/{batch.pk}/{act}/").status_code == 404
    assert set(batch.jobs.values_list("status", flat=True)) == {"queued"}


def test_a_moderator_is_asked_why(client, moderator, user):
    client.force_login(moderator)
    batch = make_batch(user)

    assert 'name="reason"' in client.get(f"/batches/{batch.pk}/").content.decode()
    assert client.post(f"/batches/{batch.pk}/cancel/").status_code == 400
    client.post(f"/batches/{batch.pk}/cancel/", {"reason": "Too much"})
    assert set(batch.jobs.values_list("status", flat=True)) == {"cancelled"}
