"""How much memory there is and how much this process holds, as Linux tells it; elsewhere nothing is known."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

_MB = 1 << 20
_CGROUP = Path("/sys/fs/cgroup")


def available_mb(meminfo: Path = Path("/proc/meminfo"), cgroup: Path = _CGROUP) -> float | None:
    """Return the megabytes that could be had without swapping, within the container's limit if it has one."""
    free: list[float] = []
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
        free.append(int(lines["MemAvailable"].split()[0]) / 1024)
    with contextlib.suppress(OSError, ValueError):  # "max": no limit
        limit = int((cgroup / "memory.max").read_text())
        free.append((limit - int((cgroup / "memory.current").read_text())) / _MB)
    return min(free) if free else None


def resident_mb(statm: Path = Path("/proc/self/statm")) -> float:
    """Return the megabytes that this process holds; 0 where that is not known."""
    try:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MB
    except (OSError, ValueError, IndexError):
        return 0.0


def give_back() -> None:
    """Hand memory that nothing uses back to the system: the C library keeps it otherwise, if it is glibc."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
