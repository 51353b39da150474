"""``manage.py work``: a worker process."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from transcription.tasks import QUEUES
from transcription.workers import WorkerPool

_PATIENCE_S = 8.0


class Command(BaseCommand):
    """Works on the stages of one or more queues until it is told to stop (SIGINT or SIGTERM)."""

    help = "Run a worker for the named queues (default: all)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--queues", default=",".join(QUEUES), help="comma-separated: io, cpu, gpu")
        parser.add_argument("--threads", type=int, default=1, help="stages at a time")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start, and wait for a signal."""
        queues = tuple(name.strip() for name in options["queues"].split(",") if name.strip())
        unknown = set(queues) - set(QUEUES)
        if unknown or not queues:
            raise CommandError(f"Unknown queues: {', '.join(sorted(unknown)) or '(none)'}.")
        if not settings.REDIS_URL:
            raise CommandError(
                "Without REDIS_URL the queue lives in the web process, which works on songs itself; "
                "set REDIS_URL to run workers of their own."
            )
        told: list[int] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: told.append(number))
        pool = WorkerPool(queues=queues, threads=options["threads"])
        pool.start()
        self.stdout.write(f"Working on {', '.join(queues)}.")
        # Not a wait for an event: the system may hand the signal to another thread, and then nothing would
        # wake this one, in which Python runs its handlers.
        while not told:
            time.sleep(0.2)
        # A broker that is away can hold its client for half a minute. Nothing is lost by not waiting: what
        # was begun is in the database, under a lease that ends with this process.
        stopper = threading.Thread(target=pool.stop, daemon=True)
        stopper.start()
        stopper.join(_PATIENCE_S)
        self.stdout.flush()
        os._exit(0)
