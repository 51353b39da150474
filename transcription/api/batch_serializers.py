"""What the API says about batches."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from transcription.api.serializers import OPERATION_CHOICES, JobOptionsSerializer, JobSerializer
from transcription.api.views import ReasonField
from transcription.forms import LONGEST_REASON
from transcription.models import Batch


class BatchCreateSerializer(serializers.Serializer[Any]):
    """Songs to be worked on alike."""

    files = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True),
        help_text="Songs, or zip files of songs; the content decides what each is.",
    )
    operation = serializers.ChoiceField(choices=OPERATION_CHOICES, required=False)
    options = serializers.CharField(
        required=False, help_text="The options of a job as a JSON object; they hold for every song."
    )
    title = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Default: the zip file's name."
    )


class BatchOfLinksSerializer(serializers.Serializer[Any]):
    """Songs to be fetched from links and transcribed alike."""

    links = serializers.ListField(child=serializers.CharField(max_length=2048), min_length=1, max_length=200)
    rights_confirmed = serializers.BooleanField(
        default=False, help_text="You may use all of these songs; without it nothing is fetched."
    )
    playlists = serializers.BooleanField(
        default=False, help_text="A link to a playlist stands for its songs; else it is refused."
    )
    options = JobOptionsSerializer(required=False)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class BatchRetrySerializer(serializers.Serializer[Any]):
    """Which songs to try again, and why; a moderator must say, an owner may."""

    reason = ReasonField(required=False, allow_blank=True, max_length=LONGEST_REASON)
    cancelled_too = serializers.BooleanField(default=False, help_text="Also those that were stopped.")


class RefusedFileSerializer(serializers.Serializer[Any]):
    """A file of a batch of which no song could be made, and why."""

    name = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    hint = serializers.CharField()


class BatchSerializer(serializers.Serializer[Any]):
    """A batch, described as on the websocket."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Batch.Status.choices)
    total = serializers.IntegerField(help_text="Songs that were taken.")
    done = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    fetching = serializers.IntegerField(help_text="Songs that links have yet to bring.")
    refused = serializers.IntegerField(help_text="Files and links that were not taken.")
    progress = serializers.FloatField(help_text="0..1, the mean of its jobs")
    eta_s = serializers.FloatField(allow_null=True)
    created_at = serializers.DateTimeField()
    url = serializers.CharField()


class BatchDetailSerializer(BatchSerializer):
    """A batch with its songs, in their order, and the files that were refused."""

    items = JobSerializer(many=True)
    refused_items = RefusedFileSerializer(many=True)
