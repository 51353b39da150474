"""``manage.py work``: a worker process."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from transcription.tasks import QUEUES
from transcription.workers import WorkerPool


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
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        pool = WorkerPool(queues=queues, threads=options["threads"])
        pool.start()
        self.stdout.write(f"Working on {', '.join(queues)}.")
        stopping.wait()
        pool.stop()
