"""Songs on pages: YouTube and its like, and any page with a player. Read by yt-dlp.

Only for the guarded process of ``links.child``: yt-dlp follows whatever a page names. It reads no
configuration, no cookies and no cache here, runs no program, and fetches the sound as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accounts.core.errors import DrumError
from accounts.core.text import one_line
from media.core.links.errors import (
    LinkIsPlaylist,
    LinkLive,
    LinkNotMedia,
    LinkTooLarge,
    LinkTooLong,
    LinkTooSlow,
    LinkUnsupported,
)
from media.core.links.limits import FetchLimits, Report
from media.core.links.sayings import refusal_for

MOST_ENTRIES = 50
_TEXT_LENGTH = 200
_PROTOCOLS = r"[protocol~='^(https?|m3u8|m3u8_native|http_dash_segments)$']"
# The sound alone; else the smallest picture that brings it along.
_FORMAT = "/".join(choice + _PROTOCOLS for choice in ("bestaudio", "worst[height>=?144]", "best"))
_ANY_PAGE = frozenset({"Generic", "HTML5MediaEmbed"})  # the readers that are for no site of their own
# They would speak to the network past Python's sockets, or are never needed here.
_UNWANTED_MODULES = ("curl_cffi", "requests", "urllib3", "websockets")


@dataclass(frozen=True, slots=True)
class PageSong:
    """A song from a page: its file, and what the page says of it (empty where it says nothing)."""

    path: Path
    title: str
    artist: str
    page_url: str
    cover_url: str = ""
    name: str = ""  # of the file, as its sender calls it


@dataclass(frozen=True, slots=True)
class LinkEntry:
    """One song of several."""

    url: str
    title: str
    duration_s: float | None


def is_known_site(url: str) -> bool:
    """Whether there is a reader made for this site, which may succeed where a plain request is refused."""
    from yt_dlp.extractor import gen_extractor_classes  # here: 0.4 s, and only in the guarded process

    return any(reader.suitable(url) and reader.IE_NAME != "generic" for reader in gen_extractor_classes())


def fetch_page(url: str, folder: Path, *, limits: FetchLimits, report: Report) -> PageSong:
    """Fetch the song on a page into ``folder``.

    Raises:
        LinkIsPlaylist, LinkLive, LinkTooLong, LinkTooLarge, LinkTooSlow, LinkPrivate, LinkRemoved,
        LinkAgeRestricted, LinkBlocked, LinkUnsupported, LinkUnreachable, LinkTimedOut: see their classes.
    """
    downloader = _Downloader(folder, limits, report)
    info = downloader.look(url)
    entries = info.get("entries")
    if entries is not None:
        songs = [entry for entry in entries if entry]
        if len(songs) != 1:
            raise LinkIsPlaylist if songs else LinkUnsupported
        info = downloader.look(_entry_url(songs[0]))
        if info.get("entries") is not None:
            raise LinkIsPlaylist
    _check(info, limits)
    path = downloader.fetch(info)
    return PageSong(
        path=path,
        title=_title(info),
        artist=_artist(info),
        page_url=str(info.get("webpage_url") or url),
        cover_url=str(info.get("thumbnail") or ""),
    )


def list_entries(url: str, folder: Path, *, limits: FetchLimits) -> tuple[LinkEntry, ...]:
    """Return the songs of a playlist, or the one song, without fetching them; at most ``MOST_ENTRIES``.

    Raises:
        As :func:`fetch_page`, but no ``LinkIsPlaylist``.
    """
    info = _Downloader(folder, limits, lambda done, total: None).look(url)
    found: Iterable[Any] = [info] if info.get("entries") is None else info["entries"]
    entries: list[LinkEntry] = []
    for entry in found:
        if not entry or len(entries) == MOST_ENTRIES:
            continue
        duration = entry.get("duration")
        entries.append(
            LinkEntry(
                url=_entry_url(entry),
                title=_text(entry.get("title")),
                duration_s=float(duration) if isinstance(duration, int | float) else None,
            )
        )
    if not entries:
        raise LinkUnsupported
    return tuple(entries)


class _Downloader:
    """yt-dlp, tied down."""

    def __init__(self, folder: Path, limits: FetchLimits, report: Report) -> None:
        for name in _UNWANTED_MODULES:
            sys.modules.setdefault(name, None)  # type: ignore[arg-type]
        import yt_dlp  # here: only in the guarded process
        from yt_dlp.networking._urllib import UrllibRH

        UrllibRH._SUPPORTED_URL_SCHEMES = ("http", "https")  # it would do ftp as well
        self._limits, self._report = limits, report
        self._folder = folder
        self._said: list[str] = []
        self._errors = (yt_dlp.utils.YoutubeDLError, OSError, MemoryError)
        self._downloader = yt_dlp.YoutubeDL(self._parameters())

    def look(self, url: str) -> dict[str, Any]:
        """Return what yt-dlp finds at ``url``, its entries as a list; nothing is fetched but pages."""
        info = self._told(lambda: self._downloader.extract_info(url, download=False))
        if not isinstance(info, dict):
            raise self._refusal() from None
        if info.get("entries") is not None:
            info["entries"] = self._told(lambda: list(info["entries"]))
        return info

    def fetch(self, info: Mapping[str, Any]) -> Path:
        """Fetch the sound that was found."""
        plain = self._downloader.sanitize_info(dict(info), remove_private_keys=True)
        self._told(lambda: self._downloader.process_ie_result(plain, download=True))
        found = [path for path in self._folder.glob("song.*") if path.suffix not in {".part", ".ytdl"}]
        if len(found) != 1 or not found[0].stat().st_size:
            raise self._refusal()
        return found[0]

    def _told(self, act: Any) -> Any:
        """Do ``act``; what it raises is told in our words."""
        try:
            return act()
        except DrumError:
            raise
        except self._errors as error:
            if isinstance(error, MemoryError):
                raise LinkTooLarge(maximum_mb=self._limits.maximum_mb) from error
            self._said.append(_whole_story(error))
            raise self._refusal() from error

    def _refusal(self) -> DrumError:
        refusal = refusal_for(" ".join(self._said))
        if refusal is LinkTooLarge:
            return LinkTooLarge(maximum_mb=self._limits.maximum_mb)
        return refusal()

    def _note_progress(self, status: Mapping[str, Any]) -> None:
        done = int(status.get("downloaded_bytes") or 0)
        total = status.get("total_bytes") or status.get("total_bytes_estimate")
        if done > self._limits.max_bytes:
            raise LinkTooLarge(maximum_mb=self._limits.maximum_mb)
        elapsed_s = float(status.get("elapsed") or 0.0)
        if elapsed_s > self._limits.grace_s and done < self._limits.slowest_bytes_per_s * elapsed_s:
            raise LinkTooSlow
        self._report(done, int(total) if total else None)

    def _parameters(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "outtmpl": {"default": str(self._folder / "song.%(ext)s")},
            "max_filesize": self._limits.max_bytes,
            "noplaylist": True,
            "extract_flat": "in_playlist",
            "playlist_items": f"1:{MOST_ENTRIES}",
            "lazy_playlist": False,
            "socket_timeout": self._limits.read_s,
            "retries": 1,
            "fragment_retries": 1,
            "extractor_retries": 1,
            "file_access_retries": 0,
            "skip_unavailable_fragments": False,
            "continuedl": False,
            "overwrites": True,
            "updatetime": False,
            "hls_prefer_native": True,
            "external_downloader": {},
            "ffmpeg_location": "/nonexistent",
            "fixup": "never",
            "postprocessors": [],
            "cachedir": False,
            "cookiefile": None,
            "cookiesfrombrowser": None,
            "usenetrc": False,
            "netrc_cmd": None,
            "proxy": "",
            "enable_file_urls": False,
            "allow_unplayable_formats": False,
            "js_runtimes": {},
            "remote_components": set(),
            "color": "never",
            "quiet": True,
            "noprogress": True,
            "logger": _Listener(self._said),
            "progress_hooks": [self._note_progress],
        }


class _Listener:
    """Keeps what yt-dlp complains about."""

    def __init__(self, said: list[str]) -> None:
        self._said = said

    def debug(self, text: str) -> None:
        # Its way of saying that a file is larger than it may be.
        if "larger than max-filesize" in text:
            self._said.append(text)

    def info(self, text: str) -> None:
        """Nothing to keep."""

    def warning(self, text: str) -> None:
        """Nothing to keep: a warning is not why something failed."""

    def error(self, text: str) -> None:
        self._said.append(text)


def _check(info: Mapping[str, Any], limits: FetchLimits) -> None:
    """Refuse, before it is fetched, what would be refused afterwards."""
    if info.get("is_live") or info.get("live_status") in {"is_live", "is_upcoming", "post_live"}:
        raise LinkLive
    duration = info.get("duration")
    if isinstance(duration, int | float) and duration > limits.maximum_s:
        raise LinkTooLong(maximum_s=limits.maximum_s)
    size = info.get("filesize")
    if isinstance(size, int | float) and size > limits.max_bytes:
        raise LinkTooLarge(maximum_mb=limits.maximum_mb)
    if info.get("acodec") == "none":
        raise LinkNotMedia


def _entry_url(entry: Mapping[str, Any]) -> str:
    url = entry.get("webpage_url") if entry.get("_type") == "url" else None
    found = url or entry.get("url") or next((f.get("url") for f in entry.get("formats") or []), None)
    if not isinstance(found, str):
        raise LinkUnsupported
    return found


def _title(info: Mapping[str, Any]) -> str:
    title = _text(info.get("track") or info.get("title"))
    # The reader of any page numbers the players that it finds, also when there is but one.
    return title.removesuffix(" (1)") if info.get("extractor_key") in _ANY_PAGE else title


def _artist(info: Mapping[str, Any]) -> str:
    names = ["artist", "creator"]
    if info.get("extractor_key") not in _ANY_PAGE:  # which gives the name of the host
        names += ["uploader", "channel"]
    return _text(next((info[name] for name in names if info.get(name)), ""))


def _text(value: object) -> str:
    return one_line(value)[:_TEXT_LENGTH].strip() if isinstance(value, str) else ""


def _whole_story(error: BaseException | None) -> str:
    """Return what an error and those behind it say."""
    told: list[str] = []
    while error is not None and len(told) < 8:
        told.append(f"{type(error).__name__} {error}")
        error = getattr(error, "cause", None) or error.__cause__ or error.__context__
    return " ".join(told)
