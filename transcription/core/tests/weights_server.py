"""A web server on this machine that has a file of weights, and every trouble that a server can have."""

from __future__ import annotations

import hashlib
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from transcription.core.engines import Engine, WeightFile
from transcription.core.weights_store.answers import Patience

WEIGHTS = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
# So that a test of troubles takes no longer than it must.
HASTY = Patience(
    connect_s=2.0, read_s=0.3, total_s=20.0, attempts=3, first_wait_s=0.01, longest_wait_s=0.02, quiet_s=60.0
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """How one answer goes wrong; the plainest goes right."""

    status: int = 200
    cut_after: int | None = None  # bytes of the body, then the connection breaks
    stall_after: int | None = None  # bytes of the body, then nothing more comes
    ignore_range: bool = False
    no_length: bool = False
    retry_after: str = ""
    location: str = ""


@dataclass(slots=True)
class WeightsServer:
    """What the server has, what goes wrong with its next answers, and what it was asked."""

    url: str = ""
    content: bytes = WEIGHTS
    etag: str = '"one"'
    troubles: list[Trouble] = field(default_factory=list)
    always: Trouble | None = None
    bytes_a_second: int = 0
    requests: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ranges(self) -> list[str]:
        """The range that each request asked for; empty: all."""
        return [request.get("range", "") for request in self.requests]

    def next_trouble(self, request: dict[str, str]) -> Trouble:
        with self.lock:
            self.requests.append(request)
            return self.always or (self.troubles.pop(0) if self.troubles else Trouble())


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[WeightsServer]:
    """Run a server on a free port of this machine, over HTTPS with ``tls``."""
    ours = WeightsServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, ours))
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    ours.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/models/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield ours
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def toy(base_url: str, sha256: str = SHA256, *, names: tuple[str, ...] = ("toy.th",)) -> Engine:
    """An engine whose weights the server has."""
    files = tuple(WeightFile(name, sha256, None, base_url, f"nets/{name}") for name in names)
    return Engine("toy", "separate", "1.0", "MIT", "made by a test", files)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, ours: WeightsServer, *args: object) -> None:
        self._ours = ours
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        ours = self._ours
        request = {name.lower(): value for name, value in self.headers.items()} | {"path": self.path}
        trouble = ours.next_trouble(request)
        if trouble.status != 200:
            self.send_response(trouble.status)
            if trouble.retry_after:
                self.send_header("Retry-After", trouble.retry_after)
            if trouble.location:
                self.send_header("Location", trouble.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content, begin = ours.content, 0
        if (
            request.get("range")
            and request.get("if-range", ours.etag) == ours.etag
            and not trouble.ignore_range
        ):
            begin = int(request["range"].removeprefix("bytes=").split("-")[0])
            if begin >= len(content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        if not trouble.no_length:
            self.send_header("Content-Length", str(len(content) - begin))
        if ours.etag:
            self.send_header("ETag", ours.etag)
        self.end_headers()
        self._send(content[begin:], trouble)

    def _send(self, body: bytes, trouble: Trouble) -> None:
        limits = [limit for limit in (trouble.cut_after, trouble.stall_after) if limit is not None]
        body = body[: limits[0]] if limits else body
        piece = max(1, self._ours.bytes_a_second // 20) if self._ours.bytes_a_second else len(body) or 1
        try:
            for begin in range(0, len(body), piece):
                self.wfile.write(body[begin : begin + piece])
                if self._ours.bytes_a_second:
                    time.sleep(0.05)
            if trouble.stall_after is not None:
                time.sleep(1.0)  # longer than anybody here waits
        except OSError:
            pass  # whoever asked has gone
        self.close_connection = True
