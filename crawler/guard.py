"""Which addresses and ports a crawl may reach: public ones on the web's ports, and what the operator opened.

A feed's content names pages, redirects, hubs and more; none of it may lead the crawler into the machine it
runs on or the network around it (server-side request forgery, OWASP A10:2021). Judged are the URL before a
request and at every redirect, the addresses that its name resolves to, and the address that is connected to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from crawler.embedded import embedded
from crawler.errors import ClosedPort, ForbiddenAddress

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

WEB_PORTS: Final = frozenset((80, 443))
_LONGEST_HOST: Final = 255  # RFC 1035, and the brackets of an address
# What IANA has given out as global unicast; all else of IPv6 has a purpose of its own.
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
# Global by the registry, and yet no host on the web: protocol assignments (RFC 6890; cloud metadata lives there),
# 6to4 relays (RFC 7526), a cloud's platform channel that every guest of it reaches (168.63.129.16).
_NEVER: Final = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")))

_GUARDS: WeakKeyDictionary[Crawler, AddressGuard] = WeakKeyDictionary()


def literal(host: str) -> Address | None:
    """The address that a URL's host spells out, or None for a name; `localhost` is one too (RFC 6761)."""
    return (
        _literal(host) if len(host) <= _LONGEST_HOST else _literal.__wrapped__(host)
    )  # of no use to remember


@lru_cache(maxsize=4096)
def _literal(host: str) -> Address | None:
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return ipaddress.IPv4Address("127.0.0.1")
    try:
        return _address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address is one that anyone on the Internet reaches, with whatever IPv4 address it carries."""
    if inner := embedded(address):
        return all(map(is_public, inner))
    if isinstance(address, ipaddress.IPv6Address):
        return address in _GLOBAL_UNICAST and address.is_global
    return address.is_global and not address.is_multicast and not any(address in net for net in _NEVER)


class AddressGuard:
    """Judges addresses and ports. `allowed` are networks open beside the public ones, `ports` beside 80 and 443.

    A port that the operator wrote in the address of a feed is open on that host, and in the `allowed` networks.
    """

    def __init__(self, allowed: Sequence[str] = (), ports: Iterable[int | str] = ()) -> None:
        self._networks: list[Network] = [ipaddress.ip_network(text, strict=False) for text in allowed]
        self._ports = WEB_PORTS | set(map(int, ports))
        self._written: set[tuple[str, int]] = set()
        self._trusted: set[tuple[str, int]] = set()
        self._ways: set[tuple[str, int]] = set()

    @classmethod
    def of(cls, crawler: Crawler) -> AddressGuard:
        """The guard of one crawl, shared by its spider, middleware and download handler."""
        if crawler not in _GUARDS:
            settings = crawler.settings
            _GUARDS[crawler] = cls(settings.getlist("ALLOW_NET"), settings.getlist("ALLOW_PORTS"))
        return _GUARDS[crawler]

    def trust(self, url: str) -> None:
        """Open the port of a URL that the operator wrote, and its host where that is an address itself.

        An operator who lists `http://10.0.0.5/feed.xml` means that address. A name is never trusted: what
        it resolves to is not the operator's to say. What is no URL of the web opens nothing.
        """
        try:
            host, port = _place(url)
        except ForbiddenAddress:
            return
        if literal(host):
            self._trusted.add((_spelt(host), port))
        if port not in self._ports:
            self._written.add((_spelt(host), port))

    def open_host(self, host: str, port: int) -> None:
        """Open the way to one host, whatever it resolves to: the operator's proxy. No URL may name it."""
        self._ways.add((_spelt(host), port))

    def allows(self, address: Address) -> bool:
        """Whether an address may be connected to, on a port that is open."""
        return is_public(address) or self._is_opened(address)

    def check_url(self, url: str) -> None:
        """Refuse a URL whose scheme is not HTTP's, whose port is not open, or whose host is an address that is not open."""
        host, port = _place(url)
        if (_spelt(host), port) in self._trusted:
            return
        address = literal(host)
        if address and not self.allows(address):
            raise ForbiddenAddress(_closed_address(url, address))
        if not self._is_port_open(host, port, address):
            raise ClosedPort(_closed_port(url, port))

    def check_resolved(self, host: str, port: int, address: str) -> None:
        """Refuse a name that resolves to an address that is not open."""
        resolved = _address(address)
        if self._holds(self._trusted, host, port) or self._holds(self._ways, host, port):
            self._ways.add((str(resolved), port))
        elif not self.allows(resolved):
            raise ForbiddenAddress(_closed_address(host, resolved))

    def check_connection(self, address: str, port: int) -> None:
        """Refuse to connect to an address, or at a port, that is not open: the last look, whoever has parsed the URL."""
        reached = _address(address)
        place = str(reached), port
        if place in self._trusted or place in self._ways:
            return
        if not self.allows(reached):
            raise ForbiddenAddress(_closed_address("the connection", reached))
        if port not in self._ports and all(port != written for _, written in self._written):
            raise ClosedPort(_closed_port("the connection", port))

    @staticmethod
    def _holds(opened: set[tuple[str, int]], host: str, port: int) -> bool:
        """Whether this host and port is among those; port 0, of who does not know it, stands for any."""
        host = _spelt(host)
        return (host, port) in opened or (not port and any(host == one for one, _ in opened))

    def _is_opened(self, address: Address) -> bool:
        """In a network that the operator opened; an address within another is where its inner one is."""
        return any(
            one.version == network.version and one in network
            for one in (*embedded(address), address)
            for network in self._networks
        )

    def _is_port_open(self, host: str, port: int, address: Address | None) -> bool:
        if port in self._ports or (_spelt(host), port) in self._written:
            return True
        within = address is not None and self._is_opened(address)
        return within and any(port == written for _, written in self._written)


def _address(text: str) -> Address:
    return ipaddress.ip_address(text.partition("%")[0])


def _spelt(host: str) -> str:
    """A host in one spelling: an address as the library writes it, a name in lower case without its last dot."""
    found = literal(host)
    return str(found) if found else host.rstrip(".").lower()


def _place(url: str) -> tuple[str, int]:
    """Host and port of a URL of the web; another, and what no parser takes, is refused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ForbiddenAddress(f"{url} is not an address that can be fetched") from None
    if parts.scheme not in ("http", "https"):
        raise ForbiddenAddress(f"{url} is neither http nor https")
    return parts.hostname or "", (443 if parts.scheme == "https" else 80) if port is None else port


def _closed_address(what: str, address: Address) -> str:
    network = ipaddress.ip_network(address)
    return (
        f"{what} is at {address}, which is not a public address; "
        f"--allow-net {network} (or a wider network) opens it"
    )


def _closed_port(what: str, port: int) -> str:
    return f"{what} is at port {port}, which is not open; --allow-port {port} (crawl.ports) opens it"
