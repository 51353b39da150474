"""The child process in which Verovio runs: requests on standard input, SVG on standard output.

Verovio is native code and crashes on some input; here a crash costs one child and not the worker. Nothing of
the project is imported, so that the child starts fast. Both ways a message is JSON behind its length in
four bytes.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import struct
import sys
from typing import Any

import verovio

_MOST_MEMORY = 2 << 30
_LOOK_FOR_PARENT_S = 2.0
_ONE_TOO_MANY = 3  # pages: two can be laid side by side
_FEW_LINES = 3  # alone on a last page they look forgotten


def main() -> None:
    """Answer requests until the parent closes the pipe or is gone."""
    # Ctrl-C in a terminal reaches all; the parent may want to finish this drawing, and its end is ours.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    verovio.enableLog(verovio.LOG_ERROR)
    parent = os.getppid()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while True:
        # A sibling forked at a bad moment may hold the pipe open, so its end is not the only sign.
        while not select.select([source], [], [], _LOOK_FOR_PARENT_S)[0]:
            if os.getppid() != parent:
                return
        length = source.read(4)
        if len(length) < 4:
            return
        work = json.loads(source.read(struct.unpack(">I", length)[0]))
        _forbid_more_time(int(work["seconds"]) + 1)
        answer = json.dumps(_draw_all(work["requests"])).encode()
        target.write(struct.pack(">I", len(answer)))
        target.write(answer)
        target.flush()


def _forbid_more_time(seconds: int) -> None:
    """Let this process use so much more processor time; then the system ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + 1 + seconds
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed if most < 0 else min(allowed, most), most))


def _draw_all(requests: list[dict[str, Any]]) -> list[list[str]]:
    """Each request's pages; those with equal options, such as single bars, share a toolkit: twice as fast."""
    drawn = []
    toolkit: Any = None
    options = None
    for request in requests:
        if "tighter" in request:
            drawn.append(_draw(request))
            continue
        if request["options"] != options:
            toolkit, options = verovio.toolkit(), request["options"]
            toolkit.setOptions(options)
        accepted = toolkit.loadData(request["mei"])
        drawn.append(_pages(toolkit, toolkit.getPageCount()) if accepted else [])
    return drawn


def _draw(request: dict[str, Any]) -> list[str]:
    """The pages of one request, a MEI text and the options to lay it out with; none if it is refused.

    ``tighter`` are requests that say the same in less room, the roomiest first. When the music takes three
    pages, or leaves a few lines for the last, the roomiest that saves a page is taken.
    """
    toolkit, pages = _load(request)
    if toolkit is None:
        return []
    choices = request.get("tighter", []) if pages > 1 else []
    if choices and (pages == _ONE_TOO_MANY or _lines(toolkit, pages) <= _FEW_LINES):
        most = pages - 1
        while choices:
            # The tightest is tried first, for if that does not do no other will; then by halves.
            place = len(choices) - 1 if pages > most else (len(choices) - 1) // 2
            tried, count = _load(choices[place])
            if tried is not None and count <= most:
                toolkit, pages = tried, count
                choices = choices[:place]
            elif pages > most:
                break
            else:
                choices = choices[place + 1 :]
    return _pages(toolkit, pages)


def _pages(toolkit: Any, count: int) -> list[str]:
    return [toolkit.renderToSVG(page + 1) for page in range(count)]


def _load(request: dict[str, Any]) -> tuple[Any, int]:
    """Lay music out; returns Verovio's toolkit, or None, and the number of pages."""
    toolkit = verovio.toolkit()
    toolkit.setOptions(request["options"])
    if not toolkit.loadData(request["mei"]):
        return None, 0
    return toolkit, toolkit.getPageCount()


def _lines(toolkit: Any, page: int) -> int:
    drawn: str = toolkit.renderToSVG(page)
    return drawn.count('class="system"')


if __name__ == "__main__":
    main()
