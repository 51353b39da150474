"""One process, and one thread in it, at a time; the others wait and can be told why."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_LOOK_EVERY_S = 0.2


@contextmanager
def only_one(path: Path, while_waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock at ``path``; the system lets go of it when the process ends, however it ends.

    ``while_waiting`` is called five times a second while somebody else holds it; what it raises ends the
    wait. The file stays: :func:`try_to_remove` takes it away.
    """
    while True:
        handle = _held(path)
        if handle is not None:
            break
        while_waiting()
        time.sleep(_LOOK_EVERY_S)
    try:
        yield
    finally:
        os.close(handle)


def try_to_remove(path: Path) -> bool:
    """Remove a lock that nobody holds; say whether nobody did."""
    handle = _held(path)
    if handle is None:
        return False
    try:
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)
    return True


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock at ``path`` now."""
    if not path.exists():
        return False
    handle = _held(path)
    if handle is None:
        return True
    os.close(handle)
    return False


def _held(path: Path) -> int | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who removes a lock file does so while holding it: a lock on a removed file would protect nothing.
        if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None
