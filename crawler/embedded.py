"""IPv4 addresses that IPv6 addresses carry: a gateway on the way hands the traffic to the inner one."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address
from typing import Final

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# Interface identifiers of ISATAP (RFC 5214), for private and for global inner addresses.
_ISATAP: Final = (0x0000_5EFE, 0x0200_5EFE)


def embedded(address: IPv4Address | IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses within an IPv6 address; none where it carries none.

    Mapped (RFC 4291 2.5.5.2), compatible (2.5.5.1), NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380: its
    server and its client), ISATAP (RFC 5214).
    """
    if isinstance(address, IPv4Address):
        return ()
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    low = IPv4Address(int(address) & 0xFFFF_FFFF)
    compatible = int(address) >> 32 == 0 and int(address) > 1
    isatap = (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP
    return (low,) if compatible or isatap or address in _NAT64 else ()
