"""The same behaviour on a service that speaks S3, over real HTTP on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from django.utils import timezone
from moto.server import ThreadedMotoServer
from rest_framework.test import APIClient

from accounts.models import User
from media.artifacts import open_artifact_locally, open_recording_locally, publish_artifact
from media.errors import FileMissing, StorageUnavailable
from media.models import Artifact, Recording
from media.orphans import remove_orphans
from media.services import delete_recording, purge_deleted
from media.tests.conftest import files_under
from media.tests.factories import make_recording, song
from media.views import artifact_response

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(server: str, settings: Any) -> Any:
    name = f"songs-{uuid4().hex[:8]}"
    s3 = boto3.resource(
        "s3",
        endpoint_url=server,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )
    bucket = s3.create_bucket(Bucket=name)
    options = {
        "access_key": "key",
        "secret_key": "secret",
        "bucket_name": name,
        "endpoint_url": server,
        "region_name": "us-east-1",
        "querystring_expire": 300,
        "default_acl": None,
        "file_overwrite": False,
        "signature_version": "s3v4",
        "addressing_style": "path",
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "media.s3.PrivateS3Storage", "OPTIONS": options},
    }
    return bucket


def keys(bucket: Any) -> list[str]:
    return sorted(item.key for item in bucket.objects.all())


def test_an_upload_becomes_an_object_and_leaves_nothing_here(
    api: APIClient, bucket: Any, media_root: Path
) -> None:
    response = api.post(
        "/api/v1/recordings/", {"file": SimpleUploadedFile("song.mp3", song())}, format="multipart"
    )

    assert response.status_code == 201, response.data
    assert keys(bucket) == [Recording.objects.get().file.name]
    assert not files_under(media_root.parent)


def test_a_download_is_a_redirect_to_a_signed_link_that_runs_out(
    api: APIClient, owner: User, bucket: Any
) -> None:
    recording = make_recording(owner, title="Blue Train")

    response = api.get(f"/api/v1/recordings/{recording.pk}/audio", {"download": "1"})

    link = response["Location"]
    assert response.status_code == 302
    assert "X-Amz-Signature=" in link
    assert "X-Amz-Expires=300" in link
    assert "no-store" in response["Cache-Control"]
    with urlopen(Request(link, headers={"Range": "bytes=10-19"})) as answer:
        assert answer.status == 206
        assert answer.read() == song()[10:20]
        assert answer.headers["Content-Type"] == "audio/mpeg"
        assert 'filename="Blue Train.mp3"' in answer.headers["Content-Disposition"]


def test_a_large_file_that_is_read_waits_on_the_disk(bucket: Any) -> None:
    content = bytes(3 << 20)
    name = default_storage.save("large.bin", ContentFile(content))

    with default_storage.open(name, "rb") as opened:
        read = opened.read()

        assert opened.file._rolled  # Python's word for: no longer in memory
    assert read == content


@pytest.fixture
def publish(tmp_path: Path, bucket: Any) -> Callable[[str, bytes], Artifact]:
    """Publish a job's file of the given name and content."""

    def publish_file(name: str, content: bytes) -> Artifact:
        path = tmp_path / name
        path.write_bytes(content)
        return publish_artifact(path=path, kind=name, stage="engrave", job_id=uuid4())

    return publish_file


def answer_to(artifact: Artifact, *, as_attachment: bool) -> HttpResponseBase:
    return artifact_response(RequestFactory().get("/"), artifact, filename="x", as_attachment=as_attachment)


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [("timing.json", b'{"bars": []}', "application/json"), ("score.svg", b"<svg/>", "image/svg+xml")],
)
def test_what_a_page_fetches_comes_from_the_site_itself(
    publish: Callable[[str, bytes], Artifact], name: str, content: bytes, content_type: str
) -> None:
    response = answer_to(publish(name, content), as_attachment=False)

    assert isinstance(response, StreamingHttpResponse)
    assert (response.status_code, response["Content-Type"]) == (200, content_type)
    assert response.getvalue() == content


