"""The transcription app."""

from __future__ import annotations

from django.apps import AppConfig


class TranscriptionConfig(AppConfig):
    """Configures the transcription app."""

    name = "transcription"
