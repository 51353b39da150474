"""The plainest valid job, and import from a link."""

from __future__ import annotations

from typing import Any

import factory
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from media.models import LinkImport
from media.tests.factories import RecordingFactory
from transcription.core.options import JobOptions
from transcription.models import Batch, Job, plan_stages


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


def make_batch(owner: User, *, songs: int = 2, title: str = "Rehearsal") -> Batch:
    """A batch of ``song 1``, ``song 2`` … whose jobs wait."""
    batch = Batch.objects.create(owner=owner, title=title)
    for number in range(1, songs + 1):
        recording = RecordingFactory(owner=owner, title=f"song {number}")
        options = JobOptions(title=recording.title).as_dict()
        JobFactory(recording=recording, batch=batch, options=options)
    return batch
