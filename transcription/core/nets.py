"""The networks of a process: loaded when they are first needed, kept, and let go when memory is short."""

from __future__ import annotations

from dataclasses import dataclass, field

from transcription.core.detection import Detector, load_detector
from transcription.core.memory import available_mb, give_back
from transcription.core.nets_config import NetsConfig


@dataclass(slots=True)
class Nets:
    """The networks of a process, each loaded when it is first needed and then kept."""

    config: NetsConfig = field(default_factory=NetsConfig)
    _detector: Detector | None = field(default=None, init=False)

    @property
    def detector(self) -> Detector:
        """The network that hears hits, beats and downbeats."""
        if self._detector is None:
            self._set_threads()
            self._detector = load_detector(device=self.config.detect_device)
        return self._detector

    def let_go_if_short(self) -> bool:
        """Forget every network when memory is short; say whether that was so."""
        left_mb = available_mb()
        if not self.config.short_of_mb or left_mb is None or left_mb >= self.config.short_of_mb:
            return False
        self._detector = None
        give_back()
        return True

    def _set_threads(self) -> None:
        if self.config.threads:
            import torch

            torch.set_num_threads(self.config.threads)
