"""Songs in a zip file, taken out one by one. Whoever made the archive is a stranger.

Names in it are only names: nothing is ever written under them. What an archive claims to unpack to is held
against limits before a byte is inflated, and what does come out against what it claimed.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from media.core.errors import (
    ArchiveDamaged,
    ArchiveEncrypted,
    ArchiveMemberDamaged,
    ArchiveNested,
    ArchiveTooLarge,
    ArchiveUnsupported,
    TooManyFiles,
)

HEAD_BYTES = 4
_HEADS = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an archive with nothing in it
_MB = 1 << 20
_CHUNK_BYTES = 1 << 18
# The list of what an archive holds: 50 songs take some 10 kB. ``zipfile`` reads it whole, and makes of each
# entry's 46 bytes an object of 600.
_LONGEST_LIST_BYTES = _MB
# Chosen: sound packs to a tenth at the very best; a bomb, whose entries may share bytes, to a thousandth.
_LARGEST_RATIO = 100
_SMALL_BYTES = 16 * _MB  # what unpacks to less is no bomb, whatever its ratio
_ENCRYPTED = 0x1
_UTF8 = 0x800
# Others are unpacked by ``zipfile`` without a limit on what comes of one piece.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_NO_SONGS = frozenset({"__macosx", "thumbs.db", "desktop.ini"})
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def is_archive(head: bytes) -> bool:
    """Whether a file that begins with ``head`` is a zip file, whatever its name."""
    return head[:HEAD_BYTES] in _HEADS


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its name without folders, and how many bytes it says to unpack to."""

    name: str
    bytes: int
    info: zipfile.ZipInfo


class Archive:
    """An open archive; ``members`` are its files in their order, without folders and what systems add."""

    def __init__(self, opened: zipfile.ZipFile, members: tuple[Member, ...]) -> None:
        self._opened = opened
        self.members = members

    def unpacked(self, member: Member) -> Iterator[bytes]:
        """Unpack ``member`` piece by piece, never more than it said.

        Raises:
            ArchiveEncrypted, ArchiveUnsupported, ArchiveNested: it cannot, or will not, be unpacked.
            ArchiveMemberDamaged: its bytes are not those that were packed.
        """
        if member.info.flag_bits & _ENCRYPTED:
            raise ArchiveEncrypted
        if member.info.compress_type not in _METHODS:
            raise ArchiveUnsupported
        try:
            source = self._opened.open(member.info)
        except _BROKEN as error:
            raise ArchiveMemberDamaged from error
        with source:
            is_first = True
            while chunk := _next_chunk(source):
                if is_first and is_archive(chunk):
                    raise ArchiveNested
                is_first = False
                yield chunk


@contextmanager
def open_archive(path: Path, *, max_unpacked_mb: float, max_files: int) -> Iterator[Archive]:
    """Open the zip file at ``path``.

    Raises:
        ArchiveDamaged: it is none, or only a part of one.
        ArchiveTooLarge: all of it together would unpack to more than ``max_unpacked_mb``, or to so much more
            than it has bytes that it is no music.
        ArchiveEncrypted: nothing in it can be read without a password.
        TooManyFiles: more than ``max_files``, folders and what systems add not counted.
    """
    with _Bounded(path) as file:
        try:
            opened = zipfile.ZipFile(file)
        except _ListTooLong as error:
            raise TooManyFiles(maximum=max_files) from error
        except _BROKEN as error:
            raise ArchiveDamaged from error
        with opened:
            members = tuple(_members(opened))
            if len(members) > max_files:
                raise TooManyFiles(maximum=max_files)
            unpacked_bytes = sum(member.bytes for member in members)
            ratio = unpacked_bytes / max(1, path.stat().st_size)
            if unpacked_bytes > max_unpacked_mb * _MB or (
                unpacked_bytes > _SMALL_BYTES and ratio > _LARGEST_RATIO
            ):
                raise ArchiveTooLarge(maximum_mb=max_unpacked_mb)
            if members and all(member.info.flag_bits & _ENCRYPTED for member in members):
                raise ArchiveEncrypted
            yield Archive(opened, members)


class _ListTooLong(Exception):
    pass


class _Bounded(io.FileIO):
    """A file of which nobody reads more than a list of entries at once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = -1 if size is None else size
        if wanted > _LONGEST_LIST_BYTES:
            raise _ListTooLong
        if wanted >= 0:
            return super().read(wanted) or b""
        found = super().read(_LONGEST_LIST_BYTES + 1) or b""
        if len(found) > _LONGEST_LIST_BYTES:
            raise _ListTooLong
        return found


def _next_chunk(source: IO[bytes]) -> bytes:
    try:
        return source.read(_CHUNK_BYTES)
    except _BROKEN as error:
        raise ArchiveMemberDamaged from error


def _members(opened: zipfile.ZipFile) -> Iterator[Member]:
    for info in opened.infolist():
        parts = PurePosixPath(_name(info).replace("\\", "/")).parts
        if info.is_dir() or not parts:
            continue
        if any(part.startswith(".") or part.lower() in _NO_SONGS for part in parts):
            continue
        yield Member(name=parts[-1], bytes=info.file_size, info=info)


def _name(info: zipfile.ZipInfo) -> str:
    """Return the name as it was meant: many programs write UTF-8 and do not say so."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename
