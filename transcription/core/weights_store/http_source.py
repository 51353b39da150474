"""Weights from a web server, over HTTP or HTTPS."""

from __future__ import annotations

import base64
import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from functools import partial
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    build_opener,
)

from transcription.core.weights_store.answers import Answer, Patience, Refused, Transient

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")
# Besides 5xx: timed out, too early, too many.
_ASK_AGAIN = frozenset({408, 425, 429})


class HttpSource:
    """A file at an ``http:`` or ``https:`` address, which may hold a name and a password."""

    def __init__(self, url: str, patience: Patience) -> None:
        self._url, self._authorization = _without_password(url)
        self._opener = _opener(patience)
        self._connect_s = patience.connect_s

    def open(self, offset: int, validator: str) -> Answer:
        """Ask for the bytes from ``offset`` on; see :class:`Source`."""
        request = Request(self._url, headers={"User-Agent": "drumsite", "Accept-Encoding": "identity"})
        if self._authorization:
            # Not followed elsewhere by a redirect, as an ordinary header would be.
            request.add_unredirected_header("Authorization", self._authorization)
        if offset:
            request.add_header("Range", f"bytes={offset}-")
            if validator:
                request.add_header("If-Range", validator)
        try:
            with _trouble_is_transient():
                response = self._opener.open(request, timeout=self._connect_s)
        except HTTPError as error:
            error.close()
            if error.code == 416 and offset:
                return self.open(0, "")  # it is shorter now than what we have
            raise _as_refusal(error) from error
        begins = _Begin.of(response, offset)
        if begins is None:
            response.close()
            return self.open(0, "")
        return Answer(
            partial(_read, response),
            response.close,
            begins.offset,
            begins.total,
            _validator(response.headers),
        )


class _Begin:
    def __init__(self, offset: int, total: int | None) -> None:
        self.offset, self.total = offset, total

    @classmethod
    def of(cls, response: http.client.HTTPResponse, asked: int) -> _Begin | None:
        """Say where the body begins and how long the file is; ``None`` when it is not what was asked for."""
        if response.status == 206:
            found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
            if found is None or int(found[1]) != asked:
                return None
            return cls(asked, int(found[2]))
        length = response.headers.get("Content-Length", "")
        return cls(0, int(length) if length.isdigit() else None)


def _read(response: http.client.HTTPResponse, size: int) -> bytes:
    with _trouble_is_transient():
        return response.read1(size)  # what is there; read() would wait until so much has come


@contextmanager
def _trouble_is_transient() -> Iterator[None]:
    try:
        yield
    except HTTPError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise Transient(_reason(error)) from error


def _reason(error: BaseException) -> str:
    inner = getattr(error, "reason", error)
    if isinstance(inner, TimeoutError):
        return "it did not answer in time"
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__


def _as_refusal(error: HTTPError) -> Transient | Refused:
    if error.code >= 500 or error.code in _ASK_AGAIN:
        after = error.headers.get("Retry-After", "") if error.headers else ""
        return Transient(f"HTTP {error.code}", float(after) if after.isdigit() else 0.0)
    return Refused(f"HTTP {error.code}")


def _validator(headers: Message) -> str:
    etag = headers.get("ETag", "")
    if etag and not etag.startswith("W/"):  # a weak one is not allowed in If-Range
        return etag
    return headers.get("Last-Modified", "")


def _without_password(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    who, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, ""
    token = base64.b64encode(unquote(who).encode()).decode()
    return urlunsplit(parts._replace(netloc=host)), f"Basic {token}"


class _WithPatience(http.client.HTTPConnection):
    """Waits for what is read as long as it was told to, which is not as long as for the connection."""

    def __init__(self, *args: Any, read_s: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read_s = read_s

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self._read_s)


class _SecureWithPatience(_WithPatience, http.client.HTTPSConnection):
    """The same over TLS."""


class _Http(HTTPHandler):
    def __init__(self, read_s: float) -> None:
        super().__init__()
        self._read_s = read_s

    def http_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_WithPatience, read_s=self._read_s), req)


class _Https(HTTPSHandler):
    def __init__(self, read_s: float) -> None:
        super().__init__()
        self._read_s = read_s

    def https_open(self, req: Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_SecureWithPatience, read_s=self._read_s), req)


class _Redirects(HTTPRedirectHandler):
    """Follows to other web servers, but never out of HTTPS."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme not in {"https", urlsplit(req.full_url).scheme}:
            raise Refused("it leads to an address that is not safe")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(patience: Patience) -> OpenerDirector:
    return build_opener(_Http(patience.read_s), _Https(patience.read_s), _Redirects())
