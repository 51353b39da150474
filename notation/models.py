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

    ``revision`` is the number of the revision that ``score`` is; it only ever rises, so that a writer who
    names it can tell whether somebody else was faster. The columns from ``title`` to ``duration_s`` say what
    the score says, for lists. ``kit_profile`` is how its owner wants it drawn ({}: the house's own way).
    No hit of any revision is called ``e`` and ``fresh_from`` or a larger number: ids are never used again.

    ``job_id`` names the transcription that it came from, whose artifacts hold the sound; it is a plain id
    because this app knows no jobs. ``deleted_with_job`` keeps what went with its job from coming back alone.
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
    revision = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200)
    artist = models.CharField(max_length=200, blank=True)
    tempo_bpm = models.FloatField()
    meters = models.JSONField(default=list)
    hit_count = models.PositiveIntegerField(default=0)
    bar_count = models.PositiveIntegerField(default=0)
    duration_s = models.FloatField("duration in seconds", default=0.0)
    kit_profile = models.JSONField(default=dict, blank=True)
    fresh_from = models.PositiveIntegerField(default=1)
    score = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_with_job = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"])]

    def __str__(self) -> str:
        return self.title


class Revision(models.Model):
    """A notation as it was after one change; never altered, so that every one can be gone back to.

    ``summary`` says the change in musical words ("bar 17: ride → crash"), ``changed_bars`` holds the numbers
    of the bars that it touched, ``of_number`` the revision that was gone back to.
    """

    class Kind(models.TextChoices):
        TRANSCRIBED = "transcribed", "transcribed"
        IMPORTED = "imported", "imported"
        EDITED = "edited", "edited"
        REQUANTISED = "requantised", "re-quantised"
        RESTORED = "restored", "gone back to"
        REPLACED = "replaced", "replaced"
        DUPLICATED = "duplicated", "copied"

    notation = models.ForeignKey(Notation, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=16, choices=Kind)
    of_number = models.PositiveIntegerField(null=True, blank=True)
    summary = models.JSONField(default=list)
    changed_bars = models.JSONField(default=list)
    score = models.JSONField()

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["notation", "number"], name="revision_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.notation_id}, revision {self.number}"
