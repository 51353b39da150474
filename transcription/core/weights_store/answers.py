"""What a source of weights says when it is asked for a file, whatever it speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait for a source, and how often we ask it. Chosen by judgement, not measured.

    ``attempts`` counts those in a row that brought nothing new: a connection that is cut every few megabytes
    gets there all the same. ``total_s`` limits the fetching of one file. After ``attempts`` in vain, nobody
    but a person asks again for ``quiet_s``.
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    total_s: float = 1500.0
    attempts: int = 4
    first_wait_s: float = 1.0
    longest_wait_s: float = 30.0
    quiet_s: float = 300.0


class Transient(Exception):
    """Nothing, or not all, came; it may be better in a moment. ``wait_s`` is what the server asked for."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class Refused(Exception):
    """The source has no such file for us; asking again would not help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A file on its way: ``read`` gives its bytes from ``offset`` on, in pieces, and none at its end.

    ``read`` raises :class:`Transient`. ``total_bytes`` is the whole file's, ``None`` when the source does not
    say. ``validator`` is equal as long as the file is; empty when the source has no such thing.
    """

    read: Callable[[int], bytes]
    close: Callable[[], None]
    offset: int
    total_bytes: int | None
    validator: str


class Source(Protocol):
    """A file somewhere."""

    def open(self, offset: int, validator: str) -> Answer:
        """Ask for the bytes from ``offset`` on, if the file is still the one that ``validator`` is of.

        The answer may begin at 0 all the same: the file has changed, or the source knows no ranges.

        Raises:
            Transient: it does not answer properly right now.
            Refused: it has no such file for us.
        """


def shown(url: str) -> str:
    """Return ``url`` for people and logs: without passwords and signatures."""
    parts = urlsplit(url)
    host = parts.netloc.rsplit("@", 1)[-1]
    return f"{parts.scheme}://{host}{parts.path}"
