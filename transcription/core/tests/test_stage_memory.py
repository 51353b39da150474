from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from transcription.core.stage_process import KEEP_MEMORY

_SCRIPT = """
from pathlib import Path
import numpy as np
from transcription.core.memory import give_back
def held_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
before = held_mb()
blocks = [np.ones(500_000) for _ in range(50)]  # 200 MB
after = np.ones(10)
del blocks
kept = held_mb() - before
give_back()
print(kept, held_mb() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory is read from Linux's /proc")
def test_memory_is_kept_while_a_stage_runs_and_given_back_after_it() -> None:
    finished = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        env={**os.environ, **KEEP_MEMORY, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    kept_mb, held_after_mb = map(float, finished.stdout.split())

    assert kept_mb > 150
    assert held_after_mb < 50
