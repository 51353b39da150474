"""What a training clip costs to render, and what it costs to learn from.

    python -m benchmarks.training [--pack data/pack] [--config FILE] [--batches 6] [--json FILE]

Both run in turns in one process, on one thread, and count processor seconds, so that other work on the
machine weighs on both alike; on a CUDA card the learning counts seconds on the clock, the card being its own.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from transcription.core.network import DrumNetwork
from transcription.core.training.learning.config import TrainingConfig, read_config
from transcription.core.training.learning.dataset import (
    MIXES_EACH,
    Batch,
    Source,
    example,
    prepare,
    stacked,
)
from transcription.core.training.learning.learner import Learner
from transcription.core.training.render import Renderer

ROOT = Path(__file__).resolve().parents[1]
_Result = TypeVar("_Result")


class Costs:
    """Seconds spent on each thing."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def of(self, name: str, work: Callable[[], _Result], clock: Callable[[], float]) -> _Result:
        """Do ``work`` and count it as ``name``."""
        began = clock()
        result = work()
        self.seconds[name] += clock() - began
        return result


def rendered_batch(renderer: Renderer, rng: np.random.Generator, size: int, costs: Costs) -> Batch:
    """Render a batch as the stream does, counting its parts."""
    rows = []
    for number in range(size):
        if number % MIXES_EACH == 0:
            drums = costs.of("drums", lambda: renderer.drums(rng), time.process_time)
        clip = costs.of("mix", lambda drums=drums: renderer.mix(rng, drums), time.process_time)
        rows.append(costs.of("picture", lambda clip=clip: example(clip), time.process_time))
    return Batch(*(tensor.half() for tensor in stacked(rows)))


def measure(source: Source, config: TrainingConfig, batches: int) -> dict[str, float]:
    """Return seconds a clip for each part of the work, and how many renderers keep one learner busy."""
    renderer = source.renderer()
    learner = Learner(config, DrumNetwork(config.network))
    on_card = learner.device.type == "cuda"
    size = config.learning.batch
    rng = np.random.default_rng(1)
    costs = Costs()

    def learn(batch: Batch) -> None:
        learner.learn(batch)
        if on_card:
            torch.cuda.synchronize()

    learn(rendered_batch(renderer, rng, size, Costs()))  # the first is slow everywhere
    for _ in range(batches):
        batch = rendered_batch(renderer, rng, size, costs)
        clock = time.perf_counter if on_card else time.process_time
        costs.of("learning", lambda batch=batch: learn(batch), clock)
    figures = {name: seconds / (batches * size) for name, seconds in costs.seconds.items()}
    rendering = figures["drums"] + figures["mix"] + figures["picture"]
    return figures | {"rendering": rendering, "renderers a learner": rendering / figures["learning"]}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pack", type=Path, default=ROOT / "data" / "pack")
    parser.add_argument("--cache", type=Path, default=ROOT / "data" / "material")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--batches", type=int, default=6)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    config = read_config(options.config) if options.config else TrainingConfig()
    config = replace(config, machine=replace(config.machine, threads=1))
    prepare(options.pack, options.cache)
    figures = measure(Source(options.cache, seconds=config.clips.seconds), config, options.batches)
    for name, value in figures.items():
        unit = "" if name == "renderers a learner" else " s a clip"
        print(f"{name:20} {value:.4f}{unit}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
