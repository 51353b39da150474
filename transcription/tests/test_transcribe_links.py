"""``manage.py transcribe`` with links instead of files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media.core.flac import write_flac
from media.core.tests.link_server import Server, running
from transcription.core.demo_song import render_demo_song
from transcription.link_songs import is_link

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def transcribe(server: Server, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    environment = {
        **os.environ,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",  # whoever opened one would fail at once
        "REDIS_URL": "",
        "VAR_DIR": str(tmp_path / "var"),
        "DOTENV": os.devnull,
        "OMP_NUM_THREADS": "1",
        "DJANGO_SETTINGS_MODULE": "drumsite.settings",
        "LINK_ALLOWED_NETWORKS": "127.0.0.1/32",
        "LINK_ALLOWED_PORTS": str(server.port),
    }
    (tmp_path / "here").mkdir()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "transcribe", *arguments],
            env=environment,
            cwd=tmp_path / "here",
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.mark.slow
def test_a_song_from_a_link_is_written_where_one_is_and_the_other_links_are_told(
    transcribe, server, tmp_path
):
    write_flac(render_demo_song(bars=4).audio, tmp_path / "demo.flac")
    good = server.serves("/My_demo.flac", (tmp_path / "demo.flac").read_bytes(), "audio/flac")
    bad = server.url("/not-there.mp3")

    done = transcribe("--rights-confirmed", "--json-only", bad, good)

    assert done.returncode == 1
    assert f"{bad}: There is nothing behind this link any more." in done.stderr
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["My_demo.json"]


@pytest.mark.slow
def test_nothing_is_fetched_without_the_rights(transcribe, server):
    done = transcribe(server.url("/song.mp3"))

    assert done.returncode == 2
    assert "--rights-confirmed" in done.stderr
    assert server.visits == []


@pytest.mark.parametrize(
    ("song", "is_one"),
    [("https://a.test/b", True), ("ftp://a.test/b", True), ("song.mp3", False), ("C:\\song.mp3", False)],
)
def test_a_link_is_told_from_a_file(song, is_one):
    assert is_link(song) is is_one
