"""Headers that lie, and small files that promise, or unfold to, very much."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from media.core.tests.songs import clicks, wav_header


@dataclass(frozen=True, slots=True)
class Damaged:
    """One file of the corpus."""

    name: str
    content: bytes


def lies_in_boxes(ending: str, content: bytes) -> Iterator[Damaged]:
    """Put false sizes, counts and times into the boxes of an MP4 (ISO 14496-12)."""
    boxes = (
        b"moov",
        b"trak",
        b"mdia",
        b"stbl",
        b"stsd",
        b"stts",
        b"stsc",
        b"stsz",
        b"stco",
        b"elst",
        b"mdat",
    )
    for box in boxes:
        at = content.find(box)
        for value in (0, 1, 0xFFFFFFFF):
            lie = struct.pack(">I", value)
            yield Damaged(
                f"size_of_{box.decode()}_{value:x}.{ending}", content[: at - 4] + lie + content[at:]
            )
    # Where the first number of each table stands, counted from the box's name.
    tables = {
        b"stts": 8,
        b"stsc": 8,
        b"stsz": 12,
        b"stco": 8,
        b"stsd": 8,
        b"mdhd": 16,
        b"mvhd": 16,
        b"elst": 8,
    }
    for box, offset in tables.items():
        at = content.find(box) + offset
        for value in (0, 0x00FFFFFF, 0x7FFFFFFF, 0xFFFFFFFF):
            lie = struct.pack(">I", value)
            yield Damaged(
                f"count_of_{box.decode()}_{value:x}.{ending}", content[:at] + lie + content[at + 4 :]
            )
    constant = content.find(b"stsz") + 8  # a size for all samples: the table itself may then be missing
    yield Damaged(
        f"all_samples_alike.{ending}",
        content[:constant] + struct.pack(">II", 1, 0x0FFFFFFF) + content[constant + 8 :],
    )
    rate = content.find(b"mp4a") + 28
    for value in (0, 1, 0xFFFF):
        lie = struct.pack(">I", value << 16)
        yield Damaged(f"rate_{value}.{ending}", content[:rate] + lie + content[rate + 4 :])


def lies_in_headers(whole: dict[str, bytes]) -> Iterator[Damaged]:
    sound = (clicks(1.4).T * 32767).astype("<i2").tobytes()
    for rate in (0, 1, 7_999, 192_001, 0xFFFFFFFF):
        yield Damaged(f"rate_{rate}.wav", wav_header(rate=rate, data=sound[:50_000]))
    for channels in (0, 3, 8, 9, 255, 65_535 // 2):
        yield Damaged(f"channels_{channels}.wav", wav_header(channels=channels, data=sound))
    for claimed in (0, 1, 0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFF):
        yield Damaged(f"claims_{claimed:x}.wav", wav_header(data=sound, claimed_bytes=claimed))
    wav = wav_header(data=sound)
    for code in (0x00, 0x03, 0x11, 0x55, 0x161, 0xFFFE):  # FFmpeg's decoders behind other format tags
        yield Damaged(f"codec_{code:x}.wav", wav[:20] + struct.pack("<H", code) + wav[22:])
    for bits in (0, 1, 7, 24, 64, 65_535):
        yield Damaged(f"bits_{bits}.wav", wav[:34] + struct.pack("<H", bits) + wav[36:])
    flac = whole["flac"]
    for name, start, value in (
        ("rate_0", 18, b"\0\0\x02"),
        ("rate_max", 18, b"\xff\xff\xf2"),
        ("samples_max", 21, b"\xff\xff\xff\xff\xff"),
        ("block_max", 8, b"\xff\xff\xff\xff"),
        ("block_0", 8, b"\0\0\0\0"),
        ("first_block_huge", 5, b"\xff\xff\xff"),
    ):
        yield Damaged(f"{name}.flac", flac[:start] + value + flac[start + len(value) :])
    head = whole["opus"].find(b"OpusHead")
    for name, offset, value in (
        ("channels_255", 9, b"\xff"),
        ("channels_0", 9, b"\0"),
        ("skip", 10, b"\xff\xff"),
    ):
        at = head + offset
        yield Damaged(f"{name}.opus", _checked(whole["opus"][:at] + value + whole["opus"][at + len(value) :]))
    for ending in ("ogg", "opus"):  # pages dated at the end of time, with their checksums right
        for position in (0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 3_600 * 48_000):
            yield Damaged(f"dated_{position:x}.{ending}", _dated(whole[ending], position))
    for box, value in ((b"mhdr", b"\xff" * 8), (b"auds", b"\xff" * 40), (b"LIST", b"\xff" * 4)):
        yield from _after(whole, "avi", box, value)
    yield from _after(whole, "aiff", b"COMM", b"\xff" * 4)
    yield from _after(whole, "aiff", b"SSND", b"\xff" * 4)
    for ending in ("mkv", "webm"):  # Cluster, Duration, TimestampScale, SamplingFrequency, Channels
        for mark in (b"\x1f\x43\xb6\x75", b"\x44\x89", b"\x2a\xd7\xb1", b"\xb5\x88", b"\x9f\x81"):
            yield from _after(whole, ending, mark, b"\xff" * 8)
            yield from _after(whole, ending, mark, b"\x01" + b"\0" * 7)


def _after(whole: dict[str, bytes], ending: str, mark: bytes, value: bytes) -> Iterator[Damaged]:
    content = whole.get(ending, b"")
    at = content.find(mark)
    if at >= 0:
        start = at + len(mark)
        name = f"after_{mark.hex()}_{value[:2].hex()}.{ending}"
        yield Damaged(name, content[:start] + value + content[start + len(value) :])


def bombs(whole: dict[str, bytes]) -> Iterator[Damaged]:
    """Give small files that promise, or unfold to, very much."""
    yield Damaged("megabytes_of_tag.mp3", id3(4_000_000, b"\0" * 4_000_000) + whole["mp3"])
    yield Damaged("frames_of_tag.mp3", id3(200_000, b"TIT2\0\0\0\0\0\0" * 20_000) + whole["mp3"])
    yield Damaged("a_thousand_songs.mp3", whole["mp3"] * 60)
    yield Damaged("many_chunks.wav", b"RIFF\xff\xff\xff\xffWAVE" + b"LIST\0\0\0\0" * 100_000)
    yield Damaged("deep_boxes.mp4", b"\0\0\0\x18ftypisom" + b"\0" * 12 + _nested(b"moov", b"udta", 5_000))
    yield Damaged("many_tracks.mp4", many_tracks(whole["mp4"], 400))
    yield Damaged("many_streams.ogg", b"".join(_dated(whole["ogg"], 0, serial) for serial in range(40)))
    yield Damaged("with_a_vast_cover.mp3", with_cover(png_of_zeros(12_000)) + whole["mp3"])
    yield Damaged("with_a_cover_that_lies.mp3", with_cover(png_of_zeros(12_000)[:3_000]) + whole["mp3"])
    yield Damaged("zeros.wav", bytes(2_000_000))
    yield Damaged("ones.mp3", b"\xff\xfb" * 200_000)
    yield Damaged("headers_only.mp3", b"\xff\xfb\x90\x00" * 100_000)
    yield Damaged("empty.mp3", b"")
    yield Damaged("one_byte.mp3", b"\xff")


def png_of_zeros(side: int) -> bytes:
    """Return a square picture that unfolds to eight bytes a point, out of a thousandth of that."""
    packer, megabyte = zlib.compressobj(9), bytes(1 << 20)
    first, more = (packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    data = first + more * ((8 * side + 1) * side >> 20)
    head = struct.pack(">IIBBBBB", side, side, 16, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def with_cover(picture: bytes) -> bytes:
    """Return an ID3 tag that holds ``picture`` as the album's cover."""
    body = b"\0image/png\0\3\0" + picture
    return _id3_of(b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body)


