from __future__ import annotations

import pytest

from media.core.errors import NoSuchTrack, UndecodableAudio
from media.models import Recording
from transcription.core.options import JobOptions
from transcription.core.stages import Stage
from transcription.jobs.finishing import fail_stage
from transcription.models import Job, StageRun
from transcription.tests.factories import JobFactory

pytestmark = pytest.mark.django_db(transaction=True)


def extracting(**options: object) -> StageRun:
    job = JobFactory(recording__state=Recording.State.STORED, options=JobOptions(**options).as_dict())
    run = StageRun.take(job.pk, Stage.EXTRACT, holder="here:1:1", lease_s=60)
    assert run is not None
    return run


def test_sound_that_cannot_be_read_fails_the_job_and_marks_the_recording():
    run = extracting()

    fail_stage(run, UndecodableAudio())

    assert Job.objects.get().failure_code == "undecodable_audio"
    assert Recording.objects.get().state == Recording.State.FAILED


def test_a_sound_track_that_is_not_there_fails_the_job_alone():
    run = extracting(track=5)

    fail_stage(run, NoSuchTrack(track=5, count=1, tracks=[]))

    assert Job.objects.get().failure_code == "no_such_track"
    assert Recording.objects.get().state == Recording.State.STORED
