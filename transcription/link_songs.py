"""Links among the songs of a command line: fetched into a folder of their own, which goes in the end."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from accounts.core.errors import DrumError
from accounts.core.text import one_line
from media.core.links.addresses import AddressRules
from media.core.links.errors import LinkFetchBroke
from media.core.links.limits import FetchLimits
from media.core.links.link_process import Fetched, fetch_link

_LINK = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*://")
_LONGEST_NAME = 120  # leaves room in a file's name for an ending, in any script


class FetchRefused(Exception):
    """One link cannot be fetched. Its text is for a person."""


def is_link(song: str) -> bool:
    """Whether an argument is a link and no file."""
    return bool(_LINK.match(song))


class LinkSongs:
    """Songs from links, each in a folder of its own, named as the song is called."""

    def __init__(self, rules: AddressRules, limits: FetchLimits) -> None:
        self._rules, self._limits = rules, limits
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def fetch(self, url: str, on_tick: Callable[[Fetched], None]) -> Path:
        """Fetch a song and return where it lies; raises ``FetchRefused``."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="drumsite-links-")
        own = Path(tempfile.mkdtemp(dir=self._folder.name))
        try:
            song = fetch_link(url, own, rules=self._rules, limits=self._limits, on_tick=on_tick)
        except DrumError as error:
            raise FetchRefused(f"{error} {error.hint}".strip()) from error
        except LinkFetchBroke as error:
            raise FetchRefused("Something went wrong on our side. Try again, and report it.") from error
        ending = song.path.suffix or Path(song.name).suffix or ".media"  # all after the last dot is cut off
        named = own / f"{_file_name(song.title or Path(song.name).stem)}{ending}"
        song.path.rename(named)
        return named

    def remove(self) -> None:
        """Remove what was fetched."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def _file_name(title: str) -> str:
    name = one_line(re.sub(r'[/\\:*?"<>|]', " ", title)).strip(" .")
    return name.encode()[:_LONGEST_NAME].decode(errors="ignore").strip() or "song"
