"""The plainest valid job."""

from __future__ import annotations

from typing import Any

import factory

from media.tests.factories import RecordingFactory
from transcription.core.options import JobOptions
from transcription.models import Job, plan_stages


class JobFactory(factory.django.DjangoModelFactory[Job]):
    """A job that waits, with its stages planned and not on any queue."""

    class Meta:
        model = Job
        skip_postgeneration_save = True

    recording = factory.SubFactory(RecordingFactory)
    requested_by = factory.SelfAttribute("recording.owner")
    options = factory.LazyFunction(lambda: JobOptions(title="Backbeat").as_dict())
    status = Job.Status.QUEUED

    @classmethod
    def _create(cls, model_class: type[Job], *args: Any, **fields: Any) -> Job:
        job = model_class.objects.create(**fields)
        plan_stages(job)
        return job
