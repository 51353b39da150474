from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from media.models import IdempotencyKey, Recording
from media.tests.conftest import api_of
from media.tests.factories import song

URL = "/api/v1/recordings/"


def send(api: APIClient, key: str, content: bytes | None = None, **fields: str) -> Any:
    file = SimpleUploadedFile("song.mp3", song() if content is None else content)
    return api.post(URL, {"file": file, **fields}, format="multipart", headers={"Idempotency-Key": key})


def test_the_same_request_twice_makes_one_recording_and_gets_one_answer(api: APIClient) -> None:
    key = str(uuid4())

    first, second = send(api, key), send(api, key)

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Recording.objects.count() == 1


@pytest.mark.parametrize("other", [{"content": song("wav")}, {"title": "Other"}])
def test_a_key_used_for_something_else_is_refused(api: APIClient, other: dict[str, Any]) -> None:
    key = str(uuid4())
    send(api, key)

    response = send(api, key, **other)

    assert response.status_code == 409
    assert response.data["code"] == "idempotency_conflict"
    assert Recording.objects.count() == 1


def test_a_request_still_being_answered_is_not_started_again(api: APIClient) -> None:
    key = str(uuid4())
    send(api, key)
    IdempotencyKey.objects.update(status=None, response=None)

    response = send(api, key)

    assert response.status_code == 409
    assert response.data["code"] == "idempotency_in_progress"


def test_a_request_whose_process_died_can_be_sent_again(api: APIClient) -> None:
    key = str(uuid4())
    send(api, key)
    IdempotencyKey.objects.update(
        status=None, response=None, created_at=timezone.now() - timedelta(minutes=11)
    )

    assert send(api, key).status_code == 201


def test_a_refused_request_may_be_tried_again_with_its_key(api: APIClient) -> None:
    key = str(uuid4())

    refused, good = send(api, key, content=b"no song"), send(api, key)

    assert refused.status_code == 400
    assert good.status_code == 201


def test_the_key_of_another_person_or_of_yesterday_is_another_key(api: APIClient, stranger: User) -> None:
    key = str(uuid4())
    send(api, key)
    of_stranger = send(api_of(stranger), key)
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    of_today = send(api, key)

    assert of_stranger.status_code == of_today.status_code == 201
    assert Recording.objects.count() == 3


@pytest.mark.parametrize("key", ["", "x" * 129, "schlüssel"])
def test_a_key_that_cannot_be_remembered_is_refused(api: APIClient, key: str) -> None:
    response = send(api, key)

    assert response.status_code == 400
    assert response.data["code"] == "idempotency_key_invalid"


def test_without_a_key_every_request_counts(api: APIClient) -> None:
    for _ in range(2):
        api.post(URL, {"file": SimpleUploadedFile("song.mp3", song())}, format="multipart")

    assert Recording.objects.count() == 2
