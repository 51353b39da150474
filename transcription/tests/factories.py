"""The plainest valid job, and import from a link."""

from __future__ import annotations

from typing import Any

import factory
from django.utils import timezone

from accounts.tests.factories import UserFactory
from media.models import LinkImport
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


class LinkImportFactory(factory.django.DjangoModelFactory[LinkImport]):
    """An import that waits and is on no queue."""

    class Meta:
        model = LinkImport

    owner = factory.SubFactory(UserFactory)
    url = factory.Sequence(lambda number: f"https://music.example/{number}.mp3")
    rights_confirmed_at = factory.LazyFunction(timezone.now)
    options = factory.LazyFunction(lambda: JobOptions().as_dict())
