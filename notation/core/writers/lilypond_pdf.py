"""The premium PDF: LilyPond in a guarded child, where its wheel is installed (``requirements/lilypond.txt``).

LilyPond has no safe mode: a source is a program. What we give it is written by ``lilypond`` alone, which
quotes every text; and it runs in an empty folder, with an empty environment, under limits.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from notation.core.engraving.page import Paper
from notation.core.errors import EngravingFailed, PdfBackendMissing
from notation.core.kit_profile import WEINBERG, KitProfile
from notation.core.score import Score
from notation.core.writers.lilypond import write_lilypond

TIME_LIMIT_S = 60.0
TIME_LIMIT_A_BAR_S = 0.2  # measured: 10 ms a bar up to 400 bars; a busy machine may be ten times slower
LONGEST_TIME_LIMIT_S = 150.0  # measured: 1,000 bars take 26 to 40 s, and more bars disproportionately more
_MOST_AT_ONCE = threading.BoundedSemaphore(2)  # in this process; others wait their turn
_CHILD = Path(__file__).with_name("lilypond_child.py")
_LONGEST_COMPLAINT = 300


def lilypond_is_installed() -> bool:
    """Whether the optional wheel is there."""
    return importlib.util.find_spec("lilypond") is not None


def write_lilypond_pdf(score: Score, profile: KitProfile = WEINBERG, *, paper: Paper = "a4") -> bytes:
    """Engrave ``score`` with LilyPond.

    Raises:
        PdfBackendMissing: LilyPond is not installed.
        EngravingFailed: it crashed, took too long or wrote nothing.
    """
    limit_s = min(TIME_LIMIT_S + TIME_LIMIT_A_BAR_S * len(score.bars), LONGEST_TIME_LIMIT_S)
    return run_lilypond(write_lilypond(score, profile, paper=paper), limit_s=limit_s)["score.pdf"]


def run_lilypond(source: str, *, limit_s: float = TIME_LIMIT_S) -> dict[str, bytes]:
    """Compile a source of ``write_lilypond``; returns the files by name: ``score.pdf``, ``score.midi``.

    Raises:
        PdfBackendMissing: LilyPond is not installed.
        EngravingFailed: it crashed, took too long or wrote no PDF.
    """
    if not lilypond_is_installed():
        raise PdfBackendMissing(reason="LilyPond is not installed")
    program = str(importlib.import_module("lilypond").executable())
    with tempfile.TemporaryDirectory(prefix="lilypond-") as folder:
        Path(folder, "score.ly").write_text(source, "utf-8")
        if not _MOST_AT_ONCE.acquire(timeout=limit_s):
            raise EngravingFailed(reason="too many scores wait for LilyPond")
        try:
            _compile(program, folder, limit_s)
        finally:
            _MOST_AT_ONCE.release()
        made = {path.name: path.read_bytes() for path in Path(folder).glob("score.*") if path.suffix != ".ly"}
    if "score.pdf" not in made:
        raise EngravingFailed(reason="LilyPond wrote no PDF")
    return made


def _compile(program: str, folder: str, limit_s: float) -> None:
    # Cairo writes the PDF itself; the other way leads through PostScript and one more interpreter.
    options = ["-dbackend=cairo", "-dno-point-and-click", "--loglevel=ERROR", "--pdf", "--output=score"]
    child = subprocess.Popen(
        [sys.executable, "-I", str(_CHILD), str(limit_s), program, *options, "score.ly"],
        cwd=folder,
        env={"HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        _, complaint = child.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired as error:
        raise EngravingFailed(reason=f"LilyPond took more than {limit_s:.0f} s") from error
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if child.returncode < 0:
        raise EngravingFailed(reason=f"LilyPond crashed with signal {-child.returncode}")
    if child.returncode:
        raise EngravingFailed(
            reason=f"LilyPond did not accept the music: {complaint[:_LONGEST_COMPLAINT].strip()}"
        )