@pytest.mark.parametrize(("name", "as_attachment"), [("timing.json", True), ("audio.flac", False)])
def test_what_is_saved_or_played_comes_from_the_storage_service(
    publish: Callable[[str, bytes], Artifact], name: str, as_attachment: bool
) -> None:
    response = answer_to(publish(name, b"content"), as_attachment=as_attachment)

    assert response.status_code == 302
    with urlopen(response["Location"]) as answer:
        assert answer.read() == b"content"


def test_a_fetched_object_that_is_gone_is_said_to_be_gone(
    publish: Callable[[str, bytes], Artifact], bucket: Any
) -> None:
    artifact = publish("timing.json", b"{}")
    bucket.Object(artifact.file.name).delete()

    with pytest.raises(FileMissing):
        answer_to(artifact, as_attachment=False)


def test_artifacts_are_published_replaced_and_fetched(tmp_path: Path, bucket: Any, media_root: Path) -> None:
    job_id = uuid4()
    path = tmp_path / "grid.json"
    for content in ("old", "newer"):
        path.write_text(content)
        artifact = publish_artifact(path=path, kind="grid", stage="beats", job_id=job_id)

    assert keys(bucket) == [artifact.file.name]
    with open_artifact_locally(artifact) as here:
        assert here.read_text() == "newer"
        assert here.suffix == ".json"
    assert not here.exists()


def test_an_object_that_is_gone_or_changed_is_said_to_be_gone(
    tmp_path: Path, bucket: Any, owner: User
) -> None:
    path = tmp_path / "grid.json"
    path.write_text("{}")
    artifact = publish_artifact(path=path, kind="grid", stage="beats", job_id=uuid4())
    bucket.Object(artifact.file.name).put(Body=b"other")
    with pytest.raises(FileMissing), open_artifact_locally(artifact):
        pass
    bucket.Object(artifact.file.name).delete()

    with pytest.raises(FileMissing), open_artifact_locally(artifact):
        pass


def test_a_recording_is_fetched_for_a_stage(owner: User, bucket: Any) -> None:
    with open_recording_locally(make_recording(owner)) as path:
        assert path.read_bytes() == song()


def test_purging_removes_the_objects(owner: User, bucket: Any) -> None:
    delete_recording(recording=make_recording(owner))

    purge_deleted(now=timezone.now() + timedelta(days=31))

    assert keys(bucket) == []


def test_objects_that_no_row_knows_are_found(owner: User, bucket: Any) -> None:
    recording = make_recording(owner)
    bucket.Object("artifacts/ab/x/grid-1.json").put(Body=b"{}")

    assert remove_orphans(now=timezone.now() + timedelta(days=2)) == 1
    assert keys(bucket) == [recording.file.name]


def test_a_service_that_refuses_us_is_unavailable_and_nothing_is_kept(
    api: APIClient, bucket: Any, media_root: Path
) -> None:
    bucket.delete()

    response = api.post(
        "/api/v1/recordings/", {"file": SimpleUploadedFile("song.mp3", song())}, format="multipart"
    )

    assert response.status_code == 503
    assert response.data["code"] == "storage_unavailable"
    assert not Recording.objects.exists()
    assert not files_under(media_root.parent)


def test_a_service_that_is_not_there_is_unavailable(bucket: Any, settings: Any) -> None:
    options = {**settings.STORAGES["default"]["OPTIONS"], "endpoint_url": "http://127.0.0.1:9"}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}

    with pytest.raises(StorageUnavailable):
        default_storage.size("recordings/x")


def test_objects_cannot_be_read_without_a_signature(owner: User, bucket: Any, server: str) -> None:
    recording = make_recording(owner)
    link = urlsplit(default_storage.url(recording.file.name))

    assert link.query
    with pytest.raises(HTTPError):
        urlopen(f"{server}/{bucket.name}/nothing-{recording.file.name}")
