from __future__ import annotations

import pytest

from transcription.core.result import Finding
from transcription.core.stages import Stage
from transcription.jobs.standing import findings_of
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db


def warned(stage: Stage, code: str, **fields: object):
    job = JobFactory(**fields)
    job.stage_runs.filter(stage=stage).update(warnings=[{"code": code, "message": "Listen again."}])
    return job


def test_a_score_of_what_another_job_heard_keeps_its_doubts():
    heard = warned(Stage.BEATS, "tempo_unreliable")
    job = warned(Stage.NOTATE, "second", operation="notate", source_job=heard, recording=heard.recording)

    findings = findings_of(job)

    assert findings == (Finding("tempo_unreliable", "Listen again."), Finding("second", "Listen again."))
    assert [finding.code for finding in findings_of(heard)] == ["tempo_unreliable"]
