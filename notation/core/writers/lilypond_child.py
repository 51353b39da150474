"""Becomes LilyPond, after giving up what it must not use up. Nothing of the project is imported."""

from __future__ import annotations

import os
import resource
import sys

_MEMORY_BYTES = 2 << 30
_FILE_BYTES = 256 << 20


def main() -> None:
    """Limit this process to the seconds of CPU in the first argument, then become the rest of the line."""
    seconds = max(1, int(float(sys.argv[1])))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
