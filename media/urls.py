"""Addresses of sound and stored files for pages."""

from __future__ import annotations

from django.urls import path

from media import views

urlpatterns = [
    path("recordings/<uuid:pk>/audio", views.recording_audio, name="recording_audio"),
    path("artifacts/<uuid:pk>", views.moderator_artifact, name="moderator_artifact"),
]
