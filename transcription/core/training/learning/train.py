"""Teach the detector, in one go or in slices: a slice goes on exactly where the last one stopped."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import numpy as np
import torch

from transcription.core.network import DrumNetwork
from transcription.core.training.learning.checkpoints import (
    load_checkpoint,
    save_checkpoint,
    save_weights,
    start_from,
)
from transcription.core.training.learning.config import BadConfig, TrainingConfig, parsed_config
from transcription.core.training.learning.dataset import Batch, Source, example, stacked
from transcription.core.training.learning.learner import Learner, learning_rate
from transcription.core.training.learning.progress import Progress
from transcription.core.training.learning.songs import gather_songs
from transcription.core.training.learning.stream import BatchRecipe, Stream

CHECKPOINT, WEIGHTS = "checkpoint.pt", "ema.safetensors"


@dataclass(frozen=True, slots=True)
class Slice:
    """How much of a run to do now: until ``deadline_s`` on the monotonic clock, or ``steps`` steps."""

    deadline_s: float | None = None
    steps: int | None = None

    def is_over(self, steps_done: int) -> bool:
        """Whether to stop after ``steps_done`` steps of this slice."""
        late = self.deadline_s is not None and time.monotonic() >= self.deadline_s
        return late or (self.steps is not None and steps_done >= self.steps)


def train(
    cache: Path,
    run: Path,
    config: TrainingConfig | None = None,
    *,
    part: Slice | None = None,
    start: Path | None = None,
    pseudo: Path | None = None,
) -> int:
    """Learn from clips rendered meanwhile; returns the number of steps taken so far in this run.

    Args:
        cache: what :func:`transcription.core.training.learning.dataset.prepare` filled.
        run: the run's folder. Where it holds a checkpoint, learning goes on from there.
        config: needed for a new run; for an old one it must be the same, save for ``machine``.
        start: weights that a new run starts from.
        pseudo: a folder of labelled songs, as :mod:`transcription.core.training.learning.songs` reads them.
    Raises:
        BadConfig: the run has another configuration or other songs, or a new one has no configuration.
    """
    run.mkdir(parents=True, exist_ok=True)
    part = part or Slice()
    config = _settled_config(run, config)
    torch.set_num_threads(config.machine.threads)
    torch.manual_seed(config.seed)
    learner = Learner(config, _new_network(config, start))
    songs = None if pseudo is None else gather_songs(pseudo, cache)
    seconds = _resume(learner, run, songs)
    first = learner.step
    if first >= config.learning.steps:
        return first
    source = Source(cache, seconds=config.clips.seconds)
    recipe = BatchRecipe(source, config.learning.batch, config.seed, songs, config.clips.pseudo_share)
    with _told_to_stop() as told:

        def stopped() -> bool:
            return bool(told) or part.is_over(learner.step - first)

        stream = Stream(
            recipe,
            first=first,
            workers=config.machine.workers,
            niceness=config.machine.niceness,
            pinned=learner.device.type == "cuda",
            stopped=stopped,
        )
        with stream:
            progress = Progress(run, config.learning.steps, recipe.batch, step=first, seconds=seconds)
            running = _Running(run, learner, progress, _validation(run, cache, config), songs)
            running.learn_from(stream)
        running.save()
    return learner.step


@dataclass(frozen=True, slots=True)
class _Running:
    """A slice of a run while it goes on."""

    folder: Path
    learner: Learner
    progress: Progress
    valid: Batch
    songs: Path | None

    def learn_from(self, stream: Stream) -> None:
        learner, config = self.learner, self.learner.config
        saved = asked = time.monotonic()
        for batch in stream:
            waited_s = time.monotonic() - asked
            self.progress.count(learner.learn(batch), waited_s)
            is_last = learner.step >= config.learning.steps
            if is_last or learner.step % config.machine.log_every == 0:
                rate = learning_rate(config.learning, learner.step - 1)
                self.progress.report(learner.step, rate, stream.ready())
            if is_last:
                break
            if time.monotonic() - saved > 60 * config.machine.save_minutes:
                self.save()
                saved = time.monotonic()
            asked = time.monotonic()

    def save(self) -> None:
        learner = self.learner
        songs = None if self.songs is None else self.songs.name
        state = {"learner": learner.state(), "seconds": self.progress.seconds, "songs": songs}
        save_checkpoint(self.folder / CHECKPOINT, state)
        save_weights(
            self.folder / WEIGHTS,
            learner.averaged(),
            learner.network.shape,
            f"step {learner.step}",
            {"config": json.dumps(learner.config.as_dict()), "step": str(learner.step)},
        )
        self.progress.validated(learner.step, learner.validated(self.valid))


def _resume(learner: Learner, run: Path, songs: Path | None) -> float:
    """Take up the run's checkpoint, if there is one; returns the seconds that were learnt before."""
    if not (run / CHECKPOINT).exists():
        return 0.0
    state = load_checkpoint(run / CHECKPOINT)
    learner.restore(state["learner"])
    before = state.get("songs")
    if before is not None and (songs is None or songs.name != before):
        raise BadConfig(f"{run} was begun with other labelled songs (--pseudo)")
    return float(state["seconds"])


def _settled_config(run: Path, config: TrainingConfig | None) -> TrainingConfig:
    path = run / "config.json"
    if not (run / CHECKPOINT).exists():
        if config is None:
            raise BadConfig(f"{run} is a new run, which needs a configuration")
        path.write_text(json.dumps(config.as_dict(), indent=1) + "\n")
        return config
    before = parsed_config(json.loads(path.read_text()))
    if config is None:
        return before
    differences = before.differences(config)
    if differences:
        raise BadConfig(f"{run} was begun with another {', '.join(differences)}; take a new folder")
    return replace(before, machine=config.machine)


def _new_network(config: TrainingConfig, start: Path | None) -> DrumNetwork:
    network = DrumNetwork(config.network)
    if start is not None:
        start_from(network, start)
    return network


def _validation(run: Path, cache: Path, config: TrainingConfig) -> Batch:
    """The run's validation clips, half of them accompanied; rendered once and kept beside its checkpoint."""
    path = run / "valid.npz"
    if path.exists():
        with np.load(path) as kept:
            return Batch(*(torch.from_numpy(kept[name]) for name in Batch._fields))
    rng = np.random.default_rng(7)
    renderer = Source(cache, split="valid", seconds=config.clips.seconds).renderer()
    clips = (
        renderer.mix(rng, renderer.drums(rng), accompanied=bool(number % 2))
        for number in range(config.clips.validation)
    )
    batch = Batch(*(tensor.half() for tensor in stacked([example(clip) for clip in clips])))
    temporary = run / f"valid.{os.getpid()}"
    with temporary.open("wb") as out:
        np.savez_compressed(out, **{name: tensor.numpy() for name, tensor in batch._asdict().items()})
    temporary.replace(path)
    return batch


@contextmanager
def _told_to_stop() -> Iterator[list[int]]:
    """Collect SIGTERM and SIGINT, so that a slice told to stop ends in order, with a checkpoint."""
    told: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        told.append(number)

    before = {number: signal.signal(number, hear) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
