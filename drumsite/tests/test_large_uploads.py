"""Uploads through the real server, in a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from media.tests.factories import song

pytestmark = pytest.mark.slow
MB = 1 << 20
PASSWORD = "paradiddle-diddle-9"


class Site:
    """A running site and somebody who is logged in."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self.pid = pid
        body = json.dumps({"email": "large@example.org", "password": PASSWORD})
        status, answer = self.post(
            "/api/v1/auth/register", body.encode(), {"Content-Type": "application/json"}
        )
        assert status == 201, answer
        status, answer = self.post("/api/v1/auth/login", body.encode(), {"Content-Type": "application/json"})
        self.token = answer["access"]

    def post(self, path: str, body: object, headers: dict[str, str]) -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, body=body, headers=headers)  # type: ignore[arg-type]
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def upload(
        self, *contents: bytes, chunked: bool, to: str = "/api/v1/recordings", field: str = "file"
    ) -> tuple[int, dict[str, object]]:
        head = (
            b'--x\r\nContent-Disposition: form-data; name="%s"; filename="song.mp3"\r\n\r\n' % field.encode()
        )
        body = b"".join(head + content + b"\r\n" for content in contents) + b"--x--\r\n"
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "multipart/form-data; boundary=x",
        }
        pieces = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
        return self.post(to, pieces if chunked else body, headers)

    def peak_memory(self) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "drumsite.settings",
        "VAR_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3",
        "MEDIA_ROOT": str(folder / "media"),
        "REDIS_URL": "",
        "STORAGE_URL": "",
        "UPLOAD_MAX_MB": "60",
        "EMAIL_VERIFICATION": "none",
    }
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    server = subprocess.Popen([*manage, "serve", "--port", str(port)], env=environment)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Site(port, server.pid)
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_song_arrives_whether_or_not_its_length_is_told(site: Site, chunked: bool) -> None:
    status, answer = site.upload(song(), chunked=chunked)

    assert status == 201, answer
    assert answer["bytes"] == len(song())


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_over_the_limit_is_refused_with_our_own_words(site: Site, chunked: bool) -> None:
    status, answer = site.upload(bytes(62 * MB), chunked=chunked)

    assert status == 413
    assert answer["code"] == "file_too_large"


def test_a_large_upload_does_not_become_memory_many_times_over(site: Site) -> None:
    before = site.peak_memory()

    status, answer = site.upload(bytes(55 * MB), chunked=False)

    assert (status, answer["code"]) == (400, "not_audio")
    assert site.peak_memory() - before < 3 * 55 * MB  # it was 13 times its size, parsed by Twisted


def test_songs_of_a_batch_may_be_larger_together_than_one_alone(site: Site) -> None:
    before = site.peak_memory()
    tape = bytes(40 * MB)

    status, answer = site.upload(tape, tape, song(), chunked=False, to="/api/v1/batches", field="files")

    assert status == 201, answer
    assert [item["code"] for item in answer["refused_items"]] == ["not_audio"] * 2  # type: ignore[attr-defined]
    assert answer["total"] == 1
    assert site.peak_memory() - before < 3 * 80 * MB
