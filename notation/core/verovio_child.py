"""The child process in which Verovio runs: requests as JSON on standard input, SVG as JSON on the output.

Verovio is native code and crashes on some input; here a crash costs one child and not the worker. Nothing of
the project is imported, so that the child starts fast.
"""

from __future__ import annotations

import json
import resource
import sys

import verovio


def _forbid_excess(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = 2 << 30
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """Render every request; each is a MEI text and the options to lay it out with."""
    work = json.load(sys.stdin)
    _forbid_excess(max(1, int(work["seconds"])))
    verovio.enableLog(verovio.LOG_ERROR)
    results: list[list[str]] = []
    for request in work["requests"]:
        toolkit = verovio.toolkit()
        toolkit.setOptions(request["options"])
        if not toolkit.loadData(request["mei"]):
            raise SystemExit("Verovio did not accept the music")
        results.append([toolkit.renderToSVG(page + 1) for page in range(toolkit.getPageCount())])
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
