"""What the doctor says of facts, and of a real server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis

from crawler.model import FeedSpec
from dedup.thresholds import MinHashConfig
from newsfold.doctor import Folder, folder_findings, schedule_findings, server_findings
from newsfold.reaching import connection_finding
from storage.binary import Build
from storage.health import Health, Lateness, health, lateness
from storage.keys import Keys
from storage.queue import FeedQueue
from storage.reader import Reader
from storage.schema import check_schema, parameters

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WANTED = {"version": "3", "bands": "21"}
WELL = Health(
    build=Build("redis", (7, 2, 4)), used=10, limit=100, machine=1000, policy="noeviction", saves=True, save_error="",
    evicted=0, skew=0.01, schema={**WANTED, "index": "i"}, libraries=0,
)  # fmt: skip


def wrong(found: Health) -> dict[str, str]:
    return {one.name: one.level for one in server_findings(found, WANTED, "here") if one.level != "ok"}


def test_a_server_that_is_well() -> None:
    assert wrong(WELL) == {}


@pytest.mark.parametrize(
    ("change", "name", "level"),
    [
        ({"build": Build("redis", (6, 2, 0))}, "redis", "wrong"),
        ({"build": None}, "redis", "note"),
        ({"used": 95}, "memory", "wrong"),
        ({"used": 950, "limit": 0}, "memory", "wrong"),
        ({"policy": "allkeys-lru"}, "eviction", "wrong"),
        ({"policy": "allkeys-lru", "limit": 0}, "eviction", "note"),
        ({"policy": "allkeys-lru", "limit": 0, "evicted": 3}, "eviction", "wrong"),
        ({"saves": False}, "persistence", "wrong"),
        ({"save_error": "its last snapshot failed"}, "persistence", "wrong"),
        ({"schema": {"version": "2", "bands": "21"}}, "schema", "wrong"),
        ({"schema": {}}, "schema", "note"),
        ({"skew": -9.0}, "clock", "wrong"),
        ({"libraries": 2}, "functions", "note"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(change: dict[str, object], name: str, level: str) -> None:
    ill = replace(WELL, **change)  # type: ignore[arg-type]
    assert wrong(ill) == {name: level}
    assert all(one.fix for one in server_findings(ill, WANTED, "here") if one.level != "ok")


def test_a_real_server(client: redis.Redis) -> None:
    check_schema(client, Keys(), MinHashConfig())
    found = health(client, Keys())
    assert found.saves
    assert found.build
    assert found.build.usable
    assert abs(found.skew) < 5
    levels = {one.level for one in server_findings(found, parameters(MinHashConfig(), Keys()), "here")}
    assert "wrong" not in levels
    client.config_set("maxmemory-policy", "allkeys-lru")
    client.config_set("maxmemory", "100mb")
    try:
        assert {"eviction": "wrong"}.items() <= {
            one.name: one.level for one in server_findings(health(client, Keys()), {}, "here")
        }.items()
    finally:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "0")


def test_the_schedule_and_its_feeds(client: redis.Redis) -> None:
    def said(now: datetime) -> dict[str, str]:
        late = lateness(client, Keys(), now)
        return {one.name: one.level for one in schedule_findings(late, Reader(client).feeds(), now)}

    assert said(NOW) == {"schedule": "note", "feeds": "ok"}
    queue = FeedQueue(client, Keys(), token="t")
    one, two = queue.add_feeds([FeedSpec("http://a.example/f"), FeedSpec("http://b.example/f")], NOW)
    assert said(NOW) == {"schedule": "ok", "feeds": "ok"}
    assert said(NOW + timedelta(hours=2)) == {"schedule": "wrong", "feeds": "ok"}
    client.hset(f"newsfold:feed:{one}", "streak", 1)
    assert said(NOW)["feeds"] == "note"
    client.hset(f"newsfold:feed:{two}", "streak", 4)
    client.zadd("newsfold:pages:due", {"p": NOW.timestamp() - 7200})
    assert said(NOW) == {"schedule": "ok", "feeds": "wrong", "pages": "wrong"}
    assert lateness(client, Keys(), NOW) == Lateness(2, 2, NOW, 1, NOW - timedelta(hours=2))


def test_the_data_folder() -> None:
    well = Folder(Path("/x"), 0o40700, 1, 1, True, 50_000_000_000, 100_000_000_000)
    cases = [
        (well, True, []),
        (replace(well, mode=0o40777), True, ["folder"]),
        (replace(well, mode=0o40777), False, []),
        (replace(well, owner=0), True, ["folder"]),
        (replace(well, writable=False), False, ["folder"]),
        (replace(well, free=1000), True, ["disk"]),
    ]
    for folder, keeps, ill in cases:
        assert [f.name for f in folder_findings(folder, keeps_data=keeps) if f.level == "wrong"] == ill
    assert [f.level for f in folder_findings(replace(well, mode=None), keeps_data=True)] == ["note"]


@pytest.mark.parametrize(
    ("url", "level", "seen"),
    [
        ("", "ok", "a socket in the data folder"),
        ("unix:///run/redis.sock", "ok", "a socket of this machine, as user default, without a password"),
        ("redis://localhost:6379/0", "ok", "plain text within this machine"),
        ("redis://bob:x@127.0.0.1", "ok", "plain text within this machine, as user bob"),
        ("redis://[::1]:6379", "ok", "plain text within this machine"),
        (
            "redis://redis:6379/0",
            "note",
            "plain text to another machine, as user default, without a password",
        ),
        ("redis://bob:x@10.0.0.2", "note", "plain text to another machine, as user bob: who is in between"),
        ("redis+sentinel://127.0.0.1,10.0.0.2/m", "note", "plain text to another machine"),
        ("rediss://bob:x@redis.example", "ok", "TLS, certificate verified, as user bob"),
        ("rediss://h?ssl_certfile=/c&ssl_keyfile=/k", "ok", "with a certificate of ours"),
        ("rediss+sentinel://h:1,i:2/m?ssl_cert_reqs=none", "note", "certificate is not verified"),
        ("rediss://h?ssl_cert_reqs=optional", "note", "certificate is not verified"),
        ("rediss://h?ssl_check_hostname=False", "note", "whose name"),
    ],
)
def test_how_redis_is_reached(url: str, level: str, seen: str) -> None:
    found = connection_finding(url)
    assert (found.name, found.level) == ("connection", level)
    assert seen in found.seen
    assert bool(found.fix) == (level != "ok")
