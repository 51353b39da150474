from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory
from media.services import delete_recording
from media.tests.factories import RecordingFactory
from notation.core.engraving import engrave, guarded_engraver
from notation.tests.clients import api
from notation.tests.factories import NotationFactory

pytestmark = pytest.mark.django_db


def test_a_notation_is_read_with_its_score():
    notation = NotationFactory()

    body = api(notation.owner).get(f"/api/v1/notations/{notation.pk}/").json()

    assert body["title"] == "Rock"
    assert body["score"]["schema"] == "drumsite.score/2"
    assert [hit["id"] for hit in body["score"]["hits"]] == ["h1", "h2", "h3", "h4"]


def test_a_list_holds_ones_own_notations_without_scores():
    notation = NotationFactory()
    NotationFactory()

    results = api(notation.owner).get("/api/v1/notations/").json()["results"]

    assert [item["id"] for item in results] == [str(notation.pk)]
    assert "score" not in results[0]


def test_somebody_elses_notation_is_not_found():
    notation = NotationFactory()

    response = api(UserFactory()).get(f"/api/v1/notations/{notation.pk}/")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_deleted_notation_is_not_found():
    notation = NotationFactory(deleted_at=timezone.now())

    assert api(notation.owner).get(f"/api/v1/notations/{notation.pk}/").status_code == 404


def test_a_moderator_reads_any_notation():
    notation = NotationFactory()

    assert api(UserFactory(moderator=True)).get(f"/api/v1/notations/{notation.pk}/").status_code == 200


def test_notations_need_a_sign_in():
    response = APIClient().get("/api/v1/notations/")

    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_a_list_says_how_much_music_there_is_and_whether_one_may_change_it():
    notation = NotationFactory()

    mine = api(notation.owner).get("/api/v1/notations/").json()["results"][0]
    moderated = api(UserFactory(moderator=True)).get("/api/v1/notations/").json()["results"][0]

    assert (mine["hit_count"], mine["bar_count"], mine["duration_s"], mine["revision"]) == (4, 1, 2.0, 1)
    assert (mine["can_edit"], moderated["can_edit"]) == (True, False)


@pytest.mark.parametrize(("role", "can_edit"), [({"moderator": True}, False), ({"admin": True}, True)])
def test_a_list_of_everybodys_notations_asks_for_the_role_as_often_as_a_short_one(role, can_edit):
    client = api(UserFactory(**role))
    NotationFactory()
    with CaptureQueriesContext(connection) as for_one:
        client.get("/api/v1/notations/")
    NotationFactory.create_batch(4)

    with CaptureQueriesContext(connection) as for_five:
        results = client.get("/api/v1/notations/").json()["results"]

    assert [item["can_edit"] for item in results] == [can_edit] * 5
    assert len(for_five) == len(for_one)


def test_a_score_page_shows_the_engraving_and_says_when_it_cannot_be_drawn(client, monkeypatch, tmp_path):
    notation = NotationFactory(recording=RecordingFactory(), job_id=uuid4())
    client.force_login(notation.owner)
    shown = client.get(f"/scores/{notation.pk}/")

    caches["scores"].clear()
    monkeypatch.setattr(guarded_engraver, "_CHILD", tmp_path / "no_engraver.py")
    monkeypatch.setattr(engrave, "ENGRAVER", guarded_engraver.GuardedEngraver())
    after = client.get(f"/scores/{notation.pk}/")

    assert (shown.status_code, after.status_code) == (200, 200)
    assert 'id="h1"' in shown.content.decode()
    assert "The engraving is not there." not in shown.content.decode()
    assert "The engraving is not there." in after.content.decode()


@pytest.mark.parametrize(
    ("container", "has_video", "is_shown"),
    [("mp4", True, True), ("webm", True, True), ("webm", False, False), ("avi", True, False)],
)
def test_a_film_that_a_browser_may_play_is_shown_beside_its_score(client, container, has_video, is_shown):
    owner = UserFactory()
    recording = RecordingFactory(owner=owner, container=container, has_video=has_video)
    notation = NotationFactory(owner=owner, recording=recording, job_id=uuid4())
    client.force_login(owner)

    page = client.get(f"/scores/{notation.pk}/")

    assert ("<video" in page.content.decode()) is is_shown
    video_url = f"/recordings/{recording.pk}/audio" if is_shown else None
    assert page.context["player"]["video_url"] == video_url


def test_a_deleted_film_is_not_shown_beside_its_score(client):
    owner = UserFactory()
    recording = RecordingFactory(owner=owner, container="mp4", has_video=True)
    notation = NotationFactory(owner=owner, recording=recording, job_id=uuid4())
    delete_recording(recording=recording)
    client.force_login(owner)

    page = client.get(f"/scores/{notation.pk}/")

    assert "<video" not in page.content.decode()


def test_somebody_elses_score_page_is_not_found(client):
    client.force_login(UserFactory())

    assert client.get(f"/scores/{NotationFactory().pk}/").status_code == 404
