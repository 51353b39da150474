"""Examples for the network, rendered without end by processes of their own and handed over in batches."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transcription.core.features import FPS, RATE, band_normalised, levelled, log_mel
from transcription.core.network import INSTRUMENTS_HEARD
from transcription.core.training.grooves import Note, Performance, read_performances
from transcription.core.training.material import decode_material, load_material
from transcription.core.training.render import Clip, Drums, Renderer

_HEARD = len(INSTRUMENTS_HEARD)
# A rendered stretch of drums is used in this many mixes: mixing afresh is cheaper than playing afresh.
_MIXES_EACH = 2
_RING = 96


class Example(NamedTuple):
    """One clip as the network learns it; every array is float16 and starts with (frames, …).

    ``asked`` is 0 where a stroke is too far under the mix to be right or wrong; ``velocities`` count only
    where ``onsets`` is above 0.
    """

    picture: NDArray[np.float16]
    onsets: NDArray[np.float16]
    asked: NDArray[np.float16]
    velocities: NDArray[np.float16]
    pulse: NDArray[np.float16]


class Batch(NamedTuple):
    """Examples stacked, as float32 tensors of shape (batch, frames, …)."""

    picture: Tensor
    onsets: Tensor
    asked: Tensor
    velocities: Tensor
    pulse: Tensor


@dataclass(frozen=True, slots=True)
class Source:
    """Where examples come from: sound and performances in ``cache``, one ``split``, clips of ``seconds``."""

    cache: Path
    split: str = "train"
    seconds: float = 8.0

    def renderer(self) -> Renderer:
        """Open the cache that :func:`prepare` filled."""
        return Renderer(
            load_material(self.cache), _load_performances(self.cache), self.split, seconds=self.seconds
        )


def prepare(material: Path, cache: Path) -> None:
    """Decode all recordings and read all performances of ``material`` into ``cache``, once."""
    decode_material(material, cache)
    performances = cache / "performances.json"
    if not performances.exists():
        rows = [asdict(performance) for performance in read_performances(material / "groove-midi")]
        performances.write_text(json.dumps(rows))


def example(clip: Clip, normalise_over: tuple[float, float] = (0.0, 1.0)) -> Example:
    """Turn a mix into an :class:`Example`.

    Args:
        normalise_over: the stretch, in fractions of the clip, whose mean and spread are removed.
    """
    picture = log_mel(levelled(clip.sound))[: len(clip.sound) * FPS // RATE]
    frames = len(picture)
    begin, end = int(normalise_over[0] * frames), max(2, int(normalise_over[1] * frames))
    if (begin, end) == (0, frames):
        picture = band_normalised(picture)
    else:
        part = picture[begin:end]
        shift, spread = part.mean(axis=0), np.maximum(part.std(axis=0), 0.10)
        picture = (picture - shift) / spread
    onsets, asked, velocities = _onset_targets(clip, frames)
    half = np.float16
    return Example(
        picture=np.clip(picture, -20, 20).astype(half),
        onsets=onsets.astype(half),
        asked=asked.astype(half),
        velocities=velocities.astype(half),
        pulse=_pulse_targets(clip.drums, frames).astype(half),
    )


def _onset_targets(
    clip: Clip, frames: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    drums = clip.drums
    onsets = np.zeros((frames, _HEARD), np.float32)
    asked = np.ones((frames, _HEARD), np.float32)
    velocities = np.zeros((frames, _HEARD), np.float32)
    centres = np.rint(drums.onsets_s * FPS).astype(np.int64)
    for frame, heard, buried in zip(centres, drums.heard_as, clip.buried, strict=True):
        if buried:
            asked[max(0, frame - 2) : frame + 3, heard] = 0
    rows = zip(centres, drums.heard_as, drums.velocities, clip.buried, strict=True)
    for frame, heard, velocity, buried in rows:
        if buried or frame >= frames:
            continue
        for offset, target in ((-1, 0.5), (0, 1.0), (1, 0.5)):
            near = frame + offset
            if 0 <= near < frames:
                onsets[near, heard] = max(onsets[near, heard], target)
                velocities[near, heard] = max(velocities[near, heard], velocity)
                asked[near, heard] = 1
    return onsets, asked, velocities


def _pulse_targets(drums: Drums, frames: int) -> NDArray[np.float32]:
    pulse = np.zeros((frames, 2), np.float32)
    for column, times in enumerate((drums.beats_s, drums.downbeats_s)):
        for frame in np.rint(times * FPS).astype(np.int64):
            for offset, target in ((-2, 0.25), (-1, 0.5), (0, 1.0), (1, 0.5), (2, 0.25)):
                near = frame + offset
                if 0 <= near < frames:
                    pulse[near, column] = max(pulse[near, column], target)
    return pulse


def examples(renderer: Renderer, rng: np.random.Generator) -> Iterator[Example]:
    """Render examples without end."""
    ring: list[Drums] = []
    while True:
        fresh = renderer.drums(rng)
        if len(ring) < _RING:
            ring.append(fresh)
        else:
            ring[int(rng.integers(_RING))] = fresh
        older = (ring[int(rng.integers(len(ring)))] for _ in range(_MIXES_EACH - 1))
        for drums in (fresh, *older):
            clip = renderer.mix(rng, _entering_late(rng, drums))
            stretch = (0.0, 1.0)
            if rng.random() < 0.4:
                begin = float(rng.uniform(0, 0.5))
                stretch = (begin, begin + 0.5)
            yield example(clip, stretch)


def _entering_late(rng: np.random.Generator, drums: Drums) -> Drums:
    """Now and then the drums enter late, stop early or do not play at all."""
    draw = rng.random()
    length_s = len(drums.sound) / RATE
    if draw > 0.15:
        return drums
    begin_s, end_s = 0.0, length_s
    if draw < 0.03:
        end_s = 0.0
    elif draw < 0.09:
        begin_s = float(rng.uniform(0.1, 0.8)) * length_s
    else:
        end_s = float(rng.uniform(0.2, 0.9)) * length_s
    sound = np.zeros_like(drums.sound)
    first, last = int(begin_s * RATE), int(end_s * RATE)
    sound[first:last] = drums.sound[first:last]
    fade = min(441, last - first)
    if fade > 0:
        sound[first : first + fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    kept = (drums.onsets_s >= begin_s + 0.01) & (drums.onsets_s < end_s)
    return replace(
        drums,
        sound=sound,
        onsets_s=drums.onsets_s[kept],
        heard_as=drums.heard_as[kept],
        velocities=drums.velocities[kept],
        peaks=drums.peaks[kept],
        beats_s=drums.beats_s[(drums.beats_s >= begin_s) & (drums.beats_s < end_s)],
        downbeats_s=drums.downbeats_s[(drums.downbeats_s >= begin_s) & (drums.downbeats_s < end_s)],
    )


def stacked(rows: Sequence[Example]) -> Batch:
    """Stack ``rows`` into one batch."""
    return Batch(
        *(torch.from_numpy(np.stack(column).astype(np.float32)) for column in zip(*rows, strict=True))
    )


class Stream:
    """Batches from ``workers`` rendering processes; the same seed and one worker give the same batches."""

    def __init__(
        self, source: Source, *, batch: int, workers: int = 1, seed: int = 0, niceness: int = 3
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._queue = context.Queue(maxsize=24)
        self._processes = [
            context.Process(
                target=_fill, args=(self._queue, source, batch, seed, worker, niceness), daemon=True
            )
            for worker in range(workers)
        ]
        for process in self._processes:
            process.start()

    def __iter__(self) -> Iterator[Batch]:
        while True:
            yield stacked(self._queue.get(timeout=300))

    def waiting(self) -> int:
        """How many batches are ready: near 0 the rendering is the bottleneck."""
        return int(self._queue.qsize())

    def close(self) -> None:
        """Stop the rendering processes."""
        for process in self._processes:
            process.terminate()


def _fill(
    queue: multiprocessing.Queue[list[Example]],
    source: Source,
    batch: int,
    seed: int,
    worker: int,
    niceness: int,
) -> None:
    os.nice(niceness)
    torch.set_num_threads(1)
    rows: list[Example] = []
    for row in examples(source.renderer(), np.random.default_rng((seed, worker))):
        rows.append(row)
        if len(rows) == batch:
            queue.put(rows)
            rows = []


def _load_performances(cache: Path) -> tuple[Performance, ...]:
    rows = json.loads((cache / "performances.json").read_text())
    return tuple(
        Performance(**(row | {"notes": tuple(Note(**note) for note in row["notes"])})) for row in rows
    )
