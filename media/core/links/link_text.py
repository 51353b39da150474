"""What a person pasted, read as strictly as the strictest of those who will read it after us.

Two readers that understand one address differently are how a guard is walked around, so whatever can be
read in two ways is refused, and what is left is written anew in one way.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from media.core.links.addresses import AddressRules, check_address
from media.core.links.errors import (
    LinkAddressNotAllowed,
    LinkInvalid,
    LinkSchemeNotAllowed,
)

LONGEST_LINK = 2048
SCHEMES = {"http": 80, "https": 443}
_DOTS = dict.fromkeys(map(ord, "。．｡"), ".")
_HOST = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$")
_NUMBER = re.compile(r"^(0x[0-9a-f]*|[0-9]+)$")
_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]*):")
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_QUERY_SAFE = _PATH_SAFE + "?"


@dataclass(frozen=True, slots=True)
class Link:
    """A link in its one canonical spelling. ``host`` is a name in ASCII or an address without brackets."""

    scheme: str
    host: str
    port: int
    target: str  # path and query, percent-encoded

    @property
    def url(self) -> str:
        """The link as text."""
        port = "" if self.port == SCHEMES[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host_in_url}{port}{self.target}"

    @property
    def host_in_url(self) -> str:
        """The host as addresses and the ``Host`` header write it."""
        return f"[{self.host}]" if ":" in self.host else self.host


def parse_link(text: str, rules: AddressRules) -> Link:
    """Read a link.

    A host that is written as an address, in whatever notation, is checked here; one that is a name is checked
    when it is resolved.

    Raises:
        LinkInvalid: it cannot be read, or in more than one way; it carries a name or password.
        LinkSchemeNotAllowed: neither http nor https.
        LinkAddressNotAllowed: its port, or the address that it writes, is not allowed.
    """
    text = text.strip(" \t\r\n")
    if not text or len(text) > LONGEST_LINK or any(_is_confusing(char) for char in text):
        raise LinkInvalid
    scheme = _SCHEME.match(text)
    if scheme is None:
        raise LinkInvalid
    if scheme[1].lower() not in SCHEMES:
        raise LinkInvalid if "." in scheme[1] else LinkSchemeNotAllowed  # example.org:80/song has no scheme
    if not text[scheme.end() :].startswith("//") or text[scheme.end() :].startswith("///"):
        raise LinkInvalid
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise LinkInvalid from error
    if "@" in parts.netloc or not parts.hostname or parts.netloc.endswith(":"):
        raise LinkInvalid
    host = _canonical_host(parts.hostname, bracketed="[" in parts.netloc, rules=rules)
    port = SCHEMES[parts.scheme] if port is None else port
    if port not in rules.ports:
        raise LinkAddressNotAllowed
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    query = f"?{quote(parts.query, safe=_QUERY_SAFE)}" if parts.query else ""
    return Link(parts.scheme, host, port, path + query)


def follow(link: Link, location: str, rules: AddressRules) -> Link:
    """Return where a redirect from ``link`` leads.

    Raises:
        LinkSchemeNotAllowed: out of encryption into the open, or to another kind of address.
        And whatever :func:`parse_link` raises.
    """
    if any(_is_confusing(char) for char in location.strip()):
        raise LinkInvalid
    target = parse_link(urljoin(link.url, location.strip()), rules)
    if link.scheme == "https" and target.scheme != "https":
        raise LinkSchemeNotAllowed
    return target


def _is_confusing(char: str) -> bool:
    # Blanks, control and invisible signs, and the backslash that some readers take for a slash.
    return char == "\\" or char.isspace() or unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co"}


def _canonical_host(host: str, *, bracketed: bool, rules: AddressRules) -> str:
    if bracketed:
        if "%" in host:
            raise LinkAddressNotAllowed  # a scope: one of this machine's own networks
        try:
            return str(check_address(str(ipaddress.IPv6Address(host)), rules))
        except ipaddress.AddressValueError as error:
            raise LinkInvalid from error
    if "%" in host:
        raise LinkInvalid
    host = unicodedata.normalize("NFKC", host).translate(_DOTS).lower()
    try:
        host = ".".join(
            label.encode("idna").decode("ascii").lower() if label else "" for label in host.split(".")
        )
    except UnicodeError as error:
        raise LinkInvalid from error
    host = host.removesuffix(".")
    if not _HOST.match(host) or len(host) > 253:
        raise LinkInvalid
    if _NUMBER.match(host.rpartition(".")[2]):
        return str(check_address(_ipv4_from_numbers(host), rules))
    return host


def _ipv4_from_numbers(host: str) -> str:
    """Read an IPv4 address as the system would: decimal, octal or hexadecimal, of one to four parts.

    Source: POSIX ``inet_addr``; the WHATWG URL Standard's "IPv4 parser".
    """
    parts = host.split(".")
    if len(parts) > 4 or not all(_NUMBER.match(part) for part in parts):
        raise LinkInvalid
    try:
        numbers = [_number(part) for part in parts]
    except ValueError as error:
        raise LinkInvalid from error
    *leading, last = numbers
    if any(number > 255 for number in leading) or last >= 256 ** (5 - len(numbers)):
        raise LinkInvalid
    value = last + sum(number << (24 - 8 * place) for place, number in enumerate(leading))
    return str(ipaddress.IPv4Address(value))


def _number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") and text != "0" else int(text)
