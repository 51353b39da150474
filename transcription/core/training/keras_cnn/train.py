"""The learner of the second engine: windows that were rendered before, in steps that can be interrupted."""

from __future__ import annotations

import csv
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcription.core.keras_cnn.engine import keras_with_threads
from transcription.core.keras_cnn.labels import LABELS
from transcription.core.keras_cnn.mel_windows import BANDS
from transcription.core.training.errors import CannotTrain
from transcription.core.training.keras_cnn.config import KerasConfig, differences, parsed_config
from transcription.core.training.keras_cnn.network import build_network
from transcription.core.training.keras_cnn.windows import Windows, as_power

NETWORK = "network.h5"
_CHECKPOINT = "checkpoint.keras"
_COLUMNS = ("step", "seconds", "rate", "loss", "windows_a_second", "valid_loss")
_KNOTS = 6
_AT_ONCE = 256
_SURE = 1e-6


@dataclass(frozen=True, slots=True)
class Sets:
    """What is learnt from, and what is only measured with."""

    train: Windows
    valid: Windows


def train(sets: Sets, run: Path, config: KerasConfig, deadline: float | None = None) -> int:
    """Learn until all steps are done or ``deadline`` (of ``time.monotonic``); the same call goes on.

    The run's folder holds ``config.json``, ``checkpoint.keras``, ``log.csv`` and, when all steps are done,
    ``network.h5``.

    Returns:
        How many steps are done.
    Raises:
        CannotTrain: the run was begun with another configuration.
        EngineUnavailable: Keras is not installed.
    """
    keras = keras_with_threads(config.threads)
    run.mkdir(parents=True, exist_ok=True)
    _settle_config(run, config)
    steps = config.steps(len(sets.train))
    network = _begun(keras, run, config)
    step = int(network.optimizer.iterations)
    log = _Log(run / "log.csv", config.batch, step)
    saved = time.monotonic()
    while step < steps and (deadline is None or time.monotonic() < deadline):
        network.optimizer.learning_rate = rate = rate_at(step, steps, config)
        shown, wanted = _batch(sets.train, config, step)
        loss = float(network.train_on_batch(shown, wanted))
        step += 1
        log.count(loss)
        if step % config.log_every == 0:
            log.write(step, rate)
        if time.monotonic() - saved > 60 * config.save_minutes:
            _save(network, run)
            saved = time.monotonic()
    _save(network, run)
    if step >= steps:
        log.write(step, 0.0, valid_loss=validation_loss(network, sets.valid))
        network.save(run / NETWORK, include_optimizer=False)
    return step


def rate_at(step: int, steps: int, config: KerasConfig) -> float:
    """Return the learning rate of a step: rising at first, then falling as a cosine to nothing."""
    if step < config.warm_up:
        return config.peak_rate * (step + 1) / config.warm_up
    done = (step - config.warm_up) / max(1, steps - config.warm_up)
    return config.peak_rate * 0.5 * float(1 + np.cos(np.pi * min(1.0, done)))


def validation_loss(network: Any, valid: Windows) -> float:
    """Return the mean loss of one answer to ``valid``."""
    total = 0.0
    for begin in range(0, len(valid), _AT_ONCE):
        rows = np.arange(begin, min(begin + _AT_ONCE, len(valid)))
        answers = np.clip(network.predict_on_batch(valid.power(rows)).astype(np.float64), _SURE, 1 - _SURE)
        labels, asked = valid.labels[rows], valid.asked[rows]
        total -= float((asked * np.log(np.where(labels == 1, answers, 1 - answers))).sum())
    return total / max(1, int(valid.asked.sum()))


def _settle_config(run: Path, config: KerasConfig) -> None:
    path = run / "config.json"
    if path.exists():
        changed = differences(parsed_config(json.loads(path.read_text())), config)
        if changed:
            raise CannotTrain(f"{run} was begun with another {', '.join(changed)}")
    path.write_text(json.dumps(config.as_dict(), indent=1) + "\n")


