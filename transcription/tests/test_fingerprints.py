"""What decides a stage's result is in its fingerprint."""

from __future__ import annotations

from pathlib import Path

import pytest

from transcription.core.options import JobOptions
from transcription.core.stages import Stage
from transcription.core.weight_errors import UnknownModel
from transcription.jobs.reuse import cache_key, equal_run
from transcription.models import Job, StageRun
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db


def detection(**options: object) -> StageRun:
    job: Job = JobFactory(options=JobOptions(**options).as_dict())
    return job.stage_runs.get(stage=Stage.DETECT)


def key_of(run: StageRun) -> str:
    return cache_key(run, run.spec)


def test_a_network_of_ones_own_counts_by_its_content(settings, tmp_path: Path):
    network = tmp_path / "own.h5"
    settings.MODEL_URI = str(network)
    run = detection(engine="keras-cnn", separation="never")
    network.write_bytes(b"one network")
    before = key_of(run)
    same = key_of(run)

    network.write_bytes(b"another network")

    assert before == same
    assert key_of(run) not in {before, ""}


def test_a_network_that_nobody_knows_yet_has_no_fingerprint_and_no_equal(settings, tmp_path: Path):
    settings.MODEL_URI, settings.MODEL_DIR = "https://networks.example/own.h5", tmp_path
    run, other = (detection(engine="keras-cnn", separation="never") for _ in range(2))
    StageRun.objects.filter(pk=other.pk).update(status=StageRun.Status.COMPLETED, cache_key="", written=[])

    assert key_of(run) == ""
    assert equal_run(run, "") is None


def test_the_shipped_networks_are_told_apart():
    assert key_of(detection()) != key_of(detection(engine="keras-cnn", separation="never"))


def test_a_separator_that_is_no_more_is_refused(settings):
    job = JobFactory(options=JobOptions(separation="always", separation_model="ours").as_dict())
    run = job.stage_runs.get(stage=Stage.SEPARATE)

    with pytest.raises(UnknownModel):
        key_of(run)
