"""Receiving a file: counted and hashed as its bytes arrive, and stopped at the limit, not after it."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.core.errors import DrumError
from media.core.archives import HEAD_BYTES, is_archive
from media.core.disk import no_room_is_storage_full
from media.core.errors import FileTooLarge, TooManyFiles
from media.errors import BatchTooLarge

_MB = 1 << 20
_FORM_BYTES = _MB  # room for the other fields and the multipart framing


class ReceivedFile(UploadedFile):
    """A file on this machine that is gone when closed, with its SHA-256."""

    def __init__(self, file: IO[bytes], *, name: str, size: int, sha256: str, content_type: str = "") -> None:
        super().__init__(file=file, name=name, content_type=content_type, size=size)
        self.sha256 = sha256

    @property
    def path(self) -> Path:
        """Where its bytes lie until it is closed."""
        return Path(self.file.name)


class RefusedFile(UploadedFile):
    """A file of several that was not kept, and why; ``sha256`` is of as much of it as was read."""

    def __init__(self, *, name: str, size: int, sha256: str, error: DrumError) -> None:
        super().__init__(file=io.BytesIO(), name=name, size=size)
        self.sha256 = sha256
        self.error = error


class Receiver:
    """Takes bytes as they come; keeps none of them once it is closed.

    Raises:
        FileTooLarge: more than ``maximum_mb``, at first ``settings.UPLOAD_MAX_MB``.
        StorageFull: no room for them.
    """

    def __init__(self) -> None:
        folder = Path(settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir())
        folder.mkdir(parents=True, exist_ok=True)
        self.maximum_mb = settings.UPLOAD_MAX_MB
        self._hash = hashlib.sha256()
        self._size = 0
        with no_room_is_storage_full():
            self.file = tempfile.NamedTemporaryFile(prefix="received-", dir=folder)  # noqa: SIM115 - outlives us

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._size += len(chunk)
        if self._size > self.maximum_mb * _MB:
            self.close()
            raise FileTooLarge(maximum_mb=self.maximum_mb)
        self._hash.update(chunk)
        try:
            with no_room_is_storage_full():
                self.file.write(chunk)
        except BaseException:
            self.close()
            raise

    def finish(self, *, name: str, content_type: str = "") -> ReceivedFile:
        """Return what was received."""
        try:
            with no_room_is_storage_full():
                self.file.flush()
        except BaseException:
            self.close()
            raise
        self.file.seek(0)
        return ReceivedFile(
            self.file, name=name, size=self._size, sha256=self.sha256, content_type=content_type
        )

    @property
    def sha256(self) -> str:
        """The hash of what came so far."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Throw away what was received."""
        with suppress(
            OSError
        ):  # on a full disk the last of the buffer fails once more; the file goes all the same
            self.file.close()


def receive(chunks: Iterable[bytes], *, name: str) -> ReceivedFile:
    """Receive a file that comes by another way than a form: a link, a command, a test."""
    receiver = Receiver()
    try:
        for chunk in chunks:
            receiver.write(chunk)
    except BaseException:
        receiver.close()
        raise
    return receiver.finish(name=name)


def receive_path(path: Path) -> ReceivedFile:
    """Receive a file of this machine, which stays where it is."""
    with path.open("rb") as file:
        return receive(iter(lambda: file.read(_MB), b""), name=path.name)


class _LimitedUploadHandler(FileUploadHandler):
    """Refuses a form that announces itself as too large before a byte of it is read."""

    chunk_size = 1 << 18

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django passes it by this name
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        """Compare what is announced with what is allowed."""
        maximum_mb, error = self._limit()
        if content_length > maximum_mb * _MB + _FORM_BYTES:
            raise error(maximum_mb=maximum_mb)

    def _limit(self) -> tuple[int, type[DrumError]]:
        """Return the most megabytes, and what it is called when there are more."""
        raise NotImplementedError


class RecordingUploadHandler(_LimitedUploadHandler):
    """Django's way in for :class:`Receiver`: makes each file of a form a :class:`ReceivedFile`."""

    def _limit(self) -> tuple[int, type[DrumError]]:
        return settings.UPLOAD_MAX_MB, FileTooLarge

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._receiver = Receiver()
        self.file = self._receiver  # Django closes ``file`` when the form breaks off

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._receiver.write(raw_data)

    def file_complete(self, file_size: int) -> ReceivedFile:
        return self._receiver.finish(name=self.file_name or "", content_type=self.content_type or "")


class BatchUploadHandler(_LimitedUploadHandler):
    """Receives many songs, and archives of songs: one that is too large is refused, the others go on."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self._files = 0

    def _limit(self) -> tuple[int, type[DrumError]]:
        return settings.BATCH_MAX_MB, BatchTooLarge

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._files += 1
        if self._files > settings.BATCH_MAX_FILES:
            raise TooManyFiles(maximum=settings.BATCH_MAX_FILES)
        self._head = b""
        self._refusal: FileTooLarge | None = None
        self._receiver = Receiver()
        self.file = self._receiver  # Django closes ``file`` when the form breaks off

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self._refusal is not None:
            return
        if len(self._head) < HEAD_BYTES:
            self._head += raw_data[:HEAD_BYTES]
            if is_archive(self._head):
                self._receiver.maximum_mb = settings.BATCH_MAX_MB
        try:
            self._receiver.write(raw_data)
        except FileTooLarge as error:
            self._refusal = error

    def file_complete(self, file_size: int) -> UploadedFile:
        name, sha256 = self.file_name or "", self._receiver.sha256
        if self._refusal is not None:
            return RefusedFile(name=name, size=file_size, sha256=sha256, error=self._refusal)
        return self._receiver.finish(name=name, content_type=self.content_type or "")


def stream_files_of(request: HttpRequest, *, by: type[FileUploadHandler] = RecordingUploadHandler) -> None:
    """Make ``request`` receive its files by one of these handlers; call before its body is read."""
    request.upload_handlers = [by(request)]


def receives_batches(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorate a page's view that takes recordings and archives of them from a form.

    The check of the CSRF token reads the form, so it has to come after the handler is in place.
    """
    protected = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def receive_then_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        stream_files_of(request, by=BatchUploadHandler)
        return protected(request, *args, **kwargs)

    return receive_then_view


def remove_stale_files(*, older_than_s: float, now_s: float) -> int:
    """Remove what crashed processes left in the folder for received files; return how many."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR or "")
    if not settings.FILE_UPLOAD_TEMP_DIR or not folder.is_dir():
        return 0
    removed = 0
    for path in (*folder.glob("received-*"), *folder.glob("fetched-*")):
        try:
            if now_s - path.stat().st_mtime < older_than_s:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        except FileNotFoundError:
            continue  # somebody was faster
        removed += 1
    return removed
