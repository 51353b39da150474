"""Worker threads of a process, and the sweeper beside them."""

from __future__ import annotations

import logging
import threading
import time

import dramatiq
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone
from dramatiq import Broker, Middleware

from media.orphans import remove_orphans
from media.services import purge_deleted
from notation.services import purge_deleted_notations
from transcription.jobs.purging import purge_deleted_jobs
from transcription.jobs.recovery import recover_lost_stages
from transcription.links.recovery import purge_old_links, recover_lost_links
from transcription.links.tasks import enqueue_link
from transcription.tasks import QUEUES, enqueue, stage_process

logger = logging.getLogger(__name__)

_PURGE_EVERY_S = 3600.0
_LOOK_FOR_ORPHANS_EVERY_S = 86_400.0


class WarmProcesses(Middleware):
    """Starts each worker thread's child process with the thread: the first song waits for no networks."""

    def after_worker_thread_boot(self, broker: Broker, thread: object) -> None:  # type: ignore[type-arg]
        """Start it; it loads in its own time."""
        stage_process().start()


class WorkerPool:
    """The workers of this process: ``threads`` stages at a time from ``queues``, and a sweeper.

    Every process sweeps; what two find at the same time is queued twice and, thanks to the lease, run once.
    """

    def __init__(
        self, *, queues: tuple[str, ...] = QUEUES, threads: int = 1, owns_broker: bool = False
    ) -> None:
        self._owns_broker = owns_broker
        self._broker = dramatiq.get_broker()
        if not any(isinstance(middleware, WarmProcesses) for middleware in self._broker.middleware):
            self._broker.add_middleware(WarmProcesses())
        self._worker = dramatiq.Worker(
            self._broker, queues=set(queues), worker_threads=threads, worker_timeout=200
        )
        self._stopping = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, name="sweeper", daemon=True)

    def start(self) -> None:
        """Begin to work, first on what an earlier process left behind."""
        self._broker.emit_after("process_boot")
        self._worker.start()
        self._sweeper.start()

    def stop(self) -> None:
        """Finish nothing more: stages in progress lose their child process and are taken up again later."""
        self._stopping.set()
        self._worker.stop(timeout=2_000)

    def _sweep(self) -> None:
        at_start = self._owns_broker
        next_purge = next_look = time.monotonic()
        while True:
            try:
                close_old_connections()
                for step in recover_lost_stages(at_start=at_start):
                    enqueue(step.job_id, step.stage)
                for link_id in recover_lost_links(at_start=at_start):
                    enqueue_link(link_id)
                at_start = False
                if time.monotonic() >= next_purge:
                    next_purge = time.monotonic() + _PURGE_EVERY_S
                    purge_deleted_jobs()
                    purge_old_links()
                    purge_deleted_notations()
                    purge_deleted()
                if time.monotonic() >= next_look:
                    next_look = time.monotonic() + _LOOK_FOR_ORPHANS_EVERY_S
                    remove_orphans(now=timezone.now())
            except Exception:  # the sweeper must outlive a database that is away for a while
                logger.exception("sweep_failed")
            if self._stopping.wait(settings.SWEEP_EVERY_S):
                return
