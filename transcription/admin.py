"""Moderation of jobs: look, listen, cancel, retry, hold, release, delete; every act leaves an event.

And a page to look at: which networks are here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.admin import UserAdmin
from accounts.core.errors import DrumError
from accounts.models import User
from accounts.read_only_admin import ReadOnlyAdmin, ReadOnlyInline, ReasonForm, reason_of
from accounts.roles import is_moderator
from media.selectors import artifacts_of_job
from transcription.models import Job, JobEvent, StageRun
from transcription.services import cancel_job, delete_job, hold_user, release_user, retry_job
from transcription.weights import engines_here


class StageRunInline(ReadOnlyInline):
    """The job's stages."""

    model = StageRun
    fields = (
        "stage",
        "status",
        "attempt",
        "seconds",
        "engine",
        "lease_holder",
        "heartbeat_at",
        "finished_at",
    )
    readonly_fields = fields


class JobEventInline(ReadOnlyInline):
    """What happened, who did it and why."""

    model = JobEvent
    fields = ("at", "kind", "actor", "reason", "data")
    readonly_fields = fields


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs of everybody, changed by actions that leave events."""

    list_display = (
        "id",
        "title",
        "requested_by",
        "live_status",
        "failure_code",
        "created_at",
        "held",
        "deleted",
    )
    list_filter = (
        "status",
        "stage",
        "failure_code",
        ("deleted_at", admin.EmptyFieldListFilter),
        "requested_by__jobs_held",
        "created_at",
    )
    search_fields = ("id", "recording__title", "requested_by__email", "failure_code")
    list_select_related = ("recording", "requested_by")
    date_hierarchy = "created_at"
    action_form = ReasonForm
    actions = ("cancel", "retry", "hold", "release", "delete_with_reason")
    inlines = (StageRunInline, JobEventInline)
    fields = (
        "id", "recording", "requested_by", "batch", "live_status", "page", "files", "options", "warnings",
        "failure_code", "failure_message", "failure_details", "created_at", "started_at", "finished_at",
        "deleted_at",
    )  # fmt: skip
    readonly_fields = fields

    class Media:
        js = (Script("js/admin/live_jobs.js", type="module"),)

    @admin.display(description="title")
    def title(self, job: Job) -> str:
        """Name the song."""
        return str(job.options.get("title") or job.recording.title)

    @admin.display(description="status", ordering="status")
    def live_status(self, job: Job) -> SafeString:
        """Show how it stands; a script keeps it up to date."""
        done = f"{job.progress:.0%}" if not job.is_finished else ""
        return format_html(
            '<span data-live-job="{}" data-finished="{}">{} {} {}</span>',
            job.pk, int(job.is_finished), job.status, job.stage, done,
        )  # fmt: skip

    @admin.display(description="held", boolean=True)
    def held(self, job: Job) -> bool:
        """Say whether its owner's jobs are on hold."""
        return bool(job.requested_by.jobs_held)

    @admin.display(description="deleted", boolean=True)
    def deleted(self, job: Job) -> bool:
        """Say whether it was deleted."""
        return job.deleted_at is not None

    @admin.display(description="page")
    def page(self, job: Job) -> SafeString | str:
        """Lead to the job as its owner sees it."""
        if job.deleted_at is not None:
            return "deleted"
        return format_html('<a href="{}">open</a>', reverse("job", args=[job.pk]))

    @admin.display(description="files")
    def files(self, job: Job) -> SafeString | str:
        """Lead to everything that its stages made."""
        rows = (
            (reverse("moderator_artifact", args=[artifact.pk]), artifact.kind, artifact.bytes)
            for artifact in artifacts_of_job(job.pk)
        )
        return format_html_join(", ", '<a href="{}">{}</a> ({} bytes)', rows) or "none yet"

    @admin.action(description="Cancel", permissions=["view"])
    def cancel(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Stop the chosen jobs."""
        reason = reason_of(request)
        self._each(request, jobs, lambda job: cancel_job(job=job, by=request.user, reason=reason))

    @admin.action(description="Retry", permissions=["view"])
    def retry(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Run the chosen jobs again from where they failed."""
        reason = reason_of(request)
        self._each(request, jobs, lambda job: retry_job(job=job, by=request.user, reason=reason))

    @admin.action(description="Delete", permissions=["view"])
    def delete_with_reason(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Take the chosen jobs out of every list."""
        reason = reason_of(request)
        self._each(request, jobs, lambda job: delete_job(job=job, by=request.user, reason=reason))

    @admin.action(description="Hold all jobs of these people", permissions=["view"])
    def hold(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Let none of their jobs begin another stage."""
        reason = reason_of(request)
        self._each(
            request,
            _one_job_each(jobs),
            lambda job: hold_user(user=job.requested_by, by=request.user, reason=reason),
        )

    @admin.action(description="Release all jobs of these people", permissions=["view"])
    def release(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        """Let their jobs go on."""
        reason = reason_of(request)
        self._each(
            request,
            _one_job_each(jobs),
            lambda job: release_user(user=job.requested_by, by=request.user, reason=reason),
        )

    def _each(self, request: HttpRequest, jobs: Any, act: Callable[[Job], Any]) -> None:
        done = 0
        for job in jobs:
            try:
                act(job)
            except DrumError as error:
                self.message_user(request, f"{self.title(job)}: {error} {error.hint}", messages.ERROR)
            else:
                done += 1
        if done:
            self.message_user(request, f"Done for {done}.")


def _one_job_each(jobs: QuerySet[Job]) -> list[Job]:
    return list({job.requested_by_id: job for job in jobs.select_related("requested_by")}.values())


def models_page(request: HttpRequest) -> HttpResponse:
    """Show which networks are here and whether they are verified; staff only, as its address sees to."""
    context = {**admin.site.each_context(request), "title": "Models", "states": engines_here()}
    return render(request, "admin/models.html", context)


# accounts knows of no jobs: their moderation joins its page of people from here.
admin.site.unregister(User)


@admin.register(User)
class UserAndJobsAdmin(UserAdmin):
    """People, whose jobs moderators hold and release, also before there are any."""

    action_form = ReasonForm
    actions = ("hold", "release", *UserAdmin.actions)

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Ask who may hold jobs; the admin site calls this for actions with ``permissions=["moderate"]``."""
        return is_moderator(request.user)

    @admin.action(description="Hold all jobs of these people", permissions=["moderate"])
    def hold(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Let none of their jobs begin another stage."""
        reason = reason_of(request)
        for user in users:
            self.act(
                request,
                user,
                lambda user=user: hold_user(user=user, by=request.user, reason=reason),
                f"Held the jobs. {reason}",
            )

    @admin.action(description="Release all jobs of these people", permissions=["moderate"])
    def release(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Let their jobs go on."""
        reason = reason_of(request)
        for user in users:
            self.act(
                request,
                user,
                lambda user=user: release_user(user=user, by=request.user, reason=reason),
                f"Released the jobs. {reason}".strip(),
            )
