"""Connections of aiohttp that refuse to lead where this program may not go: names as they resolve, then sockets."""

from __future__ import annotations

import socket
from collections.abc import Callable

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from crawler.guard import AddressGuard


class GuardedNames(AbstractResolver):
    """Resolves names and refuses those that lead where the crawl may not go (DNS rebinding included)."""

    def __init__(self, guard: AddressGuard, resolver: AbstractResolver | None = None) -> None:
        self._guard, self._resolver = guard, resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for address in found:
            self._guard.check_resolved(host, port, address["host"])
        return found

    async def close(self) -> None:
        await self._resolver.close()


def guarded_sockets(guard: AddressGuard) -> Callable[[AddrInfoType], socket.socket]:
    """What makes aiohttp's sockets: each is judged by the address and port that it is to be connected to."""

    def opened(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = info
        guard.check_connection(str(where[0]), int(where[1]))
        return socket.socket(family, kind, protocol)

    return opened
