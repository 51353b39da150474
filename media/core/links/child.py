"""The fetching process: one link, under limits and a guard, then its end. Started by ``links.link_process``.

It is told on standard input what to fetch and answers on standard output, a JSON object a line: any number of
``progress``, then one of ``song``, ``entries``, ``refused`` and ``broke``.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import IO, Any

from accounts.core.errors import DrumError
from media.core.disk import no_room_is_storage_full
from media.core.errors import AudioTooLong, EmptyFile, NotAudio
from media.core.links.addresses import AddressRules
from media.core.links.errors import (
    LinkAddressNotAllowed,
    LinkBlocked,
    LinkNotMedia,
    LinkPrivate,
    LinkTimedOut,
    LinkTooLarge,
    LinkTooLong,
)
from media.core.links.fetching import FetchedFile, fetch_cover, fetch_file
from media.core.links.guard import Guard
from media.core.links.limits import MB, FetchLimits
from media.core.links.pages import LinkEntry, PageSong, fetch_page, is_known_site, list_entries
from media.core.links.remuxing import is_transport_stream, sound_of_transport_stream
from media.core.probing import probe

_LOOK_FOR_PARENT_EVERY_S = 1.0
_REPORT_EVERY_BYTES = 1 << 18


def main() -> None:
    """Do what standard input asks for."""
    request = json.loads(sys.stdin.read())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints does not disturb the answers
    limits = FetchLimits(**request["limits"])
    rules = AddressRules(tuple(request["rules"]["ports"]), tuple(request["rules"]["allowed"]))
    folder = Path(request["folder"])
    _limit_this_process(limits)
    _end_with_parent()
    guard = Guard(rules, folder)
    guard.install()
    _send(answers, answer_to(request, folder, rules, limits, guard, answers))


def answer_to(
    request: dict[str, Any],
    folder: Path,
    rules: AddressRules,
    limits: FetchLimits,
    guard: Guard,
    answers: IO[str],
) -> dict[str, Any]:
    """Return the last answer to a request; progress goes to ``answers`` meanwhile."""
    try:
        with no_room_is_storage_full():
            if request["wants"] == "entries":
                return _entries(list_entries(request["url"], folder, limits=limits))
            song = _fetch(request["url"], folder, rules, limits, answers)
            return {
                "type": "song",
                "path": str(_media_file(song.path, limits)),
                "title": song.title,
                "artist": song.artist,
                "page_url": song.page_url,
                "name": song.name,
                "cover": _cover(song.cover_url, folder, rules, limits),
            }
    except DrumError as error:
        # A refused address shows as whatever the code above it makes of it; the guard knows better.
        refusal = LinkAddressNotAllowed() if guard.refused else error
        return {"type": "refused", "code": refusal.code, "details": refusal.details}
    except MemoryError:
        return {"type": "refused", "code": LinkTooLarge.code, "details": {"maximum_mb": limits.maximum_mb}}
    except Exception:
        if guard.refused:
            return {"type": "refused", "code": LinkAddressNotAllowed.code, "details": {}}
        return {"type": "broke", "traceback": traceback.format_exc()}


def _fetch(url: str, folder: Path, rules: AddressRules, limits: FetchLimits, answers: IO[str]) -> PageSong:
    """Fetch the file behind ``url``, or the song of the page."""
    last = 0

    def report(done: int, total: int | None) -> None:
        nonlocal last
        if done - last >= _REPORT_EVERY_BYTES or done < last or done == total:
            last = done
            _send(answers, {"type": "progress", "bytes": done, "total": total})

    try:
        found = fetch_file(url, folder / "song", rules=rules, limits=limits, report=report)
    except (LinkBlocked, LinkPrivate, LinkTimedOut):
        # Some sites refuse whoever is no browser, and have a reader that knows how to ask.
        if not is_known_site(url):
            raise
        found = None
    if isinstance(found, FetchedFile):
        return PageSong(found.path, title="", artist="", page_url=found.url, name=found.name)
    return fetch_page(url, folder, limits=limits, report=report)


def _media_file(path: Path, limits: FetchLimits) -> Path:
    """Return the file to keep, now known to hold sound that can be read and is not too long."""
    if is_transport_stream(path):
        sound = path.with_name("sound.mka")
        if not sound_of_transport_stream(path, sound):
            raise LinkNotMedia
        path = sound
    try:
        probe(path, max_duration_s=limits.maximum_s)
    except (NotAudio, EmptyFile) as error:
        raise LinkNotMedia from error
    except AudioTooLong as error:
        raise LinkTooLong(maximum_s=limits.maximum_s) from error
    return path


def _cover(url: str, folder: Path, rules: AddressRules, limits: FetchLimits) -> str | None:
    """Return where the song's picture is; a song without one is as good."""
    if not url:
        return None
    try:
        return str(fetch_cover(url, folder, rules=rules, limits=limits))
    except DrumError:
        return None


def _entries(entries: tuple[LinkEntry, ...]) -> dict[str, Any]:
    return {
        "type": "entries",
        "entries": [{"url": e.url, "title": e.title, "duration_s": e.duration_s} for e in entries],
    }


def _limit_this_process(limits: FetchLimits) -> None:
    # A page may hold many pieces, which are joined: twice the size is enough for a file and its last piece.
    for kind, most in (
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_AS, limits.memory_mb * MB),
        (resource.RLIMIT_FSIZE, limits.max_bytes + MB),
        (resource.RLIMIT_NPROC, 0),  # this one is there already; no further process, no further thread
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def _end_with_parent() -> None:
    """End as soon as whoever waits for the answer is gone."""
    parent = os.getppid()

    def look(number: int, frame: FrameType | None) -> None:
        if os.getppid() != parent:
            os._exit(1)

    signal.signal(signal.SIGALRM, look)
    signal.siginterrupt(signal.SIGALRM, False)
    signal.setitimer(signal.ITIMER_REAL, _LOOK_FOR_PARENT_EVERY_S, _LOOK_FOR_PARENT_EVERY_S)


def _send(answers: IO[str], message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
