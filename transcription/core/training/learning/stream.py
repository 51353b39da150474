"""Batches rendered ahead by processes of their own, each batch the same whoever renders it and when."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from transcription.core.training.learning.dataset import Batch, Example, Source, examples
from transcription.core.training.learning.songs import PseudoSong, open_songs, song_example
from transcription.core.training.render import Renderer

Rows = tuple[NDArray[np.float16], ...]

_READY_IN_ALL = 24
_LOOK_UP_S = 0.25


class RenderingFailed(RuntimeError):
    """A rendering process ended by itself; what it said is on the terminal."""


@dataclass(frozen=True, slots=True)
class BatchRecipe:
    """What batches are made of: ``song_share`` is from ``songs``, a folder that ``gather_songs`` filled."""

    source: Source
    batch: int
    seed: int
    songs: Path | None = None
    song_share: float = 0.0


class BatchMaker:
    """Makes any batch of a recipe from its number alone."""

    def __init__(self, recipe: BatchRecipe) -> None:
        self._recipe = recipe
        self._renderer: Renderer = recipe.source.renderer()
        self._songs: tuple[PseudoSong, ...] = () if recipe.songs is None else open_songs(recipe.songs)

    def examples(self, number: int) -> Iterator[Example]:
        """Render batch ``number``, example by example: first the rendered ones, then those of real songs."""
        recipe = self._recipe
        rng = np.random.default_rng((recipe.seed, number))
        of_songs = round(recipe.batch * recipe.song_share) if self._songs else 0
        yield from islice(examples(self._renderer, rng), recipe.batch - of_songs)
        for _ in range(of_songs):
            song = self._songs[int(rng.integers(len(self._songs)))]
            yield song_example(song, rng, recipe.source.seconds, self._renderer.backing)


class Stream:
    """Batches ``first``, ``first + 1``, … of a recipe, from ``workers`` processes that render ahead.

    Worker ``w`` of ``W`` renders batches ``first + w``, ``first + w + W`` and so on, so that how many there
    are, and where an earlier stream ended, changes nothing in any batch.
    """

    def __init__(
        self,
        recipe: BatchRecipe,
        *,
        first: int = 0,
        workers: int = 1,
        niceness: int = 3,
        pinned: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        ahead = max(2, _READY_IN_ALL // workers)
        self._queues: list[multiprocessing.Queue[Rows]] = [context.Queue(ahead) for _ in range(workers)]
        self._processes: list[BaseProcess] = [
            context.Process(
                target=_render,
                args=(waiting, recipe, count(first + worker, workers), niceness),
                daemon=True,
            )
            for worker, waiting in enumerate(self._queues)
        ]
        for process in self._processes:
            process.start()
        self._pinned, self._stopped = pinned, stopped
        self._fetched: queue.Queue[Batch | RenderingFailed] = queue.Queue(2)
        self._closed = threading.Event()
        self._fetcher = threading.Thread(target=self._fetch, daemon=True)
        self._fetcher.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches until told to stop; raises RenderingFailed when a process has ended by itself."""
        while not self._stopped():
            try:
                fetched = self._fetched.get(timeout=_LOOK_UP_S)
            except queue.Empty:
                continue
            if isinstance(fetched, RenderingFailed):
                raise fetched
            yield fetched

    def ready(self) -> int:
        """How many batches are ready: near 0 the rendering is the bottleneck."""
        return self._fetched.qsize() + sum(waiting.qsize() for waiting in self._queues)

    def close(self) -> None:
        """Stop the rendering processes and wait for their end."""
        self._closed.set()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(10)
        self._fetcher.join(10)

    def _fetch(self) -> None:
        for number in count():
            worker = number % len(self._queues)
            rows = self._taken(worker)
            if rows is None:
                return
            tensors = (torch.from_numpy(column) for column in rows)
            batch = Batch(*(tensor.pin_memory() if self._pinned else tensor for tensor in tensors))
            self._hand_over(batch)

    def _taken(self, worker: int) -> Rows | None:
        while not self._closed.is_set():
            try:
                return self._queues[worker].get(timeout=_LOOK_UP_S)
            except queue.Empty:
                status = self._processes[worker].exitcode
                if status is not None:
                    self._hand_over(RenderingFailed(f"rendering process {worker} ended with status {status}"))
                    return None
        return None

    def _hand_over(self, fetched: Batch | RenderingFailed) -> None:
        while not self._closed.is_set():
            try:
                self._fetched.put(fetched, timeout=_LOOK_UP_S)
                return
            except queue.Full:
                continue


def _render(
    ready: multiprocessing.Queue[Rows], recipe: BatchRecipe, numbers: Iterator[int], niceness: int
) -> None:
    os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the learner hears it, and ends this process in order
    torch.set_num_threads(1)
    maker = BatchMaker(recipe)
    for number in numbers:
        rows = []
        for row in maker.examples(number):
            _end_with_parent()
            rows.append(row)
        columns = tuple(np.stack(column) for column in zip(*rows, strict=True))
        while True:
            try:
                ready.put(columns, timeout=1)
                break
            except queue.Full:
                _end_with_parent()


def _end_with_parent() -> None:
    """End this process at once when its learner was killed: nobody would ever stop it."""
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(1)
