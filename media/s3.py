"""Files in an S3-compatible service. A module of its own, so that only sites that use it load boto3."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from storages.backends.s3 import S3Storage

from media.core.errors import StorageFull
from media.errors import StorageUnavailable

_NO_ROOM = frozenset(
    {"XMinioStorageFull", "InsufficientStorage", "InsufficientCapacity", "QuotaExceeded", "507"}
)

# What is read is fetched whole; beyond this it waits on the disk (django-storages: never, whatever its size).
_MEMORY_BYTES = 1 << 20


def _translated(method: Callable[..., Any]) -> Callable[..., Any]:
    """Make the service's troubles errors that a person understands."""

    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            raise (StorageFull if code in _NO_ROOM else StorageUnavailable) from error
        except BotoCoreError as error:
            raise StorageUnavailable from error

    return call


class PrivateS3Storage(S3Storage):
    """Private objects; an upload is there completely or not at all, as S3 promises."""

    _save = _translated(S3Storage._save)
    delete = _translated(S3Storage.delete)
    exists = _translated(S3Storage.exists)
    size = _translated(S3Storage.size)
    listdir = _translated(S3Storage.listdir)

    @_translated
    def _open(self, name: str, mode: str = "rb") -> Any:
        if settings.FILE_UPLOAD_TEMP_DIR:  # where what is read waits; a fresh site does not have it yet
            Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(parents=True, exist_ok=True)
        return super()._open(name, mode)

    def get_default_settings(self) -> dict[str, Any]:
        """Return what holds where the options say nothing."""
        return {**super().get_default_settings(), "max_memory_size": _MEMORY_BYTES}

    def signed_url(self, name: str, *, disposition: str, content_type: str) -> str:
        """Return a link that works for ``querystring_expire`` seconds and answers with these headers."""
        headers = {"ResponseContentDisposition": disposition, "ResponseContentType": content_type}
        return str(self.url(name, parameters=headers))
