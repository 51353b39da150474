"""How a transcription looks in a terminal: a bar a stage, or plain lines where nobody watches."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

from media.core.links.link_process import Fetched
from transcription.core.song_run import FinishedStage
from transcription.core.stages import STAGES, StageSpec

_LABEL_WIDTH = max(len(spec.label) for spec in STAGES)
_WIDEST_BAR = 30
_EIGHTHS = " ▏▎▍▌▋▊▉"


class StageBars:
    """Draws the stages of one song to ``stream``; only a terminal gets a moving bar."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._moves = self._stream.isatty()
        self._began: float | None = None
        self._stage: StageSpec | None = None

    def progress(self, spec: StageSpec, fraction: float) -> None:
        """Show that ``fraction`` (0..1) of a stage is done."""
        if spec is not self._stage:
            self._stage, self._began = spec, time.monotonic()
        if self._moves:
            self._redraw(self._line(spec, fraction, self._elapsed_s()))

    def done(self, stage: FinishedStage) -> None:
        """Leave the finished stage's line, and what it found, standing."""
        elapsed_s = self._elapsed_s()
        if self._moves:
            self._redraw(self._line(stage.spec, 1.0, elapsed_s))
            self._stream.write("\n")
        else:
            self._write_line(f"  {stage.spec.label:<{_LABEL_WIDTH}} {elapsed_s:6.1f} s")
        for warning in stage.warnings:
            self._write_line(f"  Note: {warning.message}")
        self._stage = None

    def broken_off(self) -> None:
        """End the line of a stage that will not be finished."""
        if self._moves and self._stage is not None:
            self._stream.write("\n")
            self._stream.flush()
        self._stage = None

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began if self._began is not None else 0.0

    def _line(self, spec: StageSpec, fraction: float, elapsed_s: float) -> str:
        around = _LABEL_WIDTH + len("    100 %  1000.0 s")
        width = min(_WIDEST_BAR, shutil.get_terminal_size().columns - around - 1)
        bar = f" {self._bar(fraction, width)}" if width >= 5 else ""
        return f"  {spec.label:<{_LABEL_WIDTH}}{bar} {fraction:4.0%} {elapsed_s:6.1f} s"

    def _bar(self, fraction: float, width: int) -> str:
        if not (self._stream.encoding or "").lower().startswith("utf"):
            return ("#" * round(fraction * width)).ljust(width, ".")
        whole, eighths = divmod(round(fraction * width * 8), 8)
        partial = _EIGHTHS[eighths] if eighths else ""
        return ("█" * whole + partial).ljust(width, "░" if not partial else " ")

    def _redraw(self, line: str) -> None:
        self._stream.write(f"\r\x1b[K{line}")
        self._stream.flush()

    def _write_line(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class FetchBar:
    """Says to ``stream`` how much of a link has come; only a terminal gets a moving line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = False

    def show(self, fetched: Fetched) -> None:
        """Show it."""
        if self._stream.isatty():
            total = f" of {fetched.total / 1e6:.1f}" if fetched.total else ""
            self._stream.write(f"\r\x1b[K  {'Fetching':<{_LABEL_WIDTH}} {fetched.done / 1e6:.1f}{total} MB")
            self._stream.flush()
            self._shown = True

    def end(self) -> None:
        """End the line."""
        if self._shown:
            self._stream.write("\n")
            self._stream.flush()
