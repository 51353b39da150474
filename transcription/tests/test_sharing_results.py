"""Taking an equal run's files instead of running a stage."""

from __future__ import annotations

import pytest

from media.errors import FileMissing
from media.models import Artifact
from transcription.core.options import JobOptions
from transcription.core.stages import Stage
from transcription.jobs.finishing import finish_stage
from transcription.models import StageRun
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_files_that_were_purged_since_they_were_found_leave_the_stage_to_be_run():
    earlier = JobFactory().stage_runs.get(stage=Stage.EXTRACT)
    StageRun.objects.filter(pk=earlier.pk).update(status=StageRun.Status.COMPLETED)
    run = StageRun.take(JobFactory().pk, Stage.EXTRACT, holder="here:1:1", lease_s=60)

    with pytest.raises(FileMissing):
        finish_stage(run, run.spec, "key", earlier=earlier)

    run.refresh_from_db()
    assert run.status == StageRun.Status.RUNNING
    assert not Artifact.objects.filter(job_id=run.job_id).exists()


def test_what_is_said_of_the_sound_is_shared_and_what_is_said_of_the_machine_is_not():
    options = JobOptions(separation="always").as_dict()
    earlier, ours = (JobFactory(options=options).stage_runs.get(stage=Stage.SEPARATE) for _ in range(2))
    earlier.warnings = [
        {"code": code, "message": "Listen again."} for code in ("separated_on_cpu", "stems_clipped")
    ]
    run = StageRun.take(ours.job_id, Stage.SEPARATE, holder="here:1:1", lease_s=60)

    finish_stage(run, run.spec, "key", earlier=earlier)

    run.refresh_from_db()
    assert [warning["code"] for warning in run.warnings] == ["stems_clipped"]
