"""``manage.py serve``: the site, with its workers in the same process in the embedded mode."""

from __future__ import annotations

import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Serves HTTP and websockets with daphne until it is stopped."""

    help = "Serve the site."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the workers, then serve."""
        from daphne.endpoints import build_endpoint_description_strings
        from daphne.server import Server

        from drumsite.asgi import application

        _check_is_free(options["host"], options["port"])
        pool = None
        if settings.EMBEDDED_WORKER:
            from transcription.workers import WorkerPool

            pool = WorkerPool(threads=2, owns_broker=not settings.REDIS_URL)
            pool.start()
        address = f"http://{options['host']}:{options['port']}/"
        Server(
            application=application,
            endpoints=build_endpoint_description_strings(host=options["host"], port=options["port"]),
            ready_callable=lambda: self.stdout.write(f"drumsite is on {address}"),
            server_name="drumsite",
            request_buffer_size=1 << 18,  # its 8 kB make 25,000 messages of a large upload
            websocket_handshake_timeout=10,
        ).run()
        if pool is not None:
            pool.stop()


def _check_is_free(host: str, port: int) -> None:
    """Refuse a taken port: daphne would only log it and end as if all were well."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
