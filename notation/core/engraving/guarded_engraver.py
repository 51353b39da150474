"""Verovio in warm child processes: a crash or a hang costs one child, never the process that asked.

Starting Python and Verovio takes a quarter of a second, drawing one bar takes a hundredth, so a child stays
and is asked again. There are two a process at most, each busy with one thread's request at a time.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from notation.core.errors import EngravingFailed

_CHILD = Path(__file__).with_name("verovio_child.py")
_MOST_CHILDREN = 2
# Measured: 28 MB after one page and after 400; but native code may leak on some input.
_REQUESTS_A_CHILD = 1000

Drawn = list[list[str]]


class _Child:
    """One engraver process; used by one thread at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-I", str(_CHILD)],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
            )
        self._socket = ours
        self.answered = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, work: bytes, limit_s: float) -> bytes:
        """Send a request and wait for its answer.

        Raises:
            TimeoutError: it took longer than ``limit_s``.
            EOFError: the child ended.
        """
        deadline = time.monotonic() + limit_s
        try:
            self._socket.settimeout(limit_s)
            self._socket.sendall(struct.pack(">I", len(work)) + work)
            (length,) = struct.unpack(">I", self._receive(4, deadline))
            answer = self._receive(length, deadline)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise EOFError from error
        self.answered += 1
        return answer

    def _receive(self, length: int, deadline: float) -> bytes:
        received = bytearray(length)
        view = memoryview(received)
        while view:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            count = self._socket.recv_into(view)
            if not count:
                raise EOFError
            view = view[count:]
        return bytes(received)

    def end(self) -> int:
        """Let it end if it will at once, or kill it; returns its exit status."""
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout=0.1)
        self._process.kill()
        return self._process.wait()

    def forget(self) -> None:
        """In a forked process: it is the parent's child, so let go of it without ending it."""
        self._socket.close()
        self._process.returncode = 0


class GuardedEngraver:
    """Draws by way of warm children; safe to share between threads, and to fork with."""

    def __init__(self) -> None:
        self._start_afresh()
        os.register_at_fork(after_in_child=self._after_fork)
        atexit.register(self.close)

    def _start_afresh(self) -> None:
        self._free_slots = threading.BoundedSemaphore(_MOST_CHILDREN)
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the children that wait for work."""
        with self._lock:
            return tuple(child.pid for child in self._idle)

    def draw(self, requests: Sequence[Mapping[str, Any]], limit_s: float) -> Drawn:
        """Have each request, a MEI text under ``mei`` and Verovio's ``options``, drawn; returns their pages.

        Raises:
            EngravingFailed: the engraver died, took longer than ``limit_s`` or refused the music.
        """
        work = json.dumps({"seconds": limit_s, "requests": list(requests)}).encode()
        deadline = time.monotonic() + limit_s
        if not self._free_slots.acquire(timeout=limit_s):
            raise EngravingFailed(reason=f"the engraver was busy for more than {limit_s:.1f} s")
        try:
            drawn: Drawn = json.loads(self._ask(work, limit_s, deadline))
        finally:
            self._free_slots.release()
        if not all(drawn):
            raise EngravingFailed(reason="the engraver did not accept the music")
        return drawn

    def _ask(self, work: bytes, limit_s: float, deadline: float) -> bytes:
        child = self._take()
        answer = None
        try:
            answer = child.ask(work, max(0.001, deadline - time.monotonic()))
        except TimeoutError as error:
            raise EngravingFailed(reason=f"the engraver took more than {limit_s:.1f} s") from error
        except EOFError as error:
            raise EngravingFailed(reason=_cause_of_death(child.end())) from error
        finally:
            self._give_back(child, fit=answer is not None)
        return answer

    def _take(self) -> _Child:
        with self._lock:
            child = None
            while child is None and self._idle:
                child = self._idle.pop()
                if not child.is_alive:  # someone ended it while it waited
                    child.end()
                    child = None
            child = child or _Child()
            self._busy.add(child)
        return child

    def _give_back(self, child: _Child, *, fit: bool) -> None:
        fit = fit and child.answered < _REQUESTS_A_CHILD
        with self._lock:
            self._busy.discard(child)
            if fit:
                self._idle.append(child)
        if not fit:
            child.end()

    def close(self) -> None:
        """End the children that wait; the next request starts new ones."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _after_fork(self) -> None:
        for child in (*self._idle, *self._busy):
            child.forget()
        self._start_afresh()


def _cause_of_death(status: int) -> str:
    if status < 0:
        return f"the engraver crashed with signal {-status}"
    return f"the engraver ended with status {status}"


# One for the whole process: it starts nothing before it is first asked.
ENGRAVER = GuardedEngraver()
