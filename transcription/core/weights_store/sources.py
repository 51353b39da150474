"""Which source an address means."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from transcription.core.weights_store.answers import Answer, Patience, Refused, Source, Transient
from transcription.core.weights_store.http_source import HttpSource

SCHEMES = ("http", "https", "s3", "file")


def source_of(url: str, patience: Patience) -> Source:
    """Return the source behind ``url``, whose scheme is one of ``SCHEMES``."""
    scheme = urlsplit(url).scheme
    if scheme in {"http", "https"}:
        return HttpSource(url, patience)
    if scheme == "s3":
        from transcription.core.weights_store.s3_source import (
            S3Source,
        )  # here: who needs no S3 loads no boto3

        return S3Source(url, patience)
    if scheme == "file":
        return FileSource(local_path(url))
    raise ValueError(f"no source of weights is called {scheme!r}")


def local_path(uri: str) -> Path:
    """Return the path that a ``file:`` address, or a path as it is, means."""
    return Path(unquote(urlsplit(uri).path)) if uri.startswith("file:") else Path(uri)


class FileSource:
    """A file of a folder on this machine, such as a mounted mirror."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, offset: int, validator: str) -> Answer:
        """Open it at ``offset``; see :class:`Source`."""
        try:
            file = self._path.open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
            raise Refused(error.strerror) from error
        except OSError as error:
            raise Transient(str(error)) from error
        found = self._path.stat()
        now = f"{found.st_size}-{found.st_mtime_ns}"
        begin = offset if validator in {"", now} and offset <= found.st_size else 0
        file.seek(begin)

        def read(size: int) -> bytes:
            try:
                return file.read(size)
            except OSError as error:
                raise Transient(str(error)) from error

        return Answer(read, file.close, begin, found.st_size, now)
