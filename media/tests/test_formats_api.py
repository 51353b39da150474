"""What the API tells of uploads before they are made, and that uploads hold to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from media.tests.factories import song

URL = "/api/v1/recordings/formats/"

pytestmark = pytest.mark.django_db


def test_anybody_may_ask_what_can_be_uploaded(settings: Any) -> None:
    settings.UPLOAD_MAX_MB, settings.RECORDING_MAX_S = 500, 900.0

    response = APIClient().get(URL)

    assert response.status_code == 200
    assert response.json()["limits"] == {
        "largest_mb": 500,
        "shortest_s": 1.0,
        "longest_s": 900.0,
        "longest_minutes": 15.0,
        "lowest_rate": 8000,
        "highest_rate": 192_000,
        "most_channels": 8,
    }
    by_name = {entry["name"]: entry for entry in response.json()["containers"]}
    assert by_name["m4a"] == {
        "name": "m4a",
        "extensions": [".m4a"],
        "content_types": ["audio/mp4", "audio/x-m4a"],
        "codecs": ["aac", "alac"],
        "has_video": False,
    }
    assert {"mp3", "wav", "flac", "ogg", "aac", "aiff", "wma", "mp4", "mov", "mkv", "webm"} <= set(by_name)


def test_an_upload_is_called_by_the_name_that_was_told(api: APIClient) -> None:
    told = {entry["name"]: entry for entry in api.get(URL).json()["containers"]}
    upload = SimpleUploadedFile("song", song("m4a"))

    recording = api.post("/api/v1/recordings/", {"file": upload}, format="multipart").json()

    assert recording["codec"] in told[recording["container"]]["codecs"]


def test_a_file_over_the_limit_that_was_told_is_refused(api: APIClient, settings: Any) -> None:
    settings.UPLOAD_MAX_MB = 1
    limit_mb = api.get(URL).json()["limits"]["largest_mb"]
    upload = SimpleUploadedFile("song.wav", bytes(limit_mb * 1024 * 1024 + 1))

    response = api.post("/api/v1/recordings/", {"file": upload}, format="multipart")

    assert (response.status_code, response.json()["code"]) == (413, "file_too_large")
