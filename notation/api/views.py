"""``/api/v1/notations/``: reading scores."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.serializers import BaseSerializer

from notation.api.serializers import NotationDetailSerializer, NotationSerializer
from notation.models import Notation
from notation.selectors import notations_with_hit_counts

UUID_PATTERN = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


@extend_schema_view(
    list=extend_schema(summary="List my notations"),
    retrieve=extend_schema(summary="Read a notation with its score"),
)
class NotationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Notation]):
    """Scores; everybody else's are 404."""

    queryset = Notation.objects.none()
    filterset_fields = ("recording", "job_id")
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> QuerySet[Notation]:
        """Return what the caller may read, without scores in a list."""
        notations = notations_with_hit_counts(self.request.user)
        return notations.defer("score") if self.action == "list" else notations

    def get_serializer_class(self) -> type[BaseSerializer[Notation]]:
        """Give the score only of one notation."""
        return NotationSerializer if self.action == "list" else NotationDetailSerializer
