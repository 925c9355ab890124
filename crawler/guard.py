"""Which addresses a crawl may reach: public ones, and networks that the operator opened.

A feed's content names pages, redirects and more; none of it may lead the crawler into the machine it runs
on or the network around it (server-side request forgery, OWASP A10:2021).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from crawler.errors import ForbiddenAddress

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_GUARDS: WeakKeyDictionary[Crawler, AddressGuard] = WeakKeyDictionary()


def literal(host: str) -> Address | None:
    """The address that a URL's host spells out, or None for a name; `localhost` is one too (RFC 6761)."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return ipaddress.IPv4Address("127.0.0.1")
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def unmapped(address: Address) -> Address:
    """The IPv4 address inside a mapped or compatible IPv6 address, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if int(address) >> 32 == 0 and int(address) > 1:
            return ipaddress.IPv4Address(int(address))
    return address


class AddressGuard:
    """Judges addresses as connected to, after name resolution."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._networks: list[Network] = [ipaddress.ip_network(text, strict=False) for text in allowed]
        self._hosts: set[tuple[str, int]] = set()

    @classmethod
    def of(cls, crawler: Crawler) -> AddressGuard:
        """The guard of one crawl, shared by its spider, middleware and download handler."""
        if crawler not in _GUARDS:
            _GUARDS[crawler] = cls(crawler.settings.getlist("ALLOW_NET"))
        return _GUARDS[crawler]

    def trust(self, url: str) -> None:
        """Open the host and port of a URL that the operator wrote, where its host is an address itself.

        An operator who lists `http://10.0.0.5/feed.xml` means that address. A name is never trusted: what
        it resolves to is not the operator's to say.
        """
        parts = urlsplit(url)
        if parts.hostname and literal(parts.hostname):
            self._hosts.add((parts.hostname, _port(url)))

    def open_host(self, host: str, port: int) -> None:
        """Open one host by name: the operator's proxy."""
        self._hosts.add((host, port))

    def allows(self, address: Address) -> bool:
        """Whether an address may be connected to."""
        address = unmapped(address)
        if address.is_global and not address.is_multicast:
            return True
        return any(address.version == network.version and address in network for network in self._networks)

    def check_url(self, url: str) -> None:
        """Refuse a URL whose host is an address that is not open, or whose scheme is not HTTP's."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise ForbiddenAddress(f"{url} is neither http nor https")
        address = literal(parts.hostname or "")
        if address and not self.is_trusted(parts.hostname or "", _port(url)) and not self.allows(address):
            raise ForbiddenAddress(_sentence(url, address))

    def check_resolved(self, host: str, port: int, address: str) -> None:
        """Refuse a name that resolves to an address that is not open."""
        resolved = ipaddress.ip_address(address.partition("%")[0])
        if not self.is_trusted(host, port) and not self.allows(resolved):
            raise ForbiddenAddress(_sentence(host, resolved))

    def is_trusted(self, host: str, port: int) -> bool:
        """Whether the operator opened this host and port."""
        return (host, port) in self._hosts


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _sentence(what: str, address: Address) -> str:
    network = ipaddress.ip_network(address)
    return (
        f"{what} is at {address}, which is not a public address; "
        f"--allow-net {network} (or a wider network) opens it"
    )
