"""The child processes of this site's workers, as its settings have them."""

from __future__ import annotations

from django.conf import settings

from transcription.core.nets_config import NetsConfig
from transcription.core.stage_process import StageProcess
from transcription.weights import weight_store


def new_stage_process(*, threads: int | None = None) -> StageProcess:
    """Return a process that runs stages; it is started by the first of them, or by ``start``."""
    config = NetsConfig(
        threads=settings.WORKER_THREADS if threads is None else threads,
        detect_device=settings.DETECT_DEVICE,
        separate_device=settings.SEPARATE_DEVICE,
        store=weight_store(),
        short_of_mb=settings.MEMORY_SHORT_MB,
    )
    return StageProcess(config, most_memory_mb=settings.WORKER_MEMORY_MB, idle_s=settings.MODEL_IDLE_S)
