"""How much of anything one link may cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from media.core.links.errors import LinkTimedOut, LinkTooSlow

MB = 1 << 20
# Called with the bytes that have come and, where the other side says it, how many there will be.
Report = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits on size, time and the fetching process. Chosen by judgement, none of them measured."""

    maximum_mb: float = 200.0
    maximum_s: float = 1800.0  # of sound
    connect_s: float = 10.0  # for one attempt to connect
    read_s: float = 20.0  # without a single byte
    first_byte_s: float = 90.0  # until the song itself begins to come
    total_s: float = 600.0  # for everything
    slowest_bytes_per_s: float = 8_000.0  # half of the thinnest music stream, 128 kbit/s
    grace_s: float = 15.0  # so long, speed is not judged
    cpu_s: int = 300  # pieces that are encrypted are decrypted in Python: 56 kB a second (measured)
    memory_mb: int = 512  # of addresses; Python, yt-dlp and FFmpeg's libraries take 166 (measured)

    @property
    def max_bytes(self) -> int:
        """The largest file."""
        return int(self.maximum_mb * MB)


class Pace:
    """The clock of one fetch: how long to wait for the next bytes, and whether they come quickly enough."""

    def __init__(self, limits: FetchLimits) -> None:
        self._limits = limits
        self._started = time.monotonic()
        self._deadline = self._started + limits.total_s
        self._reading_s = 0.0  # time spent in waiting for the other side's bytes
        self._bytes = 0

    def patience_s(self, at_most_s: float) -> float:
        """Return how long the next step may wait.

        Raises:
            LinkTimedOut: the time for everything is used up.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise LinkTimedOut
        return min(at_most_s, left)

    def note(self, count: int, waited_s: float) -> None:
        """Count bytes that came after ``waited_s``.

        Raises:
            LinkTooSlow: since the grace has passed, they come too slowly.
        """
        self._bytes += count
        self._reading_s += waited_s
        is_slow = self._bytes < self._limits.slowest_bytes_per_s * self._reading_s
        if is_slow and self._reading_s > self._limits.grace_s:
            raise LinkTooSlow
