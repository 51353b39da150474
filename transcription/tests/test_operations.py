"""Parts of the pipeline asked for by themselves, and jobs run again, by services and the API."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
import soundfile

from accounts.tests.factories import UserFactory
from media.models import Artifact, Recording
from media.tests.factories import RecordingFactory
from notation.models import Notation
from transcription import weights
from transcription.core.errors import EngineUnavailable
from transcription.core.operations import Operation
from transcription.core.options import JobOptions
from transcription.core.stages import Stage
from transcription.errors import NoSuchStage, NotReady, OnsetsRequired, SourceJobRequired
from transcription.files import FORMATS
from transcription.findings import figures_of
from transcription.models import Job, StageRun
from transcription.services import create_job, delete_job, run_again
from transcription.tests.factories import JobFactory
from transcription.tests.test_song_to_score import song_flac  # noqa: F401 - a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
Runner = Callable[[Job], Job]


@pytest.fixture
def recording(song_flac: bytes) -> Recording:  # noqa: F811
    return RecordingFactory(content=song_flac, container="flac", duration_s=30.0, title="House piece")


def asked(recording: Recording, operation: Operation, **fields) -> Job:
    options = fields.pop("options", JobOptions())
    return create_job(
        recording=recording, requested_by=recording.owner, options=options, operation=operation, **fields
    )


def read(job: Job, kind: str):
    with Artifact.objects.get(job_id=job.pk, kind=kind).file.open("rb") as file:
        return json.load(file)


def sound(job: Job, kind: str) -> np.ndarray:
    with Artifact.objects.get(job_id=job.pk, kind=kind).file.open("rb") as file:
        samples, _ = soundfile.read(file, dtype="float32")
    return samples


def kinds(job: Job) -> set[str]:
    return set(Artifact.objects.filter(job_id=job.pk).values_list("kind", flat=True))


def states(job: Job) -> dict[str, str]:
    return dict(job.stage_runs.values_list("stage", "status"))


def test_extracting_alone_leaves_the_sound_and_no_score(recording, run_to_the_end: Runner):
    job = run_to_the_end(asked(recording, Operation.EXTRACT))

    assert job.status == Job.Status.COMPLETED
    assert kinds(job) == {"audio.flac", "audio.json", "peaks.json"}
    assert not Notation.objects.exists()


def test_onsets_alone_are_the_instants_of_the_hits(recording, run_to_the_end: Runner):
    hits = read(run_to_the_end(asked(recording, Operation.DETECT)), "hits.json")["hits"]

    onsets = read(run_to_the_end(asked(recording, Operation.ONSETS)), "onsets.json")["onsets"]

    times = [hit["onset_s"] for hit in hits]
    assert 0 < len(onsets) < len(hits)
    assert all(min(abs(onset["onset_s"] - time) for time in times) < 1e-3 for onset in onsets)


def test_given_onsets_are_named_at_the_given_times(recording, run_to_the_end: Runner):
    heard = read(run_to_the_end(asked(recording, Operation.DETECT)), "hits.json")["hits"]
    kicks = [hit["onset_s"] for hit in heard if hit["instrument"] == "kick"][:5]
    given = (*(round(time + 0.01, 4) for time in kicks), 1000.0)

    job = run_to_the_end(asked(recording, Operation.CLASSIFY, options=JobOptions(onsets_s=given)))

    named = read(job, "hits.json")
    assert {hit["onset_s"] for hit in named["hits"] if hit["instrument"] == "kick"} == set(given[:-1])
    assert named["unheard_s"] == [1000.0]


def test_naming_strokes_without_their_times_is_refused(recording):
    with pytest.raises(OnsetsRequired):
        asked(recording, Operation.CLASSIFY)

    assert not Job.objects.exists()


def test_the_beat_alone_has_bars_and_a_tempo(recording, run_to_the_end: Runner):
    job = run_to_the_end(asked(recording, Operation.BEATS))

    beats = read(job, "beats.json")
    assert len(beats["beats"]) > 20
    assert beats["tempo"]["bpm"] > 0
    assert "score.json" not in kinds(job)


def test_a_click_as_long_as_the_song_comes_with_the_beat(recording, run_to_the_end: Runner):
    job = run_to_the_end(asked(recording, Operation.BEATS))

    click, song = sound(job, "click.flac"), sound(job, "audio.flac")
    first_s = read(job, "beats.json")["beats"][0]["time_s"]
    assert len(click) == len(song)
    assert np.flatnonzero(click)[0] / 44_100 == pytest.approx(max(0.0, first_s), abs=0.01)


def test_cleaning_leaves_the_sound_at_the_loudness_that_was_asked_for(recording, run_to_the_end: Runner):
    options = JobOptions(loudness_lufs=-23.0, denoise=False)

    job = run_to_the_end(asked(recording, Operation.ENHANCE, options=options))

    assert read(job, "enhancement.json")["lufs_after"] == pytest.approx(-23.0, abs=0.3)
    assert len(sound(job, "enhanced.flac")) == len(sound(job, "audio.flac"))
    assert dict(figures_of(job))["Loudness now"].startswith("-23.")


def test_an_analysis_tells_of_loudness_density_and_tempo(recording, run_to_the_end: Runner):
    job = run_to_the_end(asked(recording, Operation.ANALYSE))

    analysis = read(job, "analysis.json")
    assert analysis["schema"] == "drumsite.analysis/1"
    assert -40 < analysis["sound"]["lufs"] < -5
    assert analysis["onset_density"]["mean_per_s"] > 1
    assert analysis["tempo"]["bpm"] == read(job, "beats.json")["tempo"]["bpm"]
    figures = dict(figures_of(job))
    assert figures["Tempo"] == f"{analysis['tempo']['bpm']:.1f} BPM"
    assert figures["Loudness"].endswith(" LUFS")


def test_a_sound_track_that_the_file_does_not_have_fails_with_a_code(recording, run_to_the_end: Runner):
    job = run_to_the_end(asked(recording, Operation.EXTRACT, options=JobOptions(track=3)))

    assert (job.status, job.failure_code) == (Job.Status.FAILED, "no_such_track")


def test_hits_of_an_earlier_job_are_written_down_otherwise(recording, run_to_the_end: Runner):
    heard = run_to_the_end(asked(recording, Operation.BEATS))

    job = run_to_the_end(
        asked(recording, Operation.NOTATE, source_job=heard, options=JobOptions(grid="8", title="Anew"))
    )

    assert job.status == Job.Status.COMPLETED
    assert states(job) == {"notate": "completed", "engrave": "completed"}
    notation = Notation.objects.get(job_id=job.pk)
    assert notation.title == "Anew"
    assert notation.hit_set.hits.count() == len(read(heard, "hits.json")["hits"])


def test_a_score_of_a_score_goes_back_to_what_was_heard(recording, run_to_the_end: Runner):
    heard = run_to_the_end(asked(recording, Operation.BEATS))
    first = run_to_the_end(asked(recording, Operation.NOTATE, source_job=heard))

    second = run_to_the_end(asked(recording, Operation.NOTATE, source_job=first))

    assert second.status == Job.Status.COMPLETED
    assert second.source_job == heard


def test_writing_down_needs_a_job_that_has_heard(recording, run_to_the_end: Runner):
    with pytest.raises(SourceJobRequired):
        asked(recording, Operation.NOTATE)

    extracted = run_to_the_end(asked(recording, Operation.EXTRACT))
    with pytest.raises(NotReady):
        asked(recording, Operation.NOTATE, source_job=extracted)


def test_a_job_run_again_from_a_stage_reuses_what_comes_before_and_repeats_the_rest(
    recording, run_to_the_end: Runner
):
    first = run_to_the_end(asked(recording, Operation.BEATS))

    second = run_to_the_end(
        run_again(job=first, by=recording.owner, from_stage=Stage.DETECT, options={"meter": "3/4"})
    )

    assert states(second) == {"extract": "reused", "detect": "completed", "beats": "completed"}
    assert second.options["meter"] == "3/4"
    assert read(second, "hits.json") == read(first, "hits.json")


def test_a_job_cannot_be_run_again_from_a_stage_that_it_has_not(recording):
    job = asked(recording, Operation.BEATS)

    with pytest.raises(NoSuchStage):
        run_again(job=job, by=recording.owner, from_stage=Stage.ENGRAVE, options={})

    assert Job.objects.count() == 1


@pytest.fixture
def same_song(recording, song_flac: bytes) -> Recording:  # noqa: F811
    """The same file, brought by somebody else."""
    return RecordingFactory(
        content=song_flac, container="flac", duration_s=30.0, sha256=recording.sha256, owner=UserFactory()
    )


def test_an_equal_song_of_somebody_else_is_not_heard_again_and_does_not_show(
    recording, same_song, run_to_the_end: Runner, stage_process, monkeypatch
):
    first = run_to_the_end(asked(recording, Operation.BEATS))
    monkeypatch.setattr(stage_process, "run", None)  # whatever runs a stage now fails

    second = run_to_the_end(asked(same_song, Operation.BEATS))

    assert second.status == Job.Status.COMPLETED
    assert set(states(second).values()) == {StageRun.Status.COMPLETED}
    assert dict(second.stage_runs.values_list("stage", "seconds")) == dict(
        first.stage_runs.values_list("stage", "seconds")
    )
    assert not set(Artifact.objects.filter(job_id=second.pk).values_list("file", flat=True)) & set(
        Artifact.objects.filter(job_id=first.pk).values_list("file", flat=True)
    )


def test_a_site_may_keep_its_people_apart(recording, same_song, run_to_the_end: Runner, settings):
    settings.REUSE_ACROSS_USERS = False
    run_to_the_end(asked(recording, Operation.EXTRACT))

    second = run_to_the_end(asked(same_song, Operation.EXTRACT))

    assert second.stage_runs.get().engine == ""
    assert second.stage_runs.get().seconds > 0


def test_what_somebody_else_deleted_is_not_reused(recording, same_song, run_to_the_end: Runner):
    first = run_to_the_end(asked(recording, Operation.EXTRACT))
    first.stage_runs.update(seconds=99.0)  # what is reused says the same
    delete_job(job=first, by=recording.owner)

    second = run_to_the_end(asked(same_song, Operation.EXTRACT))

    assert second.stage_runs.get().seconds != 99.0


def test_an_operation_is_asked_for_and_its_result_and_files_are_read(api, recording, run_to_the_end: Runner):
    client = api(recording.owner)
    created = client.post(
        "/api/v1/jobs/", {"recording_id": str(recording.pk), "operation": "onsets"}, format="json"
    ).json()
    run_to_the_end(Job.objects.get(pk=created["id"]))

    result = client.get(f"/api/v1/jobs/{created['id']}/result/").json()
    files = client.get(f"/api/v1/jobs/{created['id']}/files/").json()

    assert created["operation"] == "onsets"
    assert [stage["stage"] for stage in created["stages"]] == ["extract", "onsets"]
    assert result["onsets"][0].keys() == {"onset_s", "velocity", "confidence"}
    assert [file["format"] for file in files] == ["onsets", "audio", "peaks"]
    assert len(client.get(files[0]["url"]).getvalue()) == files[0]["bytes"]


def test_everything_that_a_job_made_comes_as_one_archive(api, recording, run_to_the_end: Runner):
    job = run_to_the_end(asked(recording, Operation.ONSETS))

    response = api(recording.owner).get(f"/api/v1/jobs/{job.pk}/download/all")

    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == [
        "House piece strokes.json",
        "House piece waveform.json",
        "House piece.flac",
    ]
    assert json.loads(archive.read("House piece strokes.json")) == read(job, "onsets.json")


def test_no_two_files_of_an_archive_have_the_same_name():
    names = [entry.ending.casefold() for entry in FORMATS.values()]

    assert sorted(names) == sorted(set(names))


def test_an_archive_of_nothing_is_not_ready(api):
    job = JobFactory()

    response = api(job.requested_by).get(f"/api/v1/jobs/{job.pk}/download/stems")

    assert (response.status_code, response.json()["code"]) == (409, "not_ready")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"operation": "sing"}, 400, "invalid_option"),
        ({"operation": "notate"}, 400, "source_job_required"),
        ({"operation": "classify"}, 400, "onsets_required"),
        ({"operation": "separate", "options": {"shifts": 11}}, 400, "invalid_option"),
        ({"operation": "separate", "options": {"separation_model": "../x"}}, 400, "invalid_option"),
        ({"options": {"track": -1}}, 400, "invalid_option"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_code(api, body, status, code):
    recording = RecordingFactory()

    response = api(recording.owner).post(
        "/api/v1/jobs/", {"recording_id": str(recording.pk), **body}, format="json"
    )

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not Job.objects.exists()


def test_somebody_elses_job_cannot_be_written_down_or_run_again(api):
    theirs, mine = JobFactory(), RecordingFactory()
    client = api(mine.owner)

    notate = client.post(
        "/api/v1/jobs/", {"operation": "notate", "source_job_id": str(theirs.pk)}, format="json"
    )
    rerun = client.post(f"/api/v1/jobs/{theirs.pk}/rerun/", {"from_stage": "detect"}, format="json")

    assert (notate.status_code, rerun.status_code) == (404, 404)


def test_a_job_is_run_again_by_the_api(api):
    job = JobFactory()

    response = api(job.requested_by).post(
        f"/api/v1/jobs/{job.pk}/rerun/",
        {"from_stage": "notate", "options": {"grid": "triplet"}},
        format="json",
    )

    assert response.status_code == 201
    again = Job.objects.get(pk=response.json()["id"])
    assert (again.fresh_from, again.options["grid"]) == ("notate", "triplet")
    assert again.options["title"] == job.options["title"]


def test_the_second_engine_names_the_strokes_and_the_first_follows_the_beat(
    recording, run_to_the_end: Runner
):
    options = JobOptions(engine="keras-cnn", separation="never")

    job = run_to_the_end(asked(recording, Operation.TRANSCRIBE, options=options))

    result = read(job, "result.json")
    assert (job.status, job.failure_code) == (Job.Status.COMPLETED, "")
    assert result["engines"]["detect"] == "keras-cnn 1.0"
    assert {"kick", "snare", "hihat_closed"} <= set(result["counts"])
    assert len(result["beats"]) > 20


def test_the_second_engine_names_strokes_at_given_times(recording, run_to_the_end: Runner):
    heard = read(run_to_the_end(asked(recording, Operation.DETECT)), "hits.json")["hits"]
    times = tuple(sorted({hit["onset_s"] for hit in heard if hit["instrument"] == "kick"})[:4])
    options = JobOptions(engine="keras-cnn", separation="never", onsets_s=times)

    job = run_to_the_end(asked(recording, Operation.CLASSIFY, options=options))

    named = read(job, "hits.json")
    assert named["engine"] == "keras-cnn 1.0"
    assert {hit["onset_s"] for hit in named["hits"]} <= set(times)
    assert "kick" in {hit["instrument"] for hit in named["hits"]}


def test_the_second_engine_listens_to_the_drums_alone_where_nobody_says_otherwise(recording):
    job = asked(recording, Operation.TRANSCRIBE, options=JobOptions(engine="keras-cnn"))

    assert "separate" in states(job)
    assert "separate" not in states(asked(recording, Operation.TRANSCRIBE))


def test_the_second_engine_does_without_stems_that_cannot_be_had(
    recording, run_to_the_end: Runner, settings, tmp_path
):
    settings.MODEL_FETCH, settings.MODEL_DIR = False, tmp_path / "models"
    options = JobOptions(engine="keras-cnn")

    job = run_to_the_end(asked(recording, Operation.ONSETS, options=options))

    assert job.status == Job.Status.COMPLETED
    assert "not_separated" in [warning["code"] for warning in job.warnings]


def test_stems_that_somebody_asked_for_are_refused_at_once_where_they_cannot_be_had(
    recording, settings, tmp_path
):
    settings.MODEL_FETCH, settings.MODEL_DIR = False, tmp_path / "models"

    with pytest.raises(EngineUnavailable):
        asked(recording, Operation.TRANSCRIBE, options=JobOptions(separation="always"))


def test_an_engine_whose_packages_are_not_installed_is_refused_with_how_to_install_them(
    api, recording, monkeypatch
):
    real = weights.find_spec
    monkeypatch.setattr(weights, "find_spec", lambda name: None if name == "tensorflow" else real(name))

    response = api(recording.owner).post(
        "/api/v1/jobs/",
        {"recording_id": str(recording.pk), "options": {"engine": "keras-cnn"}},
        format="json",
    )

    assert (response.status_code, response.json()["code"]) == (400, "engine_unavailable")
    assert "pip install -r requirements/keras.txt" in response.json()["message"]
    assert not Job.objects.exists()
