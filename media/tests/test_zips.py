"""Archives that are made while they are sent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.test import AsyncRequestFactory, RequestFactory

from media.artifacts import publish_artifact
from media.errors import FileMissing
from media.zips import Entry, Note, streamed_zip, zip_response

pytestmark = pytest.mark.django_db

LARGE = bytes(range(256)) * 8_000


@pytest.fixture
def entry(tmp_path: Path, media_root: Path) -> Callable[[str, bytes], Entry]:
    """Store a file and return its entry."""

    def store(name: str, content: bytes) -> Entry:
        path = tmp_path / name
        path.write_bytes(content)
        artifact = publish_artifact(path=path, kind=name, stage="engrave", job_id=uuid4())
        return Entry(name, artifact.file)

    return store


@pytest.fixture
def drums(entry: Callable[[str, bytes], Entry]) -> Entry:
    return entry("drums.flac", LARGE)


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def lose(entry: Entry) -> None:
    default_storage.delete(str(entry.file.name))


def test_files_and_notes_come_out_as_they_went_in(entry: Any) -> None:
    entries = [entry("drums.flac", LARGE), Note("report.txt", "Größe"), entry("empty.json", b"")]

    response = streamed_zip(RequestFactory().get("/"), entries, filename="song\r\nX: 1.zip")

    assert unzipped(response.getvalue()) == {
        "drums.flac": LARGE, "report.txt": "Größe".encode(), "empty.json": b"",
    }  # fmt: skip
    assert response["Content-Disposition"] == 'attachment; filename="song__X: 1.zip"'


def test_a_lost_file_is_refused_before_anything_is_sent(entry: Any, drums: Entry) -> None:
    lost = entry("click.flac", LARGE)
    lose(lost)

    with pytest.raises(FileMissing):
        zip_response(RequestFactory().get("/"), [drums, lost], filename="song.zip")


def test_an_archive_that_breaks_off_is_not_ended_as_if_it_were_whole(entry: Any, drums: Entry) -> None:
    lost = entry("click.flac", LARGE)
    response = zip_response(RequestFactory().get("/"), [drums, lost], filename="song.zip")
    lose(lost)
    came = io.BytesIO()

    with pytest.raises(FileNotFoundError):  # which makes the server cut the connection
        came.writelines(response.streaming_content)

    assert came.tell() > len(LARGE)
    assert not zipfile.is_zipfile(came)


async def test_under_asgi_it_comes_in_small_pieces(drums: Entry) -> None:
    request = AsyncRequestFactory().get("/")

    response = streamed_zip(request, [drums], filename="song.zip")
    pieces = [piece async for piece in response.streaming_content]

    assert response.is_async
    assert max(map(len, pieces)) <= (1 << 18) + 1024
    assert unzipped(b"".join(pieces)) == {"drums.flac": LARGE}
