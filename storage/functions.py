"""The functions that run inside Redis: one library, loaded when missing, each called by its name.

The library's name carries a digest of its source, so workers of two versions can share a server. A server
that was restarted empty lost the library: it is loaded again and the call repeated, which is safe because
every function is idempotent: a call made twice, or again later, does what it did once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Generic, TypeVar

import msgpack
import redis
from redis.exceptions import ResponseError

from storage.keys import shares_a_slot

T = TypeVar("T")

# So long a replica is waited for that is to have what was written, in milliseconds.
COPIED = 1_000

_PARTS = (
    "common",
    "schema",
    "insert",
    "spread",
    "outlet",
    "unite",
    "told",
    "story",
    "group",
    "article",
    "hold",
    "place",
    "revise",
    "find",
    "link",
    "correct",
    "undo",
    "prune",
    "queue",
    "feeds",
)


@cache
def library() -> tuple[str, str]:
    """The version digest and the source of the library."""
    folder = resources.files("storage") / "lua"
    source = "\n".join((folder / f"{part}.lua").read_text(encoding="utf-8") for part in _PARTS)
    version = hashlib.blake2b(source.encode(), digest_size=4).hexdigest()
    return version, f"#!lua name=newsfold_{version}\n" + source.replace("@V@", version)


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A function to call on the node of `key`, and how to read what it packs (strings as bytes).

    `blobs` are arguments that go as they are, beside the `arguments` in MessagePack; `writes` says that it may change
    something.
    """

    name: str
    key: str
    arguments: Mapping[str, object]
    read: Callable[[Any], T]
    blobs: tuple[bytes, ...] = ()
    writes: bool = True

    def command(self, prefix: str) -> tuple[str | bytes | int, ...]:
        """The command to send.

        On a cluster it names a key that never exists, so that it is refused as a whole while its slot is being moved.
        """
        packed = msgpack.packb(
            {"P": prefix, **self.arguments}, use_bin_type=False, unicode_errors="surrogatepass"
        )
        whole = shares_a_slot(prefix) and self.key.startswith(prefix)
        named = (self.key, f"{prefix}:never") if whole else (self.key,)
        return ("FCALL", f"nf_{self.name}_{library()[0]}", len(named), *named, packed, *self.blobs)

    def answer(self, reply: object) -> T:
        """What a reply means."""
        packed = isinstance(reply, bytes)
        return self.read(msgpack.unpackb(reply, raw=True, strict_map_key=False) if packed else reply)


class Command(Call[int]):
    """A command of the server's own, in the order of the calls beside it."""

    def __init__(self, name: str, key: str, *arguments: bytes) -> None:
        super().__init__(name, key, {}, int, arguments)

    def command(self, prefix: str) -> tuple[str | bytes | int, ...]:  # noqa: ARG002
        """The command to send."""
        return (self.name, self.key, *self.blobs)


class Copying(Call[int]):
    """Waits until a replica has all that was written on the same connection: how many have it after at most COPIED."""

    def __init__(self) -> None:
        super().__init__("", "", {}, int)

    def command(self, prefix: str) -> tuple[str | bytes | int, ...]:  # noqa: ARG002
        """The command to send."""
        return ("WAIT", 1, COPIED)


class Functions:
    """Calls functions of the library with arguments and answers in MessagePack."""

    def __init__(
        self, client: redis.Redis, prefix: str, explain: Callable[[ResponseError], Exception] = lambda e: e
    ) -> None:
        self.client, self.prefix = client, prefix
        self._explain = explain

    def call(self, name: str, key: str, arguments: Mapping[str, object]) -> Any:
        """Run `nf_<name>` on the node of `key`; returns what the function packed, strings as bytes."""
        return self.run(Call(name, key, arguments, lambda answer: answer))

    def run(self, call: Call[T]) -> T:
        """Make one call and wait for its answer; an error is raised as `explain` has it."""
        command = call.command(self.prefix)
        try:
            return call.answer(self._run(command))
        except ResponseError as error:
            raise self._explain(error) from error

    def _run(self, command: tuple[str | bytes | int, ...]) -> object:
        try:
            return self.client.execute_command(*command)  # type: ignore[no-untyped-call]
        except ResponseError as error:
            if not is_missing(error):
                raise
            self.load()
            return self.client.execute_command(*command)  # type: ignore[no-untyped-call]

    def outcome(self, call: Call[T], reply: object) -> T:
        """What a reply that came by another way means, or the error that it is."""
        if isinstance(reply, ResponseError):
            raise self._explain(reply) from reply
        return call.answer(reply)

    def load(self) -> None:
        """Put the library into the server, unless another worker just did."""
        self.load_into(self.client)

    def load_into(self, client: redis.Redis) -> None:
        """The same for one server of several."""
        try:
            client.function_load(library()[1], replace=True)
        except ResponseError as error:
            if "already exists" not in str(error):
                raise


def is_missing(error: ResponseError) -> bool:
    """Whether a call failed because the server does not have the library."""
    return "Function not found" in str(error)
