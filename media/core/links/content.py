"""What an answer is, by its announcement and first bytes: a page, certainly no media, or worth fetching."""

from __future__ import annotations

from enum import StrEnum

HEAD_BYTES = 1024
_PAGE_TYPES = frozenset(
    {
        "text/html",
        "application/xhtml+xml",
        # Lists of pieces, which the reader of pages puts together.
        "application/vnd.apple.mpegurl",
        "application/x-mpegurl",
        "audio/mpegurl",
        "audio/x-mpegurl",
        "application/dash+xml",
    }
)
_NEVER_MEDIA = ("text/", "image/", "font/", "application/json", "application/pdf", "application/zip")
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<title", b"#extm3u", b"<mpd")
_MEDIA_STARTS = (
    (0, b"RIFF"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"ID3"),
    (0, b"\x1a\x45\xdf\xa3"),
    (4, b"ftyp"),
)
_OTHER_STARTS = (
    b"PK\x03\x04",
    b"%PDF",
    b"\x1f\x8b",  # gzip
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",  # zstd
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x7fELF",
    b"MZ",
)


class Kind(StrEnum):
    """What to do with an answer."""

    PAGE = "page"
    MAYBE_MEDIA = "maybe_media"
    OTHER = "other"


def kind_of(content_type: str, head: bytes) -> Kind:
    """Judge an answer.

    Args:
        content_type: the header, possibly with parameters; empty when there is none.
        head: the first bytes, up to ``HEAD_BYTES``.
    """
    announced = content_type.partition(";")[0].strip().lower()
    if any(head[at : at + len(mark)] == mark for at, mark in _MEDIA_STARTS):
        return Kind.MAYBE_MEDIA
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<?xml"):
        start = start.partition(b"?>")[2].lstrip()
    looks_like_page = start.startswith(_PAGE_STARTS)
    if announced in _PAGE_TYPES:
        return Kind.PAGE if looks_like_page or _is_text(head) else Kind.OTHER
    if head.startswith(_OTHER_STARTS):
        return Kind.OTHER
    if announced.startswith(("audio/", "video/")):
        return Kind.OTHER if _is_text(head) and head else Kind.MAYBE_MEDIA
    if announced.startswith(_NEVER_MEDIA):
        return Kind.OTHER
    if looks_like_page:
        return Kind.PAGE
    return Kind.OTHER if _is_text(head) else Kind.MAYBE_MEDIA


def image_ending(head: bytes) -> str | None:
    """Return the ending of a picture that browsers show, by its first bytes; None for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ".webp"
    return None


def _is_text(head: bytes) -> bool:
    # A sign of at most three bytes may be cut off at the end.
    for cut in range(4):
        try:
            text = head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return all(char.isprintable() or char in "\r\n\t\f\ufeff" for char in text)
    return False
