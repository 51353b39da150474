"""The page of charts that no transcription lies behind: imported, entered, copied."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from accounts.core.errors import DrumError
from notation.api.throttling import counts_as_writing
from notation.forms import ImportForm, refuse_long_form
from notation.selectors import charts_of, deleted_notations_of, notations_visible_to
from notation.services import create_from_file, delete_notation, duplicate_notation, undelete_notation

_ROWS_A_PAGE = 20
_DELETED_SHOWN = 20
_FINDINGS_TOLD = 8


@login_required
@require_safe
def charts_page(request: HttpRequest) -> HttpResponse:
    """Show one's charts, and the place to import one."""
    return render(request, "notation/charts.html", _context(request, ImportForm()))


def _refuses_long_forms(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refuse a form that is too long. The check of the CSRF token reads the form, so it comes after this."""
    protected = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def measure_then_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refuse_long_form(request)
        return protected(request, *args, **kwargs)

    return measure_then_view


@_refuses_long_forms
@login_required
@require_POST
@counts_as_writing
def chart_import(request: HttpRequest) -> HttpResponse:
    """Make a notation of a file, and say on its page what could not be kept."""
    form = ImportForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            notation, report = create_from_file(
                owner=request.user, data=file.read(), file_name=file.name or ""
            )
        except DrumError as error:
            form.add_error(None, f"{error} {error.hint}".strip())
        else:
            for finding in report[:_FINDINGS_TOLD]:
                messages.warning(request, finding.message)
            return redirect("score", notation.pk)
    return render(request, "notation/charts.html", _context(request, form), status=400)


@login_required
@require_POST
def notation_copy(request: HttpRequest, notation_id: UUID) -> HttpResponse:
    """Copy a notation and show the copy."""
    notation = get_object_or_404(notations_visible_to(request.user), pk=notation_id)
    return redirect("score", duplicate_notation(notation=notation, by=request.user).pk)


@login_required
@require_POST
def notation_delete(request: HttpRequest, notation_id: UUID) -> HttpResponse:
    """Delete a notation; it can be restored from the same page."""
    notation = get_object_or_404(notations_visible_to(request.user), pk=notation_id)
    delete_notation(notation=notation, by=request.user)
    messages.success(request, f"“{notation.title}” was deleted.")
    return redirect("charts")


@login_required
@require_POST
def notation_restore(request: HttpRequest, notation_id: UUID) -> HttpResponse:
    """Bring a deleted notation back."""
    notation = get_object_or_404(notations_visible_to(request.user, deleted=True), pk=notation_id)
    undelete_notation(notation=notation, by=request.user)
    return redirect("score", notation.pk)


def _context(request: HttpRequest, form: ImportForm) -> dict[str, Any]:
    page = Paginator(charts_of(request.user), _ROWS_A_PAGE).get_page(request.GET.get("page"))
    deleted = deleted_notations_of(request.user).filter(owner=request.user).order_by("-deleted_at")
    return {
        "form": form,
        "page_obj": page,
        "charts": page.object_list,
        "deleted": deleted[:_DELETED_SHOWN],
        "max_mb": settings.SCORE_FILE_MAX_MB,
        "kept_days": settings.RETENTION_DAYS,
    }
