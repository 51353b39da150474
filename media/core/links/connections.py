"""A connection to the very address that was checked, read under a clock.

Nothing of the environment is used: no proxy, no cookie, no netrc.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from media.core.links.errors import LinkTimedOut, LinkUnreachable
from media.core.links.limits import FetchLimits, Pace
from media.core.links.link_text import Link

# Says who asks; some servers refuse a request without a browser's name in it.
USER_AGENT = "Mozilla/5.0 (compatible; drumsite)"


@contextmanager
def response_to(
    link: Link,
    addresses: Sequence[str],
    limits: FetchLimits,
    pace: Pace,
    tls: ssl.SSLContext | None = None,
) -> Iterator[http.client.HTTPResponse]:
    """Ask for ``link`` at one of ``addresses`` and give the answer, its head read, its body not yet.

    Args:
        addresses: checked ones; the name of the host is not looked up again.
        tls: what decides whom to believe; by default the system's authorities.
    Raises:
        LinkUnreachable, LinkTimedOut, LinkTooSlow: see their classes.
    """
    raw = _connect(link, addresses, limits, pace, tls)
    try:
        connection = http.client.HTTPConnection(link.host, link.port)
        connection.sock = _PacedSocket(raw, limits, pace)
        headers = {
            "Host": _host_header(link),
            "User-Agent": USER_AGENT,
            "Accept": "audio/*, video/*, text/html;q=0.5, */*;q=0.1",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        with _broken_is_unreachable():
            connection.request("GET", link.target, headers=headers)
            response = connection.getresponse()
        yield response
    finally:
        raw.close()


def read_some(response: http.client.HTTPResponse, at_most: int = 1 << 16) -> bytes:
    """Return the next bytes of a body, none at its end."""
    with _broken_is_unreachable():
        return response.read1(at_most)


def _connect(
    link: Link,
    addresses: Sequence[str],
    limits: FetchLimits,
    pace: Pace,
    tls: ssl.SSLContext | None,
) -> socket.socket:
    last: OSError | None = None
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        raw = socket.socket(family, socket.SOCK_STREAM)
        try:
            raw.settimeout(pace.patience_s(limits.connect_s))
            raw.connect((address, link.port))
            if link.scheme == "http":
                return raw
            raw.settimeout(pace.patience_s(limits.connect_s))
            context = tls or ssl.create_default_context()
            return context.wrap_socket(raw, server_hostname=link.host)
        except OSError as error:
            raw.close()
            last = error
        except BaseException:
            raw.close()
            raise
    raise LinkUnreachable from last


def _host_header(link: Link) -> str:
    return link.url.removeprefix(f"{link.scheme}://").removesuffix(link.target)


@contextmanager
def _broken_is_unreachable() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise LinkTimedOut from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LinkUnreachable from error


class _PacedSocket:
    """As much of a socket as ``http.client`` uses. It does not close what it was given."""

    def __init__(self, raw: socket.socket, limits: FetchLimits, pace: Pace) -> None:
        self._raw, self._limits, self._pace = raw, limits, pace

    def sendall(self, data: bytes) -> None:
        self._raw.settimeout(self._pace.patience_s(self._limits.read_s))
        self._raw.sendall(data)

    def makefile(self, mode: str, *args: Any, **kwargs: Any) -> io.BufferedReader:
        return io.BufferedReader(_PacedReader(self._raw, self._limits, self._pace))

    def close(self) -> None:
        """Leave it open: the body is still to be read."""


class _PacedReader(io.RawIOBase):
    """Reads from a socket; each byte is waited for and counted, be it of the head or of the body."""

    def __init__(self, raw: socket.socket, limits: FetchLimits, pace: Pace) -> None:
        super().__init__()
        self._raw, self._limits, self._pace = raw, limits, pace

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._raw.settimeout(self._pace.patience_s(self._limits.read_s))
        began = time.monotonic()
        count = self._raw.recv_into(buffer)
        self._pace.note(count, time.monotonic() - began)
        return count
