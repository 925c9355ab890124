"""What is well and what is not, each in a line, with what to do about it. Pure: facts go in, findings come out."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from newsfold.show import ago
from storage.health import Health, Lateness
from storage.views import FeedView

Level = Literal["ok", "note", "wrong"]
_SKEW_SECONDS = 5
_LATE = timedelta(hours=1)
_FULL, _LEAST_FREE = 0.9, 1_000_000_000
_BROKEN_STREAK = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its name, how it is, what was seen, and how to mend it ("" where nothing is to be done)."""

    name: str
    level: Level
    seen: str
    fix: str = ""


def server_findings(health: Health, wanted: Mapping[str, str], where: str) -> Iterator[Finding]:
    """Of the server: version, memory, eviction, disk, schema, clock."""
    yield _version(health, where)
    if health.build is not None:
        yield _memory(health)
        yield _eviction(health)
        yield _persistence(health)
    yield _schema(health, wanted)
    yield _clock(health)
    if health.libraries:
        seen = f"{health.libraries} function libraries of other versions are loaded"
        yield Finding(
            "functions",
            "note",
            seen,
            "once no old worker runs: redis-cli FUNCTION FLUSH; the next run loads its own",
        )


def cluster_findings(masters: int, alone: Sequence[str]) -> Iterator[Finding]:
    """Of a cluster with so many masters (0 for a single server): those that have no replica."""
    if alone:
        seen = f"{masters} masters, of which {', '.join(alone)} have no replica"
        yield Finding(
            "cluster", "wrong", seen, "redis-cli --cluster add-node HOST:PORT HOST:PORT --cluster-slave"
        )
    elif masters:
        yield Finding("cluster", "ok", f"{masters} masters, each with a replica")


def _version(health: Health, where: str) -> Finding:
    if health.build is None:
        seen = f"it answers at {where}, but does not say what it is, nor of its memory and its disk"
        return Finding("redis", "note", seen, "allow +info to newsfold's user")
    if not health.build.usable:
        return Finding("redis", "wrong", f"{health.build} at {where}", "use Redis 7.0 or newer, or Valkey")
    return Finding("redis", "ok", f"{health.build} at {where}")


def _memory(health: Health) -> Finding:
    limit = health.limit or health.machine
    whose = "its limit" if health.limit else "the machine's memory"
    seen = (
        f"{health.used / 1e6:.0f} MB of {limit / 1e6:.0f} MB, {whose}"
        if limit
        else f"{health.used / 1e6:.0f} MB"
    )
    if limit and health.used > _FULL * limit:
        return Finding(
            "memory", "wrong", seen, "raise maxmemory, or lower retention_days and run newsfold prune"
        )
    return Finding("memory", "ok", seen)


def _eviction(health: Health) -> Finding:
    if health.policy in ("noeviction", ""):
        return Finding("eviction", "ok", health.policy or "not told")
    seen = f"{health.policy}" + (f", {health.evicted} keys were evicted" if health.evicted else "")
    # Without a limit nothing is evicted, yet.
    level: Level = "wrong" if health.limit or health.evicted else "note"
    return Finding(
        "eviction", level, seen, "redis-cli CONFIG SET maxmemory-policy noeviction, and in redis.conf"
    )


def _persistence(health: Health) -> Finding:
    if health.save_error:
        return Finding(
            "persistence",
            "wrong",
            health.save_error,
            "see the server's log; free disk space or mend permissions",
        )
    if not health.saves:
        fix = "redis-cli CONFIG SET appendonly yes, and in redis.conf"
        return Finding("persistence", "wrong", "nothing is written to disk; a restart forgets all", fix)
    return Finding("persistence", "ok", "written to disk")


