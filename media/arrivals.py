"""The files that somebody brought at once, one after the other: archives are unpacked on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from accounts.core.errors import DrumError
from media.core.archives import HEAD_BYTES, Archive, Member, is_archive, open_archive
from media.core.errors import ArchiveTooLarge, FileTooLarge, StorageFull, TooManyFiles
from media.errors import BatchEmpty, BatchTooLarge
from media.uploads import ReceivedFile, RefusedFile, receive

_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file, received; or its name and the reason why it is not here."""

    name: str
    file: ReceivedFile | None
    error: DrumError | None = None


def is_batch(uploads: Sequence[UploadedFile]) -> bool:
    """Whether this is something else than one song."""
    return len(uploads) > 1 or any(_is_archive(upload) for upload in uploads)


def arrivals(uploads: Sequence[UploadedFile]) -> Iterator[Arrival]:
    """Return each song of ``uploads``, and each of the archives among them, in order.

    A song of an archive lies on disk from when it is asked for until it is closed: one at a time, if each is
    closed before the next is asked for.

    Raises:
        TooManyFiles: they are more than ``settings.BATCH_MAX_FILES``; nothing has been unpacked.
        StorageFull: there is no room to unpack.
    """
    with ExitStack() as stack:
        found: list[Arrival | tuple[Archive, Member]] = []
        room_bytes = settings.BATCH_MAX_MB * _MB
        for upload in uploads:
            here = _found_in(upload, stack, room_mb=room_bytes / _MB)
            room_bytes -= sum(entry[1].bytes for entry in here if isinstance(entry, tuple))
            found += here
        if len(found) > settings.BATCH_MAX_FILES:
            raise TooManyFiles(maximum=settings.BATCH_MAX_FILES)
        for entry in found:
            yield entry if isinstance(entry, Arrival) else _unpacked(*entry)


def _found_in(
    upload: UploadedFile, stack: ExitStack, *, room_mb: float
) -> list[Arrival | tuple[Archive, Member]]:
    """Return the one song, or those of an archive, which stays open until ``stack`` is closed."""
    name = upload.name or ""
    if isinstance(upload, RefusedFile):
        return [Arrival(name, None, upload.error)]
    assert isinstance(upload, ReceivedFile)
    if not _is_archive(upload):
        return [Arrival(name, upload)]
    stack.enter_context(upload)
    opening = open_archive(upload.path, max_unpacked_mb=room_mb, max_files=settings.BATCH_MAX_FILES)
    try:
        archive = stack.enter_context(opening)
    except TooManyFiles:
        raise
    except ArchiveTooLarge as error:
        whole_mb = settings.BATCH_MAX_MB
        # Beside another archive it is all of them together that is too much; what room is left tells nobody.
        return [Arrival(name, None, error if room_mb >= whole_mb else BatchTooLarge(maximum_mb=whole_mb))]
    except DrumError as error:
        return [Arrival(name, None, error)]
    if not archive.members:
        return [Arrival(name, None, BatchEmpty())]
    return [(archive, member) for member in archive.members]


def _unpacked(archive: Archive, member: Member) -> Arrival:
    if member.bytes > settings.UPLOAD_MAX_MB * _MB:
        return Arrival(member.name, None, FileTooLarge(maximum_mb=settings.UPLOAD_MAX_MB))
    try:
        return Arrival(member.name, receive(archive.unpacked(member), name=member.name))
    except StorageFull:
        raise
    except DrumError as error:
        return Arrival(member.name, None, error)


def _is_archive(upload: UploadedFile) -> bool:
    if not isinstance(upload, ReceivedFile):
        return False
    head = upload.read(HEAD_BYTES)
    upload.seek(0)
    return is_archive(head)
