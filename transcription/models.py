"""Jobs, the runs of their stages, and what happened to them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from media.models import Recording
from transcription.core.operations import OPERATIONS, Operation, OperationSpec, stages_of
from transcription.core.options import JobOptions
from transcription.core.stages import SPEC_BY_STAGE, Stage, StageSpec


class Batch(models.Model):
    """Songs that were brought together: a job each, and what was refused, with the reasons.

    ``refused`` lists ``{"name", "code", "message", "hint"}``. Its pace is measured from ``clock_from``, when
    ``done_before`` (0..1) of it was done already: both move when failed songs are tried again.
    """

    class Status(models.TextChoices):
        """How it stands, which follows from its jobs: ``completed`` if there is any result at the end."""

        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="batches")
    title = models.CharField(max_length=200)
    refused = models.JSONField(default=list, blank=True)
    seq = models.PositiveBigIntegerField(default=0)
    clock_from = models.DateTimeField(default=timezone.now)
    done_before = models.FloatField(default=0.0)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        verbose_name_plural = "batches"
        indexes: ClassVar = [models.Index(fields=["owner", "-created_at"])]

    def __str__(self) -> str:
        return self.title


class Job(models.Model):
    """One operation on one recording.

    ``source_job`` is the job whose files it works on, where its operation begins in the middle.
    ``fresh_from`` names the stage from which on nothing is reused, where somebody asked for that.
    """

    class Status(models.TextChoices):
        """The life of a job."""

        PENDING = "pending"
        QUEUED = "queued"
        RUNNING = "running"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED: ClassVar = (Status.PENDING, Status.QUEUED, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="jobs")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    batch = models.ForeignKey(Batch, null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs")
    operation = models.CharField(
        max_length=12,
        choices=[(operation.value, spec.label) for operation, spec in OPERATIONS.items()],
        default=Operation.TRANSCRIBE.value,
    )
    options = models.JSONField(default=dict)
    source_job = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="following_jobs"
    )
    fresh_from = models.CharField(
        max_length=12, choices=[(stage.value, stage.value) for stage in Stage], blank=True
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    stage = models.CharField(
        max_length=12, choices=[(stage.value, stage.value) for stage in Stage], blank=True
    )
    progress = models.FloatField(default=0.0)
    eta_s = models.FloatField(null=True, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    failure_code = models.CharField(max_length=60, blank=True)
    failure_message = models.TextField(blank=True)
    failure_hint = models.TextField(blank=True)
    failure_details = models.JSONField(default=dict, blank=True)
    seq = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            models.Index(fields=["requested_by", "-created_at"]),
            models.Index(fields=["status"]),
        ]

    def __str__(self) -> str:
        return f"{self.recording} ({self.status})"

    @property
    def is_finished(self) -> bool:
        """Whether the job has come to one of its three ends."""
        return self.status not in self.UNFINISHED

    @property
    def operation_spec(self) -> OperationSpec:
        """What is known of its operation."""
        return OPERATIONS[Operation(self.operation)]

    @property
    def makes_a_score(self) -> bool:
        """Whether its end is a notation."""
        return Stage.NOTATE in self.operation_spec.stages

    def move(self, *, to: str, frm: tuple[str, ...], **changes: Any) -> bool:
        """Change the status if it still is one of ``frm``; say whether this call was the one to change it."""
        changed = Job.objects.filter(pk=self.pk, status__in=frm).update(status=to, **changes)
        if changed:
            self.refresh_from_db()
        return bool(changed)


class StageRun(models.Model):
    """One stage of one job, and the lease under which it is run.

    ``written`` names the files (artifact kinds) that it left; ``cache_key`` is empty where the result must
    not stand for an equal run's.
    """

    class Status(models.TextChoices):
        """The life of a stage."""

        PENDING = "pending"
        RUNNING = "running"
        COMPLETED = "completed"
        REUSED = "reused"
        FAILED = "failed"
        CANCELLED = "cancelled"

    DONE: ClassVar = (Status.COMPLETED, Status.REUSED)

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="stage_runs")
    stage = models.CharField(max_length=12, choices=[(stage.value, stage.value) for stage in Stage])
    position = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=Status, default=Status.PENDING)
    attempt = models.PositiveSmallIntegerField(default=0)
    progress = models.FloatField(default=0.0)
    seconds = models.FloatField(null=True, blank=True)
    engine = models.CharField(max_length=60, blank=True)
    cache_key = models.CharField(max_length=64, blank=True, db_index=True)
    warnings = models.JSONField(default=list, blank=True)
    written = models.JSONField(default=list, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_holder = models.CharField(max_length=120, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["job", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "stage"], name="one_run_a_stage_and_job"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} ({self.status})"

    @property
    def spec(self) -> StageSpec:
        """What is known of its stage."""
        return SPEC_BY_STAGE[Stage(self.stage)]

    @property
    def files(self) -> list[str]:
        """The kinds of the files that it left, once it is done; older rows do not say, and left them all."""
        return list(self.written) or list(self.spec.writes)

    @classmethod
    def take(cls, job_id: str | uuid.UUID, stage: Stage, *, holder: str, lease_s: float) -> StageRun | None:
        """Take the lease on a stage; ``None`` when it is done, cancelled, or held by another who is alive.

        A lease whose heartbeat is older than ``lease_s`` belongs to the dead and may be taken over.
        """
        now = timezone.now()
        token = uuid.uuid4()
        startable = cls.objects.filter(
            job_id=job_id,
            stage=stage,
            job__status__in=Job.UNFINISHED,
            job__deleted_at=None,
            job__recording__deleted_at=None,
            job__requested_by__jobs_held=False,
        ).first()
        if startable is None:
            return None
        # Only this table's own columns: PostgreSQL checks them again after it has waited for another's
        # update of the row; conditions on joined tables it would not.
        free = Q(status=cls.Status.PENDING) | Q(
            status=cls.Status.RUNNING, heartbeat_at__lt=now - timedelta(seconds=lease_s)
        )
        taken = cls.objects.filter(free, pk=startable.pk).update(
            status=cls.Status.RUNNING,
            attempt=F("attempt") + 1,
            lease_token=token,
            lease_holder=holder,
            heartbeat_at=now,
            started_at=now,
            finished_at=None,
            progress=0.0,
        )
        if not taken:
            return None
        return cls.objects.select_related("job__recording", "job__requested_by").get(lease_token=token)

    def beat(self, **changes: Any) -> bool:
        """Say that the holder is alive; ``False`` when the lease was lost or the job has ended."""
        wanted = Job.objects.filter(
            pk=self.job_id,
            status__in=Job.UNFINISHED,
            deleted_at=None,
            recording__deleted_at=None,
        )
        if not wanted.exists():
            return False
        ours = StageRun.objects.filter(pk=self.pk, lease_token=self.lease_token, status=self.Status.RUNNING)
        return bool(ours.update(heartbeat_at=timezone.now(), **changes))

    def release(self, *, status: str, **changes: Any) -> bool:
        """Give the lease back; ``False`` when it was no longer ours."""
        return bool(
            StageRun.objects.filter(
                pk=self.pk, lease_token=self.lease_token, status=self.Status.RUNNING
            ).update(status=status, lease_token=None, lease_holder="", heartbeat_at=None, **changes)
        )


class JobEvent(models.Model):
    """Something that happened to a job, who did it and why: the audit of moderation and of the pipeline."""

    class Kind(models.TextChoices):
        """What happened."""

        CREATED = "created"
        STARTED = "started"
        STAGE_COMPLETED = "stage_completed"
        STAGE_RETRIED = "stage_retried"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"
        RETRIED = "retried"
        RECOVERED = "recovered"
        HELD = "held"
        RELEASED = "released"
        DELETED = "deleted"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M:%S}"


def plan_stages(job: Job) -> None:
    """Give a new job a run of each stage that its operation has."""
    stages = stages_of(Operation(job.operation), JobOptions.parse(job.options))
    StageRun.objects.bulk_create(
        StageRun(job=job, stage=spec.stage, position=position) for position, spec in enumerate(stages)
    )
