"""What the API says about notations, and what it takes."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from notation.core.engraving.engrave import SCREEN_WIDTHS_PX
from notation.core.quantising.quantise_config import GridChoice, SwingChoice
from notation.core.quantising.regrid import GridChanges
from notation.core.writers.exports import ExportOptions
from notation.models import Notation, Revision
from notation.revisions import author_name
from notation.selectors import is_own, may_edit_all

MOST_COMMANDS = 500
_METER = re.compile(r"(\d{1,2})/(2|4|8|16)")


class NotationSerializer(serializers.ModelSerializer[Notation]):
    """A notation in a list."""

    can_edit = serializers.SerializerMethodField(help_text="Whether you may change it; else you may read it.")

    class Meta:
        model = Notation
        fields = (
            "id",
            "revision",
            "title",
            "artist",
            "tempo_bpm",
            "meters",
            "hit_count",
            "bar_count",
            "duration_s",
            "kit_profile",
            "can_edit",
            "recording_id",
            "job_id",
            "created_at",
            "updated_at",
            "deleted_at",
        )
        read_only_fields = fields

    def get_can_edit(self, notation: Notation) -> bool:
        return is_own(self.context["request"].user, notation) or self._may_edit_all

    @cached_property
    def _may_edit_all(self) -> bool:
        return may_edit_all(self.context["request"].user)  # all rows of a list have this one serializer


class NotationDetailSerializer(NotationSerializer):
    """A notation with its whole score (schema ``drumsite.score/2``)."""

    score = serializers.DictField(read_only=True, help_text="The stored score.")

    class Meta(NotationSerializer.Meta):
        fields = (*NotationSerializer.Meta.fields, "score")
        read_only_fields = fields


class ImportFindingSerializer(serializers.Serializer[Any]):
    """Something in a file that could not be kept, or not as it was."""

    code = serializers.CharField()
    message = serializers.CharField()
    bar = serializers.IntegerField(allow_null=True, help_text="Where it happened first.")
    count = serializers.IntegerField(help_text="How often it happened.")


class ImportedNotationSerializer(NotationDetailSerializer):
    """A notation just made from a file."""

    report = serializers.SerializerMethodField()

    class Meta(NotationDetailSerializer.Meta):
        fields = (*NotationDetailSerializer.Meta.fields, "report")
        read_only_fields = fields

    @extend_schema_field(ImportFindingSerializer(many=True))
    def get_report(self, notation: Notation) -> Any:
        return ImportFindingSerializer(self.context["report"], many=True).data


class RevisionSerializer(serializers.ModelSerializer[Revision]):
    """A revision in a list: who changed what, when."""

    revision = serializers.IntegerField(source="number")
    author = serializers.SerializerMethodField(help_text="Empty when the account is gone.")
    of_revision = serializers.IntegerField(
        source="of_number", allow_null=True, help_text="The revision that was gone back to, if any."
    )
    summary = serializers.ListField(child=serializers.CharField(), help_text="In musical words.")
    changed_bars = serializers.ListField(child=serializers.IntegerField())

    class Meta:
        model = Revision
        fields = ("revision", "author", "created_at", "kind", "of_revision", "summary", "changed_bars")
        read_only_fields = fields

    def get_author(self, revision: Revision) -> str:
        return author_name(revision)


class RevisionDetailSerializer(RevisionSerializer):
    """A revision with its whole score."""

    score = serializers.DictField(read_only=True, help_text="The stored score.")

    class Meta(RevisionSerializer.Meta):
        fields = (*RevisionSerializer.Meta.fields, "score")
        read_only_fields = fields


class EditedSerializer(serializers.Serializer[Any]):
    """What came of a change."""

    revision = serializers.IntegerField(help_text="The revision that the notation is at now.")
    summary = serializers.ListField(child=serializers.CharField())
    changed_bars = serializers.ListField(child=serializers.IntegerField())
    rebuilt = serializers.BooleanField(help_text="Bars came, went or were cut anew: fetch the whole picture.")
    bars = serializers.DictField(
        child=serializers.CharField(),
        help_text="Each changed bar alone as SVG, by its number; empty if rebuilt or more than 16 changed.",
    )


class BaseRevisionSerializer(serializers.Serializer[Any]):
    """Every change names the revision that its writer saw."""

    base_revision = serializers.IntegerField(min_value=1)


class CommandsSerializer(BaseRevisionSerializer):
    """Edit commands, done all or none."""

    commands = serializers.ListField(child=serializers.DictField(), min_length=1, max_length=MOST_COMMANDS)


class ScoreSerializer(BaseRevisionSerializer):
    """A whole score (schema ``drumsite.score/2``)."""

    score = serializers.DictField()


class DetailsSerializer(serializers.Serializer[Any]):
    """What can be changed without naming a revision."""

    title = serializers.CharField(max_length=200, required=False)
    artist = serializers.CharField(max_length=200, required=False, allow_blank=True)
    kit_profile = serializers.DictField(
        required=False, help_text="How it is to be drawn; {} is the house's own way (PAS/Weinberg)."
    )


@extend_schema_field(OpenApiTypes.STR)
class MeterField(serializers.Field[Any, Any, Any, Any]):
    """A time signature such as ``6/8``, as a pair of integers."""

    default_error_messages = {"invalid": "This must be a time signature such as 4/4, 3/4 or 6/8."}

    def to_internal_value(self, data: Any) -> tuple[int, int]:
        match = _METER.fullmatch(data) if isinstance(data, str) else None
        if match is None or not 1 <= int(match[1]) <= 32:
            self.fail("invalid")
        return int(match[1]), int(match[2])

    def to_representation(self, value: tuple[int, int]) -> str:
        return "{}/{}".format(*value)


class WritingChoicesSerializer(serializers.Serializer[Any]):
    """How hits are to be written down."""

    grid = serializers.ChoiceField(
        choices=[choice.value for choice in GridChoice], default="auto", help_text="The finest notes."
    )
    swing = serializers.ChoiceField(choices=[choice.value for choice in SwingChoice], default="auto")


class RequantiseSerializer(BaseRevisionSerializer, WritingChoicesSerializer):
    """How the hits are to be written down anew; what is left out stays as it was heard."""

    tempo_bpm = serializers.FloatField(required=False, min_value=1, max_value=1000)
    meter = MeterField(required=False)
    bar_one_s = serializers.FloatField(
        required=False, min_value=0, max_value=86_400, help_text="The second at which bar 1 begins."
    )
    pickup_beats = serializers.IntegerField(
        required=False, min_value=0, max_value=32, help_text="How many beats come before bar 1."
    )

    def grid_changes(self) -> GridChanges:
        """Return what is said about the beats."""
        said = self.validated_data
        names = ("tempo_bpm", "meter", "bar_one_s", "pickup_beats")
        return GridChanges(**{name: said.get(name) for name in names})


class EventSerializer(serializers.Serializer[Any]):
    """One stroke."""

    onset_s = serializers.FloatField(min_value=0)
    instrument = serializers.CharField()
    velocity = serializers.IntegerField(min_value=1, max_value=127, required=False)


class BeatSerializer(serializers.Serializer[Any]):
    """One felt beat."""

    time_s = serializers.FloatField()
    bar = serializers.IntegerField()
    beat = serializers.IntegerField(min_value=1)


class GivenEventsSerializer(WritingChoicesSerializer):
    """Strokes to be written down, as the API describes them."""

    title = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    artist = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    tempo_bpm = serializers.FloatField(min_value=20, max_value=400, help_text="Felt beats a minute.")
    meter = MeterField(required=False, default=(4, 4))
    events = EventSerializer(many=True, help_text="At most 20,000, in any order.")
    beats = BeatSerializer(
        many=True, required=False, help_text="Where the beats are, if the tempo is not steady from second 0."
    )


class EventsSerializer(GivenEventsSerializer):
    """The same with the lists unread: a serializer for each of 20,000 events takes seconds."""

    events = serializers.JSONField()
    beats = serializers.JSONField(required=False, default=list)

    def validate_events(self, value: Any) -> list[Any]:
        return _a_list(value)

    def validate_beats(self, value: Any) -> list[Any]:
        return _a_list(value)


class ScoreFileSerializer(serializers.Serializer[Any]):
    """A chart from another program."""

    file = serializers.FileField(help_text="MusicXML (.musicxml, .mxl), MIDI or our own JSON.")


class TitleSerializer(serializers.Serializer[Any]):
    """What the copy is to be called."""

    title = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class ValidateSerializer(serializers.Serializer[Any]):
    """What is to be checked, without changing anything: commands or a whole score."""

    commands = serializers.ListField(
        child=serializers.DictField(), min_length=1, max_length=MOST_COMMANDS, required=False
    )
    score = serializers.DictField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take one of the two."""
        if ("commands" in attrs) == ("score" in attrs):
            raise serializers.ValidationError("Send either commands or a score.")
        return attrs


