from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from media.core.errors import NoSound
from media.core.links.errors import (
    LinkAddressNotAllowed,
    LinkFetchBroke,
    LinkNotMedia,
    LinkTimedOut,
    LinkTooLarge,
    LinkTooLong,
)
from media.core.links.link_process import Fetched, fetch_link
from media.core.tests.link_server import QUICK, TRAP, Asked, Server, running
from media.core.tests.songs import encode, encode_any

PATIENT = replace(QUICK, total_s=20.0, read_s=10.0, grace_s=20.0)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return encode_any(tmp_path_factory.mktemp("song") / "song.mp3", 2.0).read_bytes()


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


def hang(asked: Asked) -> None:
    asked.begin(200, {"Content-Type": "audio/mpeg", "Content-Length": "400000"})
    asked.wfile.write(b"ID3" + bytes(300_000))
    asked.wfile.flush()
    time.sleep(8)


def children() -> list[int]:
    """Return the processes that fetch links, of this process."""
    told = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    )
    return [int(line.split()[0]) for line in told.stdout.splitlines() if "links.child" in line]


def test_a_song_is_fetched_in_a_process_of_its_own_which_then_ends(server, song, tmp_path):
    url = server.serves("/song.mp3", song)

    found = fetch_link(url, tmp_path, rules=server.rules, limits=PATIENT)

    assert (found.path.read_bytes(), found.name, found.page_url) == (song, "song.mp3", url)
    assert children() == []


def test_progress_is_told_and_whatever_the_listener_raises_ends_the_fetch_at_once(server, tmp_path):
    server.routes["/song.mp3"] = hang
    told: list[Fetched] = []

    class Cancelled(Exception):
        pass

    def listen(fetched: Fetched) -> None:
        told.append(fetched)
        if fetched.done:
            raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        fetch_link(
            server.url("/song.mp3"),
            tmp_path,
            rules=server.rules,
            limits=PATIENT,
            on_tick=listen,
            tick_s=0.05,
        )
    assert time.monotonic() - began < 5
    assert told[-1].total == 400_000
    assert children() == []


def test_a_fetch_that_hangs_ends_with_its_time(server, tmp_path):
    server.routes["/song.mp3"] = hang

    with pytest.raises(LinkTimedOut):
        fetch_link(
            server.url("/song.mp3"), tmp_path, rules=server.rules, limits=replace(PATIENT, total_s=1.0)
        )
    assert children() == []


def test_a_page_that_never_comes_to_its_song_is_given_up_before_that(server, tmp_path):
    def endless_page(asked: Asked) -> None:
        asked.begin(200, {"Content-Type": "text/html"})
        asked.wfile.write(b"<!doctype html><html>")
        for _ in range(200):
            asked.wfile.write(b" " * 4000)
            time.sleep(0.05)

    server.routes["/page"] = endless_page
    began = time.monotonic()

    with pytest.raises(LinkTimedOut):
        fetch_link(
            server.url("/page"),
            tmp_path,
            rules=server.rules,
            limits=replace(PATIENT, first_byte_s=1.0),
            tick_s=0.1,
        )
    assert time.monotonic() - began < 4


def test_a_fetching_process_that_dies_is_our_fault(server, tmp_path):
    server.routes["/song.mp3"] = hang

    def kill(fetched: Fetched) -> None:
        for pid in children():
            os.kill(pid, signal.SIGTERM)

    with pytest.raises(LinkFetchBroke):
        fetch_link(
            server.url("/song.mp3"), tmp_path, rules=server.rules, limits=PATIENT, on_tick=kill, tick_s=0.2
        )


def test_a_private_address_behind_a_redirect_is_refused_by_its_code(server, tmp_path):
    with running(TRAP, server.port) as trap:
        server.redirects("/song.mp3", trap.url("/song.mp3", TRAP))

        with pytest.raises(LinkAddressNotAllowed):
            fetch_link(server.url("/song.mp3"), tmp_path, rules=server.rules, limits=PATIENT)
    assert trap.visits == []


def test_a_name_of_a_private_address_is_refused_by_its_code(server, song, tmp_path):
    server.serves("/song.mp3", song)
    rules = replace(server.rules, allowed=())

    with pytest.raises(LinkAddressNotAllowed):
        fetch_link(server.url("/song.mp3", "localhost"), tmp_path, rules=rules, limits=PATIENT)
    assert server.visits == []


def test_a_file_that_only_looks_like_a_song_is_refused(server, tmp_path):
    url = server.serves("/song.mp3", bytes(range(256)) * 40)

    with pytest.raises(LinkNotMedia):
        fetch_link(url, tmp_path, rules=server.rules, limits=PATIENT)


def test_a_video_without_sound_is_refused_as_when_it_is_uploaded(server, tmp_path):
    video = encode(tmp_path / "silent.mp4").read_bytes()
    url = server.serves("/silent.mp4", video, "video/mp4")

    with pytest.raises(NoSound):
        fetch_link(url, tmp_path, rules=server.rules, limits=replace(PATIENT, maximum_mb=5.0))


def test_a_song_over_the_length_or_the_size_is_refused(server, song, tmp_path):
    url = server.serves("/song.mp3", song)

    with pytest.raises(LinkTooLong):
        fetch_link(url, tmp_path, rules=server.rules, limits=replace(PATIENT, maximum_s=1.0))
    with pytest.raises(LinkTooLarge):
        fetch_link(url, tmp_path, rules=server.rules, limits=replace(PATIENT, maximum_mb=0.01))


def test_the_fetching_process_ends_when_whoever_waits_for_it_is_gone(server, tmp_path):
    server.routes["/song.mp3"] = hang
    program = f"""
from dataclasses import replace
from pathlib import Path
from media.core.links.addresses import AddressRules
from media.core.links.link_process import fetch_link
import os
fetch_link({server.url("/song.mp3")!r}, Path({str(tmp_path)!r}), rules={server.rules!r}, limits=FetchLimits(),
           on_tick=lambda fetched: fetched.done and os.kill(os.getpid(), 9), tick_s=0.1)
"""
    subprocess.run([sys.executable, "-c", program], check=False, timeout=20)

    deadline = time.monotonic() + 5
    while _fetching_in(str(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _fetching_in(str(tmp_path))


def _fetching_in(folder: str) -> bool:
    told = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True)
    pids = [line.split()[0] for line in told.stdout.splitlines() if "links.child" in line]
    return any(os.path.realpath(f"/proc/{pid}/cwd") == folder for pid in pids)
