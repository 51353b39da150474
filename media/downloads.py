"""Sending stored files: whole, in parts (so that a player can seek), or by signed link.

The caller has authorised the request; nothing here asks who it is.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage
from django.core.handlers.asgi import ASGIRequest
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase, HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.utils.encoding import filepath_to_uri
from django.utils.http import content_disposition_header, http_date, quote_etag
from rest_framework.request import Request

from media.errors import FileMissing, RangeNotSatisfiable
from media.models import Recording
from media.storage import local_path, signing

_CHUNK_BYTES = 1 << 18
# No file has more bytes than 18 digits say, and Python refuses to read numbers of thousands of digits.
_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*\Z")
# Documents that a browser would run scripts in: shown by themselves they get no rights at all.
_ACTIVE_TYPES = frozenset(
    {"image/svg+xml", "text/html", "application/xhtml+xml", "application/xml", "text/xml"}
)
_NO_RIGHTS = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"

_TYPE_OF_CONTAINER = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "aiff": "audio/aiff",
    "wma": "audio/x-ms-wma",
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
}
_TYPE_WITHOUT_PICTURE = {"webm": "audio/webm", "mkv": "audio/x-matroska"}
# Whatever is in them, some browser may play these as video; of the others none does.
_SHOWN_IN_BROWSERS = frozenset({"mp4", "mov", "webm", "mkv"})


def has_playable_picture(recording: Recording) -> bool:
    """Whether a browser may be able to show the recording's picture; it has to try."""
    return recording.has_video and recording.container in _SHOWN_IN_BROWSERS and not recording.is_deleted


def recording_content_type(container: str, *, has_video: bool) -> str:
    """Return the content type of an upload, from what was found in it."""
    if not has_video and container in _TYPE_WITHOUT_PICTURE:
        return _TYPE_WITHOUT_PICTURE[container]
    return _TYPE_OF_CONTAINER.get(container, "application/octet-stream")


def protected_response(
    request: HttpRequest | Request,
    file: FieldFile,
    *,
    filename: str,
    content_type: str,
    sha256: str = "",
    modified_at: datetime | None = None,
    as_attachment: bool = False,
) -> HttpResponseBase:
    """Return the answer that brings ``file`` to whoever sent ``request``.

    From S3, sound, video and what is to be saved are a redirect to a link that works for minutes; what pages
    fetch is streamed, for their policy lets scripts fetch from this site only. Behind nginx
    (``settings.X_ACCEL_PREFIX``) nginx is told to send it; otherwise it is streamed. Streaming knows HEAD,
    ``Range`` with ``If-Range`` (206, 416), ``If-None-Match`` and ``If-Modified-Since`` (304); several ranges
    at once get the whole file.

    Args:
        filename: what a browser saves it as; any text.
        content_type: decided by us, never by the uploader.
        sha256: makes the ``ETag``; the content under a row can be replaced, so rows need it.
    Raises:
        FileMissing: there is no such file any more.
    """
    http = request._request if isinstance(request, Request) else request
    disposition = content_disposition_header(as_attachment, safe_filename(filename)) or "inline"
    storage, name = file.storage, file.name or ""
    signer = signing(storage)
    if signer is not None and (as_attachment or content_type.startswith(("audio/", "video/"))):
        link = signer.signed_url(name, disposition=disposition, content_type=content_type)
        redirect = HttpResponseRedirect(link)
        redirect["Cache-Control"] = "private, no-store"  # the link runs out
        return redirect

    headers = {
        "Content-Disposition": disposition,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
        "Accept-Ranges": "bytes",
    }
    if content_type in _ACTIVE_TYPES:
        headers["Content-Security-Policy"] = _NO_RIGHTS
    if sha256:
        headers["ETag"] = quote_etag(sha256)
    if modified_at is not None:
        headers["Last-Modified"] = http_date(modified_at.timestamp())

    if settings.X_ACCEL_PREFIX and local_path(storage, name) is not None:
        prefix = "/" + settings.X_ACCEL_PREFIX.strip("/") + "/"
        headers["X-Accel-Redirect"] = prefix + filepath_to_uri(name)
        return HttpResponse(content_type=content_type, headers=headers)
    return _streamed(http, storage, name, content_type, headers, modified_at)


