"""Fetches links in a child process each, so that stopping is a kill and a stranger's page harms nothing."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from accounts.core.errors import DrumError
from media.core.errors import (
    NoSound,
    StorageFull,
    UndecodableAudio,
    UnsupportedAudio,
)
from media.core.links.addresses import AddressRules
from media.core.links.errors import ALL_ERRORS, LinkFetchBroke, LinkTimedOut
from media.core.links.limits import FetchLimits
from media.core.links.link_text import parse_link
from media.core.links.pages import LinkEntry

_REFUSALS: tuple[type[DrumError], ...] = (
    NoSound,
    StorageFull,
    UndecodableAudio,
    UnsupportedAudio,
    *ALL_ERRORS,
)
_ERRORS = {refusal.code: refusal for refusal in _REFUSALS}
# What Python, the dynamic linker and TLS need; no secret of the site goes near a stranger's page.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
_LONGEST_ANSWER = 1 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """How far a fetch is: bytes that have come, and how many there will be, where the sender says it."""

    done: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class LinkSong:
    """A song that was fetched: known to hold sound that can be read, and not too long.

    ``title`` and ``artist`` are what the page says, ``name`` is what the file is called; all may be empty.
    """

    path: Path
    title: str
    artist: str
    name: str
    page_url: str
    cover: Path | None


def fetch_link(
    url: str,
    folder: Path,
    *,
    rules: AddressRules,
    limits: FetchLimits,
    on_tick: Callable[[Fetched], None] = lambda fetched: None,
    tick_s: float = 0.5,
) -> LinkSong:
    """Fetch the song behind ``url`` into ``folder``, which should be empty.

    ``on_tick`` is called about every ``tick_s``; whatever it raises stops the fetch at once.

    Raises:
        One of ``links.errors.ALL_ERRORS``: the link, or what is behind it, is refused.
        NoSound, UndecodableAudio, UnsupportedAudio: it is media, but of no use.
        StorageFull: no room for it here.
        LinkFetchBroke: our fault; worth another try.
    """
    answer = _ask("song", url, folder, rules, limits, on_tick, tick_s)
    cover = answer["cover"]
    return LinkSong(
        path=Path(answer["path"]),
        title=answer["title"],
        artist=answer["artist"],
        name=answer["name"],
        page_url=answer["page_url"],
        cover=Path(cover) if cover else None,
    )


def list_link(
    url: str,
    folder: Path,
    *,
    rules: AddressRules,
    limits: FetchLimits,
    on_tick: Callable[[Fetched], None] = lambda fetched: None,
    tick_s: float = 0.5,
) -> tuple[LinkEntry, ...]:
    """Return the songs of the playlist behind ``url``, at most 50, without fetching them.

    Raises as :func:`fetch_link`.
    """
    answer = _ask("entries", url, folder, rules, limits, on_tick, tick_s)
    return tuple(LinkEntry(**entry) for entry in answer["entries"])


def _ask(
    wants: str,
    url: str,
    folder: Path,
    rules: AddressRules,
    limits: FetchLimits,
    on_tick: Callable[[Fetched], None],
    tick_s: float,
) -> dict[str, Any]:
    request = {
        "wants": wants,
        "url": parse_link(url, rules).url,
        "folder": str(folder.absolute()),
        "rules": asdict(rules),
        "limits": asdict(limits),
    }
    started = time.monotonic()
    with _child(request, folder) as (process, answers):
        fetched, next_tick = Fetched(), time.monotonic() + tick_s
        with selectors.DefaultSelector() as waiting:
            waiting.register(answers, selectors.EVENT_READ)
            while True:
                if waiting.select(max(0.0, next_tick - time.monotonic())):
                    line = answers.readline(_LONGEST_ANSWER)
                    message = _message(line, process)
                    if message["type"] != "progress":
                        return _checked(message)
                    fetched = Fetched(message["bytes"], message["total"])
                now = time.monotonic()
                if now - started > (limits.total_s if fetched.done else limits.first_byte_s):
                    raise LinkTimedOut
                if now >= next_tick:
                    on_tick(fetched)
                    next_tick = time.monotonic() + tick_s


@contextmanager
def _child(request: Mapping[str, Any], folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """Start the fetching process and end it, and all it started, in the end."""
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    environment |= {
        "PYTHONPATH": str(Path(__file__).resolve().parents[3]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder.absolute()),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "YTDLP_NO_PLUGINS": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-s", "-m", "media.core.links.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
        start_new_session=True,
        bufsize=0,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(request).encode())
        process.stdin.close()
        yield process, process.stdout
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def _message(line: bytes, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    if not line.endswith(b"\n"):
        process.wait(timeout=10)
        if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            raise LinkTimedOut  # its processor time is used up
        raise LinkFetchBroke(f"the fetching process ended (exit status {process.returncode})")
    message: dict[str, Any] = json.loads(line)
    return message


def _checked(message: dict[str, Any]) -> dict[str, Any]:
    if message["type"] == "refused":
        raise _ERRORS[message["code"]](**message["details"])
    if message["type"] == "broke":
        raise LinkFetchBroke(message["traceback"])
    return message
