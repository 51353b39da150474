"""A child process that probes and decodes the files it is told, one line in, one line of JSON out."""

from __future__ import annotations

import json
import resource
import select
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from accounts.core.errors import DrumError
from media.core.decoding import decode
from media.core.probing import probe

MEMORY_BYTES = 1 << 29  # a good file of these takes 0.1 GB, mostly libraries
TIME_S = 20.0
MAXIMUM_S = 60.0  # of sound


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one file: ``probed`` and ``decoded`` are "sound" or an error's code, else what broke."""

    name: str
    probed: str
    decoded: str
    seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(slots=True)
class Reader:
    """Hands files to one child after another: a child that dies or hangs is replaced."""

    _child: subprocess.Popen[bytes] | None = field(default=None)

    def read(self, path: Path) -> Reading:
        """Let the child read ``path``; "crashed" or "hung" say that it did not live to tell."""
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with suppress(BrokenPipeError):
            self._child.stdin.write(f"{path}\n".encode())
            self._child.stdin.flush()
        begun_s = time.monotonic()
        ready, _, _ = select.select([self._child.stdout], [], [], TIME_S)
        answer = self._child.stdout.readline() if ready else b""
        seconds = time.monotonic() - begun_s
        if not answer:
            self.stop()
            what = "crashed" if ready else "hung"
            return Reading(path.name, what, what, seconds)
        return Reading(
            path.name, *json.loads(answer), seconds=seconds, peak_bytes=_peak_bytes(self._child.pid)
        )

    def kill(self) -> None:
        """End the child as a crash would: it is noticed at the next file."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def stop(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            with suppress(BrokenPipeError):
                self._child.communicate()
            self._child = None


def _peak_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def _probed(path: Path) -> str:
    try:
        probe(path, max_duration_s=MAXIMUM_S)
    except DrumError as error:
        return error.code
    except Exception as error:
        return f"broke: {error!r}"
    return "sound"


def _decoded(path: Path) -> str:
    try:
        audio = decode(path, max_duration_s=MAXIMUM_S, min_duration_s=0.25)
    except DrumError as error:
        return error.code
    except Exception as error:
        return f"broke: {error!r}"
    if not np.isfinite(audio.samples).all() or audio.samples.shape[0] not in {1, 2}:
        return "broke: the samples"
    return "sound" if audio.duration_s <= MAXIMUM_S + 1 else "broke: too long"


def _main() -> None:
    # Room for libraries and threads beside what the test allows to be used.
    resource.setrlimit(resource.RLIMIT_AS, (6 * MEMORY_BYTES, 6 * MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        path = Path(line.rstrip("\n"))
        sys.stdout.write(json.dumps([_probed(path), _decoded(path)]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
