"""What the API says about notations."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from notation.models import Notation


class NotationSerializer(serializers.ModelSerializer[Notation]):
    """A notation in a list."""

    hit_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Notation
        fields = (
            "id",
            "title",
            "tempo_bpm",
            "meters",
            "hit_count",
            "recording_id",
            "job_id",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class NotationDetailSerializer(NotationSerializer):
    """A notation with its whole score (schema ``drumsite.score/2``)."""

    score = serializers.SerializerMethodField()

    class Meta(NotationSerializer.Meta):
        fields = (*NotationSerializer.Meta.fields, "score")
        read_only_fields = fields

    def get_score(self, notation: Notation) -> dict[str, Any]:
        """Return the stored score."""
        score: dict[str, Any] = notation.score
        return score
