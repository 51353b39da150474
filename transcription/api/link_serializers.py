"""What the API says about imports from links."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from media.models import LinkImport
from transcription.api.serializers import FailureSerializer, JobOptionsSerializer


class LinkRequestSerializer(serializers.Serializer[Any]):
    """Asks for a song from a link."""

    url = serializers.CharField(
        max_length=2048, help_text="Of a sound or video file, or of a page that plays one song."
    )
    rights_confirmed = serializers.BooleanField(
        help_text="True: you may use this song. Without it nothing is fetched."
    )
    options = JobOptionsSerializer(required=False, help_text="Of the transcription that follows.")


class LinkSerializer(serializers.Serializer[Any]):
    """An import, described as on the websocket."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    state = serializers.ChoiceField(choices=LinkImport.State.choices)
    progress = serializers.FloatField(help_text="0..1; stays 0 while the sender does not say how much it is.")
    bytes = serializers.IntegerField(help_text="So many have come.")
    bytes_total = serializers.IntegerField(allow_null=True)
    title = serializers.CharField()
    artist = serializers.CharField()
    page_url = serializers.CharField(help_text="Where it was found in the end.")
    recording_id = serializers.UUIDField(allow_null=True)
    job_id = serializers.UUIDField(allow_null=True, help_text="The transcription that follows.")
    job_url = serializers.CharField(allow_null=True)
    failure = FailureSerializer(allow_null=True)
    rights_confirmed_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
