from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from media.core.tests.full_disk import no_file_over
from media.core.tests.songs import FORMATS, clicks, encode, wav_header
from media.models import Recording
from media.tests.conftest import files_under
from media.tests.factories import song

URL = "/api/v1/recordings/"


def send(api: APIClient, content: bytes, name: str = "song.mp3", **fields: str) -> Any:
    return api.post(URL, {"file": SimpleUploadedFile(name, content), **fields}, format="multipart")


def nothing_is_kept(media_root: Path) -> bool:
    return not Recording.objects.exists() and not files_under(media_root.parent)


@pytest.mark.parametrize("ending", [*FORMATS, "ogg"])
def test_every_format_is_stored_as_what_it_is(api: APIClient, ending: str) -> None:
    response = send(api, song(ending), name="holiday.txt")

    assert response.status_code == 201, response.data
    assert response.data["container"] == ending
    assert response.data["state"] == "stored"
    assert response.data["channels"] == 2
    assert response.data["has_video"] == (ending in {"mp4", "mov", "mkv", "webm", "avi"})
    assert response.data["duration_s"] == pytest.approx(3.0, abs=0.1)


def test_the_sound_tracks_of_a_file_are_listed(api: APIClient) -> None:
    response = send(api, song("mkv"))

    tracks = response.data["tracks"]
    assert [(track["index"], track["codec"], track["is_default"]) for track in tracks] == [(0, "opus", True)]
    assert api.get(response["Location"]).json()["tracks"] == tracks


def test_the_stored_file_is_what_was_sent_under_a_name_of_ours(api: APIClient, media_root: Path) -> None:
    response = send(api, song(), name="../../etc/My_song (live).mp3")

    recording = Recording.objects.get()
    assert [path.read_bytes() for path in files_under(media_root)] == [song()]
    assert files_under(media_root)[0].name == "original.mp3"
    assert recording.title == response.data["title"] == "My song (live)"
    assert recording.original_name == "My_song (live).mp3"
    assert not files_under(media_root.parent / "uploads")


def test_a_title_can_be_given(api: APIClient) -> None:
    assert send(api, song(), title="  Shadows\n(take 2) ").data["title"] == "Shadows (take 2)"


def test_the_answer_says_where_the_recording_is(api: APIClient) -> None:
    response = send(api, song())

    assert api.get(response["Location"]).data["id"] == response.data["id"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"Dear drummer,\n" * 1000, "not_audio"),
        (song("m4a")[: len(song("m4a")) // 2], "undecodable_audio"),
        (wav_header(rate=1, data=b"\1\2" * 25_000), "unsupported_audio"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not_audio"),
    ],
)
def test_bad_content_is_refused_and_not_kept(
    api: APIClient, media_root: Path, content: bytes, code: str
) -> None:
    response = send(api, content)

    assert response.status_code == 400
    assert response.data["code"] == code
    assert response.data["message"]
    assert response.data["details"]["hint"]
    assert nothing_is_kept(media_root)


def test_a_video_without_sound_is_refused(api: APIClient, tmp_path: Path) -> None:
    content = encode(tmp_path / "silent.mp4").read_bytes()

    assert send(api, content).data["code"] == "no_audio_track"


def test_a_fifth_of_a_second_is_refused(api: APIClient, tmp_path: Path) -> None:
    content = encode(tmp_path / "short.wav", clicks(0.2)).read_bytes()

    response = send(api, content)

    assert response.data["code"] == "audio_too_short"
    assert response.data["details"]["duration_s"] == 0.2


def test_three_hours_are_refused_without_decoding_them(api: APIClient, tmp_path: Path) -> None:
    bare = {"write_xing": "0", "id3v2_version": "0"}  # frames alone can be strung together
    minute = encode(tmp_path / "minute.mp3", clicks(60.0, 8000, 1), rate=8000, options=bare).read_bytes()

    response = send(api, minute * 180)

    assert response.status_code == 400
    assert response.data["code"] == "audio_too_long"


def test_a_file_over_the_limit_is_refused_while_it_arrives(
    api: APIClient, media_root: Path, settings: Any
) -> None:
    settings.UPLOAD_MAX_MB = 1

    response = send(api, b"\0" * (1 << 20) + b"\0")

    assert response.status_code == 413
    assert response.data["code"] == "file_too_large"
    assert response.data["details"]["maximum_mb"] == 1
    assert nothing_is_kept(media_root)


def test_a_file_that_announces_itself_as_too_large_is_not_read(api: APIClient, settings: Any) -> None:
    settings.UPLOAD_MAX_MB = 1

    response = api.generic(
        "POST", URL, b"--x\r\n", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(3 << 20)
    )

    assert response.status_code == 413


def test_a_file_of_just_the_limit_is_taken(api: APIClient, settings: Any) -> None:
    settings.UPLOAD_MAX_MB = 1
    data = (np.resize(clicks(), (1 << 19) - 22) * 32767).astype("<i2").tobytes()

    response = send(api, wav_header(data=data))

    assert response.status_code == 201, response.data
    assert response.data["bytes"] == 1 << 20


def test_without_a_file_the_answer_names_the_field(api: APIClient) -> None:
    response = api.post(URL, {"title": "x"}, format="multipart")

    assert response.status_code == 400
    assert response.data["code"] == "invalid_input"
    assert "file" in response.data["details"]["fields"]


def test_a_text_in_place_of_a_file_is_refused(api: APIClient) -> None:
    response = api.post(URL, {"file": "song.mp3"}, format="json")

    assert response.status_code == 400
    assert response.data["code"] == "invalid_input"


def test_a_full_disk_while_receiving_is_said_and_leaves_nothing(api: APIClient, media_root: Path) -> None:
    with no_file_over(len(song()) // 2):
        response = send(api, song())

    assert response.status_code == 507
    assert response.data["code"] == "storage_full"
    assert nothing_is_kept(media_root)


def test_a_full_disk_while_storing_is_said_and_leaves_nothing(
    api: APIClient, media_root: Path, tiny_disk: Path
) -> None:
    response = send(api, song("wav"))

    assert response.status_code == 507
    assert response.data["code"] == "storage_full"
    assert not Recording.objects.exists()
    assert not files_under(tiny_disk)
    assert not files_under(media_root.parent / "uploads")


def test_the_same_song_again_says_so_and_is_a_recording_of_its_own(api: APIClient, stranger: User) -> None:
    first = send(api, song())
    second = send(api, song(), name="other.mp3")

    assert first.data["already_uploaded_as"] is None
    assert second.data["already_uploaded_as"] == first.data["id"]
    assert second.data["id"] != first.data["id"]


def test_other_peoples_uploads_are_not_given_away(api: APIClient, stranger: User) -> None:
    send(api, song())
    api.force_authenticate(stranger)

    assert send(api, song()).data["already_uploaded_as"] is None


def test_a_visitor_cannot_upload(db: None) -> None:
    assert send(APIClient(), song()).status_code == 401


def test_a_session_needs_its_csrf_token_and_then_uploads_by_stream(owner: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    without = browser.post(URL, {"file": SimpleUploadedFile("song.mp3", song())})

    browser.cookies["csrftoken"] = "a" * 32
    with_token = browser.post(
        URL, {"file": SimpleUploadedFile("song.mp3", song()), "csrfmiddlewaretoken": "a" * 32}
    )

    assert without.status_code == 403
    assert with_token.status_code == 201
