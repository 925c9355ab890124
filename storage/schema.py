"""The version of what is stored, and the parameters it was made with; a mismatch is refused."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import redis
from redis.exceptions import ResponseError

from dedup.thresholds import MinHashConfig
from storage.contract import CONTRACT, newer, reads
from storage.errors import SchemaMismatch
from storage.keys import Keys, short_hash
from storage.plain import text_of

VERSION = 3


def parameters(config: MinHashConfig) -> dict[str, str]:
    """What must be equal for two fingerprints to be comparable."""
    return {"version": str(VERSION), "scheme": "affine32", **{k: str(v) for k, v in asdict(config).items()}}


def index_name(config: MinHashConfig) -> str:
    """The name of the index made with these parameters; another set of parameters has another index."""
    return short_hash(repr(sorted(parameters(config).items())), 4)


def changed_meanwhile(error: ResponseError) -> Exception:
    """What a refused insertion means: the index was rebuilt under other parameters since this run began."""
    if "NFSCHEMA" not in str(error):
        return error
    return SchemaMismatch(
        "The index has been rebuilt with other parameters since this run began; start it again with the "
        "configuration that `newsfold rebuild` was given."
    )


def stored_index(client: redis.Redis, keys: Keys) -> str:
    """The name of the index in force; empty where nothing was stored yet."""
    return text_of(client.hget(keys.schema, "index") or b"")


def switch_index(client: redis.Redis, keys: Keys, config: MinHashConfig) -> None:
    """Put the index made with these parameters in force, in one step."""
    fields: dict[Any, Any] = {**parameters(config), "index": index_name(config)}
    client.hset(keys.schema, mapping=fields)


def drop_index(client: redis.Redis, keys: Keys, index: str) -> None:
    """Forget the buckets and fingerprints of one index, in all languages."""
    if index:
        for key in client.scan_iter(match=f"{keys.prefix}:{{*}}:{index}:*", count=1_000):
            client.unlink(key)


def contract_fault(client: redis.Redis, keys: Keys) -> str:
    """Why this program cannot read what is stored, in one sentence; empty where it can."""
    raw = client.hget(keys.schema, "contract")
    stored = None if raw is None else text_of(raw)
    if reads(stored):
        return ""
    return f"Redis was written under contract {stored} of docs/redis-schema.md, and this program reads {CONTRACT}"


def check_schema(client: redis.Redis, keys: Keys, config: MinHashConfig) -> None:
    """Write the schema into an empty Redis, or refuse one that was written under another.

    Raises SchemaMismatch, naming every parameter that differs.
    """
    if fault := contract_fault(client, keys):
        raise SchemaMismatch(f"{fault}; use the newsfold that wrote it, or an empty Redis.")
    if newer(text_of(client.hget(keys.schema, "contract") or b"")):
        client.hset(keys.schema, "contract", CONTRACT)
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
            f"or run `newsfold rebuild` to index what is stored under the new ones."
        )
