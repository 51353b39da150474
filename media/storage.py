"""Where files lie: private, reached only through an authorised download, and never half-written.

Keys are made here and never from a user's file name. A key is used for one content only: replacing an
artifact writes a new key, so that whoever reads the old one reads it to its end.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage

from media.core.disk import no_room_is_storage_full

_PART_SUFFIX = ".part"


class Signs(Protocol):
    """A storage that hands out links which work without a session, for a short time."""

    def signed_url(self, name: str, *, disposition: str, content_type: str) -> str:
        """Return a link that answers with these headers."""
        ...


def recording_key(recording_id: UUID, container: str) -> str:
    """Return where a recording's file lies; the ending follows from its content."""
    return f"recordings/{recording_id.hex[:2]}/{recording_id.hex}/original.{container}"


def artifact_key(owner_id: UUID, kind: str, ending: str) -> str:
    """Return a fresh place for an artifact of a job, or of a recording that no job owns."""
    return f"artifacts/{owner_id.hex[:2]}/{owner_id.hex}/{kind}-{secrets.token_hex(6)}{ending}"


class PrivateFileStorage(FileSystemStorage):
    """Files under ``MEDIA_ROOT`` that no URL leads to.

    A file is written under a temporary name, synced, measured, and only then given its own: it is there
    completely or not at all.
    """

    base_url = None

    def _save(self, name: str, content: File[bytes]) -> str:
        target = Path(self.path(name))
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_PART_SUFFIX}")
        with no_room_is_storage_full():
            try:
                written = self._write(part, content)
                if part.stat().st_size != written:
                    raise OSError(errno.EIO, "fewer bytes arrived than were written", str(part))
                part.replace(target)
            except BaseException:
                part.unlink(missing_ok=True)
                _remove_if_empty(target.parent)
                raise
        if self.file_permissions_mode is not None:
            target.chmod(self.file_permissions_mode)
        return name

    def _write(self, part: Path, content: File[bytes]) -> int:
        for attempt in (1, 2):
            part.parent.mkdir(parents=True, exist_ok=True)
            try:
                file = part.open("xb")
                break
            except FileNotFoundError:  # a delete took the empty folder away in between
                if attempt == 2:
                    raise
        written = 0
        with file:
            for chunk in content.chunks():
                written += file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        return written

    def delete(self, name: str) -> None:
        """Remove a file, and the folder that held nothing else."""
        super().delete(name)
        _remove_if_empty(Path(self.path(name)).parent)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def local_path(storage: Storage, name: str) -> Path | None:
    """Return where a file lies on this machine, None if the storage is elsewhere."""
    try:
        return Path(storage.path(name))
    except NotImplementedError:
        return None


def copy_to(storage: Storage, name: str, target: Path) -> None:
    """Fetch a stored file; raises ``StorageFull`` when there is no room for it here."""
    with storage.open(name, "rb") as source, no_room_is_storage_full(), target.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)


def signing(storage: Storage) -> Signs | None:
    """Return the storage as one that signs links, None if it does not."""
    return storage if hasattr(storage, "signed_url") else None  # type: ignore[return-value]
