"""A real worker process, killed in the middle of a stage."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from media.models import Artifact
from media.tests.factories import RecordingFactory
from notation.models import HitSet, Notation
from transcription.core.operations import Operation, stages_of
from transcription.core.options import JobOptions
from transcription.core.stages import Stage
from transcription.models import Job, JobEvent, StageRun
from transcription.services import create_job
from transcription.tests.test_song_to_score import song_flac  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
_PATIENCE_S = 120


def database_url() -> str:
    """Return where the test's own database is, for a process of its own."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    login = f"{parts['USER']}:{parts['PASSWORD']}@" if parts["USER"] else ""
    where = f"{parts['HOST']}:{parts['PORT']}" if parts["PORT"] else parts["HOST"]
    if where.startswith("/"):
        return f"postgres://{login}/{parts['NAME']}?host={where}"
    return f"postgres://{login}{where}/{parts['NAME']}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def start_worker() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start the process that works in this place: a worker on Redis, or the whole site with its own queue."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = ["work"] if settings.REDIS_URL else ["serve", "--port", str(free_port())]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "drumsite.settings",
            "DATABASE_URL": database_url(),
            "QUEUE_NAMESPACE": settings.QUEUE_NAMESPACE,
            "VAR_DIR": str(settings.VAR_DIR),
            "SWEEP_EVERY_S": "1",
        }
        process = subprocess.Popen(
            [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *command],
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} within {_PATIENCE_S} s"
        time.sleep(0.03)


def test_a_job_whose_worker_was_killed_completes_once_after_a_restart(start_worker, song_flac):  # noqa: F811
    recording = RecordingFactory(content=song_flac, container="flac", duration_s=30.0)
    job = create_job(recording=recording, requested_by=recording.owner, options=JobOptions())
    detect = StageRun.objects.filter(job=job, stage=Stage.DETECT)
    first = start_worker()
    wait_for(lambda: detect.filter(status=StageRun.Status.RUNNING).exists(), "the stage begins")

    os.kill(first.pid, signal.SIGKILL)
    first.wait()

    assert detect.get().status == StageRun.Status.RUNNING
    start_worker()
    wait_for(lambda: Job.objects.get(pk=job.pk).is_finished, "the job ends")
    job.refresh_from_db()
    assert (job.status, job.failure_code) == (Job.Status.COMPLETED, "")
    assert detect.get().attempt == 2
    assert job.events.filter(kind=JobEvent.Kind.RECOVERED).count() == 1
    assert job.events.filter(kind=JobEvent.Kind.COMPLETED).count() == 1
    kinds = list(Artifact.objects.filter(job_id=job.pk).values_list("kind", flat=True))
    assert sorted(kinds) == sorted(
        name for spec in stages_of(Operation.TRANSCRIBE, JobOptions()) for name in spec.writes
    )
    assert Notation.objects.filter(job_id=job.pk).count() == 1
    assert HitSet.objects.filter(recording=recording).count() == 1


def test_the_child_of_a_killed_worker_ends_by_itself(start_worker, song_flac):  # noqa: F811
    recording = RecordingFactory(content=song_flac, container="flac", duration_s=30.0)
    create_job(recording=recording, requested_by=recording.owner, options=JobOptions())
    worker = start_worker()
    wait_for(lambda: bool(children_of(worker.pid)), "the child starts")
    child = children_of(worker.pid)[0]

    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()

    wait_for(lambda: not Path(f"/proc/{child}/cmdline").exists() or is_zombie(child), "the child ends")


def children_of(pid: int) -> list[int]:
    """Return the processes that ``pid`` started, of those that run stages."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            command = (status.parent / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended while we looked
        if parent == pid and b"stage_child" in command:
            found.append(int(status.parent.name))
    return found


def is_zombie(pid: int) -> bool:
    """Whether ``pid`` has ended and only waits to be noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
