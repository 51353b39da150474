"""The files that people bring, by name: what we tell clients before they upload.

What is really opened is decided by content, in :mod:`media.core.probing`; this table only names it, and is
silent about what that module does not open.
"""

from __future__ import annotations

from dataclasses import dataclass

from media.core.probing import FORMAT_WHITELIST

_PCM = ("pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_u8")


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A kind of file: ``container`` as ``MediaInfo`` calls it, ``codecs`` as FFmpeg calls them.

    ``codecs`` are the usual ones; any other whose sound FFmpeg decodes is read as well. ``demuxer`` is
    FFmpeg's name of what opens it.
    """

    container: str
    extensions: tuple[str, ...]
    content_types: tuple[str, ...]
    codecs: tuple[str, ...]
    demuxer: str
    has_video: bool = False


_KNOWN = (
    FileFormat("mp3", (".mp3",), ("audio/mpeg", "audio/mp3"), ("mp3",), "mp3"),
    FileFormat("wav", (".wav",), ("audio/wav", "audio/x-wav"), _PCM, "wav"),
    FileFormat("flac", (".flac",), ("audio/flac",), ("flac",), "flac"),
    FileFormat("ogg", (".ogg", ".oga"), ("audio/ogg",), ("vorbis", "flac"), "ogg"),
    FileFormat("opus", (".opus",), ("audio/opus", "audio/ogg"), ("opus",), "ogg"),
    FileFormat("m4a", (".m4a",), ("audio/mp4", "audio/x-m4a"), ("aac", "alac"), "m4a"),
    FileFormat("aac", (".aac",), ("audio/aac",), ("aac",), "aac"),
    FileFormat("aiff", (".aiff", ".aif"), ("audio/aiff",), ("pcm_s16be", "pcm_s24be"), "aiff"),
    FileFormat("wma", (".wma",), ("audio/x-ms-wma",), ("wmav1", "wmav2"), "asf"),
    FileFormat(
        "mp4", (".mp4", ".m4v"), ("video/mp4",), ("aac", "mp3", "ac3", "alac", "opus"), "mp4", has_video=True
    ),
    FileFormat("mov", (".mov",), ("video/quicktime",), ("aac", "alac", "pcm_s16le"), "mov", has_video=True),
    FileFormat(
        "mkv", (".mkv",), ("video/x-matroska",), ("opus", "aac", "ac3", "flac", "mp3", "vorbis"), "matroska",
        has_video=True,
    ),
    FileFormat("webm", (".webm",), ("video/webm", "audio/webm"), ("opus", "vorbis"), "webm", has_video=True),
    FileFormat(
        "avi", (".avi",), ("video/x-msvideo",), ("mp3", "ac3", "pcm_s16le"), "avi", has_video=True
    ),
)  # fmt: skip


def accepted_formats() -> tuple[FileFormat, ...]:
    """Return the kinds of file that are opened here."""
    opened = frozenset(FORMAT_WHITELIST.split(","))
    return tuple(known for known in _KNOWN if known.demuxer in opened)
