"""Who holds a lease, whether they live, and how a lease is kept."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from django.conf import settings
from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """The job was cancelled or deleted, or another worker has taken the stage over."""


def lease_holder() -> str:
    """Return who this process is, in a lease: its machine, process id and thread."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"


def is_dead(holder: str) -> bool:
    """Whether ``holder`` was a process of this machine that is gone; of other machines nothing is known."""
    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Leased(Protocol):
    """Something that is worked on under a lease: a stage's run, an import."""

    def beat(self) -> bool:
        """Say that the holder is alive."""
        ...


@contextmanager
def heartbeat(run: Leased) -> Iterator[None]:
    """Keep the lease while files are fetched and published, when no stage reports progress."""
    stopping = threading.Event()

    def beat() -> None:
        try:
            while not stopping.wait(settings.LEASE_S / 3):
                try:
                    run.beat()
                except DatabaseError:  # the next beat may find it again
                    logger.warning("heartbeat_missed", extra={"of": str(run)}, exc_info=True)
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
