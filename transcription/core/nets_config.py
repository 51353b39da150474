"""What a process's networks run on. Loads no network, so that whoever starts the process need not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from transcription.core.weights_store.store import WeightStore

AUTO = "auto"


@dataclass(frozen=True, slots=True)
class NetsConfig:
    """What networks run on, and where their weights are.

    ``threads`` is for the processor, 0 leaves that to PyTorch; devices are as
    :func:`transcription.core.devices.chosen_device` has them. Without a ``store`` there are only the weights
    that are shipped. Networks that nobody has used for a while are let go when less than ``short_of_mb`` of
    memory is left; 0 keeps them always.
    """

    threads: int = 0
    detect_device: str = AUTO
    separate_device: str = AUTO
    store: WeightStore | None = None
    short_of_mb: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values, for a child process."""
        return {**asdict(self), "store": self.store.as_dict() if self.store else None}

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """Read what :meth:`as_dict` returned."""
        store = given["store"]
        return cls(**{**given, "store": WeightStore.parse(store) if store else None})
