"""A song through every stage, in a real child process, with the shipped network."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
import soxr
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from lxml import etree

from media.core.audio import Audio
from media.core.errors import StorageFull
from media.core.tests.full_disk import no_file_over
from media.core.tests.songs import cut, encode
from media.models import Artifact, Recording
from media.tests.factories import RecordingFactory, silence_wav
from notation.models import HitSet, Notation
from transcription.core.operations import Operation, stages_of
from transcription.core.options import JobOptions
from transcription.core.stage_process import StageProcess
from transcription.core.stages import Stage
from transcription.jobs import finishing
from transcription.jobs.purging import purge_deleted_jobs
from transcription.jobs.running import RETRY_AFTER_S, run_stage
from transcription.jobs.steps import NextStep
from transcription.models import Job, JobEvent, StageRun
from transcription.services import cancel_job, create_job, delete_job, retry_job
from transcription.tests.factories import JobFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
Runner = Callable[[Job], Job]


@pytest.fixture(scope="session")
def song_flac(demo_audio: Audio) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, demo_audio.samples.T, demo_audio.rate, format="FLAC")
    return buffer.getvalue()


@pytest.fixture
def recording(song_flac: bytes) -> Recording:
    return RecordingFactory(content=song_flac, container="flac", duration_s=30.0, title="House piece")


@pytest.fixture
def job(recording: Recording) -> Job:
    return create_job(recording=recording, requested_by=recording.owner, options=JobOptions())


def read(job: Job, kind: str) -> bytes:
    with Artifact.objects.get(job_id=job.pk, kind=kind).file.open("rb") as file:
        return file.read()


def test_a_song_becomes_a_score_in_every_format(job: Job, run_to_the_end: Runner):
    job = run_to_the_end(job)

    assert (job.status, job.failure_code) == (Job.Status.COMPLETED, "")
    assert set(Artifact.objects.filter(job_id=job.pk).values_list("kind", flat=True)) == {
        name for spec in stages_of(Operation.TRANSCRIBE, JobOptions()) for name in spec.writes
    }
    result = json.loads(read(job, "result.json"))
    idents = {hit["id"] for hit in result["hits"]}
    assert result["schema"] == "drumsite.transcription/1"
    assert len(idents) == len(result["hits"]) > 50
    musicxml = etree.fromstring(read(job, "score.musicxml"))
    assert {note.get("id") for note in musicxml.iter("note") if note.find("unpitched") is not None} == idents
    assert read(job, "score.pdf").startswith(b"%PDF-")
    assert b"<svg" in read(job, "score-desktop.svg")
    strokes = sum(
        m.type == "note_on" and m.velocity > 0 for m in mido.MidiFile(file=io.BytesIO(read(job, "score.mid")))
    )
    assert strokes == len(idents)
    assert zipfile.ZipFile(io.BytesIO(read(job, "score.mxl"))).testzip() is None


def test_what_was_heard_is_kept_as_hits_and_a_notation(job: Job, run_to_the_end: Runner):
    run_to_the_end(job)

    notation = Notation.objects.get(job_id=job.pk)
    result = json.loads(read(job, "result.json"))
    assert notation.title == "House piece"
    assert notation.hit_set.hits.count() == len(result["hits"])
    assert notation.tempo_bpm == pytest.approx(result["tempo"]["bpm"], abs=0.1)


def test_an_equal_job_reuses_every_stage_and_gets_its_own_files(job: Job, run_to_the_end: Runner):
    first = run_to_the_end(job)

    second = run_to_the_end(
        create_job(recording=job.recording, requested_by=job.requested_by, options=JobOptions())
    )

    assert set(second.stage_runs.values_list("status", flat=True)) == {StageRun.Status.REUSED}
    assert read(second, "result.json") == read(first, "result.json")
    assert (
        Artifact.objects.get(job_id=second.pk, kind="score.pdf").file.name
        != Artifact.objects.get(job_id=first.pk, kind="score.pdf").file.name
    )


def test_another_option_runs_only_the_stages_that_it_changes(job: Job, run_to_the_end: Runner):
    run_to_the_end(job)

    second = run_to_the_end(
        create_job(recording=job.recording, requested_by=job.requested_by, options=JobOptions(grid="8"))
    )

    assert dict(second.stage_runs.values_list("stage", "status")) == {
        "extract": "reused",
        "detect": "reused",
        "beats": "reused",
        "notate": "completed",
        "engrave": "completed",
    }


def test_running_a_finished_stage_again_changes_nothing(job: Job, run_to_the_end: Runner, stage_process):
    run_to_the_end(job)
    before = dict(Artifact.objects.filter(job_id=job.pk).values_list("kind", "file"))

    assert run_stage(job.pk, Stage.NOTATE, stage_process) is None

    assert dict(Artifact.objects.filter(job_id=job.pk).values_list("kind", "file")) == before


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (silence_wav(3.0), "silent_audio"),
        (silence_wav(0.2), "audio_too_short"),
        (b"these are words, not sound\n" * 100, "not_audio"),
    ],
)
def test_sound_that_cannot_be_used_fails_with_a_code_and_without_a_retry(
    content, code, run_to_the_end: Runner
):
    recording = RecordingFactory(content=content)
    job = create_job(recording=recording, requested_by=recording.owner, options=JobOptions())

    job = run_to_the_end(job)

    assert (job.status, job.failure_code) == (Job.Status.FAILED, code)
    assert job.failure_message
    assert job.failure_hint
    assert job.stage_runs.get(stage=Stage.EXTRACT).attempt == 1
    job.recording.refresh_from_db()
    assert job.recording.state == Recording.State.FAILED


def mp3_cut_short(audio: Audio, folder: Path) -> Path:
    return cut(encode(folder / "song.mp3", audio.samples, rate=audio.rate), 0.6)


def mono_at_8_khz(audio: Audio, folder: Path) -> Path:
    samples = soxr.resample(audio.samples.mean(axis=0), audio.rate, 8000)
    soundfile.write(folder / "song.wav", samples, 8000)
    return folder / "song.wav"


def surround(audio: Audio, folder: Path) -> Path:
    left, right = audio.samples
    silence = np.zeros_like(left)  # the drums are in front, as in a film
    channels = np.stack([left, right, (left + right) / 2, silence, silence, silence])
    return encode(folder / "song.m4a", 0.5 * channels, layout="5.1", rate=audio.rate)


@pytest.mark.parametrize(
    ("make", "warnings"), [(mp3_cut_short, ["audio_truncated"]), (mono_at_8_khz, []), (surround, [])]
)
def test_sound_that_is_not_as_it_should_be_becomes_a_score_that_says_so(
    make: Callable[[Audio, Path], Path],
    warnings: list[str],
    demo_audio: Audio,
    tmp_path: Path,
    run_to_the_end: Runner,
):
    path = make(demo_audio, tmp_path)
    recording = RecordingFactory(content=path.read_bytes(), container=path.suffix[1:])

    job = run_to_the_end(create_job(recording=recording, requested_by=recording.owner, options=JobOptions()))

    assert (job.status, job.failure_code) == (Job.Status.COMPLETED, "")
    assert [warning["code"] for warning in job.warnings] == warnings
    result = json.loads(read(job, "result.json"))
    assert [warning["code"] for warning in result["warnings"]] == warnings
    assert len(result["hits"]) > 10
    assert read(job, "score.pdf").startswith(b"%PDF-")


def test_a_file_lost_from_the_storage_fails_with_a_code(job: Job, run_to_the_end: Runner):
    default_storage.delete(job.recording.file.name)

    job = run_to_the_end(job)

    assert (job.status, job.failure_code) == (Job.Status.FAILED, "file_missing")


def act_while_running(
    job: Job, stage: Stage, process: StageProcess, act: Callable[[], None]
) -> NextStep | None:
    """Run a stage and call ``act`` once the child has really begun to work on it."""

    def wait_and_act() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            run = StageRun.objects.get(job_id=job.pk, stage=stage)
            if run.status == StageRun.Status.RUNNING and process.pid is not None:
                act()
                return
            time.sleep(0.02)

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    try:
        return run_stage(job.pk, stage, process)
    finally:
        thread.join()


def test_a_job_cancelled_in_the_middle_of_a_stage_stops_within_two_seconds(
    job: Job, stage_process: StageProcess
):
    run_stage(job.pk, Stage.EXTRACT, stage_process)
    stage_process.kill()  # a cold child: detecting takes long enough to be caught in the middle
    cancelled_at: list[float] = []

    def cancel() -> None:
        cancelled_at.append(time.monotonic())
        cancel_job(job=Job.objects.get(pk=job.pk), by=job.requested_by)

    assert act_while_running(job, Stage.DETECT, stage_process, cancel) is None

    assert time.monotonic() - cancelled_at[0] < 2.0
    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED
    assert not Artifact.objects.filter(job_id=job.pk, kind="hits.json").exists()
    assert stage_process.pid is None


def test_a_cancelled_job_can_be_retried_to_its_end(
    job: Job, run_to_the_end: Runner, stage_process: StageProcess
):
    run_stage(job.pk, Stage.EXTRACT, stage_process)
    cancel_job(job=job, by=job.requested_by)
    retry_job(job=job, by=job.requested_by)

    job = run_to_the_end(job)

    assert job.status == Job.Status.COMPLETED


def test_a_child_that_dies_in_the_middle_gets_another_attempt(job: Job, stage_process: StageProcess):
    run_stage(job.pk, Stage.EXTRACT, stage_process)
    stage_process.kill()

    step = act_while_running(
        job, Stage.DETECT, stage_process, lambda: os.kill(stage_process.pid or 0, signal.SIGKILL)
    )

    assert step == NextStep(job.pk, Stage.DETECT, delay_s=RETRY_AFTER_S)
    assert job.events.filter(kind=JobEvent.Kind.STAGE_RETRIED).count() == 1
    assert run_stage(job.pk, Stage.DETECT, stage_process) == NextStep(job.pk, Stage.BEATS)


def test_a_stage_whose_attempts_are_used_up_fails_with_a_code(stage_process: StageProcess):
    job = JobFactory()
    job.stage_runs.filter(stage=Stage.EXTRACT).update(attempt=3)

    assert run_stage(job.pk, Stage.EXTRACT, stage_process) is None

    job.refresh_from_db()
    assert (job.status, job.failure_code) == (Job.Status.FAILED, "stage_crashed")


def test_a_stage_over_its_time_limit_is_stopped(job: Job, stage_process: StageProcess, settings):
    run_stage(job.pk, Stage.EXTRACT, stage_process)
    stage_process.kill()
    settings.STAGE_TIME_LIMIT_S = 0

    run_stage(job.pk, Stage.DETECT, stage_process)

    job.refresh_from_db()
    assert (job.status, job.failure_code) == (Job.Status.FAILED, "stage_timed_out")


def test_a_full_disk_fails_with_a_code_and_a_retry_completes(job: Job, run_to_the_end: Runner):
    with no_file_over(100_000):  # the child inherits the limit
        cramped = StageProcess(threads=1)
        cramped.start()
    try:
        assert run_stage(job.pk, Stage.EXTRACT, cramped) is None
    finally:
        cramped.kill()
    job.refresh_from_db()
    assert (job.status, job.failure_code) == (Job.Status.FAILED, "storage_full")
    assert not Artifact.objects.filter(job_id=job.pk).exists()

    retry_job(job=job, by=job.requested_by)

    assert run_to_the_end(job).status == Job.Status.COMPLETED


def test_a_job_cancelled_while_its_files_are_published_stays_cancelled(
    job: Job, stage_process: StageProcess, monkeypatch
):
    publish = finishing.publish_artifact
    cancelled: list[threading.Thread] = []

    def cancel_then_publish(**fields):
        if not cancelled:  # by another connection, which waits for the stage's transaction or comes before it
            cancelled.append(threading.Thread(target=cancel_in_thread, args=(job.pk,)))
            cancelled[0].start()
        return publish(**fields)

    monkeypatch.setattr(finishing, "publish_artifact", cancel_then_publish)
    run_stage(job.pk, Stage.EXTRACT, stage_process)
    cancelled[0].join()

    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED
    assert run_stage(job.pk, Stage.DETECT, stage_process) is None


def cancel_in_thread(pk) -> None:
    try:
        job = Job.objects.get(pk=pk)
        cancel_job(job=job, by=job.requested_by)
    finally:
        connection.close()


def test_a_job_cancelled_between_taking_a_stage_and_starting_it_stays_cancelled(
    job: Job, stage_process: StageProcess, monkeypatch
):
    take = StageRun.take

    def take_then_cancel(*args, **fields):
        run = take(*args, **fields)
        cancel_job(job=Job.objects.get(pk=job.pk), by=job.requested_by)
        return run

    monkeypatch.setattr(StageRun, "take", take_then_cancel)

    assert run_stage(job.pk, Stage.EXTRACT, stage_process) is None

    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED
    assert job.stage_runs.get(stage=Stage.EXTRACT).status == StageRun.Status.CANCELLED


def test_a_job_deleted_during_its_last_stage_leaves_no_notation(
    job: Job, run_to_the_end: Runner, stage_process: StageProcess, monkeypatch
):
    run = stage_process.run

    def run_then_delete(request, **fields):
        answer = run(request, **fields)
        if request.stage is Stage.ENGRAVE:
            delete_job(job=Job.objects.get(pk=job.pk), by=job.requested_by)
        return answer

    monkeypatch.setattr(stage_process, "run", run_then_delete)
    run_to_the_end(job)

    assert not Notation.objects.exists()
    assert not Artifact.objects.filter(job_id=job.pk, kind="score.pdf").exists()


def test_a_storage_that_fills_up_while_publishing_leaves_no_files_behind(
    job: Job, stage_process: StageProcess, monkeypatch
):
    before = stored_files()
    save = type(default_storage._wrapped).save

    def save_but_the_last(self, name, content, **fields):
        if "audio.json" in name:
            raise StorageFull
        return save(self, name, content, **fields)

    monkeypatch.setattr(type(default_storage._wrapped), "save", save_but_the_last)
    run_stage(job.pk, Stage.EXTRACT, stage_process)

    job.refresh_from_db()
    assert job.failure_code == "storage_full"
    assert stored_files() == before


def stored_files() -> set[Path]:
    return {path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


def test_a_lost_file_of_an_equal_job_is_made_again(job: Job, run_to_the_end: Runner):
    run_to_the_end(job)
    default_storage.delete(Artifact.objects.get(job_id=job.pk, kind="hits.json").file.name)

    second = run_to_the_end(
        create_job(recording=job.recording, requested_by=job.requested_by, options=JobOptions())
    )

    assert second.status == Job.Status.COMPLETED
    assert second.stage_runs.get(stage=Stage.DETECT).status == StageRun.Status.COMPLETED


def test_a_job_deleted_long_ago_goes_with_its_files_and_hits(job: Job, run_to_the_end: Runner):
    run_to_the_end(job)
    delete_job(job=job, by=job.requested_by)

    assert purge_deleted_jobs() == 0
    assert purge_deleted_jobs(now=timezone.now() + timedelta(days=settings.RETENTION_DAYS + 1)) == 1

    assert not Artifact.objects.filter(job_id=job.pk).exists()
    assert not Notation.objects.exists()
    assert not HitSet.objects.exists()
    assert Recording.objects.filter(pk=job.recording_id).exists()