class FaultSerializer(serializers.Serializer[Any]):
    """What is wrong."""

    code = serializers.CharField()
    message = serializers.CharField(source="*")
    details = serializers.DictField()


class ValidatedSerializer(serializers.Serializer[Any]):
    """Whether it could be done."""

    valid = serializers.BooleanField()
    errors = FaultSerializer(many=True)


class RangeSerializer(serializers.Serializer[Any]):
    """Two revisions to compare."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # ``from`` is a word of Python.
        return {
            "from": serializers.IntegerField(min_value=1),
            "to": serializers.IntegerField(min_value=1),
        }


class DiffSerializer(serializers.Serializer[Any]):
    """What differs between two revisions."""

    summary = serializers.ListField(child=serializers.CharField())
    changed_bars = serializers.ListField(child=serializers.IntegerField())
    added = serializers.ListField(child=serializers.CharField(), help_text="Ids of hits.")
    removed = serializers.ListField(child=serializers.CharField(), help_text="Ids of hits.")
    changed = serializers.ListField(child=serializers.CharField(), help_text="Ids of hits.")


class TempoCountSerializer(serializers.Serializer[Any]):
    """Charts between two tempi."""

    from_bpm = serializers.IntegerField()
    to_bpm = serializers.IntegerField()
    charts = serializers.IntegerField()


class MeterCountSerializer(serializers.Serializer[Any]):
    """Charts that begin in a meter."""

    meter = serializers.CharField()
    charts = serializers.IntegerField()


class GrooveExampleSerializer(serializers.Serializer[Any]):
    """A bar that shows a groove."""

    notation = serializers.UUIDField()
    title = serializers.CharField()
    bar = serializers.IntegerField()


class GrooveSerializer(serializers.Serializer[Any]):
    """A bar pattern, without ghost notes and crashes."""

    meter = serializers.CharField()
    strokes = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="For each instrument its places, in quarters from the bar's start.",
    )
    bars = serializers.IntegerField()
    charts = serializers.IntegerField()
    example = GrooveExampleSerializer()


class OverviewSerializer(serializers.Serializer[Any]):
    """A person's charts, taken together."""

    charts = serializers.IntegerField()
    bars = serializers.IntegerField()
    hits = serializers.IntegerField()
    minutes = serializers.FloatField()
    tempi = TempoCountSerializer(many=True)
    meters = MeterCountSerializer(many=True)
    grooves = GrooveSerializer(many=True, help_text="The ten played in most bars of your 200 newest charts.")


class DrawingSerializer(serializers.Serializer[Any]):
    """Which drawing is wanted."""

    width = serializers.ChoiceField(choices=list(SCREEN_WIDTHS_PX), default="desktop")
    revision = serializers.IntegerField(min_value=1, required=False, default=None)
    profile = serializers.CharField(max_length=40, required=False, default="")


class ExportSerializer(serializers.Serializer[Any]):
    """What may be chosen of a download; what is unknown, ``exports`` refuses by name."""

    paper = serializers.CharField(max_length=20, default=ExportOptions().paper)
    width = serializers.CharField(max_length=20, default=ExportOptions().width)
    note_map = serializers.CharField(max_length=40, default=ExportOptions().note_map)
    profile = serializers.CharField(max_length=40, default="")
    revision = serializers.IntegerField(min_value=1, required=False, default=None)


def _a_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise serializers.ValidationError("This must be a list.")
    return value
