"""Many songs at once through a running site: does its memory stay flat?

    python -m benchmarks.batch [--songs 20] [--seconds 60] [--json FILE]

A site of its own is started in a temporary folder (SQLite, queue in memory, two worker threads with their
children). The songs are cuts of the one that ``benchmarks.pipeline`` measures with, sent as one zip file over
the API; each begins elsewhere, so that no stage's result is reused. Twice a second the memory of the server
and of all its children is read; the highest of both between the end of one song and the end of the next is
noted. Fails when the last five songs needed a tenth more than the sixth to the tenth.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from benchmarks.pipeline import RATE, ROOT, process_tree, resident_mb, the_song
from media.core.audio import Audio
from media.core.flac import write_flac

_GROWTH_ALLOWED = 1.10
_GIVE_UP_S = 3600.0
_PASSWORD = "only-for-measuring"


@dataclass
class Mark:
    """The most memory between the end of one song and the end of the next."""

    songs_done: int
    at_s: float  # since the batch was answered
    server_mb: float
    children_mb: float


@dataclass
class BatchRun:
    """A batch, from the first byte of its upload to the last of its results."""

    zip_mb: float = 0.0
    answered_s: float = 0.0
    done_s: float = 0.0
    status: str = ""
    marks: list[Mark] = field(default_factory=list)
    idle_server_mb: float = 0.0
    upload_server_mb: float = 0.0
    download_s: float = 0.0
    download_mb: float = 0.0
    download_server_mb: float = 0.0

    @property
    def growth(self) -> float:
        """What the last five songs needed over what the sixth to the tenth did."""
        whole = [mark.server_mb + mark.children_mb for mark in self.marks]
        return max(whole[-5:]) / max(whole[5:10] or whole[:5])


def main() -> int:
    """Measure, print a table, and say whether memory stayed flat."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each song")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="drumsite-batch-") as name:
        folder = Path(name)
        archive = _archive(folder, arguments.songs, arguments.seconds)
        with _site(folder) as (url, server):
            run = measure(url, server, archive)
    print(f"{arguments.songs} songs of {arguments.seconds:.0f} s, load {load:.1f} before the start.\n")
    _print(run)
    if arguments.json:
        figures = asdict(run) | {"load": load, "growth": run.growth}
        arguments.json.write_text(json.dumps(figures, indent=1))
    flat = run.growth <= _GROWTH_ALLOWED and run.status == "completed"
    print(f"\n{'Flat' if flat else 'NOT flat, or not completed'}: {run.status}, growth {run.growth:.3f}.")
    return 0 if flat else 1


def measure(url: str, server: int, archive: Path) -> BatchRun:
    """Send the archive to the site at ``url`` and watch the process ``server`` until everything is done."""
    run = BatchRun(zip_mb=archive.stat().st_size / (1 << 20), idle_server_mb=resident_mb(server))
    account = {"email": "bench@example.org", "password": _PASSWORD}
    _ask(f"{url}/auth/register/", account)
    headers = {"Authorization": f"Bearer {_ask(f'{url}/auth/login/', account)['access']}"}
    began_s = time.monotonic()
    batch = _send(f"{url}/batches/", archive, headers)
    run.answered_s, run.upload_server_mb = time.monotonic() - began_s, resident_mb(server)
    began_s = time.monotonic()
    done, most = 0, Mark(0, 0.0, 0.0, 0.0)
    while not run.status:
        time.sleep(0.5)
        most.server_mb = max(most.server_mb, resident_mb(server))
        children = sum(map(resident_mb, process_tree(server)[1:]))
        most.children_mb = max(most.children_mb, children)
        told = _ask(f"{url}/batches/{batch['id']}/", headers=headers)
        ended = told["done"] + told["failed"]
        if ended > done:
            done, most.at_s, most.songs_done = ended, time.monotonic() - began_s, ended
            run.marks.append(most)
            most = Mark(0, 0.0, 0.0, 0.0)
        if told["status"] != "running" or time.monotonic() - began_s > _GIVE_UP_S:
            run.status = told["status"] if not told["failed"] else f"{told['failed']} failed"
    run.done_s = time.monotonic() - began_s
    began_s = time.monotonic()
    request = urllib.request.Request(f"{url}/batches/{batch['id']}/download/", headers=headers)
    received = 0
    with urllib.request.urlopen(request) as answer:
        while chunk := answer.read(1 << 20):
            received += len(chunk)
            run.download_server_mb = max(run.download_server_mb, resident_mb(server))
    run.download_s, run.download_mb = time.monotonic() - began_s, received / (1 << 20)
    return run


def _archive(folder: Path, songs: int, seconds: float) -> Path:
    """Return a zip file of cuts of one song, each of which begins elsewhere."""
    audio, _ = the_song(None, seconds)
    path = folder / "songs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1, songs + 1):
            cut = folder / "cut.flac"
            shift = -number * round(seconds / (songs + 1) * RATE)
            write_flac(Audio(np.roll(audio.samples, shift, axis=1), RATE), cut)
            archive.write(cut, f"song {number:02}.flac")
            cut.unlink()
    return path


@contextmanager
def _site(folder: Path) -> Iterator[tuple[str, int]]:
    """Serve a site with its workers; yield its API's address and the server's process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "drumsite.settings", "DOTENV": os.devnull, "PRODUCTION": "0",
        "VAR_DIR": str(folder / "var"), "LOG_LEVEL": "ERROR", "EMAIL_VERIFICATION": "none",
    }  # fmt: skip
    for name in ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "MEDIA_ROOT"):
        environment.pop(name, None)
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    server = subprocess.Popen([*manage, "serve", "--port", str(port)], env=environment)
    try:
        url = f"http://127.0.0.1:{port}/api/v1"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/ready").close()
                break
            except OSError:
                time.sleep(0.2)
        yield url, server.pid
    finally:
        server.terminate()
        server.wait(30)


def _send(url: str, archive: Path, headers: dict[str, str]) -> Any:
    edge = uuid4().hex  # long: a short one occurs in sound
    disposition = 'Content-Disposition: form-data; name="files"; filename="songs.zip"'
    body = f"--{edge}\r\n{disposition}\r\n\r\n".encode()
    body += archive.read_bytes() + f"\r\n--{edge}--\r\n".encode()
    return _ask(url, body, headers | {"Content-Type": f"multipart/form-data; boundary={edge}"})


def _ask(url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    if isinstance(body, dict):
        body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, data=body, headers=headers or {})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def _print(run: BatchRun) -> None:
    """Print the run as a Markdown table."""
    print("| songs done | at, s | server, MB | children, MB |")
    print("| ---: | ---: | ---: | ---: |")
    for mark in run.marks:
        print(f"| {mark.songs_done} | {mark.at_s:.0f} | {mark.server_mb:.0f} | {mark.children_mb:.0f} |")
    print(
        f"\nZip file of {run.zip_mb:.0f} MB: answered after {run.answered_s:.1f} s, the server then at "
        f"{run.upload_server_mb:.0f} MB ({run.idle_server_mb:.0f} before). All done {run.done_s:.0f} s "
        f"later. The results, {run.download_mb:.0f} MB, took {run.download_s:.1f} s, the server at "
        f"{run.download_server_mb:.0f} MB."
    )


if __name__ == "__main__":
    sys.exit(main())
