"""A web server on this machine for tests of links, with whatever manners a test gives it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from media.core.links.addresses import AddressRules
from media.core.links.limits import FetchLimits

HERE = "127.0.0.1"
TRAP = "127.0.0.2"  # stands for a private network: the rules of the tests allow HERE alone

# So small that what hangs is over in a second.
QUICK = FetchLimits(
    maximum_mb=0.5,
    maximum_s=30.0,
    connect_s=0.5,
    read_s=0.5,
    total_s=1.5,
    slowest_bytes_per_s=2_000.0,
    grace_s=0.3,
)


class Asked(BaseHTTPRequestHandler):
    """One request; a route answers it by writing."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.visits.append(self.path)
        route = self.server.routes.get(self.path.partition("?")[0])
        self.close_connection = True
        try:
            if route is None:
                self.answer(404, {"Content-Type": "text/html"}, b"<html>nothing</html>")
            else:
                route(self)
        except OSError:
            pass  # whoever asked has had enough

    def answer(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.begin(status, {"Content-Length": str(len(body)), **headers})
        self.wfile.write(body)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


Route = Callable[[Asked], None]


class Server(ThreadingHTTPServer):
    """Answers ``routes`` and keeps what was asked for in ``visits``."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Asked)
        self.routes: dict[str, Route] = {}
        self.visits: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_port)

    @property
    def rules(self) -> AddressRules:
        return AddressRules(ports=(self.port,), allowed=(f"{HERE}/32",))

    def url(self, path: str, host: str = HERE) -> str:
        return f"http://{host}:{self.port}{path}"

    def serves(self, path: str, body: bytes, content_type: str = "audio/mpeg", **headers: str) -> str:
        """Serve ``body`` and return its link; ``_`` in the names of headers stands for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.routes[path] = lambda asked: asked.answer(200, {"Content-Type": content_type, **named}, body)
        return self.url(path)

    def redirects(self, path: str, to: str, status: int = 302) -> str:
        """Send whoever asks on to ``to``."""
        self.routes[path] = lambda asked: asked.answer(status, {"Location": to})
        return self.url(path)


@contextmanager
def running(host: str = HERE, port: int = 0) -> Iterator[Server]:
    """Run a server until the end of the block."""
    server = Server((host, port))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
