"""Admin pages of rows that only the site itself writes, and the reason that moderators give for an act."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.http import HttpRequest

from accounts.core.text import readable


class ReasonForm(ActionForm):
    """The action list, with room to say why."""

    reason = forms.CharField(required=False, max_length=1000, label="Reason")


def reason_of(request: HttpRequest) -> str:
    """Return what was written into a :class:`ReasonForm`."""
    return readable(request.POST.get("reason", ""))


class ReadOnly:
    """Refuses adding, changing and deleting; what may be done, an action does, through a service."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """A list and pages to look at."""


class ReadOnlyInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    """Rows of another to look at."""

    extra = 0
    can_delete = False
