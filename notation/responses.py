"""Answers that the pages and the API share: pictures and files that say which revision they are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header, quote_etag
from rest_framework.request import Request

from notation.files import download_name, exported
from notation.models import Notation
from notation.pictures import version_of

# A picture shown by itself is a document; it gets no rights at all.
_NO_RIGHTS = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"


def export_response(
    request: HttpRequest | Request, notation: Notation, fmt: str, asked: Mapping[str, Any]
) -> HttpResponseBase:
    """Send ``notation`` as a file to somebody who may see it, or say that it has not changed."""
    paper, width, note_map = asked["paper"], asked["width"], asked["note_map"]
    number, kit = asked["revision"], asked["profile"]

    def write() -> HttpResponse:
        file = exported(
            notation, fmt, paper=paper, width=width, note_map=note_map, profile=kit, number=number
        )
        response = HttpResponse(file.content, content_type=file.media_type)
        name = download_name(notation, file.ending)
        response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        return response

    chosen = (fmt, paper, width, note_map, settings.PDF_BACKEND)
    version = version_of(notation, "export", *chosen, number=number, kit=kit)
    return conditional(request, version, write)


def svg_response(svg: str) -> HttpResponse:
    """Send a picture."""
    response = HttpResponse(svg, content_type="image/svg+xml")
    response["Content-Security-Policy"] = _NO_RIGHTS
    return response


def conditional(
    request: HttpRequest | Request, version: str, make: Callable[[], HttpResponse]
) -> HttpResponseBase:
    """Answer 304 to somebody who has this version; only else is it made."""
    plain = request._request if isinstance(request, Request) else request
    etag = quote_etag(version)
    response = get_conditional_response(plain, etag=etag) or make()
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    return response
