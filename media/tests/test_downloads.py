from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client
from django.utils.http import http_date
from rest_framework.test import APIClient

from accounts.models import User
from media.artifacts import publish_artifact
from media.models import Recording
from media.tests.conftest import api_of
from media.tests.factories import make_recording, song


@pytest.fixture
def recording(owner: User) -> Recording:
    return make_recording(owner, title='Blüe "Train"/../')


@pytest.fixture
def audio_url(recording: Recording) -> str:
    return f"/api/v1/recordings/{recording.pk}/audio"


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_the_whole_file_comes_with_its_type_name_and_length(
    api: APIClient, audio_url: str, recording: Recording
) -> None:
    response = api.get(audio_url)

    assert response.status_code == 200
    assert body(response) == song()
    assert response["Content-Type"] == "audio/mpeg"
    assert response["Content-Length"] == str(len(song()))
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == f'"{recording.sha256}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "private" in response["Cache-Control"]
    assert response["Content-Disposition"].startswith("inline; filename*=utf-8''Bl%C3%BCe")
    assert "/" not in response["Content-Disposition"].replace("%2F", "/").split("''")[1]


def test_it_can_be_asked_for_as_a_download(api: APIClient, audio_url: str) -> None:
    assert api.get(audio_url, {"download": "1"})["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, -1),
        ("bytes=-50", -50, -1),
        ("bytes=-99999999", 0, -1),
        ("bytes=10-99999999", 10, -1),
    ],
)
def test_a_part_comes_as_asked_for(
    api: APIClient, audio_url: str, wanted: str, first: int, last: int
) -> None:
    size = len(song())
    first, last = first % size, last % size

    response = api.get(audio_url, headers={"Range": wanted})

    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{size}"
    assert response["Content-Length"] == str(last - first + 1)
    assert body(response) == song()[first : last + 1]


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0"])
def test_a_part_that_does_not_exist_is_refused(api: APIClient, audio_url: str, wanted: str) -> None:
    response = api.get(audio_url, headers={"Range": wanted})

    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(song())}"


@pytest.mark.parametrize(
    "wanted",
    ["bytes=5-2", "bytes=a-b", "bytes=-", "seconds=0-1", "bytes=0-1,4-5", "", f"bytes={'1' * 5000}-"],
)
def test_a_range_that_we_do_not_understand_is_ignored(api: APIClient, audio_url: str, wanted: str) -> None:
    response = api.get(audio_url, headers={"Range": wanted})

    assert response.status_code == 200
    assert body(response) == song()


def test_a_part_is_sent_only_of_the_content_that_the_client_knows(
    api: APIClient, audio_url: str, recording: Recording
) -> None:
    same = api.get(audio_url, headers={"Range": "bytes=0-9", "If-Range": f'"{recording.sha256}"'})
    other = api.get(audio_url, headers={"Range": "bytes=0-9", "If-Range": '"else"'})

    assert same.status_code == 206
    assert other.status_code == 200


def test_what_the_client_already_has_is_not_sent_again(
    api: APIClient, audio_url: str, recording: Recording
) -> None:
    by_tag = api.get(audio_url, headers={"If-None-Match": f'"{recording.sha256}"'})
    later = http_date((recording.created_at + timedelta(seconds=1)).timestamp())
    by_date = api.get(audio_url, headers={"If-Modified-Since": later})

    assert by_tag.status_code == by_date.status_code == 304
    assert by_tag["ETag"] == f'"{recording.sha256}"'


def test_head_tells_the_length_and_sends_nothing(client: Client, owner: User, recording: Recording) -> None:
    client.force_login(owner)

    response = client.head(f"/recordings/{recording.pk}/audio", headers={"Range": "bytes=0-9"})

    assert response.status_code == 206
    assert response["Content-Length"] == "10"
    assert response.content == b""


def test_a_page_plays_it_by_session_and_sends_a_visitor_to_log_in(
    client: Client, owner: User, stranger: User, recording: Recording
) -> None:
    url = f"/recordings/{recording.pk}/audio"
    visitor = client.get(url)
    client.force_login(owner)
    mine = client.get(url)
    client.force_login(stranger)
    theirs = client.get(url)

    assert visitor.status_code == 302
    assert body(mine) == song()
    assert theirs.status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_under_asgi_it_is_streamed_and_not_gathered_in_memory(
    owner: User, recording: Recording
) -> None:
    client = AsyncClient()
    await client.aforce_login(owner)

    response = await client.get(f"/recordings/{recording.pk}/audio", headers={"Range": "bytes=5-"})

    assert response.is_async
    assert b"".join([chunk async for chunk in response.streaming_content]) == song()[5:]
    await sync_to_async(connections.close_all)()  # those of the thread that answered


def test_a_file_that_is_gone_is_said_to_be_gone(api: APIClient, audio_url: str, media_root: Path) -> None:
    next(media_root.rglob("original.mp3")).unlink()

    assert api.get(audio_url).data["code"] == "file_missing"


def test_nginx_is_told_to_send_it(
    api: APIClient, audio_url: str, recording: Recording, settings: Any
) -> None:
    settings.X_ACCEL_PREFIX = "/protected"

    response = api.get(audio_url)

    assert response["X-Accel-Redirect"] == f"/protected/{recording.file.name}"
    assert response["Content-Type"] == "audio/mpeg"
    assert response.content == b""


def test_no_address_leads_to_the_files_themselves(client: Client, owner: User, recording: Recording) -> None:
    client.force_login(owner)

    with pytest.raises(ValueError, match="not accessible"):
        recording.file.url  # noqa: B018
    for path in (
        f"/{recording.file.name}",
        f"/media/{recording.file.name}",
        f"/static/{recording.file.name}",
    ):
        assert client.get(path).status_code == 404


def test_a_document_that_could_run_scripts_gets_no_rights(
    client: Client, moderator: User, recording: Recording, tmp_path: Path
) -> None:
    (tmp_path / "score.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    artifact = publish_artifact(path=tmp_path / "score.svg", kind="svg", stage="engrave", recording=recording)
    client.force_login(moderator)

    response = client.get(f"/artifacts/{artifact.pk}")

    assert response["Content-Type"] == "image/svg+xml"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Content-Disposition"].endswith('.svg"')


def test_artifacts_by_their_number_are_for_moderators(
    client: Client, owner: User, recording: Recording, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text("{}")
    artifact = publish_artifact(path=tmp_path / "a.json", kind="hits", stage="detect", recording=recording)
    client.force_login(owner)

    assert client.get(f"/artifacts/{artifact.pk}").status_code == 404


@pytest.mark.parametrize(("ending", "content_type"), [("webm", "video/webm"), ("avi", "video/x-msvideo")])
def test_a_video_keeps_its_type(owner: User, ending: str, content_type: str) -> None:
    recording = make_recording(owner, name=f"clip.{ending}")

    assert api_of(owner).get(f"/api/v1/recordings/{recording.pk}/audio")["Content-Type"] == content_type
