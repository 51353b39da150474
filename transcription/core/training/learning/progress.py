"""What a run says of itself: a line on the terminal now and then, and every figure in ``log.csv``."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

_LOSSES = ("onset", "velocity", "pulse")
COLUMNS = (
    "step", "seconds", "rate", *_LOSSES, "clips_a_second", "ready", "waiting",
    *(f"valid_{name}" for name in _LOSSES),
)  # fmt: skip


class Progress:
    """Sums losses and times between two lines of the log.

    ``ready`` is how many batches waited for the learner, ``waiting`` the share of the time that the learner
    waited for batches: near 1, rendering is the bottleneck.
    """

    def __init__(self, run: Path, steps: int, batch: int, *, step: int, seconds: float) -> None:
        self._path, self._steps, self._batch = run / "log.csv", steps, batch
        self._seconds_before = seconds
        self._began = self._last = time.monotonic()
        self._sums: dict[str, Tensor] = {}
        self._count, self._waited_s, self._first = 0, 0.0, step
        _forget_after(self._path, step)

    @property
    def seconds(self) -> float:
        """Seconds of learning, earlier slices included."""
        return self._seconds_before + time.monotonic() - self._began

    def count(self, parts: Mapping[str, Tensor], waited_s: float) -> None:
        """Note one step; its losses are left on their device until a line is due."""
        self._count += 1
        self._waited_s += waited_s
        for name, value in parts.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value

    def report(self, step: int, rate: float, ready: int) -> None:
        """Write a line of what was counted since the last one."""
        if not self._count:
            return
        now = time.monotonic()
        took_s = max(now - self._last, 1e-9)
        means = {name: float(total) / self._count for name, total in self._sums.items()}
        clips = self._count * self._batch / took_s
        row = {name: f"{value:.5f}" for name, value in means.items()}
        row |= {"rate": f"{rate:.3e}", "clips_a_second": f"{clips:.2f}", "ready": str(ready)}
        waiting = self._waited_s / took_s
        self._write(row | {"step": step, "seconds": round(self.seconds), "waiting": f"{waiting:.3f}"})
        left_s = (self._steps - step) * (now - self._began) / max(1, step - self._first)
        figures = " ".join(f"{name} {value:.4f}" for name, value in means.items())
        print(
            f"step {step}/{self._steps}  {figures}  {clips:.1f} clips/s  {ready} ready, "
            f"{waiting:.0%} waiting  {_spoken(left_s)} left",
            flush=True,
        )
        self._count, self._waited_s, self._sums, self._last = 0, 0.0, {}, now

    def validated(self, step: int, scores: Mapping[str, float]) -> None:
        """Write the validation losses after ``step``."""
        row = {f"valid_{name}": f"{value:.5f}" for name, value in scores.items()}
        self._write(row | {"step": step, "seconds": round(self.seconds)})
        total = sum(scores.values())
        figures = " ".join(f"{name} {value:.4f}" for name, value in scores.items())
        print(f"step {step}  validation {total:.4f}: {figures}", flush=True)

    def _write(self, row: Mapping[str, Any]) -> None:
        is_new = not self._path.exists()
        with self._path.open("a", newline="") as log:
            writer = csv.DictWriter(log, COLUMNS, restval="", lineterminator="\n")
            if is_new:
                writer.writeheader()
            writer.writerow(row)


def _forget_after(path: Path, step: int) -> None:
    """Drop lines of steps that a killed slice took after its last checkpoint: they will be taken again."""
    if not path.exists():
        return
    header, *lines = path.read_text().splitlines()
    kept = [line for line in lines if int(line.split(",", 1)[0]) <= step]
    path.write_text("\n".join([header, *kept]) + "\n")


def _spoken(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
