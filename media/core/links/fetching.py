"""Fetching one file over HTTP: checked at every step, and stopped at the first byte too many."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

from accounts.core.text import one_line
from media.core.disk import no_room_is_storage_full
from media.core.links.addresses import AddressRules, Resolver, addresses_of, system_resolver
from media.core.links.connections import read_some, response_to
from media.core.links.content import HEAD_BYTES, Kind, image_ending, kind_of
from media.core.links.errors import (
    LinkBlocked,
    LinkNotMedia,
    LinkPrivate,
    LinkRemoved,
    LinkTooLarge,
    LinkUnreachable,
)
from media.core.links.limits import FetchLimits, Pace, Report
from media.core.links.link_text import Link, follow, parse_link

MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_COVER_MB = 2.0
_NAME_LENGTH = 255
Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A file that was fetched; whether it is sound, probing decides."""

    path: Path
    url: str  # where the redirects ended
    name: str  # as its sender calls it, may be empty


@dataclass(frozen=True, slots=True)
class WebPage:
    """The link leads to a page or a list of pieces; of its content nothing was kept."""

    url: str


def fetch_file(
    url: str,
    target: Path,
    *,
    rules: AddressRules,
    limits: FetchLimits,
    report: Report = lambda done, total: None,
    resolve: Resolver = system_resolver,
    tls: ssl.SSLContext | None = None,
) -> FetchedFile | WebPage:
    """Fetch what is behind ``url`` into ``target``, unless it is a page.

    Args:
        resolve: asked once for each host of the chain; what it answers is checked and connected to.
        tls: whom to believe; by default the system's authorities.
    Raises:
        LinkInvalid, LinkSchemeNotAllowed, LinkAddressNotAllowed, LinkUnreachable, LinkTimedOut, LinkTooSlow,
        LinkTooLarge, LinkNotMedia, LinkPrivate, LinkRemoved, LinkBlocked: see their classes.
        StorageFull: there is no room for it.
    """

    def keep(link: Link, response: http.client.HTTPResponse) -> FetchedFile | WebPage:
        head = _read_head(response)
        encoded = _is_encoded(response)
        # We asked for it plain. What comes folded all the same is not unfolded: it may be a bomb.
        kind = kind_of(response.getheader("Content-Type", ""), b"" if encoded else head)
        if kind is Kind.PAGE:
            return WebPage(link.url)
        if kind is Kind.OTHER or not head or encoded:
            raise LinkNotMedia
        _save(response, head, target, limits, report)
        return FetchedFile(target, link.url, _name_of(link, response))

    return _fetch(url, keep, rules, limits, resolve, tls)


def fetch_cover(
    url: str,
    folder: Path,
    *,
    rules: AddressRules,
    limits: FetchLimits,
    resolve: Resolver = system_resolver,
    tls: ssl.SSLContext | None = None,
) -> Path:
    """Fetch a picture of at most 2 MB into ``folder``; raises as :func:`fetch_file`.

    ``LinkNotMedia`` is raised for what is no JPEG, PNG or WebP by its content.
    """
    small = FetchLimits(
        maximum_mb=_COVER_MB,
        connect_s=limits.connect_s,
        read_s=limits.read_s,
        total_s=min(limits.total_s, 20.0),
        slowest_bytes_per_s=limits.slowest_bytes_per_s,
        grace_s=limits.grace_s,
    )

    def keep(link: Link, response: http.client.HTTPResponse) -> Path:
        head = _read_head(response)
        ending = image_ending(head)
        if ending is None or _is_encoded(response):
            raise LinkNotMedia
        _save(response, head, folder / f"cover{ending}", small, lambda done, total: None)
        return folder / f"cover{ending}"

    return _fetch(url, keep, rules, small, resolve, tls)


def _fetch(
    url: str,
    keep: Callable[[Link, http.client.HTTPResponse], Kept],
    rules: AddressRules,
    limits: FetchLimits,
    resolve: Resolver,
    tls: ssl.SSLContext | None,
) -> Kept:
    """Follow ``url`` to its end and hand the answer there to ``keep``."""
    pace = Pace(limits)
    link = parse_link(url, rules)
    for _ in range(MOST_REDIRECTS + 1):
        addresses = addresses_of(link.host, link.port, rules, resolve)
        with response_to(link, addresses, limits, pace, tls) as response:
            location = response.getheader("Location")
            if response.status in _REDIRECTS and location:
                # http.client reads headers as Latin-1; servers mean UTF-8.
                link = follow(link, _as_meant(location), rules)
                continue
            _check_status(response.status)
            return keep(link, response)
    raise LinkUnreachable  # it leads in circles


def _check_status(status: int) -> None:
    if status == 200:
        return
    if status in (401, 407):
        raise LinkPrivate
    if status in (404, 410):
        raise LinkRemoved
    if status in (402, 403, 429, 451):
        raise LinkBlocked
    raise LinkUnreachable


def _read_head(response: http.client.HTTPResponse) -> bytes:
    head = b""
    while len(head) < HEAD_BYTES:
        chunk = read_some(response, HEAD_BYTES - len(head))
        if not chunk:
            break
        head += chunk
    return head


def _is_encoded(response: http.client.HTTPResponse) -> bool:
    return response.getheader("Content-Encoding", "identity").strip().lower() not in ("", "identity")


def _save(
    response: http.client.HTTPResponse, head: bytes, target: Path, limits: FetchLimits, report: Report
) -> None:
    total = _announced_bytes(response)
    if total is not None and total > limits.max_bytes:
        raise LinkTooLarge(maximum_mb=limits.maximum_mb)
    done, chunk = 0, head
    with no_room_is_storage_full(), target.open("wb") as file:
        while chunk:
            done += len(chunk)
            if done > limits.max_bytes:
                raise LinkTooLarge(maximum_mb=limits.maximum_mb)
            file.write(chunk)
            report(done, total)
            chunk = read_some(response)
    if total is not None and done < total:
        raise LinkUnreachable  # broken off on the way


def _announced_bytes(response: http.client.HTTPResponse) -> int | None:
    announced = response.getheader("Content-Length", "")
    # Python refuses to read numbers of thousands of digits, and no file has so many bytes.
    is_number = announced.isascii() and announced.isdigit() and len(announced) < 20
    return int(announced) if is_number else None


def _name_of(link: Link, response: http.client.HTTPResponse) -> str:
    try:
        given = response.headers.get_filename() or ""
    except (LookupError, TypeError, ValueError):  # what the library makes of parameters that nobody can read
        given = ""
    name = given or unquote(link.target.partition("?")[0].rpartition("/")[2])
    name = one_line(name.replace("\\", "/").rpartition("/")[2])[:_NAME_LENGTH]
    return "" if name in {".", ".."} else name


def _as_meant(header: str) -> str:
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header
