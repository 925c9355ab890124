"""What takes the memory of a filled Redis: sampled by kind of key."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any, cast

import redis

_SCAN, _SAMPLE, _NESTED = 2_000, 1_500, 500
# The first that fits names the kind.
KINDS = tuple(
    (name, re.compile(rf"\{{?newsfold\}}?:{pattern}"))
    for name, pattern in (
        ("article records", r"article:"),
        ("addresses", r"url:"),
        ("groups", r"group:"),
        ("stories", r"story:"),
        ("buckets of bands", r"\{[^}]*\}:.*band:"),
        ("buckets of anchors", r"\{[^}]*\}:.*anchor:"),
        ("fingerprints", r"\{[^}]*\}:.*print:"),
        ("postings of terms", r"\{[^}]*\}:.*terms:"),
        ("vectors of texts", r"\{[^}]*\}:.*text:"),
        ("stories of groups", r"\{[^}]*\}:.*told:"),
        ("frequencies of terms", r"\{[^}]*\}:.*df:"),
        ("search", r"\{[^}]*\}:(?:words|listed):"),
        ("furniture", r"(?:outlet:|\{[^}]*\}:latest:)"),
    )
)
_OTHER = "lists, events and others"


def kind_of(key: str) -> str:
    """What a key is for."""
    return next((name for name, pattern in KINDS if pattern.match(key)), _OTHER)


def memory_by_kind(client: redis.Redis) -> dict[str, dict[str, float]]:
    """Of each kind: how many keys, and the bytes that they take by `MEMORY USAGE` of some of them."""
    names: dict[str, list[bytes]] = defaultdict(list)
    for key in client.scan_iter(count=_SCAN):
        names[kind_of(key.decode())].append(key)
    return {kind: {"keys": len(keys), "bytes": _bytes(client, keys)} for kind, keys in sorted(names.items())}


def _bytes(client: redis.Redis, keys: list[bytes]) -> float:
    """Scaled up from every nth key; of a large one some fields are looked at."""
    some = keys[:: max(1, len(keys) // _SAMPLE)]
    with client.pipeline(transaction=False) as pipe:
        for key in some:
            cast(Any, pipe).memory_usage(key, samples=_NESTED)
        sizes = [float(size) for size in pipe.execute() if size]
    return sum(sizes) * len(keys) / max(1, len(some))
