from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_LEARN_WITHOUT = """
import sys
for name in ("django", "mido", "soxr", "mir_eval", "librosa", "lxml", "verovio"):
    sys.modules[name] = None  # importing it now fails
import transcription.core.training.__main__
import transcription.core.training.learning.train
"""


@pytest.mark.slow
def test_learning_from_a_pack_needs_no_web_and_no_other_library() -> None:
    """A lent machine with a GPU has torch, NumPy and SciPy, and what little is carried there."""
    learnt = subprocess.run(
        [sys.executable, "-c", _LEARN_WITHOUT], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )

    assert learnt.returncode == 0, learnt.stderr
