"""Several stored files as one archive, made while it is sent: it never lies anywhere whole."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.core.handlers.asgi import ASGIRequest
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework.request import Request

from media.downloads import safe_filename
from media.errors import FileMissing

_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive: its name there, and where it is stored."""

    name: str
    file: FieldFile

    @property
    def is_there(self) -> bool:
        """Whether the file still is where it was stored."""
        return self.file.storage.exists(self.file.name or "")


@dataclass(frozen=True, slots=True)
class Note:
    """A text that an archive has beside its files."""

    name: str
    text: str


def zip_response(
    request: HttpRequest | Request, entries: Sequence[Entry], *, filename: str
) -> StreamingHttpResponse:
    """Return an archive of ``entries``.

    Raises:
        FileMissing: one of the files is not there any more.
    """
    if not all(entry.is_there for entry in entries):
        raise FileMissing
    return streamed_zip(request, entries, filename=filename)


def streamed_zip(
    request: HttpRequest | Request, entries: Iterable[Entry | Note], *, filename: str
) -> StreamingHttpResponse:
    """Return an archive of ``entries``, stored without compression: sound and scores are compressed already.

    They are asked for one after the other while it is sent, in threads that have no database connection.
    """
    http = request._request if isinstance(request, Request) else request
    pieces = _pieces(entries)
    # A plain iterator would be read to its end into memory before an ASGI server sends the first byte.
    content = _asynchronously(pieces) if isinstance(http, ASGIRequest) else pieces
    disposition = content_disposition_header(True, safe_filename(filename)) or "attachment"
    return StreamingHttpResponse(
        content,
        content_type="application/zip",
        headers={"Content-Disposition": disposition, "Cache-Control": "private, no-store"},
    )


class _Outlet:
    """What :mod:`zipfile` writes to: holds the bytes until somebody takes them. It cannot be wound back."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def write(self, data: bytes) -> int:
        self._waiting += data
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def _pieces(entries: Iterable[Entry | Note]) -> Iterator[bytes]:
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[arg-type]
        for entry in entries:
            if isinstance(entry, Note):
                archive.writestr(entry.name, entry.text)
                yield outlet.take()
                continue
            # zip64 from the start: the length is not known beforehand.
            with archive.open(entry.name, "w", force_zip64=True) as target, entry.file.open("rb") as source:
                while chunk := source.read(_CHUNK_BYTES):
                    target.write(chunk)
                    yield outlet.take()
            yield outlet.take()
    yield outlet.take()


async def _asynchronously(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    end = object()
    while (piece := await asyncio.to_thread(next, pieces, end)) is not end:
        if piece:
            yield piece  # type: ignore[misc]
