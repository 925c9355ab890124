"""Name resolution for aiohttp that refuses names leading where this program may not go."""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from crawler.guard import AddressGuard


class GuardedNames(AbstractResolver):
    """Resolves names and refuses those that lead where the crawl may not go (DNS rebinding included)."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard, self._resolver = guard, ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for address in found:
            self._guard.check_resolved(host, port, address["host"])
        return found

    async def close(self) -> None:
        await self._resolver.close()