def _schema(health: Health, wanted: Mapping[str, str]) -> Finding:
    if not health.schema:
        return Finding("schema", "note", "nothing is stored yet", "newsfold crawl --feeds feeds.opml")
    stored = {"shards": "1", **health.schema}  # the one kind that there was before clusters
    differ = [f"{k} is {stored.get(k)}, here {v}" for k, v in wanted.items() if stored.get(k) != v]
    if differ:
        fix = "newsfold rebuild, or put the configuration's [index] back"
        return Finding("schema", "wrong", "; ".join(differ), fix)
    return Finding(
        "schema", "ok", f"version {health.schema.get('version')}, index {health.schema.get('index', 'empty')}"
    )


def _clock(health: Health) -> Finding:
    seen = f"Redis and this machine are {abs(health.skew):.1f} s apart"
    if abs(health.skew) > _SKEW_SECONDS:
        return Finding(
            "clock",
            "wrong",
            seen,
            "keep both by NTP (timedatectl set-ntp true): leases and due times count on it",
        )
    return Finding("clock", "ok", seen)


def schedule_findings(late: Lateness, feeds: Sequence[FeedView], now: datetime) -> Iterator[Finding]:
    """Of the schedule: whether anybody crawls, and which feeds fail."""
    yield _schedule(late, feeds, now)
    if late.page_since and now - late.page_since > _LATE:
        seen = f"{late.pages_due} pages wait, the first for {ago(late.page_since, now)}"
        yield Finding(
            "pages", "wrong", seen, "newsfold crawl, which fetches them; a run with --polls-only leaves them"
        )
    yield _broken(feeds)


def _schedule(late: Lateness, feeds: Sequence[FeedView], now: datetime) -> Finding:
    if not late.feeds:
        return Finding("schedule", "note", "there are no feeds", "newsfold feeds import feeds.opml")
    polled = max((feed.polled for feed in feeds if feed.polled), default=None)
    last = f"last poll {ago(polled, now)} ago" if polled else "never polled"
    if late.feed_since and now - late.feed_since > _LATE:
        seen = f"{late.feeds_due} of {late.feeds} feeds are due, the first for {ago(late.feed_since, now)}; {last}"
        return Finding("schedule", "wrong", seen, "newsfold cron install, or look at why its runs fail")
    return Finding("schedule", "ok", f"{late.feeds} feeds, {late.feeds_due} due; {last}")


def _broken(feeds: Sequence[FeedView]) -> Finding:
    failing = [feed for feed in feeds if feed.streak]
    broken = [feed for feed in failing if feed.streak >= _BROKEN_STREAK]
    if not failing:
        return Finding("feeds", "ok", "none fails")
    seen = (
        f"{len(failing)} of {len(feeds)} fail, {len(broken)} of them {_BROKEN_STREAK} times in a row or more"
    )
    level: Level = "wrong" if broken else "note"
    return Finding("feeds", level, seen, "newsfold feeds --broken tells why of each")


@dataclass(frozen=True, slots=True)
class Folder:
    """The data folder as it is found: its mode (None where there is none), its owner, what of its disk is free."""

    path: Path
    mode: int | None
    owner: int
    user: int
    writable: bool
    free: int
    size: int


def folder_findings(folder: Folder, *, keeps_data: bool) -> Iterator[Finding]:
    """Of the data folder; `keeps_data` where the private server's data is in it."""
    if folder.mode is None:
        yield Finding("folder", "note", f"{folder.path} does not exist yet", "the first run makes it")
        return
    if folder.owner != folder.user or not folder.writable:
        fix = f"run newsfold as the user that owns it, or: chown -R $(id -u) {folder.path}"
        yield Finding("folder", "wrong", f"{folder.path} is not this user's to write", fix)
    elif keeps_data and folder.mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Finding("folder", "wrong", f"others may write to {folder.path}", f"chmod go-w {folder.path}")
    else:
        yield Finding("folder", "ok", f"{folder.path}, mode {stat.S_IMODE(folder.mode):o}")
    seen = f"{folder.free / 1e9:.1f} GB of {folder.size / 1e9:.0f} GB are free"
    if folder.free < _LEAST_FREE:
        yield Finding("disk", "wrong", seen, "free some: a full disk stops the server from writing")
    else:
        yield Finding("disk", "ok", seen)
