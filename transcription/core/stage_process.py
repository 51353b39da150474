"""Runs stages in a warm child process, so that cancelling is a kill and a crash in native code is an answer.

The child is :mod:`transcription.core.stage_child`; it keeps its networks between stages. The two speak
length-prefixed JSON over a socket pair.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from accounts.core.errors import DrumError
from transcription.core.errors import StageTimedOut
from transcription.core.nets_config import NetsConfig
from transcription.core.operations import Operation
from transcription.core.result import Finding
from transcription.core.stages import Stage

# Read by glibc as a process starts; elsewhere they mean nothing. A separator's layers ask for hundreds of
# megabytes and give them back, a hundred times a song: by default they come from the system, page by page.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TRIM_THRESHOLD_": "8000000000",
    "MALLOC_TOP_PAD_": "268435456",
}
_QUIETLY = {"TF_CPP_MIN_LOG_LEVEL": "2"}  # TensorFlow tells at length of cards that are not there


@dataclass(frozen=True, slots=True)
class StageRequest:
    """One stage to run: the files it reads, where it writes, and what was asked for."""

    stage: Stage
    inputs: Mapping[str, Path]
    output_dir: Path
    options: Mapping[str, Any]
    minimum_s: float
    maximum_s: float
    earlier_warnings: tuple[Finding, ...] = ()
    operation: Operation = Operation.TRANSCRIBE


@dataclass(frozen=True, slots=True)
class StageAnswer:
    """What came back: findings, the engine used, and the seconds of the stage's own work.

    ``is_final`` is false where the result would be another on another day.
    """

    warnings: tuple[Finding, ...]
    engine: str
    seconds: float
    is_final: bool = True


class RefusedByStage(DrumError):
    """A ``DrumError`` that was raised in the child, with its own code, message and hint."""

    def __init__(self, code: str, message: str, hint: str, details: dict[str, object]) -> None:
        Exception.__init__(self, message)
        self.code = code  # type: ignore[misc]
        self.hint = hint  # type: ignore[misc]
        self.details = details


class StageBroke(Exception):
    """The stage raised what is no ``DrumError``, or its process died: our bug, worth another try."""


class StageProcess:
    """A child process that runs one stage at a time. Not thread-safe: one thread, one ``StageProcess``.

    Args:
        config: what its networks run on, and where their weights are.
        most_memory_mb: a child that holds more after a stage is replaced by a fresh one; 0: never.
        idle_s: after so many seconds without a stage it looks whether memory is short.
    """

    def __init__(
        self,
        config: NetsConfig | None = None,
        *,
        threads: int = 0,
        most_memory_mb: float = 0.0,
        idle_s: float = 300.0,
    ) -> None:
        self._config = config or NetsConfig(threads=threads)
        self._most_memory_mb, self._idle_s = most_memory_mb, idle_s
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id; ``None`` while there is none."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start the child if it is not running; it loads its networks in its own time."""
        if self.pid is not None:
            return
        self.kill()
        ours, theirs = socket.socketpair()
        environment = {**KEEP_MEMORY, **_QUIETLY, **os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
        # Half the cores, for two workers share them: with a thread a core each, a three-minute song took ten
        # times the processor's time on a busy machine (measured), all of it waiting for the other threads.
        environment.setdefault(
            "OMP_NUM_THREADS", str(self._config.threads or max(1, (os.cpu_count() or 2) // 2))
        )
        # The child must find our packages wherever the parent was started.
        root = str(Path(__file__).resolve().parents[2])
        environment["PYTHONPATH"] = os.pathsep.join(
            part for part in (root, environment.get("PYTHONPATH")) if part
        )
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "transcription.core.stage_child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        finally:
            theirs.close()
        self._connection = Connection(ours.detach())
        # Not as an argument, which anybody on the machine can read: addresses of weights may hold passwords.
        with contextlib.suppress(OSError):  # a child that is dead already is noticed by the first stage
            told = {"nets": self._config.as_dict(), "idle_s": self._idle_s}
            self._connection.send_bytes(json.dumps(told).encode())

    def run(
        self,
        request: StageRequest,
        *,
        on_tick: Callable[[float], None],
        time_limit_s: float,
        tick_s: float = 0.25,
    ) -> StageAnswer:
        """Run ``request`` and return its answer.

        ``on_tick`` is called about every ``tick_s`` with the fraction done (0..1); whatever it raises stops
        the stage at once.

        Raises:
            RefusedByStage: the stage refused its input.
            StageTimedOut: it ran longer than ``time_limit_s``.
            StageBroke: it failed through a fault of ours.
        """
        self.start()
        assert self._connection is not None
        try:
            self._connection.send_bytes(_request_to_bytes(request))
            return self._wait(on_tick, time.monotonic() + time_limit_s, tick_s)
        except (OSError, EOFError) as error:
            code = self._process.poll() if self._process else None
            self.kill()
            raise StageBroke(f"the stage's process ended (exit status {code})") from error
        except (RefusedByStage, StageBroke):
            raise
        except BaseException:  # cancelled, lost its lease, out of time: nobody waits for this answer
            self.kill()
            raise

    def _wait(self, on_tick: Callable[[float], None], deadline: float, tick_s: float) -> StageAnswer:
        assert self._connection is not None
        fraction = 0.0
        next_tick = time.monotonic() + tick_s
        while True:
            if self._connection.poll(max(0.0, next_tick - time.monotonic())):
                message = json.loads(self._connection.recv_bytes())
                if message["type"] == "progress":
                    fraction = message["fraction"]
                else:
                    self._replace_if_large(message)
                    return _answer(message)
            now = time.monotonic()
            if now >= next_tick:
                if now > deadline:
                    raise StageTimedOut
                on_tick(fraction)
                next_tick = time.monotonic() + tick_s

    def _replace_if_large(self, message: Mapping[str, Any]) -> None:
        if self._most_memory_mb and message.get("memory_mb", 0.0) > self._most_memory_mb:
            self.kill()
            self.start()

    def kill(self) -> None:
        """End the child and all it started."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def _request_to_bytes(request: StageRequest) -> bytes:
    return json.dumps(
        {
            "stage": request.stage.value,
            "inputs": {name: str(path) for name, path in request.inputs.items()},
            "output_dir": str(request.output_dir),
            "options": dict(request.options),
            "minimum_s": request.minimum_s,
            "maximum_s": request.maximum_s,
            "warnings": [warning.as_dict() for warning in request.earlier_warnings],
            "operation": request.operation.value,
        }
    ).encode()


def _answer(message: Mapping[str, Any]) -> StageAnswer:
    if message["type"] == "refused":
        raise RefusedByStage(message["code"], message["message"], message["hint"], message["details"])
    if message["type"] == "broke":
        raise StageBroke(message["traceback"])
    warnings = tuple(Finding(item["code"], item["message"]) for item in message["warnings"])
    return StageAnswer(warnings, message["engine"], message["seconds"], message["is_final"])
