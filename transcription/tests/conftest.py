from __future__ import annotations

from collections.abc import Callable, Iterator

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from rest_framework.test import APIClient

from accounts.models import User
from media.core.audio import Audio
from transcription.core.demo_song import render_demo_song
from transcription.core.stage_process import StageProcess
from transcription.core.stages import Stage
from transcription.jobs.running import run_stage
from transcription.jobs.steps import NextStep
from transcription.models import Job, StageRun
from transcription.tasks import QUEUES


@pytest.fixture(autouse=True)
def _empty_queues() -> Iterator[None]:
    """What a test queued and nobody took must not reach the next test's worker."""
    yield
    broker = dramatiq.get_broker()
    if isinstance(broker, StubBroker):
        broker.flush_all()
    else:
        for queue in QUEUES:
            broker.flush(queue)


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    """Return a client of the API that is signed in as the given person."""

    def client_of(person: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(person)
        return client

    return client_of


@pytest.fixture(scope="session")
def demo_audio() -> Audio:
    """Eight bars of the demo song, shared because rendering them costs seconds."""
    return render_demo_song(bars=8).audio


@pytest.fixture(scope="session")
def stage_process() -> Iterator[StageProcess]:
    """A real warm child process, shared because its start costs seconds."""
    process = StageProcess(threads=1)
    yield process
    process.kill()


@pytest.fixture
def run_to_the_end(stage_process: StageProcess) -> Callable[[Job], Job]:
    """Run a job's stages one after the other, as its worker would, until nothing follows."""

    def run(job: Job) -> Job:
        waiting = job.stage_runs.exclude(status__in=StageRun.DONE).order_by("position")
        step: NextStep | None = NextStep(job.pk, Stage(waiting[0].stage))
        while step is not None:
            step = run_stage(step.job_id, step.stage, stage_process)
        job.refresh_from_db()
        return job

    return run
