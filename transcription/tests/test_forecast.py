"""What is said of the time left, from the cost of the stages and the pace of this job."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from transcription.core.operations import Operation, stages_of
from transcription.core.options import JobOptions
from transcription.core.stages import Stage
from transcription.jobs.forecast import forecast
from transcription.models import StageRun
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db
# What a stage of a song of two minutes costs.
_STAGES = stages_of(Operation.TRANSCRIBE, JobOptions())
_COST_S = {spec.stage: 0.2 + 2 * spec.seconds_per_minute for spec in _STAGES}


def running(stage: Stage, *, for_s: float) -> StageRun:
    """Return a stage of a song of two minutes that began ``for_s`` seconds ago."""
    run = JobFactory(recording__duration_s=120.0).stage_runs.get(stage=stage)
    run.started_at = timezone.now() - timedelta(seconds=for_s)
    return run


def test_before_anything_is_known_the_stages_cost_what_they_usually_do():
    found = forecast(running(Stage.EXTRACT, for_s=0.0), 0.0)

    assert found.eta_s == pytest.approx(sum(_COST_S.values()), abs=0.2)
    assert found.share_done == pytest.approx(0.0, abs=0.02)


def test_the_pace_of_this_job_corrects_the_time_of_the_stage_it_is_in():
    found = forecast(running(Stage.DETECT, for_s=40.0), 0.5)

    later = [Stage.BEATS, Stage.NOTATE, Stage.ENGRAVE]
    assert found.eta_s == pytest.approx(40.0 + sum(_COST_S[stage] for stage in later), abs=0.5)


def test_the_share_done_counts_each_stage_by_its_cost():
    found = forecast(running(Stage.DETECT, for_s=40.0), 0.5)

    done_s = _COST_S[Stage.EXTRACT] + 0.5 * _COST_S[Stage.DETECT]
    assert found.share_done == pytest.approx(done_s / sum(_COST_S.values()))


def test_a_stage_that_reports_nothing_is_never_taken_for_done():
    found = forecast(running(Stage.DETECT, for_s=1000.0), 0.0)

    done_s = _COST_S[Stage.EXTRACT] + 0.9 * _COST_S[Stage.DETECT]
    assert found.share_done == pytest.approx(done_s / sum(_COST_S.values()))
    assert found.eta_s == pytest.approx(
        sum(_COST_S[s] for s in (Stage.BEATS, Stage.NOTATE, Stage.ENGRAVE)), abs=0.1
    )
