"""Zip files of strangers."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from accounts.core.errors import DrumError
from media.core.archives import Archive, is_archive, open_archive
from media.core.errors import (
    ArchiveDamaged,
    ArchiveEncrypted,
    ArchiveMemberDamaged,
    ArchiveNested,
    ArchiveTooLarge,
    ArchiveUnsupported,
    TooManyFiles,
)

SONG = bytes(range(256)) * 2_000
MB = 1 << 20


def packed(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def patched_everywhere(content: bytes, *, local: int, central: int, value: int) -> bytes:
    """Put a 16-bit value into every entry: at ``local`` of its header, at ``central`` of its list entry."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        at = changed.find(mark)
        while at >= 0:
            struct.pack_into("<H", changed, at + offset, value)
            at = changed.find(mark, at + 4)
    return bytes(changed)


@pytest.fixture
def unpack(tmp_path: Path):
    def read(content: bytes, *, max_unpacked_mb: float = 10, max_files: int = 500) -> dict[str, bytes | str]:
        """Return each member's bytes, or the code why it has none."""
        path = tmp_path / "songs"
        path.write_bytes(content)
        with open_archive(path, max_unpacked_mb=max_unpacked_mb, max_files=max_files) as archive:
            return {member.name: outcome(archive, member) for member in archive.members}

    return read


def outcome(archive: Archive, member) -> bytes | str:
    try:
        return b"".join(archive.unpacked(member))
    except DrumError as error:
        return error.code


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_songs_come_out_as_they_went_in(unpack, method: int):
    files = [("one.mp3", SONG), ("Disc 2/two.mp3", SONG[::-1]), ("empty.mp3", b"")]

    assert unpack(packed(*files, method=method)) == {
        "one.mp3": SONG, "two.mp3": SONG[::-1], "empty.mp3": b"",
    }  # fmt: skip


def test_folders_and_what_systems_add_are_no_songs(unpack):
    extras: Sequence[str] = (
        "album/",
        "__MACOSX/album/._one.mp3",
        "album/.DS_Store",
        ".hidden/x.mp3",
        "Thumbs.db",
    )

    names = unpack(packed(*[(name, b"") for name in extras], ("album/one.mp3", SONG)))

    assert list(names) == ["one.mp3"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\Windows\\passwd"])
def test_of_a_path_only_the_name_is_left(unpack, name: str):
    assert list(unpack(packed((name, SONG)))) in (["passwd"], [])  # what climbs begins with dots: no song


def test_names_in_utf_8_that_do_not_say_so_are_read_all_the_same(unpack):
    content = packed(("Größe.mp3", SONG))

    unsaid = patched_everywhere(content, local=6, central=8, value=0)

    assert list(unpack(content)) == list(unpack(unsaid)) == ["Größe.mp3"]


def test_what_begins_like_a_zip_file_is_one_whatever_it_is_called():
    assert is_archive(packed(("one.mp3", SONG)))
    assert is_archive(packed())
    assert not is_archive(b"ID3\x04")
    assert not is_archive(b"")


@pytest.mark.parametrize("keep", [4, 100, 0.5, 0.99])
def test_half_an_archive_is_damaged(unpack, keep: float):
    whole = packed(("one.mp3", SONG), ("two.mp3", SONG))

    with pytest.raises(ArchiveDamaged):
        unpack(whole[: int(keep if keep > 1 else keep * len(whole))])


def test_a_damaged_song_leaves_the_others_alone(unpack):
    content = bytearray(packed(("one.mp3", SONG), ("two.mp3", SONG[::-1]), method=zipfile.ZIP_STORED))
    content[1000] ^= 1

    assert unpack(bytes(content)) == {"one.mp3": ArchiveMemberDamaged.code, "two.mp3": SONG[::-1]}


def test_a_locked_archive_says_so(unpack):
    with pytest.raises(ArchiveEncrypted):
        unpack(patched_everywhere(packed(("one.mp3", SONG)), local=6, central=8, value=1))


def test_other_ways_of_packing_are_refused(unpack):
    assert unpack(packed(("one.mp3", SONG), method=zipfile.ZIP_LZMA)) == {"one.mp3": ArchiveUnsupported.code}


def test_an_archive_inside_is_not_unpacked(unpack):
    inner = packed(("deep.mp3", SONG))

    assert unpack(packed(("inner.zip", inner), ("one.mp3", SONG))) == {
        "inner.zip": ArchiveNested.code, "one.mp3": SONG,
    }  # fmt: skip


def test_more_than_the_limit_is_refused_before_it_is_unpacked(unpack):
    content = packed(*[(f"{number}.wav", bytes(MB)) for number in range(3)])

    assert len(unpack(content, max_unpacked_mb=3)) == 3
    with pytest.raises(ArchiveTooLarge):
        unpack(content, max_unpacked_mb=2.9)


def test_a_bomb_is_refused_though_it_stays_below_the_limit(unpack):
    with pytest.raises(ArchiveTooLarge):
        unpack(packed(("bomb.wav", bytes(32 * MB))), max_unpacked_mb=1000)


def test_entries_that_share_their_bytes_are_a_bomb(unpack):
    """Each entry by itself has an innocent ratio; all point to the same bytes."""
    content = packed(("one.wav", random.Random(1).randbytes(MB)))
    at = content.rfind(b"PK\x01\x02")
    end = content.rfind(b"PK\x05\x06")
    shared = content[:at] + content[at:end] * 200 + content[end:]
    shared = shared[:-22] + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 200, 200, (end - at) * 200, at, 0)

    with pytest.raises(ArchiveTooLarge):
        unpack(shared, max_unpacked_mb=1000)


def test_what_claims_less_than_it_holds_is_cut_and_noticed(unpack):
    """A member never gives more bytes than the limits were told of."""
    content = bytearray(packed(("one.wav", bytes(MB))))
    at = content.rfind(b"PK\x01\x02")
    struct.pack_into("<L", content, at + 24, 1000)

    assert unpack(bytes(content)) == {"one.wav": ArchiveMemberDamaged.code}


def test_more_files_than_the_limit_are_refused(unpack):
    content = packed(("album/", b""), ("album/one.mp3", SONG), ("album/two.mp3", SONG))

    assert len(unpack(content, max_files=2)) == 2
    with pytest.raises(TooManyFiles):
        unpack(content, max_files=1)


def test_a_list_of_a_million_entries_is_refused_without_reading_it(unpack):
    content = packed(("one.wav", SONG))
    at, end = content.rfind(b"PK\x01\x02"), content.rfind(b"PK\x05\x06")
    count = 60_000
    long = content[:at] + content[at:end] * count
    long += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, (end - at) * count, at, 0)

    with pytest.raises(TooManyFiles):
        unpack(long)


def test_five_hundred_damaged_archives_give_bytes_or_errors_of_ours(unpack):
    whole = packed(("one.mp3", SONG[:3000]), ("two.mp3", SONG[:2000]))
    dice = random.Random(7)
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        with suppress(DrumError):
            unpack(bytes(damaged))