def _id3_of(frame: bytes) -> bytes:
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + frame


def many_tracks(content: bytes, count: int) -> bytes:
    """Repeat the first track of an MP4, whose moov box comes last."""
    moov = content.find(b"moov") - 4
    trak = content.find(b"trak") - 4
    size = int.from_bytes(content[trak : trak + 4], "big")
    swollen = content[moov + 4 : trak] + content[trak : trak + size] * count + content[trak + size :]
    return content[:moov] + struct.pack(">I", len(swollen) + 4) + swollen


def _nested(outer: bytes, inner: bytes, depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = struct.pack(">I", len(body) + 8) + inner + body
    return struct.pack(">I", len(body) + 8) + outer + body


def _pages(content: bytes) -> Iterator[bytes]:
    at = 0
    while content[at : at + 4] == b"OggS":
        segments = content[at + 26]
        size = 27 + segments + sum(content[at + 27 : at + 27 + segments])
        yield content[at : at + size]
        at += size


def _checked(content: bytes) -> bytes:
    """Put the right checksum on every page of an Ogg file (RFC 3533)."""
    checked = bytearray()
    for page in _pages(content):
        bare = page[:22] + b"\0\0\0\0" + page[26:]
        checked += page[:22] + struct.pack("<I", _ogg_checksum(bare)) + page[26:]
    return bytes(checked)


def _dated(content: bytes, position: int, serial: int | None = None) -> bytes:
    """Let every page of sound say that it ends at ``position``, and belong to stream ``serial``."""
    dated = bytearray()
    for page in _pages(content):
        when = page[6:14] if page[6:14] == bytes(8) else struct.pack("<Q", position)
        whose = page[14:18] if serial is None else struct.pack("<I", serial)
        dated += page[:6] + when + whose + page[18:]
    return _checked(bytes(dated))


_OGG_TABLE = []
for _byte in range(256):
    _sum = _byte << 24
    for _ in range(8):
        _sum = (_sum << 1 ^ 0x04C11DB7 if _sum & 0x80000000 else _sum << 1) & 0xFFFFFFFF
    _OGG_TABLE.append(_sum)


def _ogg_checksum(page: bytes) -> int:
    total = 0
    for byte in page:
        total = (total << 8 & 0xFFFFFFFF) ^ _OGG_TABLE[total >> 24 ^ byte]
    return total


def id3(claimed_bytes: int, body: bytes) -> bytes:
    """Return the start of a tag that claims to be so long, and ``body`` behind it."""
    size = bytes(claimed_bytes >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + size + b"TXXX" + struct.pack(">I", claimed_bytes) + b"\0\0" + body
