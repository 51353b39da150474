"""Where a link may lead: which schemes, hosts, ports and addresses.

What is checked is the address that is then connected to, never a name that is looked up twice: a name server
that answers differently the second time ("DNS rebinding") finds no second time.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from media.core.links.errors import LinkAddressNotAllowed, LinkUnreachable

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
# Turns a host's name into its addresses, as text; may raise OSError.
Resolver = Callable[[str, int], Sequence[str]]

# What Python's ``is_global`` lets through or leaves to its version: IANA's special-purpose registries, and
# the clouds' own services at addresses that look public.
_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, with Alibaba's metadata at 100.100.100.200
        "168.63.129.16/32",  # Azure's platform service
        "169.254.0.0/16",  # link-local, with most clouds' metadata at 169.254.169.254
        "192.0.0.0/24",  # protocol assignments, with Oracle's metadata at 192.0.0.192
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b:1::/48",  # NAT64 of one's own network
        "100::/64",
        "2001::/23",  # protocol assignments, with Teredo
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")


@dataclass(frozen=True, slots=True)
class AddressRules:
    """Where links may lead beside the public network.

    ``allowed`` holds networks (``10.0.0.0/8``), addresses, and names of hosts that may be visited though they
    are not public: for closed networks, and for tests.
    """

    ports: tuple[int, ...] = (80, 443)
    allowed: tuple[str, ...] = ()

    def trusts_host(self, host: str) -> bool:
        """Whether ``host`` may be visited at whatever address it has."""
        return host.lower() in {name.lower() for name in self.allowed}

    def trusts_address(self, address: IpAddress) -> bool:
        """Whether ``address`` lies in one of the allowed networks."""
        return any(
            address in network for network in _networks(self.allowed) if network.version == address.version
        )


def check_address(text: str, rules: AddressRules) -> IpAddress:
    """Return the address that ``text`` writes, if it may be connected to.

    An IPv6 address that stands for an IPv4 one (mapped, 6to4, NAT64) is judged by that one as well.

    Raises:
        LinkAddressNotAllowed: it is private, special, or no address at all.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise LinkAddressNotAllowed from error
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        raise LinkAddressNotAllowed  # a scope is one of this machine's own networks
    inner = _inner_ipv4(address)
    if rules.trusts_address(address) or (inner is not None and rules.trusts_address(inner)):
        return address
    if not _is_public(inner if inner is not None else address):
        raise LinkAddressNotAllowed
    return address


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of ``host``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in found))


def addresses_of(host: str, port: int, rules: AddressRules, resolve: Resolver = system_resolver) -> list[str]:
    """Return the addresses of ``host``, all of them checked, for connecting to exactly these.

    Raises:
        LinkAddressNotAllowed: the port is not one of ``rules``, or one of the addresses may not be visited.
            One is enough: an honest host has no private address among its public ones.
        LinkUnreachable: there is no such host, or no name server.
    """
    if port not in rules.ports:
        raise LinkAddressNotAllowed
    try:
        found = list(resolve(host, port))
    except (OSError, UnicodeError) as error:
        raise LinkUnreachable from error
    if not found:
        raise LinkUnreachable
    if rules.trusts_host(host):
        return found
    return [str(check_address(text, rules)) for text in found]


@cache
def _networks(allowed: tuple[str, ...]) -> tuple[IpNetwork, ...]:
    networks: list[IpNetwork] = []
    for text in allowed:
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            continue  # the name of a host
    return tuple(networks)


def _inner_ipv4(address: IpAddress) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR:
        return ipaddress.IPv4Address((int(address) >> 80) & 0xFFFF_FFFF)
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


def _is_public(address: IpAddress) -> bool:
    if any(address in network for network in _REFUSED if network.version == address.version):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_loopback
        and not address.is_link_local
        and not address.is_unspecified
    )
