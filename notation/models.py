"""What was heard and what was written: hits, and the notation made of them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from media.models import Recording
from notation.core.instruments import INSTRUMENTS, InstrumentName


class HitSet(models.Model):
    """All hits that one engine heard in one recording."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="hit_sets")
    engine = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.engine} on {self.recording}"


class Hit(models.Model):
    """One stroke, as it was heard; ``ident`` is its id in the score and in every export."""

    hit_set = models.ForeignKey(HitSet, on_delete=models.CASCADE, related_name="hits")
    ident = models.CharField(max_length=20)
    onset_s = models.FloatField()
    instrument = models.CharField(
        max_length=20, choices=[(name.value, INSTRUMENTS[name].label) for name in InstrumentName]
    )
    velocity = models.PositiveSmallIntegerField()
    confidence = models.FloatField()

    class Meta:
        ordering: ClassVar = ["onset_s", "ident"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["hit_set", "ident"], name="hit_ident_unique_in_its_set"),
            models.CheckConstraint(
                condition=models.Q(velocity__gte=1, velocity__lte=127), name="hit_velocity_is_midi"
            ),
            models.CheckConstraint(condition=models.Q(onset_s__gte=0), name="hit_onset_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} at {self.onset_s:.3f} s"


class Notation(models.Model):
    """A drum score. ``score`` is the whole of it (schema ``drumsite.score/2``); exports are written from it.

    ``job_id`` names the transcription that it came from, whose artifacts hold the engraved files; it is a
    plain id because this app knows no jobs.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notations")
    recording = models.ForeignKey(
        Recording, null=True, blank=True, on_delete=models.CASCADE, related_name="notations"
    )
    hit_set = models.ForeignKey(
        HitSet, null=True, blank=True, on_delete=models.SET_NULL, related_name="notations"
    )
    job_id = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    title = models.CharField(max_length=200)
    tempo_bpm = models.FloatField()
    meters = models.JSONField(default=list)
    score = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"])]

    def __str__(self) -> str:
        return self.title
