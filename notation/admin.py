"""Hits and notations, to look at."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.read_only_admin import ReadOnlyAdmin
from notation.models import Hit, HitSet, Notation, Revision


@admin.register(Hit)
class HitAdmin(ReadOnlyAdmin):
    """Single strokes."""

    list_display = ("ident", "onset_s", "instrument", "velocity", "confidence", "hit_set")
    list_filter = ("instrument",)
    search_fields = ("hit_set__id", "hit_set__recording__title")
    list_select_related = ("hit_set__recording",)


@admin.register(HitSet)
class HitSetAdmin(ReadOnlyAdmin):
    """All that one engine heard in one recording."""

    list_display = ("id", "recording", "engine", "created_at")
    list_filter = ("engine",)
    search_fields = ("id", "recording__title", "recording__owner__email")
    list_select_related = ("recording",)


@admin.register(Notation)
class NotationAdmin(ReadOnlyAdmin):
    """Scores."""

    list_display = ("title", "owner", "tempo_bpm", "hit_count", "revision", "recording", "created_at", "page")
    search_fields = ("id", "title", "owner__email")
    list_select_related = ("owner", "recording")
    date_hierarchy = "created_at"
    exclude = ("score",)
    readonly_fields = ("page",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notation]:
        """Leave the scores themselves where they are; they are large."""
        return super().get_queryset(request).defer("score")

    @admin.display(description="page")
    def page(self, notation: Notation) -> SafeString | str:
        """Lead to the score."""
        if notation.deleted_at is not None:
            return "deleted"
        return format_html('<a href="{}">open</a>', reverse("score", args=[notation.pk]))


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    """Who changed what in a score, when."""

    list_display = ("notation", "number", "kind", "author", "said", "created_at")
    list_filter = ("kind",)
    search_fields = ("notation__id", "notation__title", "author__email")
    list_select_related = ("notation", "author")
    date_hierarchy = "created_at"
    exclude = ("score",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        """Leave the scores themselves where they are; they are large."""
        return super().get_queryset(request).defer("score", "notation__score")

    @admin.display(description="summary")
    def said(self, revision: Revision) -> str:
        """Say the change in musical words."""
        return "; ".join(revision.summary[:5])
