"""Recordings as the API shows and takes them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from media.models import Recording
from media.selectors import earlier_upload_of


class SoundTrackSerializer(serializers.Serializer[Any]):
    """A sound track of a recording's file."""

    index = serializers.IntegerField(help_text="Counted from 0 in the file's order.")
    codec = serializers.CharField(help_text="Empty when nobody knows it: such a track cannot be read.")
    channels = serializers.IntegerField()
    rate = serializers.IntegerField(help_text="Samples a second.")
    language = serializers.CharField(help_text="The file's own word, mostly of ISO 639-2; may be empty.")
    title = serializers.CharField(help_text="May be empty.")
    is_default = serializers.BooleanField(help_text="This one is heard unless another is chosen.")


class RecordingSerializer(serializers.ModelSerializer[Recording]):
    """A recording, without its waveform, which has an address of its own."""

    tracks = SoundTrackSerializer(many=True, read_only=True)
    audio_url = serializers.SerializerMethodField(help_text="The sound; needs the same authorisation.")
    peaks_url = serializers.SerializerMethodField(help_text="The waveform, once the sound has been decoded.")

    class Meta:
        model = Recording
        fields = [
            "id",
            "owner",
            "title",
            "source",
            "source_url",
            "artist",
            "original_name",
            "container",
            "codec",
            "bytes",
            "sha256",
            "duration_s",
            "channels",
            "sample_rate",
            "has_video",
            "tracks",
            "state",
            "failure_code",
            "warnings",
            "created_at",
            "deleted_at",
            "purge_after",
            "audio_url",
            "peaks_url",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "duration_s": {
                "help_text": "Seconds; from the header until the sound has been decoded, may be null."
            },
            "source_url": {"help_text": "The page that a song from a link came from."},
            "failure_code": {"help_text": "Why the sound cannot be used, if `state` is `failed`."},
        }

    @extend_schema_field(OpenApiTypes.URI)
    def get_audio_url(self, recording: Recording) -> str:
        return self._url("recording-audio", recording)

    @extend_schema_field(OpenApiTypes.URI)
    def get_peaks_url(self, recording: Recording) -> str:
        return self._url("recording-peaks", recording)

    def _url(self, name: str, recording: Recording) -> str:
        return str(reverse(name, args=[recording.pk], request=self.context.get("request")))


class CreatedRecordingSerializer(RecordingSerializer):
    """A recording just made."""

    already_uploaded_as = serializers.SerializerMethodField(
        help_text="Your earlier recording with the same content, if any; the two are independent."
    )

    class Meta(RecordingSerializer.Meta):
        fields = [*RecordingSerializer.Meta.fields, "already_uploaded_as"]
        read_only_fields = fields

    @extend_schema_field({"type": "string", "format": "uuid", "nullable": True})
    def get_already_uploaded_as(self, recording: Recording) -> str | None:
        earlier = earlier_upload_of(recording)
        return str(earlier.pk) if earlier else None


class RecordingUploadSerializer(serializers.Serializer[Any]):
    """What to send to make a recording."""

    # Emptiness is refused by the service, with the code that stands for it everywhere.
    file = serializers.FileField(allow_empty_file=True, help_text="Audio or video; the content decides.")
    title = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Default: the file's name."
    )


class RecordingTitleSerializer(serializers.Serializer[Any]):
    """What can be changed."""

    title = serializers.CharField(max_length=200, allow_blank=True)


class PeaksSerializer(serializers.Serializer[Any]):
    """A waveform: pairs of the lowest and the highest value, where `scale` is full scale."""

    duration_s = serializers.FloatField()
    scale = serializers.IntegerField()
    peaks = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    )
