"""Recordings for tests: brought the way people bring them, or as plain rows with a file."""

from __future__ import annotations

import io
import tempfile
import wave
from functools import cache
from pathlib import Path
from typing import Any

import factory
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import User
from accounts.tests.factories import UserFactory
from media.core.tests.songs import encode_any
from media.models import Recording
from media.services import create_recording
from media.uploads import receive


@cache
def song(ending: str = "mp3", duration_s: float = 3.0) -> bytes:
    """Return a short song in the format that ``ending`` names."""
    with tempfile.TemporaryDirectory() as folder:
        return encode_any(Path(folder) / f"song.{ending}", duration_s).read_bytes()


def make_recording(owner: User, *, title: str | None = None, name: str = "song.mp3") -> Recording:
    """Store a short song of ``owner``'s, in the format that ``name`` ends in."""
    return create_recording(
        owner=owner, upload=receive([song(name.rpartition(".")[2])], name=name), title=title
    )


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
