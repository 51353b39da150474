"""From an error to what its sender sees: a status and ``{code, message, details}``, or a page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts.core.errors import DrumError

logger = logging.getLogger(__name__)

# Whatever is not named here is a plain 400: the request was understood and cannot be done as it stands.
STATUS_BY_CODE = {
    "invalid_credentials": 401,
    "not_authenticated": 401,
    "token_invalid": 401,
    "token_expired": 401,
    "account_disabled": 403,
    "email_not_verified": 403,
    "permission_denied": 403,
    "wrong_password": 403,
    "jobs_held": 403,
    "links_off": 403,
    "not_found": 404,
    "not_ready": 409,
    "email_taken": 409,
    "last_admin": 409,
    "job_not_cancellable": 409,
    "job_not_retryable": 409,
    "link_not_cancellable": 409,
    "batch_not_cancellable": 409,
    "batch_not_retryable": 409,
    "revision_conflict": 409,
    "idempotency_conflict": 409,
    "idempotency_in_progress": 409,
    "file_missing": 410,
    "recording_deleted": 410,
    "notation_deleted": 410,
    "file_too_large": 413,
    "archive_too_large": 413,
    "batch_too_large": 413,
    "too_many_files": 413,
    "import_too_large": 413,
    "request_too_large": 413,
    "score_too_large": 413,
    "unsupported_format": 415,
    "archive_unsupported": 415,
    "import_unsupported": 415,
    "range_not_satisfiable": 416,
    "throttled": 429,
    "too_many_attempts": 429,
    "too_many_links": 429,
    "engraving_failed": 500,
    "pdf_backend_missing": 501,
    "storage_full": 507,
    "mail_not_sent": 503,
    "storage_unavailable": 503,
    "device_unavailable": 503,
    "weights_unreachable": 503,
    "weights_fetching_disabled": 503,
}


def status_of(error: DrumError) -> int:
    """Return the HTTP status that stands for ``error``."""
    return STATUS_BY_CODE.get(error.code, 400)


def as_json(error: DrumError) -> dict[str, Any]:
    """Return the body that every client gets for ``error``."""
    details = {key: value for key, value in error.details.items() if not key.startswith("_")}
    if error.hint:
        details["hint"] = error.hint
    return {"code": error.code, "message": str(error), "details": details}


def api_exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Give every refusal of the API the same shape; what is our own bug travels on."""
    if isinstance(exc, DrumError):
        return Response(as_json(exc), status=status_of(exc))
    response = exception_handler(exc, context)
    if response is None:
        return None
    response.data = _uniform(exc, response)
    return response


def _uniform(exc: Exception, response: Response) -> dict[str, Any]:
    if isinstance(exc, Http404 | exceptions.NotFound):
        return {"code": "not_found", "message": "There is nothing here.", "details": {}}
    if isinstance(exc, exceptions.ValidationError):
        return {
            "code": "invalid_input",
            "message": "Some fields are not right.",
            "details": {"fields": response.data},
        }
    if isinstance(exc, exceptions.Throttled):
        return {
            "code": "throttled",
            "message": "Too many requests; wait a little.",
            "details": {"retry_after_s": exc.wait},
        }
    if isinstance(exc, PermissionDenied):
        return {"code": "permission_denied", "message": "You may not do this.", "details": {}}
    return {"code": _code_of(exc), "message": _message_of(exc), "details": {}}


def _code_of(exc: Exception) -> str:
    if isinstance(exc, exceptions.AuthenticationFailed):
        return "token_expired" if "expired" in str(exc.detail).lower() else "token_invalid"
    codes = exc.get_codes() if isinstance(exc, exceptions.APIException) else "error"
    return codes if isinstance(codes, str) else "error"


def _message_of(exc: Exception) -> str:
    if isinstance(exc, exceptions.AuthenticationFailed):
        expired = _code_of(exc) == "token_expired"
        return "The token has expired; refresh it." if expired else "The token is not valid."
    return str(getattr(exc, "detail", exc))


class DrumErrorMiddleware:
    """Show a ``DrumError`` that leaves a page's view as a page, or as JSON where JSON was asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Translate what Django hands over; ``None`` lets our own bugs travel on."""
        if not isinstance(exception, DrumError):
            return None
        return error_response(request, exception)


def error_response(request: HttpRequest, error: DrumError) -> HttpResponse:
    """Return ``error`` as JSON or as a page, as the client asked."""
    status = status_of(error)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(as_json(error), status=status)
    context = {"code": error.code, "message": str(error), "hint": error.hint}
    return render(request, "drumsite/error.html", context, status=status)