def _streamed(
    http: HttpRequest,
    storage: Storage,
    name: str,
    content_type: str,
    headers: dict[str, str],
    modified_at: datetime | None,
) -> HttpResponseBase:
    try:
        size = storage.size(name)
    except FileNotFoundError as error:
        raise FileMissing from error
    unchanged = get_conditional_response(
        http, etag=headers.get("ETag"), last_modified=int(modified_at.timestamp()) if modified_at else None
    )
    if isinstance(unchanged, HttpResponse) and (
        isinstance(unchanged, HttpResponseNotModified) or unchanged.status_code == 412
    ):
        for header, value in headers.items():
            unchanged[header] = value
        return unchanged

    try:
        part = _wanted_part(http, size, headers)
    except RangeNotSatisfiable as error:  # answered here, since the answer has to name the size in a header
        details = {**error.details, "hint": error.hint}
        refusal = {"code": error.code, "message": str(error), "details": details}
        return JsonResponse(refusal, status=416, headers={"Content-Range": f"bytes */{size}"})
    start, length = (part.start, part.length) if part else (0, size)
    headers["Content-Length"] = str(length)
    if part:
        headers["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{size}"
    status = 206 if part else 200
    if http.method == "HEAD":
        return HttpResponse(status=status, content_type=content_type, headers=headers)
    piece = _Piece(lambda: storage.open(name, "rb"), start, length)
    # A plain iterator would be read to its end into memory before an ASGI server sends the first byte.
    content: Any = piece.read_async() if isinstance(http, ASGIRequest) else piece.read()
    return StreamingHttpResponse(content, status=status, content_type=content_type, headers=headers)


@dataclass(frozen=True, slots=True)
class _Part:
    start: int
    length: int


def _wanted_part(http: HttpRequest, size: int, headers: dict[str, str]) -> _Part | None:
    """Return which part is asked for, None for all of it (RFC 9110, section 14)."""
    wanted = http.headers.get("Range", "")
    match = _RANGE.match(wanted.strip()) if http.method in {"GET", "HEAD"} else None
    if match is None or not any(match.groups()):
        return None
    condition = http.headers.get("If-Range")
    if condition is not None and condition not in {headers.get("ETag"), headers.get("Last-Modified")}:
        return None  # the client's other parts are of an earlier content
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise RangeNotSatisfiable(bytes=size)
        return _Part(size - length, length)
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None  # not a valid range: as if there were none
    if start >= size:
        raise RangeNotSatisfiable(bytes=size)
    return _Part(start, end - start + 1)


class _Piece:
    """Part of a file, read only when somebody takes it; the file is open only while it is read."""

    def __init__(self, open_file: Callable[[], File[bytes]], start: int, length: int) -> None:
        self._open = open_file
        self._start = start
        self._length = length

    def read(self) -> Iterator[bytes]:
        with self._open() as file:
            file.seek(self._start)
            left = self._length
            while left > 0 and (chunk := file.read(min(left, _CHUNK_BYTES))):
                left -= len(chunk)
                yield chunk

    async def read_async(self) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(self._open)
        try:
            await asyncio.to_thread(file.seek, self._start)
            left = self._length
            while left > 0 and (chunk := await asyncio.to_thread(file.read, min(left, _CHUNK_BYTES))):
                left -= len(chunk)
                yield chunk
        finally:
            file.close()


def safe_filename(filename: str) -> str:
    """Return ``filename`` as every browser and file system takes it."""
    name = "".join(char if char.isprintable() and char not in '/\\"' else "_" for char in filename).strip(
        " ."
    )
    return name[:200] or "download"
