"""The networks of a process: loaded when they are first needed, kept, and let go when memory is short."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from transcription.core.detection import Detector, load_detector
from transcription.core.memory import available_mb, give_back
from transcription.core.nets_config import NetsConfig
from transcription.core.separation.separation_options import SeparationOptions
from transcription.core.weight_errors import UnknownModel, WeightsFetchingDisabled
from transcription.core.weights_store.ensuring import ensure_weights
from transcription.core.weights_store.store import WeightStore

if TYPE_CHECKING:
    from transcription.core.keras_cnn.engine import KerasCnn
    from transcription.core.separation.separator import Separator

SEPARATE = "separate"
KERAS_CNN = "keras-cnn"


@dataclass(slots=True)
class Nets:
    """The networks of a process, each loaded when it is first needed and then kept."""

    config: NetsConfig = field(default_factory=NetsConfig)
    _detector: Detector | None = field(default=None, init=False)
    _keras_cnn: KerasCnn | None = field(default=None, init=False)
    _keras_cnn_is_of: str = field(default="", init=False)
    _separator: Separator | None = field(default=None, init=False)
    _separator_is_for: tuple[str, bool] | None = field(default=None, init=False)

    @property
    def detector(self) -> Detector:
        """The network that hears hits, beats and downbeats."""
        if self._detector is None:
            self._set_threads()
            self._detector = load_detector(device=self.config.detect_device)
        return self._detector

    def detector_on_cpu(self) -> Detector:
        """The same network on the processor, for a song that the card has no room for; it is not kept."""
        self._set_threads()
        return load_detector(device="cpu")

    @property
    def keras_cnn(self) -> KerasCnn:
        """The second engine, with the site's own network where there is one.

        Raises:
            EngineUnavailable: what it runs on is not installed.
            WeightsMissing, WeightsDamaged, WeightsUnreachable, NotANetwork: see their classes.
        """
        from transcription.core.keras_cnn.engine import load_keras_cnn  # here: it is seldom asked for

        store = self.config.store or WeightStore(folder=Path(), may_fetch=False)
        # A network of the site's own of which nobody said what it must be may have been replaced meanwhile.
        if self._keras_cnn is None or not store.engine(KERAS_CNN).sha256:
            weights = ensure_weights(KERAS_CNN, store)
            if self._keras_cnn is None or weights.fingerprint != self._keras_cnn_is_of:
                self._keras_cnn = load_keras_cnn(weights.path, threads=self.config.threads)
                self._keras_cnn_is_of = weights.fingerprint
        return self._keras_cnn

    def separator(self, options: SeparationOptions, report: Callable[[float], None]) -> Separator:
        """Return the networks that take songs apart as ``options`` say; the last ones asked for are kept.

        Args:
            report: called with the fraction done, 0..1, while their weights are fetched.
        Raises:
            UnknownModel: there is no such model, or it is none that takes songs apart.
            WeightsUnreachable, WeightsNotFound, WeightsFetchingDisabled: they cannot be had now.
            WeightsDamaged, SeparatorDamaged, SeparatorRefused, StorageFull: see their classes.
        """
        from transcription.core.separation.separator import load_separator  # here: most songs need no demucs

        asked = (options.model, options.two_stems)
        if self._separator is None or self._separator_is_for != asked:
            self._separator = None  # two at once may be more than the memory has
            self._set_threads()
            store = self.config.store
            if store is None:
                raise WeightsFetchingDisabled(name=options.model)
            engine = store.engine(options.model)
            if engine.task != SEPARATE:
                raise UnknownModel(name=options.model)
            parts = engine.for_drums if options.two_stems else ()
            ensure_weights(engine.name, store, lambda progress: report(progress.fraction), parts=parts)
            self._separator = load_separator(store.folder, options)
            self._separator_is_for = asked
        return self._separator

    def let_go_if_short(self) -> bool:
        """Forget every network when memory is short; say whether that was so."""
        left_mb = available_mb()
        if not self.config.short_of_mb or left_mb is None or left_mb >= self.config.short_of_mb:
            return False
        self._detector = self._keras_cnn = self._separator = None
        gc.collect()
        give_back()
        return True

    def _set_threads(self) -> None:
        if self.config.threads:
            import torch

            torch.set_num_threads(self.config.threads)
