"""Teach the detector: ``python -m transcription.core.training.train --material ../shared --minutes 85``.

Writes ``RUN/log.csv`` and, every few minutes, ``RUN/ema.safetensors``: the averaged weights that ship.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from transcription.core.network import DrumNetwork, Heard, NetworkShape
from transcription.core.training.dataset import Batch, Source, Stream, example, prepare, stacked

_POSITIVE_WEIGHT = 3.0
_VELOCITY_SHARE = 0.3
_PULSE_SHARE = 0.35
_AVERAGE_OVER = 0.998


def losses(heard: Heard, batch: Batch) -> dict[str, Tensor]:
    """Return the loss of each thing that is asked, each a scalar; their sum is what is learnt."""
    weight = torch.tensor(_POSITIVE_WEIGHT)
    cross_entropy = nn.functional.binary_cross_entropy_with_logits
    onset = cross_entropy(heard.onsets, batch.onsets, weight=batch.asked, pos_weight=weight)
    struck = (batch.onsets > 0) & (batch.asked > 0)
    error = (heard.velocities.sigmoid() - batch.velocities).abs()
    velocity = (error * struck).sum() / struck.sum().clamp(min=1)
    pulse = cross_entropy(heard.pulse, batch.pulse, pos_weight=weight)
    return {"onset": 10 * onset, "velocity": _VELOCITY_SHARE * velocity, "pulse": _PULSE_SHARE * pulse}


def disturbed(picture: Tensor, generator: torch.Generator) -> Tensor:
    """Hide bands and bend the tone of (batch, frames, bands) pictures, so that no band is relied on."""
    count, _, bands = picture.shape

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    position = torch.arange(bands)[None, :]
    mask = torch.ones(count, bands)
    for _ in range(2):
        begin = (draw(count, 1) * bands).long()
        width = (draw(count, 1) ** 2 * 12).long() * (draw(count, 1) < 0.6)
        mask *= ~((position >= begin) & (position < begin + width))
    stretch = 0.85 + 0.3 * draw(count, 1, 1)
    shift = 0.3 * (draw(count, 1, 1) - 0.5) + 0.4 * (draw(count, 1, 1) - 0.5) * (position / bands - 0.5)
    return (picture * stretch + shift) * mask[:, None, :]


class AveragedWeights:
    """An exponential average of a network's weights and of its batch norms' statistics."""

    def __init__(self, network: nn.Module) -> None:
        self._state = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self._steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average towards ``network``."""
        self._steps += 1
        keep = min(_AVERAGE_OVER, (1 + self._steps) / (10 + self._steps))
        for name, value in network.state_dict().items():
            mine = self._state[name]
            if mine.is_floating_point():
                mine.lerp_(value.to(mine.dtype), 1 - keep)
            else:
                mine.copy_(value)

    def state(self) -> dict[str, Tensor]:
        """Return the averaged state."""
        return self._state


def save_weights(path: Path, state: dict[str, Tensor], shape: NetworkShape, version: str) -> None:
    """Write ``state`` where :func:`transcription.core.detection.load_detector` can read it."""
    metadata = {"name": "crnn", "version": version, "shape": json.dumps(asdict(shape))}
    temporary = path.with_suffix(".partial")
    save_file({name: value.contiguous() for name, value in state.items()}, temporary, metadata=metadata)
    temporary.replace(path)


def train(
    cache: Path,
    run: Path,
    *,
    minutes: float,
    batch: int,
    peak_rate: float,
    seed: int,
    threads: int,
    start: Path | None,
) -> None:
    """Learn for ``minutes`` from clips rendered meanwhile; the learning rate falls to nothing at the end."""
    run.mkdir(parents=True, exist_ok=True)
    os.nice(2)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(seed)
    stream = Stream(Source(cache), batch=batch, seed=seed)
    valid = _validation(cache)
    shape = NetworkShape()
    network = DrumNetwork(shape)
    if start is not None:
        network.load_state_dict(load_file(start))
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak_rate, weight_decay=0.01)
    average = AveragedWeights(network)
    began = time.monotonic()
    last_save = began
    sums: dict[str, float] = {}
    log = (run / "log.csv").open("a", newline="")
    writer = csv.writer(log)
    for step, rows in enumerate(stream, start=1):
        done = (time.monotonic() - began) / (60 * minutes)
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = peak_rate * min(1.0, step / 150) * (0.5 + 0.5 * math.cos(math.pi * done)) + 1e-6
        network.train()
        with torch.autocast("cpu", torch.bfloat16):
            heard = network(disturbed(rows.picture, generator))
        parts = losses(heard, rows)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward([sum(parts.values(), torch.tensor(0.0))])
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update(network)
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        if step % 50 == 0:
            row = [step, round(time.monotonic() - began), stream.waiting()]
            writer.writerow([*row, *(f"{name}={total / 50:.4f}" for name, total in sums.items())])
            log.flush()
            sums = {}
        if time.monotonic() - last_save > 240:
            last_save = time.monotonic()
            save_weights(run / "ema.safetensors", average.state(), shape, "1.0")
            scores = _validated(average.state(), shape, valid)
            writer.writerow([step, round(time.monotonic() - began), "valid", *scores])
            log.flush()
    save_weights(run / "ema.safetensors", average.state(), shape, "1.0")
    writer.writerow(
        [step, round(time.monotonic() - began), "final", *_validated(average.state(), shape, valid)]
    )
    log.close()
    stream.close()


def _validation(cache: Path) -> Batch:
    rng = np.random.default_rng(7)
    renderer = Source(cache, split="valid").renderer()
    return stacked(
        [example(renderer.mix(rng, renderer.drums(rng), accompanied=bool(i % 2))) for i in range(48)]
    )


@torch.inference_mode()
def _validated(state: dict[str, Tensor], shape: NetworkShape, valid: Batch) -> list[str]:
    network = DrumNetwork(shape)
    network.load_state_dict(state)
    network.eval()
    with torch.autocast("cpu", torch.bfloat16):
        heard = [network(part) for part in torch.split(valid.picture, 8)]
    parts = losses(Heard(*(torch.cat(column) for column in zip(*heard, strict=True))), valid)
    return [f"{name}={float(value):.4f}" for name, value in parts.items()]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--material", type=Path, required=True, help="folder with drum-samples, groove-midi, backing"
    )
    parser.add_argument("--cache", type=Path, default=Path("data/material"))
    parser.add_argument("--run", type=Path, default=Path("data/run"))
    parser.add_argument("--minutes", type=float, default=85)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    options = parser.parse_args()
    prepare(options.material, options.cache)
    train(
        options.cache,
        options.run,
        minutes=options.minutes,
        batch=options.batch,
        peak_rate=options.rate,
        seed=options.seed,
        threads=options.threads,
        start=options.start,
    )


if __name__ == "__main__":
    main()