def _begun(keras: Any, run: Path, config: KerasConfig) -> Any:
    checkpoint = run / _CHECKPOINT
    if checkpoint.exists():
        network = keras.models.load_model(checkpoint, compile=False)
    else:
        network = build_network(keras, config.seed)
    optimiser = keras.optimizers.AdamW(
        config.peak_rate, weight_decay=config.weight_decay, global_clipnorm=config.clip_norm
    )
    optimiser.build(network.trainable_variables)
    state = run / f"{_CHECKPOINT}.npz"
    if checkpoint.exists():
        with np.load(state) as opened:
            optimiser.load_own_variables({name: opened[name] for name in opened.files})
    # Compiled by XLA, a step takes twice as long on a processor (measured).
    network.compile(optimiser, loss=_asked_loss(keras), jit_compile=False)
    return network


def _save(network: Any, run: Path) -> None:
    state: dict[str, NDArray[Any]] = {}
    network.optimizer.save_own_variables(state)
    unfinished = run / "unfinished.npz"
    with unfinished.open("wb") as out:
        np.savez(out, allow_pickle=False, **{name: np.asarray(value) for name, value in state.items()})
    network.save(run / f"unfinished-{_CHECKPOINT}")
    # The network last: without it a run begins anew, and finds no state that is not its own.
    unfinished.replace(run / f"{_CHECKPOINT}.npz")
    (run / f"unfinished-{_CHECKPOINT}").replace(run / _CHECKPOINT)


def _batch(
    windows: Windows, config: KerasConfig, step: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Batch number ``step`` depends on the seed and the number alone."""
    positions = step * config.batch + np.arange(config.batch)
    rows = np.concatenate(
        [
            np.random.default_rng((config.seed, int(epoch))).permutation(len(windows))[
                positions[positions // len(windows) == epoch] % len(windows)
            ]
            for epoch in np.unique(positions // len(windows))
        ]
    )
    rng = np.random.default_rng((config.seed, 1, step))
    shown = as_power(windows.log_power[rows]) * _tilts(rng, len(rows), config.tilt_db)
    return shown, np.concatenate([windows.labels[rows], windows.asked[rows]], axis=1).astype(np.float32)


def _tilts(rng: np.random.Generator, count: int, spread_db: float) -> NDArray[np.float32]:
    """Draw what other microphones and rooms would do to the bands: shape (count, 128, 1, 1)."""
    knots_db = rng.normal(0, spread_db, (count, _KNOTS))
    place = np.linspace(0, _KNOTS - 1, BANDS)
    left = np.minimum(place.astype(np.int64), _KNOTS - 2)
    share = place - left
    curve_db = knots_db[:, left] * (1 - share) + knots_db[:, left + 1] * share
    return np.asarray(10.0 ** (curve_db / 10), np.float32)[:, :, None, None]


def _asked_loss(keras: Any) -> Any:
    """Cross-entropy of what is asked for; a function of (labels and asked side by side, answers)."""
    ops, count = keras.ops, len(LABELS)

    def loss(wanted: Any, answers: Any) -> Any:
        labels, asked = wanted[:, :count], wanted[:, count:]
        sure = ops.clip(answers, _SURE, 1 - _SURE)
        each = -(labels * ops.log(sure) + (1 - labels) * ops.log(1 - sure))
        return ops.sum(asked * each) / ops.maximum(ops.sum(asked), 1.0)

    return loss


class _Log:
    """A line every so many steps: the mean loss since the last one, and how fast it goes."""

    def __init__(self, path: Path, batch: int, step: int) -> None:
        self._path, self._batch = path, batch
        rows = self._rows_until(step)
        self._before_s = float(rows[-1]["seconds"]) if rows else 0.0
        with path.open("w", newline="") as out:
            writer = csv.DictWriter(out, _COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        self._began = self._last = time.monotonic()
        self._losses: list[float] = []

    def count(self, loss: float) -> None:
        self._losses.append(loss)

    def write(self, step: int, rate: float, valid_loss: float | None = None) -> None:
        now = time.monotonic()
        speed = len(self._losses) * self._batch / max(1e-9, now - self._last)
        loss = f"{np.mean(self._losses):.5f}" if self._losses else ""
        seconds = round(self._before_s + now - self._began, 1)
        valid = "" if valid_loss is None else f"{valid_loss:.5f}"
        with self._path.open("a", newline="") as out:
            csv.writer(out).writerow([step, seconds, f"{rate:.3e}", loss, round(speed), valid])
        self._losses.clear()
        self._last = now

    def _rows_until(self, step: int) -> list[dict[str, str]]:
        if not self._path.exists():
            return []
        with self._path.open(newline="") as table:
            return [row for row in csv.DictReader(table) if int(row["step"]) <= step]
