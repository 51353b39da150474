"""Many processes want the same weights: one fetches, the others see how far it is."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from transcription.core.models import ENGINES
from transcription.core.tests.weights_server import HASTY, SHA256, WEIGHTS, WeightsServer, serving, toy
from transcription.core.weights_store.ensuring import FetchProgress, ensure_weights
from transcription.core.weights_store.locks import is_held, only_one, try_to_remove
from transcription.core.weights_store.store import WeightStore

# A process of its own that wants the weights, and tells when it first sees some of them.
_PROGRAM = """
import json, sys
from transcription.core.models import ENGINES
from transcription.core.tests.weights_server import toy
from transcription.core.weights_store.ensuring import ensure_weights
from transcription.core.weights_store.store import WeightStore
url, store = sys.argv[1], WeightStore.parse(json.loads(sys.argv[2]))
ENGINES["toy"] = toy(url)
seen = []
def report(progress):
    if progress.done_bytes and not seen:
        seen.append(progress)
        print(f"{progress.fraction:.3f}", flush=True)
print(ensure_weights("toy", store, report).fingerprint)
"""


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    with serving() as running:
        yield running


def ask(url: str, store: WeightStore) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, url, json.dumps(store.as_dict())],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[3],
    )


def test_several_processes_at_once_make_one_download_and_all_see_it_come(
    server: WeightsServer, tmp_path: Path
) -> None:
    server.bytes_a_second = len(WEIGHTS) // 60  # until all have seen some of it
    store = WeightStore(folder=tmp_path, patience=replace(HASTY, total_s=60.0))

    running = [ask(server.url, store) for _ in range(4)]
    seen = [float(process.stdout.readline()) for process in running if process.stdout]
    server.bytes_a_second = 0
    answers = [process.communicate(timeout=30)[0].strip() for process in running]

    assert all(0 < fraction < 1 for fraction in seen)
    assert answers == [SHA256] * 4
    assert len(server.requests) == 1


def test_the_next_goes_on_where_a_killed_process_was(
    server: WeightsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "toy", toy(server.url))
    server.bytes_a_second = len(WEIGHTS)
    store = WeightStore(folder=tmp_path, patience=HASTY)
    part = tmp_path / "toy.th.part"
    killed = ask(server.url, store)
    while not part.exists() or not part.stat().st_size:
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    server.bytes_a_second = 0

    found = ensure_weights("toy", store)

    assert found.path.read_bytes() == WEIGHTS
    assert server.ranges[0] == ""
    assert server.ranges[1].startswith("bytes=")


def test_threads_of_one_process_make_one_download_too(
    server: WeightsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "toy", toy(server.url))
    server.bytes_a_second = 4 * len(WEIGHTS)
    store = WeightStore(folder=tmp_path, patience=HASTY)
    found: list[str] = []

    threads = [
        threading.Thread(target=lambda: found.append(ensure_weights("toy", store).fingerprint))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [SHA256] * 3
    assert len(server.requests) == 1


def test_a_waiting_process_can_be_told_to_stop(
    server: WeightsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENGINES, "toy", toy(server.url))
    store = WeightStore(folder=tmp_path, patience=HASTY)

    def stop(progress: FetchProgress) -> None:
        raise KeyboardInterrupt

    with only_one(tmp_path / "toy.th.lock"), pytest.raises(KeyboardInterrupt):
        ensure_weights("toy", store, stop)
    assert server.requests == []


def test_a_lock_is_removed_only_when_nobody_holds_it(tmp_path: Path) -> None:
    lock = tmp_path / "x.lock"
    with only_one(lock):
        assert is_held(lock)
        assert not try_to_remove(lock)

    assert not is_held(lock)
    assert try_to_remove(lock)
    assert not lock.exists()
