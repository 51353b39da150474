"""What the API says about jobs."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from transcription.core.operations import OPERATIONS
from transcription.core.options import (
    ENGINES,
    GRIDS,
    LARGEST_OVERLAP,
    MOST_ONSETS,
    MOST_TRACKS,
    PAPERS,
    SEPARATIONS,
    SWINGS,
)
from transcription.core.separation.separation_options import (
    LONGEST_SEGMENT_S,
    MOST_SHIFTS,
    SHORTEST_SEGMENT_S,
)
from transcription.core.stages import Stage
from transcription.models import Job, JobEvent, StageRun


class JobOptionsSerializer(serializers.Serializer[Any]):
    """Everything may be left out; what is left out is found from the song."""

    engine = serializers.ChoiceField(choices=ENGINES, required=False)
    tempo_bpm = serializers.FloatField(
        required=False, allow_null=True, help_text="Felt beats a minute, 30–320."
    )
    meter = serializers.CharField(required=False, allow_null=True, help_text="A time signature, such as 6/8.")
    first_downbeat_s = serializers.FloatField(
        required=False, allow_null=True, help_text="Where bar one begins, in seconds."
    )
    grid = serializers.ChoiceField(
        choices=GRIDS, required=False, help_text="The finest division the score may use."
    )
    swing = serializers.ChoiceField(
        choices=SWINGS, required=False, help_text="How notes played long and short are written."
    )
    paper = serializers.ChoiceField(choices=PAPERS, required=False)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)
    artist = serializers.CharField(required=False, allow_blank=True, max_length=200)
    separation = serializers.ChoiceField(
        choices=SEPARATIONS, required=False, help_text="Whether the drums are taken out of the song first."
    )
    separation_model = serializers.CharField(required=False, help_text="A Demucs model, such as htdemucs_ft.")
    shifts = serializers.IntegerField(required=False, min_value=0, max_value=MOST_SHIFTS)
    overlap = serializers.FloatField(required=False, min_value=0.0, max_value=LARGEST_OVERLAP)
    segment_s = serializers.FloatField(
        required=False, allow_null=True, min_value=SHORTEST_SEGMENT_S, max_value=LONGEST_SEGMENT_S
    )
    two_stems = serializers.BooleanField(required=False, help_text="The drums and the rest only.")
    track = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=MOST_TRACKS - 1,
        help_text="Which sound track of the file, from 0.",
    )  # fmt: skip
    onsets_s = serializers.ListField(
        child=serializers.FloatField(min_value=0.0), required=False, allow_null=True, max_length=MOST_ONSETS,
        help_text="The strokes that `classify` is to name, in seconds.",
    )  # fmt: skip
    loudness_lufs = serializers.FloatField(required=False, min_value=-40.0, max_value=-6.0)
    denoise = serializers.BooleanField(required=False)


OPERATION_CHOICES = [(operation.value, spec.label) for operation, spec in OPERATIONS.items()]


class JobCreateSerializer(serializers.Serializer[Any]):
    """Asks for an operation on a recording, or on what an earlier job of it heard."""

    recording_id = serializers.UUIDField(required=False)
    operation = serializers.ChoiceField(choices=OPERATION_CHOICES, required=False)
    source_job_id = serializers.UUIDField(
        required=False, help_text="The job whose hits and beats `notate` writes down."
    )
    options = JobOptionsSerializer(required=False)


class RerunSerializer(serializers.Serializer[Any]):
    """Asks for another job like an earlier one: other options, and the stages from one on run anew."""

    from_stage = serializers.ChoiceField(choices=[(stage.value, stage.value) for stage in Stage])
    options = JobOptionsSerializer(required=False)


class JobFileSerializer(serializers.Serializer[Any]):
    """A file that a job made."""

    format = serializers.CharField()
    label = serializers.CharField()
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    content_type = serializers.CharField()
    url = serializers.CharField()


class StageSerializer(serializers.Serializer[Any]):
    """How one stage stands."""

    stage = serializers.CharField()
    label = serializers.CharField()
    status = serializers.ChoiceField(choices=StageRun.Status.choices)
    progress = serializers.FloatField(help_text="0..1")
    seconds = serializers.FloatField(allow_null=True)


class FailureSerializer(serializers.Serializer[Any]):
    """Why a job failed: a stable code, a sentence for a person, and what to try."""

    code = serializers.CharField()
    message = serializers.CharField()
    hint = serializers.CharField()


class WarningSerializer(serializers.Serializer[Any]):
    """Something to know of a result that is there all the same."""

    code = serializers.CharField()
    message = serializers.CharField()


class JobSerializer(serializers.Serializer[Any]):
    """A job, described as on the websocket."""

    id = serializers.UUIDField()
    operation = serializers.ChoiceField(choices=OPERATION_CHOICES)
    status = serializers.ChoiceField(choices=Job.Status.choices)
    stage = serializers.CharField(allow_null=True)
    progress = serializers.FloatField(help_text="0..1 of the whole job")
    eta_s = serializers.FloatField(allow_null=True)
    title = serializers.CharField()
    recording_id = serializers.UUIDField()
    source_job_id = serializers.UUIDField(allow_null=True)
    batch_id = serializers.UUIDField(allow_null=True)
    notation_id = serializers.UUIDField(allow_null=True)
    held = serializers.BooleanField()
    stages = StageSerializer(many=True)
    failure = FailureSerializer(allow_null=True)
    warnings = WarningSerializer(many=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    url = serializers.CharField()
    score_url = serializers.CharField(allow_null=True)


class JobEventSerializer(serializers.ModelSerializer[JobEvent]):
    """Something that happened to a job."""

    actor = serializers.SerializerMethodField()

    class Meta:
        model = JobEvent
        fields = ("kind", "actor", "reason", "data", "at")

    def get_actor(self, event: JobEvent) -> str | None:
        """Say which kind of person acted; the owner learns no moderator's name."""
        if event.actor_id is None:
            return None
        return "owner" if event.actor_id == event.job.requested_by_id else "moderator"
