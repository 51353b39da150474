"""Recordings and artifacts for moderators, to look at and to listen to; acts go through the services."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html

from accounts.core.errors import DrumError
from accounts.read_only_admin import ReadOnlyAdmin, ReasonForm, reason_of
from media.models import Artifact, LinkImport, Recording
from media.services import delete_recording, restore_recording


class _StoredFileAdmin(ReadOnlyAdmin):
    """Rows with a file."""

    @admin.display(description="size", ordering="bytes")
    def size(self, row: Recording | Artifact) -> str:
        return filesizeformat(row.bytes)


@admin.register(Recording)
class RecordingAdmin(_StoredFileAdmin):
    """What people brought; every act of a moderator is in the history of the recording."""

    action_form = ReasonForm
    list_display = ["title", "owner", "state", "container", "duration_s", "size", "created_at", "deleted_at"]
    list_filter = ["state", "source", "container", "has_video", ("deleted_at", admin.EmptyFieldListFilter)]
    search_fields = ["title", "original_name", "owner__email", "sha256", "id"]
    list_select_related = ["owner"]
    date_hierarchy = "created_at"
    exclude = ["file", "peaks"]
    readonly_fields = ["listen", "size"]
    actions = ["delete_softly", "restore"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recording]:
        return super().get_queryset(request).defer("peaks")

    @admin.display(description="sound")
    def listen(self, recording: Recording) -> str:
        if recording.is_deleted:
            return "deleted"
        return format_html('<a href="{}">listen</a>', reverse("recording_audio", args=[recording.pk]))

    @admin.action(description="Delete (can be restored until purged)", permissions=["view"])
    def delete_softly(self, request: HttpRequest, recordings: QuerySet[Recording]) -> None:
        reason = reason_of(request)
        for recording in recordings:
            if recording.owner_id != request.user.pk and not reason:
                self.message_user(
                    request, f"{recording.title}: Say why it is deleted, for it is not yours.", messages.ERROR
                )
                continue
            self._act(
                request, recording, lambda chosen: delete_recording(recording=chosen), f"deleted: {reason}"
            )

    @admin.action(description="Restore", permissions=["view"])
    def restore(self, request: HttpRequest, recordings: QuerySet[Recording]) -> None:
        reason = reason_of(request)
        for recording in recordings:
            self._act(
                request, recording, lambda chosen: restore_recording(recording=chosen), f"restored: {reason}"
            )

    def _act(
        self, request: HttpRequest, recording: Recording, act: Callable[[Recording], object], record: str
    ) -> None:
        """Do one thing to one recording; leave a line in its history, or say why it was refused."""
        try:
            act(recording)
        except DrumError as error:
            self.message_user(request, f"{recording.title}: {error} {error.hint}".strip(), messages.ERROR)
            return
        record = record.removesuffix(": ")
        self.log_change(request, recording, record)
        self.message_user(request, f"{recording.title}: {record}", messages.SUCCESS)


@admin.register(Artifact)
class ArtifactAdmin(_StoredFileAdmin):
    """What the stages made."""

    list_display = ["kind", "stage", "job_id", "recording", "size", "made_by", "created_at", "download"]
    list_filter = ["stage", "kind"]
    search_fields = ["id", "job_id", "recording__title", "recording__owner__email", "sha256"]
    list_select_related = ["recording"]
    exclude = ["file"]
    readonly_fields = ["download", "size"]

    @admin.display(description="file")
    def download(self, artifact: Artifact) -> str:
        return format_html('<a href="{}">download</a>', reverse("moderator_artifact", args=[artifact.pk]))


@admin.register(LinkImport)
class LinkImportAdmin(ReadOnlyAdmin):
    """What people asked to have fetched, and that they said they may use it."""

    list_display = ["url", "owner", "state", "failure_code", "rights_confirmed_at", "recording", "created_at"]
    list_filter = ["state", "failure_code"]
    search_fields = ["url", "page_url", "title", "owner__email", "id"]
    list_select_related = ["owner", "recording"]
    date_hierarchy = "created_at"
    exclude = ["lease_token"]
