"""Songs taken apart by a small model of Demucs' own kind, fetched from a server of this machine."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import soundfile

from media.models import Artifact, Recording
from media.tests.factories import RecordingFactory
from transcription.core.demo_song import render_demo_song
from transcription.core.nets_config import NetsConfig
from transcription.core.operations import Operation
from transcription.core.options import JobOptions
from transcription.core.stage_process import StageProcess
from transcription.core.stages import Stage
from transcription.core.tests.tiny_separators import tiny_package, write_package
from transcription.core.tests.weights_server import Trouble, WeightsServer, serving
from transcription.core.weight_errors import UnknownModel
from transcription.core.weights_store.answers import Patience
from transcription.core.weights_store.store import WeightStore
from transcription.jobs.running import run_stage
from transcription.jobs.steps import NextStep
from transcription.models import Job
from transcription.services import create_job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("network")
    return write_package(folder, "tiny", tiny_package()).read_bytes()


@pytest.fixture(scope="module")
def module_server(network: bytes) -> Iterator[WeightsServer]:
    with serving() as server:
        server.content = network
        yield server


@pytest.fixture
def server(module_server: WeightsServer) -> WeightsServer:
    module_server.requests.clear()
    module_server.troubles.clear()
    return module_server


@pytest.fixture(scope="module")
def own_separators(module_server: WeightsServer, network: bytes) -> str:
    """Names for one network at one server; each test fetches its own, since what is there is not fetched."""
    digits = hashlib.sha256(network).hexdigest()
    at = {name: f"{module_server.url}{name}.th#sha256={digits}" for name in ("whole", "two", "cut", "again")}
    at["wrong"] = f"{module_server.url}wrong.th#sha256={'1' * 64}"
    at["nowhere"] = f"http://127.0.0.1:9/nowhere.th#sha256={digits}"  # the discard port: nobody listens
    return " ".join(f"{name}={address}" for name, address in at.items())


@pytest.fixture(scope="module")
def song_of_two_bars() -> bytes:
    audio = render_demo_song(bars=2).audio
    buffer = io.BytesIO()
    soundfile.write(buffer, audio.samples.T, audio.rate, format="FLAC")
    return buffer.getvalue()


@pytest.fixture
def recording(song_of_two_bars: bytes) -> Recording:
    return RecordingFactory(content=song_of_two_bars, container="flac", duration_s=4.0, title="Two bars")


@pytest.fixture(scope="module")
def store(own_separators: str, tmp_path_factory) -> WeightStore:
    patience = Patience(attempts=2, first_wait_s=0.01, longest_wait_s=0.02)
    return WeightStore(
        folder=tmp_path_factory.mktemp("models"), own_separators=own_separators, patience=patience
    )


@pytest.fixture(scope="module")
def process(store: WeightStore) -> Iterator[StageProcess]:
    process = StageProcess(NetsConfig(threads=1, store=store))
    yield process
    process.kill()


@pytest.fixture
def separated(settings, recording, own_separators, process) -> Callable[..., Job]:
    """Run a job that takes the song apart by the model of that name, for its stems or for more."""

    def run(model: str, operation: Operation = Operation.SEPARATE, **options) -> Job:
        settings.OWN_SEPARATORS = own_separators
        chosen = JobOptions(separation_model=model, separation="always", **options)
        job = create_job(
            recording=recording, requested_by=recording.owner, options=chosen, operation=operation
        )
        step: NextStep | None = NextStep(job.pk, Stage.EXTRACT)
        while step is not None:
            step = run_stage(step.job_id, step.stage, process)
        job.refresh_from_db()
        return job

    return run


def sound(job: Job, kind: str) -> np.ndarray:
    with Artifact.objects.get(job_id=job.pk, kind=kind).file.open("rb") as file:
        samples, _ = soundfile.read(file, dtype="float32", always_2d=True)
    return samples


def facts(job: Job, kind: str) -> dict:
    with Artifact.objects.get(job_id=job.pk, kind=kind).file.open("rb") as file:
        return json.load(file)


def test_a_fetched_model_leaves_every_stem_and_the_song_without_drums(separated, store, network):
    job = separated("whole")

    assert (job.status, job.failure_code) == (Job.Status.COMPLETED, "")
    song = sound(job, "audio.flac")
    for stem in ("drums", "bass", "other", "vocals", "drumless"):
        assert sound(job, f"{stem}.flac").shape == song.shape
    assert np.allclose(sound(job, "drums.flac") + sound(job, "drumless.flac"), song, atol=3e-4)
    assert facts(job, "stems.json")["model"].startswith("whole ")
    assert [path.read_bytes() for path in store.folder.glob("whole-*.th")] == [network]
    assert job.stage_runs.get(stage=Stage.SEPARATE).engine == facts(job, "stems.json")["model"]


def test_two_stems_are_the_drums_and_the_rest(separated):
    job = separated("two", two_stems=True)

    kinds = set(Artifact.objects.filter(job_id=job.pk, stage=Stage.SEPARATE).values_list("kind", flat=True))
    assert kinds == {"drums.flac", "drumless.flac", "stems.json"}


def test_whatever_listens_listens_to_the_drums_that_were_taken_out(separated):
    job = separated("whole", Operation.DETECT)

    assert job.status == Job.Status.COMPLETED
    assert [run.stage for run in job.stage_runs.order_by("position")] == ["extract", "separate", "detect"]
    assert not [warning for warning in job.warnings if warning["code"] == "not_separated"]


def test_a_connection_that_is_cut_is_gone_on_with(server, network, separated):
    server.troubles = [Trouble(cut_after=len(network) // 2)]

    job = separated("cut")

    assert job.status == Job.Status.COMPLETED
    assert server.ranges == ["", f"bytes={len(network) // 2}-"]


def test_another_file_than_was_promised_fails_and_is_not_kept(separated, store):
    job = separated("wrong")

    assert (job.status, job.failure_code) == (Job.Status.FAILED, "weights_damaged")
    assert not list(store.folder.glob("wrong-*.th"))


def test_without_a_server_stems_fail_with_a_code(separated):
    job = separated("nowhere")

    assert (job.status, job.failure_code) == (Job.Status.FAILED, "weights_unreachable")


def test_without_a_server_a_transcription_goes_on_with_the_whole_song_and_says_so(separated):
    job = separated("nowhere", Operation.TRANSCRIBE)

    assert job.status == Job.Status.COMPLETED
    assert "not_separated" in [warning["code"] for warning in job.warnings]
    assert not Artifact.objects.filter(job_id=job.pk, kind="drums.flac").exists()


def test_a_separation_that_could_not_be_done_does_not_stand_for_an_equal_one(separated):
    job = separated("nowhere", Operation.DETECT)

    assert job.stage_runs.get(stage=Stage.SEPARATE).cache_key == ""
    assert separated("nowhere", Operation.DETECT).stage_runs.get(stage=Stage.SEPARATE).status == "completed"


def test_an_equal_separation_is_reused_with_its_stems(separated):
    first = separated("again")

    second = separated("again")

    assert second.stage_runs.get(stage=Stage.SEPARATE).status == "reused"
    assert np.array_equal(sound(second, "drums.flac"), sound(first, "drums.flac"))


def test_a_model_that_nobody_knows_is_refused_before_any_work(recording):
    options = JobOptions(separation_model="unheard_of", separation="always")

    with pytest.raises(UnknownModel):
        create_job(recording=recording, requested_by=recording.owner, options=options)

    assert not Job.objects.exists()
