"""What is stored: recordings, the artifacts made from them, and keys of requests already answered."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Recording(models.Model):
    """A song somebody brought. Deleting it hides it; its files go when ``purge_after`` has passed."""

    class Source(models.TextChoices):
        UPLOAD = "upload", "upload"
        LINK = "link", "link"
        DEMO = "demo", "demonstration"

    class State(models.TextChoices):
        STORED = "stored", "stored"  # its headers are known
        READY = "ready", "ready"  # its sound has been decoded
        FAILED = "failed", "failed"  # its sound cannot be used: see ``failure_code``

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recordings")
    title = models.CharField(max_length=200)
    source = models.CharField(max_length=16, choices=Source, default=Source.UPLOAD)
    source_url = models.CharField("page it came from", max_length=2048, blank=True)
    artist = models.CharField(max_length=200, blank=True)
    original_name = models.CharField(max_length=255, blank=True)
    file = models.FileField(max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64)
    bytes = models.BigIntegerField()
    container = models.CharField(max_length=16)
    codec = models.CharField(max_length=32)
    duration_s = models.FloatField("duration in seconds", null=True, blank=True)
    channels = models.PositiveSmallIntegerField()
    sample_rate = models.PositiveIntegerField("samples a second")
    has_video = models.BooleanField(default=False)
    tracks = models.JSONField("sound tracks", default=list, blank=True)
    state = models.CharField(max_length=16, choices=State, default=State.STORED)
    failure_code = models.CharField(max_length=64, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    peaks = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    purge_after = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="recording_owner_newest"),
            models.Index(fields=["owner", "sha256"], name="recording_owner_sha256"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(deleted_at__isnull=True, purge_after__isnull=True)
                | models.Q(deleted_at__isnull=False, purge_after__isnull=False),
                name="recording_deleted_has_purge_date",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_deleted(self) -> bool:
        """Whether it is waiting to be purged."""
        return self.deleted_at is not None


class Artifact(models.Model):
    """A file that a stage made. ``job_id`` names a job without a foreign key: jobs live in a later app.

    A job has one artifact of a kind, and so has a recording outside of any job. ``recording`` is set for the
    artifacts of jobs too, so that all go when the recording is purged.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recording = models.ForeignKey(
        Recording, on_delete=models.CASCADE, related_name="artifacts", null=True, blank=True
    )
    job_id = models.UUIDField(null=True, blank=True, db_index=True)
    stage = models.CharField(max_length=32)
    kind = models.CharField(max_length=64)
    file = models.FileField(max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64)
    bytes = models.BigIntegerField()
    content_type = models.CharField(max_length=100)
    made_by = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job_id", "kind"],
                condition=models.Q(job_id__isnull=False),
                name="artifact_one_of_a_kind_per_job",
            ),
            models.UniqueConstraint(
                fields=["recording", "kind"],
                condition=models.Q(job_id__isnull=True),
                name="artifact_one_of_a_kind_per_recording",
            ),
            models.CheckConstraint(
                condition=models.Q(recording__isnull=False) | models.Q(job_id__isnull=False),
                name="artifact_belongs_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.job_id or self.recording_id}"


class IdempotencyKey(models.Model):
    """A request to create something, named by its sender, and the answer that it got (None: not yet)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    endpoint = models.CharField(max_length=200)
    key = models.CharField(max_length=128)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    response = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "endpoint", "key"], name="idempotency_key_once"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.key}"


class LinkImport(models.Model):
    """A song that somebody asked to have fetched from a link, and the lease under which it is fetched.

    ``job_id`` names the transcription that followed, and ``batch_id`` the batch that it belongs to, without
    foreign keys: jobs live in a later app. If it turns out to be a playlist and ``takes_playlist``, an import
    for each of its songs takes its place. The song's picture is the recording's artifact ``cover``.
    """

    class State(models.TextChoices):
        """The life of an import."""

        PENDING = "pending"
        FETCHING = "fetching"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED: ClassVar = (State.PENDING, State.FETCHING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="link_imports")
    url = models.CharField("link", max_length=2048)
    # When its owner said that they may use the song; there is no import without.
    rights_confirmed_at = models.DateTimeField()
    options = models.JSONField("options of the transcription", default=dict, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    progress = models.FloatField(default=0.0)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(null=True, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)
    failure_message = models.TextField(blank=True)
    failure_hint = models.TextField(blank=True)
    title = models.CharField(max_length=200, blank=True)
    artist = models.CharField(max_length=200, blank=True)
    page_url = models.CharField("page it came from", max_length=2048, blank=True)
    recording = models.ForeignKey(
        Recording, on_delete=models.CASCADE, related_name="link_imports", null=True, blank=True
    )
    job_id = models.UUIDField(null=True, blank=True)
    batch_id = models.UUIDField(null=True, blank=True, db_index=True)
    takes_playlist = models.BooleanField(default=False)
    seq = models.PositiveBigIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_holder = models.CharField(max_length=120, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="link_import_owner_newest"),
            models.Index(fields=["state"], name="link_import_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="done") | models.Q(recording__isnull=False),
                name="link_import_done_has_recording",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.url} ({self.state})"

    @property
    def is_finished(self) -> bool:
        """Whether it has come to one of its three ends."""
        return self.state not in self.UNFINISHED

    @classmethod
    def take(cls, link_id: str | uuid.UUID, *, holder: str, lease_s: float) -> LinkImport | None:
        """Take the lease on an import; ``None`` when it has ended or is held by another who is alive."""
        now = timezone.now()
        token = uuid.uuid4()
        startable = cls.objects.filter(
            pk=link_id, owner__jobs_held=False, owner__is_active=True, state__in=cls.UNFINISHED
        )
        if not startable.exists():
            return None
        # Only this table's own columns, which PostgreSQL checks again after waiting: see ``StageRun.take``.
        free = Q(state=cls.State.PENDING) | Q(
            state=cls.State.FETCHING, heartbeat_at__lt=now - timedelta(seconds=lease_s)
        )
        taken = cls.objects.filter(free, pk=link_id).update(
            state=cls.State.FETCHING,
            attempt=F("attempt") + 1,
            lease_token=token,
            lease_holder=holder,
            heartbeat_at=now,
            started_at=now,
            progress=0.0,
            bytes_done=0,
            bytes_total=None,
        )
        return cls.objects.select_related("owner").get(lease_token=token) if taken else None

    def beat(self, **changes: Any) -> bool:
        """Say that the holder is alive; ``False`` when the lease was lost or the import was cancelled."""
        return bool(self._held().update(heartbeat_at=timezone.now(), **changes))

    def release(self, *, state: str, **changes: Any) -> bool:
        """Give the lease back; ``False`` when it was no longer ours."""
        return bool(
            self._held().update(state=state, lease_token=None, lease_holder="", heartbeat_at=None, **changes)
        )

    def _held(self) -> models.QuerySet[LinkImport]:
        return LinkImport.objects.filter(pk=self.pk, lease_token=self.lease_token, state=self.State.FETCHING)
