"""The version of what is stored, the parameters it was made with, and its secret; a mismatch is refused."""

from __future__ import annotations

import secrets
from dataclasses import asdict, replace
from typing import Any

import redis
from redis.exceptions import ResponseError

from dedup.thresholds import MinHashConfig
from storage.cluster import servers_of
from storage.contract import CONTRACT, newer, reads
from storage.errors import SchemaMismatch, ServerEmptied
from storage.functions import Functions
from storage.keys import SHARDS, Keys, shares_a_slot, short_hash
from storage.plain import text_of

VERSION = 4
_SECRET_BYTES = 16


def parameters(config: MinHashConfig, keys: Keys) -> dict[str, str]:
    """What must be equal for two fingerprints to be comparable and found, but for the secret, which is not told."""
    told = {name: str(value) for name, value in asdict(config).items() if name != "secret"}
    shards = SHARDS if shares_a_slot(keys.prefix) else 1
    return {"version": str(VERSION), "scheme": "affine32", "shards": str(shards), **told}


def index_name(config: MinHashConfig, keys: Keys) -> str:
    """The name of the index made with these parameters and this secret; with others it is another index."""
    told = sorted(item for item in parameters(config, keys).items() if item != ("shards", "1"))
    return short_hash(repr((told, config.secret)), 4)


def changed_meanwhile(error: ResponseError) -> Exception:
    """What a refused call means: the index was rebuilt under other parameters, or emptied, since this run began."""
    if "NFLOST" in str(error):
        return ServerEmptied(
            "Redis has lost in mid-run what was just stored: it was restarted without it, or flushed. "
            "Run the same command again to bring it back."
        )
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
    told = {"index": index_name(config, keys), "secret": config.secret}
    fields: dict[Any, Any] = {**parameters(config, keys), **told}
    client.hset(keys.schema, mapping=fields)


def drop_index(client: redis.Redis, keys: Keys, index: str) -> None:
    """Forget the buckets and fingerprints of one index, in all languages."""
    for pattern in keys.bucket_patterns(index) if index else ():
        for server in servers_of(client):
            for key in server.scan_iter(match=pattern, count=1_000):
                server.unlink(key)


def contract_fault(client: redis.Redis, keys: Keys) -> str:
    """Why this program cannot read what is stored, in one sentence; empty where it can."""
    raw = client.hget(keys.schema, "contract")
    stored = None if raw is None else text_of(raw)
    if reads(stored):
        return ""
    return f"Redis was written under contract {stored} of docs/redis-schema.md, and this program reads {CONTRACT}"


def with_secret(client: redis.Redis, keys: Keys, config: MinHashConfig) -> MinHashConfig:
    """The parameters with the secret that a rebuild is to use: a configured one, the stored one, else a new one, stored."""
    if config.secret:
        return config
    client.hsetnx(keys.schema, "secret", secrets.token_hex(_SECRET_BYTES))
    return replace(config, secret=text_of(client.hget(keys.schema, "secret") or b""))


def check_schema(client: redis.Redis, keys: Keys, config: MinHashConfig) -> MinHashConfig:
    """Write the schema into an empty Redis, or refuse one that was written under another.

    Returns the parameters with the secret in force: the stored one, and in an empty Redis a configured or a new one.
    Raises SchemaMismatch, naming every parameter that differs.
    """
    if fault := contract_fault(client, keys):
        raise SchemaMismatch(f"{fault}; use the newsfold that wrote it, or an empty Redis.")
    if newer(text_of(client.hget(keys.schema, "contract") or b"")):
        client.hset(keys.schema, "contract", CONTRACT)
    wanted = parameters(config, keys)
    mine = config if config.secret else replace(config, secret=secrets.token_hex(_SECRET_BYTES))
    call = {"parameters": wanted, "secret": mine.secret, "index": index_name(mine, keys)}
    found = Functions(client, keys.prefix).call("schema", keys.schema, call)
    stored = {text_of(k): text_of(v) for k, v in found.items()}
    different = [
        f"{k} is {stored.get(k)} there and {v} here" for k, v in wanted.items() if stored.get(k) != v
    ]
    if config.secret and stored["secret"] != config.secret:
        different.append("the seed of its buckets (index.seed) is not the same")
    if different:
        raise SchemaMismatch(
            f"Redis holds an index made with other parameters: {'; '.join(different)}. Use the old values, "
            f"or run `newsfold rebuild` to index what is stored under the new ones."
        )
    return replace(config, secret=stored["secret"])
