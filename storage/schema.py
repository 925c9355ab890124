"""The version of what is stored, and the parameters it was made with; a mismatch is refused."""

from __future__ import annotations

from dataclasses import asdict

import redis

from dedup.thresholds import MinHashConfig
from storage.codec import text_of
from storage.errors import SchemaMismatch
from storage.keys import Keys

VERSION = 1


def parameters(config: MinHashConfig) -> dict[str, str]:
    """What must be equal for two fingerprints to be comparable."""
    return {"version": str(VERSION), "scheme": "affine32", **{k: str(v) for k, v in asdict(config).items()}}


def check_schema(client: redis.Redis, keys: Keys, config: MinHashConfig) -> None:
    """Write the schema into an empty Redis, or refuse one that was written under another.

    Raises SchemaMismatch, naming every parameter that differs.
    """
    wanted = parameters(config)
    for name, value in wanted.items():
        client.hsetnx(keys.schema, name, value)
    stored = {text_of(k): text_of(v) for k, v in client.hgetall(keys.schema).items()}
    different = [
        f"{k} is {stored.get(k)} there and {v} here" for k, v in wanted.items() if stored.get(k) != v
    ]
    if different:
        raise SchemaMismatch(
            f"Redis holds an index made with other parameters: {'; '.join(different)}. Use the old values, "
            f"or empty it and crawl again."
        )
