from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from transcription.core.detection import load_detector
from transcription.core.features import RATE
from transcription.core.network import INSTRUMENTS_HEARD, NetworkShape
from transcription.core.tests.tiny_material import make_collections
from transcription.core.training.learning.checkpoints import load_checkpoint
from transcription.core.training.learning.config import BadConfig, Clips, Learning, Machine, TrainingConfig
from transcription.core.training.learning.dataset import prepare
from transcription.core.training.learning.songs import PseudoSong, save_song
from transcription.core.training.learning.train import CHECKPOINT, WEIGHTS, Slice, train

pytestmark = pytest.mark.slow

_CONFIG = TrainingConfig(
    seed=5,
    network=NetworkShape(channels=(4, 4), local=8, recurrent=4),
    learning=Learning(steps=6, batch=3),
    clips=Clips(seconds=1.0, validation=2),
    machine=Machine(device="cpu", precision="float32", log_every=1),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    prepare(make_collections(folder / "shared"), folder / "cache")
    return folder / "cache"


@pytest.fixture(scope="module")
def straight(cache: Path) -> Path:
    """A run of six steps in one go."""
    run = cache.parent / "straight"
    assert train(cache, run, _CONFIG) == 6
    return run


def tensors(run: Path) -> dict[str, torch.Tensor]:
    learner = load_checkpoint(run / CHECKPOINT)["learner"]
    moments = {f"{n}.{k}": v for n, s in learner["optimiser"]["state"].items() for k, v in s.items()}
    return learner["network"] | {f"mean.{n}": v for n, v in learner["average"].items()} | moments


def test_a_run_in_slices_ends_bit_for_bit_as_one_in_one_go(
    cache: Path, straight: Path, tmp_path: Path
) -> None:
    assert train(cache, tmp_path, _CONFIG, part=Slice(steps=3)) == 3
    # Another number of renderers, to boot, and a checkpoint with a validation after every step.
    two = replace(_CONFIG, machine=replace(_CONFIG.machine, workers=2, save_minutes=0.0))
    assert train(cache, tmp_path, two, part=Slice(steps=3)) == 6

    expected, found = tensors(straight), tensors(tmp_path)
    assert expected.keys() == found.keys()
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_every_step_is_logged_once_with_its_losses_and_waiting(straight: Path) -> None:
    rows = list(csv.DictReader((straight / "log.csv").open()))

    assert [int(row["step"]) for row in rows if row["onset"]] == [1, 2, 3, 4, 5, 6]
    assert all(float(row["onset"]) > 0 and 0 <= float(row["waiting"]) <= 1 for row in rows if row["onset"])
    assert [int(row["step"]) for row in rows if row["valid_onset"]] == [6]


def test_a_finished_run_loads_as_a_detector_and_is_left_as_it_is(cache: Path, straight: Path) -> None:
    before = (straight / CHECKPOINT).read_bytes()

    assert train(cache, straight) == 6

    assert (straight / CHECKPOINT).read_bytes() == before
    assert load_detector(straight / WEIGHTS).label == "crnn step 6"


def test_a_run_is_not_gone_on_with_by_another_configuration(cache: Path, straight: Path) -> None:
    other = replace(_CONFIG, learning=replace(_CONFIG.learning, batch=4))

    with pytest.raises(BadConfig, match=r"another learning\.batch"):
        train(cache, straight, other)


def test_a_run_is_not_gone_on_with_without_its_songs(cache: Path, tmp_path: Path) -> None:
    targets = np.zeros((300, len(INSTRUMENTS_HEARD)), np.float16)
    songs = tmp_path / "songs"
    songs.mkdir()
    save_song(PseudoSong(np.zeros(3 * RATE, np.int16), targets, targets, targets), songs / "a.npz")
    assert train(cache, tmp_path / "run", _CONFIG, part=Slice(steps=1), pseudo=songs) == 1

    with pytest.raises(BadConfig, match="other labelled songs"):
        train(cache, tmp_path / "run")
    assert train(cache, tmp_path / "run", part=Slice(steps=1), pseudo=songs) == 2


def test_a_new_run_needs_a_configuration(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="needs a configuration"):
        train(cache, tmp_path)


_LEARNER = """
import sys
from dataclasses import replace
from pathlib import Path
from transcription.core.tests.test_training_resume import _CONFIG
from transcription.core.training.learning.songs import PseudoSong, save_song
from transcription.core.training.learning.train import train

if __name__ == "__main__":
    endless = replace(_CONFIG, learning=replace(_CONFIG.learning, steps=100_000))
    train(Path(sys.argv[1]), Path(sys.argv[2]), endless)
"""


def started(cache: Path, run: Path) -> subprocess.Popen[bytes]:
    """A learner in a process of its own that has taken a step."""
    script = run.parent / "learner.py"
    script.write_text(_LEARNER)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    learner = subprocess.Popen([sys.executable, script, cache, run], env=environment)
    deadline = time.monotonic() + 120
    while not (run / "log.csv").exists():
        assert learner.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return learner


def children_of(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in listed.split()]


def is_running(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")
def test_a_killed_learner_leaves_no_renderer_behind(cache: Path, tmp_path: Path) -> None:
    learner = started(cache, tmp_path / "run")
    children = children_of(learner.pid)
    assert any(is_running(child) for child in children)

    learner.kill()
    learner.wait()

    deadline = time.monotonic() + 20
    while any(is_running(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(is_running(child) for child in children)


def test_a_learner_told_to_stop_keeps_what_it_learnt(cache: Path, tmp_path: Path) -> None:
    learner = started(cache, tmp_path / "run")

    learner.send_signal(signal.SIGTERM)

    assert learner.wait(30) == 0
    assert load_checkpoint(tmp_path / "run" / CHECKPOINT)["learner"]["step"] >= 1
