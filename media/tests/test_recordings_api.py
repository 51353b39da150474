from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from media.core.audio import Audio
from media.core.errors import SilentAudio
from media.core.peaks import waveform_json
from media.core.tests.songs import RATE, clicks
from media.models import Recording
from media.services import delete_recording, record_decoding, record_decoding_failure
from media.tests.conftest import api_of
from media.tests.factories import make_recording

URL = "/api/v1/recordings/"


def test_the_list_has_ones_own_newest_first(api: APIClient, owner: User, stranger: User) -> None:
    first, second = make_recording(owner, title="First"), make_recording(owner, title="Second")
    make_recording(stranger)

    response = api.get(URL)

    assert [row["id"] for row in response.data["results"]] == [str(second.pk), str(first.pk)]
    assert response.data["count"] == 2
    assert "peaks" not in response.data["results"][0]


def test_the_list_costs_the_same_number_of_queries_however_long(
    api: APIClient, owner: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        make_recording(owner)

    with django_assert_max_num_queries(4):
        api.get(URL)


def test_the_list_can_be_searched_by_words(api: APIClient, owner: User) -> None:
    make_recording(owner, title="Blue Train")
    make_recording(owner, title="Red Train", name="live_in_oslo.mp3")

    assert [row["title"] for row in api.get(URL, {"search": "train oslo"}).data["results"]] == ["Red Train"]


def test_what_cannot_be_printed_in_a_search_parts_words(api: APIClient, owner: User) -> None:
    make_recording(owner, title="Blue Train")

    assert len(api.get(URL, {"search": "blue\0train"}).data["results"]) == 1
    assert len(api.get(URL, {"search": "\0"}).data["results"]) == 1
    assert not api.get(URL, {"search": "\0red"}).data["results"]


def test_the_list_can_be_ordered_and_paged(api: APIClient, owner: User) -> None:
    for title in "bca":
        make_recording(owner, title=title)

    page = api.get(URL, {"ordering": "title", "page_size": 2}).data

    assert [row["title"] for row in page["results"]] == ["a", "b"]
    assert page["next"]


def test_a_moderator_lists_and_opens_everybodys(owner: User, moderator: User) -> None:
    recording = make_recording(owner)

    assert api_of(moderator).get(URL).data["count"] == 1
    assert api_of(moderator).get(f"{URL}{recording.pk}/").status_code == 200


@pytest.mark.parametrize("path", ["", "/audio", "/peaks"])
def test_somebody_elses_recording_is_not_there(owner: User, stranger: User, path: str) -> None:
    recording = make_recording(owner)

    response = api_of(stranger).get(f"{URL}{recording.pk}{path}")

    assert response.status_code == 404
    assert response.data["code"] == "not_found"


def test_somebody_elses_recording_cannot_be_changed(owner: User, stranger: User) -> None:
    recording = make_recording(owner, title="Mine")
    api = api_of(stranger)

    assert api.patch(f"{URL}{recording.pk}/", {"title": "Yours"}, format="json").status_code == 404
    assert api.delete(f"{URL}{recording.pk}/").status_code == 404
    assert api.post(f"{URL}{recording.pk}/restore/").status_code == 404
    recording.refresh_from_db()
    assert recording.title == "Mine"
    assert not recording.is_deleted


@pytest.mark.parametrize("name", [str(uuid4()), "-" * 36, "1"], ids=["unknown", "dashes", "number"])
def test_what_never_was_is_not_there(api: APIClient, name: str) -> None:
    assert api.get(f"{URL}{name}/").status_code == 404


def test_a_slash_at_the_end_may_be_left_out(api: APIClient, owner: User) -> None:
    recording = make_recording(owner)

    assert api.get(f"{URL}{recording.pk}").status_code == api.get(f"{URL}{recording.pk}/").status_code == 200


def test_a_recording_can_be_renamed_and_an_empty_title_is_the_files_name(api: APIClient, owner: User) -> None:
    recording = make_recording(owner, name="blue_train.mp3")

    named = api.patch(f"{URL}{recording.pk}/", {"title": "Giant\x07 Steps"}, format="json")
    unnamed = api.patch(f"{URL}{recording.pk}/", {"title": " "}, format="json")

    assert named.data["title"] == "Giant Steps"
    assert unnamed.data["title"] == "blue train"


def test_nothing_but_the_title_can_be_changed(api: APIClient, owner: User, stranger: User) -> None:
    recording = make_recording(owner)

    api.patch(
        f"{URL}{recording.pk}/", {"title": "x", "owner": str(stranger.pk), "state": "ready"}, format="json"
    )

    recording.refresh_from_db()
    assert recording.owner == owner
    assert recording.state == "stored"


@pytest.mark.parametrize("path", ["", "/audio", "/peaks"])
def test_a_deleted_recording_says_that_it_was_deleted(api: APIClient, owner: User, path: str) -> None:
    recording = make_recording(owner)
    deletion = api.delete(f"{URL}{recording.pk}/")

    response = api.get(f"{URL}{recording.pk}{path}")

    assert deletion.status_code == 204
    assert response.status_code == 410
    assert response.data["code"] == "recording_deleted"
    assert api.get(URL).data["count"] == 0
    assert [row["id"] for row in api.get(URL, {"deleted": "true"}).data["results"]] == [str(recording.pk)]


def test_a_deleted_recording_is_still_nothing_to_a_stranger(owner: User, stranger: User) -> None:
    recording = delete_recording(recording=make_recording(owner))

    assert api_of(stranger).get(f"{URL}{recording.pk}/").status_code == 404


def test_a_deleted_recording_can_be_restored_while_it_is_kept(api: APIClient, owner: User) -> None:
    recording = delete_recording(recording=make_recording(owner))

    response = api.post(f"{URL}{recording.pk}/restore/")

    assert response.status_code == 200
    assert response.data["deleted_at"] is None
    assert api.get(f"{URL}{recording.pk}/audio").status_code == 200


def test_a_recording_whose_time_has_run_out_cannot_be_restored(api: APIClient, owner: User) -> None:
    recording = delete_recording(recording=make_recording(owner))
    Recording.objects.update(purge_after=timezone.now() - timedelta(seconds=1))

    response = api.post(f"{URL}{recording.pk}/restore/")

    assert response.status_code == 410
    assert response.data["code"] == "recording_deleted"


def test_peaks_are_there_once_the_sound_was_decoded(api: APIClient, owner: User) -> None:
    recording = make_recording(owner)
    before = api.get(f"{URL}{recording.pk}/peaks")
    waveform = waveform_json(Audio(samples=clicks(), rate=RATE))
    record_decoding(recording=recording, duration_s=3.0, waveform=waveform)

    after = api.get(f"{URL}{recording.pk}/peaks")

    assert before.status_code == 409
    assert before.data["code"] == "not_ready"
    assert after.data == waveform
    assert api.get(f"{URL}{recording.pk}/").data["state"] == "ready"


def test_sound_that_cannot_be_used_is_said_in_the_recording(api: APIClient, owner: User) -> None:
    recording = make_recording(owner)

    record_decoding_failure(recording=recording, error=SilentAudio())

    shown = api.get(f"{URL}{recording.pk}/").data
    assert (shown["state"], shown["failure_code"]) == ("failed", "silent_audio")


def test_the_schema_describes_every_operation(db: None, media_root: Path) -> None:
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.validation import validate_schema

    schema = SchemaGenerator().get_schema(public=True)

    validate_schema(schema)
    paths = {
        path.rstrip("/"): set(methods) for path, methods in schema["paths"].items() if "recordings" in path
    }
    assert paths == {
        "/api/v1/recordings": {"get", "post"},
        "/api/v1/recordings/formats": {"get"},
        "/api/v1/recordings/stats": {"get"},
        "/api/v1/recordings/{id}": {"get", "patch", "delete"},
        "/api/v1/recordings/{id}/analysis": {"get"},
        "/api/v1/recordings/{id}/audio": {"get"},
        "/api/v1/recordings/{id}/cover": {"get"},
        "/api/v1/recordings/{id}/peaks": {"get"},
        "/api/v1/recordings/{id}/restore": {"post"},
    }
    upload = schema["paths"]["/api/v1/recordings" + "/" * ("/api/v1/recordings/" in schema["paths"])]["post"]
    assert "multipart/form-data" in upload["requestBody"]["content"]
    assert {"201", "400", "413"} <= set(upload["responses"])
