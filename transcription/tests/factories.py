"""The plainest valid recordings and jobs."""

from __future__ import annotations

import io
import wave
from typing import Any

import factory
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.tests.factories import UserFactory
from media.models import Recording
from transcription.core.options import JobOptions
from transcription.models import Job, plan_stages


def silence_wav(seconds: float = 2.0, rate: int = 8000) -> bytes:
    """Return a WAV file of digital silence."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(2 * int(seconds * rate)))
    return buffer.getvalue()


class RecordingFactory(factory.django.DjangoModelFactory[Recording]):
    """A stored WAV file; ``content`` is its bytes."""

    class Meta:
        model = Recording

    owner = factory.SubFactory(UserFactory)
    title = "Backbeat"
    original_name = "backbeat.wav"
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    container = "wav"
    codec = "pcm_s16le"
    duration_s = 2.0
    channels = 1
    sample_rate = 8000

    @classmethod
    def _create(cls, model_class: type[Recording], *args: Any, **fields: Any) -> Recording:
        content = fields.pop("content", None) or silence_wav()
        recording = model_class(bytes=len(content), **fields)
        recording.file.name = default_storage.save(f"tests/{recording.pk}.wav", ContentFile(content))
        recording.save()
        return recording


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
