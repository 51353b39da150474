"""What a run of the second engine depends on: every number, in one TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from transcription.core.training.learning.config import BadConfig


@dataclass(frozen=True, slots=True)
class KerasConfig:
    """The course of learning; ``tilt_db`` is how far bands are turned up and down at random."""

    seed: int = 1
    epochs: float = 2.0  # how often each window is learnt from
    batch: int = 128
    peak_rate: float = 2e-3
    warm_up: int = 100  # steps in which the rate rises to its peak; then it falls as a cosine
    weight_decay: float = 1e-3
    clip_norm: float = 1.0
    tilt_db: float = 3.0
    threads: int = 2
    log_every: int = 50  # steps
    save_minutes: float = 2.0

    def as_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON-able values; :func:`parsed_config` reads it back."""
        return asdict(self)

    def steps(self, windows: int) -> int:
        """Return how many steps the run takes with so many windows."""
        return max(1, round(self.epochs * windows / self.batch))


# What may change from one slice of a run to the next.
_MACHINE = ("threads", "log_every", "save_minutes")


def differences(one: KerasConfig, other: KerasConfig) -> list[str]:
    """Name what differs between two runs, leaving out how the work is done."""
    mine, theirs = one.as_dict(), other.as_dict()
    return sorted(name for name in mine if mine[name] != theirs[name] and name not in _MACHINE)


def read_config(path: Path) -> KerasConfig:
    """Read the TOML file ``path``; raises BadConfig where something in it is wrong."""
    try:
        return parsed_config(tomllib.loads(path.read_text()))
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path}: {error}") from error


def parsed_config(document: Mapping[str, Any]) -> KerasConfig:
    """Build the configuration, leaving what ``document`` does not name at its default.

    Raises:
        BadConfig: a name is unknown, or a value has the wrong type or is out of range.
    """
    known = {entry.name for entry in fields(KerasConfig)}
    changes: dict[str, Any] = {}
    for name, value in document.items():
        if name not in known:
            raise BadConfig(f"{name} is not known; there are {', '.join(sorted(known))}")
        kind = type(getattr(KerasConfig(), name))
        number = float(value) if kind is float and type(value) is int else value
        if type(number) is not kind:
            raise BadConfig(f"{name} is a {kind.__name__}, not {value!r}")
        changes[name] = number
    config = replace(KerasConfig(), **changes)
    if min(config.batch, config.threads, config.log_every) < 1 or config.warm_up < 0:
        raise BadConfig("counts are 1 or more")
    if min(config.epochs, config.peak_rate, config.clip_norm) <= 0 or config.tilt_db < 0:
        raise BadConfig("epochs, peak_rate and clip_norm are above 0")
    return config
