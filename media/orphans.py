"""Stored files that no row knows, left by a process that died between writing a file and its row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.files.storage import Storage, default_storage

from media.artifacts import delete_file
from media.models import Artifact, Recording

_FOLDERS = ("recordings", "artifacts")
_GRACE = timedelta(days=1)  # whoever has just written a file may be about to commit its row


def remove_orphans(*, now: datetime) -> int:
    """Delete every stored file older than a day that no recording and no artifact has; return how many.

    Every file is looked at, so this is for once a day or by hand, not for each sweep.
    """
    known = {
        *Recording.objects.values_list("file", flat=True),
        *Artifact.objects.values_list("file", flat=True),
    }
    removed = 0
    for name in _files(default_storage, _FOLDERS):
        if name in known or now - default_storage.get_modified_time(name) < _GRACE:
            continue
        removed += delete_file(default_storage, name)
    return removed


def _files(storage: Storage, folders: tuple[str, ...]) -> Iterator[str]:
    for folder in folders:
        try:
            inner, names = storage.listdir(folder)
        except FileNotFoundError:
            continue
        yield from (f"{folder}/{name}" for name in names)
        yield from _files(storage, tuple(f"{folder}/{name}" for name in inner))
