"""What a training run is: every number it depends on, in one TOML file that travels with its weights."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from transcription.core.network import NetworkShape
from transcription.core.training.errors import CannotTrain


class BadConfig(CannotTrain):
    """A configuration names something unknown, or gives it a value it cannot have."""


@dataclass(frozen=True, slots=True)
class Learning:
    """The course of learning, counted in steps of one batch each."""

    steps: int = 10_000
    batch: int = 8
    peak_rate: float = 1.5e-3
    warm_up: int = 150  # steps in which the rate rises to its peak
    schedule: str = "cosine"  # or "anneal": constant, then falling to nothing in the last part
    anneal_share: float = 0.3
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    average_over: float = 0.998  # how much of the averaged weights stays at each step


@dataclass(frozen=True, slots=True)
class LossWeights:
    """How much each thing asked for counts."""

    onset: float = 10.0
    velocity: float = 1.0
    pulse: float = 0.35
    positive: float = 3.0  # what a missed stroke costs, where a false one costs 1


@dataclass(frozen=True, slots=True)
class Clips:
    """What examples are cut from."""

    seconds: float = 8.0
    pseudo_share: float = 0.125  # of each batch, where a folder of labelled songs is given
    validation: int = 48  # clips, from the validation split


@dataclass(frozen=True, slots=True)
class Machine:
    """How the work is done; nothing here changes what is learnt, save by rounding."""

    device: str = "auto"  # or "cpu", "cuda"
    precision: str = "bf16"  # or "float32"
    compile: bool = False  # on a CUDA card only: on a processor compiling takes longer than it saves
    workers: int = 1  # rendering processes
    niceness: int = 3
    threads: int = 1  # of the learner, on a CPU
    log_every: int = 50  # steps
    save_minutes: float = 4.0


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """A run's whole configuration; each section is a table of the TOML file."""

    seed: int = 1
    network: NetworkShape = field(default_factory=NetworkShape)
    learning: Learning = field(default_factory=Learning)
    losses: LossWeights = field(default_factory=LossWeights)
    clips: Clips = field(default_factory=Clips)
    machine: Machine = field(default_factory=Machine)

    def as_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON-able values; :func:`parsed_config` reads it back."""
        return asdict(self)

    def differences(self, other: TrainingConfig) -> list[str]:
        """Name what differs between two runs, leaving out how the work is done."""
        mine, theirs = (_flat(replace(config, machine=Machine()).as_dict()) for config in (self, other))
        return sorted(key for key in mine if mine[key] != theirs[key])


def read_config(path: Path) -> TrainingConfig:
    """Read the TOML file ``path``.

    Raises:
        BadConfig: it is no TOML, or names or values in it are wrong; the message says which.
    """
    try:
        return parsed_config(tomllib.loads(path.read_text()))
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path}: {error}") from error


def parsed_config(document: Mapping[str, Any]) -> TrainingConfig:
    """Build the configuration from nested tables, leaving what they do not name at its default.

    Raises:
        BadConfig: a name is unknown, or a value has the wrong type or is out of range.
    """
    config = _filled(TrainingConfig(), document, "")
    learning, machine = config.learning, config.machine
    _check(learning.schedule in {"cosine", "anneal"}, "learning.schedule is 'cosine' or 'anneal'")
    _check(machine.precision in {"bf16", "float32"}, "machine.precision is 'bf16' or 'float32'")
    _check(
        min(learning.steps, learning.batch, machine.workers, machine.log_every) >= 1, "counts are 1 or more"
    )
    _check(0 <= config.clips.pseudo_share <= 1, "clips.pseudo_share lies within 0 and 1")
    _check(0 < learning.anneal_share <= 1, "learning.anneal_share lies within 0 and 1")
    _check(config.clips.seconds >= 1, "clips.seconds is 1 or more")
    return config


_Section = TypeVar("_Section")


def _filled(section: _Section, values: Mapping[str, Any], where: str) -> _Section:
    known = {entry.name for entry in fields(section)}  # type: ignore[arg-type]
    changes: dict[str, Any] = {}
    for name, value in values.items():
        _check(name in known, f"{where}{name} is not known; there are {', '.join(sorted(known))}")
        default = getattr(section, name)
        changes[name] = _fitting(default, value, f"{where}{name}")
    return replace(section, **changes)  # type: ignore[type-var]


def _fitting(default: Any, value: Any, name: str) -> Any:
    if hasattr(default, "__dataclass_fields__"):
        _check(isinstance(value, Mapping), f"{name} is a table")
        return _filled(default, value, f"{name}.")
    if isinstance(default, tuple) and isinstance(value, list | tuple):
        return tuple(value)
    if isinstance(default, float) and type(value) is int:
        return float(value)
    _check(type(value) is type(default), f"{name} is a {type(default).__name__}, not {value!r}")
    return value


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise BadConfig(otherwise)


def _flat(document: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in document.items():
        flat |= _flat(value, f"{where}{name}.") if isinstance(value, Mapping) else {where + name: value}
    return flat
