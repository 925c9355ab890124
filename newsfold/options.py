"""Every option: section, name, type, default, range and what it is for."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Option:
    """One key of newsfold.toml. `low` and `high` bound numbers, inclusive; `check` refuses with a reason."""

    section: str
    name: str
    kind: type
    default: Any
    doc: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    check: Callable[[Any], str | None] | None = None

    @property
    def key(self) -> str:
        """The name as in the file: `section.name`, or the name alone at the top level."""
        return f"{self.section}.{self.name}" if self.section else self.name

    @property
    def env(self) -> str:
        """The environment variable that overrides the file."""
        return "NEWSFOLD_" + self.key.replace(".", "_").upper()


def _networks(value: list[str]) -> str | None:
    for text in value:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            return f"{text!r} is no network such as 10.0.0.0/8"
    return None


def _are_ports(value: list[Any]) -> str | None:
    for one in value:
        if not re.fullmatch("[0-9]{1,5}", str(one)) or not 0 < int(one) < 65_536:
            return f"{one!r} is no port such as 8080"
    return None


def _hosts_are_lists(value: dict[str, Any]) -> str | None:
    for name, domains in value.items():
        if not isinstance(domains, list) or not all(isinstance(domain, str) for domain in domains):
            return f"{name!r} must be a list of domains"
    return None


def _web_or_empty(value: str) -> str | None:
    if not value or value.startswith(("http://", "https://")):
        return None
    return f"{value!r} is no address such as https://news.example.org"


OPTIONS: tuple[Option, ...] = (
    Option("", "home", str, "", "data folder; empty for the user's own (XDG)"),
    Option("", "redis_url", str, "", "Redis to use; empty starts a private server in the data folder"),
    Option(
        "",
        "redis_wait",
        int,
        60,
        "seconds a run waits for a Redis that is away, busy, full or read-only",
        0,
        86_400,
    ),
    Option("", "retention_days", int, 30, "days until an article that nobody added to is forgotten", 1, 3650),
    Option(
        "crawl", "feeds", str, "", "feed list to crawl (OPML, text or TOML); empty for all on the schedule"
    ),
    Option("crawl", "pages", bool, True, "follow entries to their pages"),
    Option(
        "crawl", "contact", str, "", "URL or address that publishers can write to, put into the User-Agent"
    ),
    Option("crawl", "delay", float, 1.0, "seconds between two requests to one host", 0, 3600),
    Option("crawl", "timeout", float, 30.0, "seconds until an answer is given up", 1, 600),
    Option("crawl", "concurrency", int, 32, "hosts fetched from at once", 1, 1000),
    Option("crawl", "robots", bool, True, "obey robots.txt for article pages"),
    Option("crawl", "max_feed_mb", int, 20, "largest feed read, in megabytes", 1, 100),
    Option("crawl", "max_page_mb", int, 10, "largest page read, in megabytes", 1, 100),
    Option(
        "crawl", "allow_net", list, [], "networks beside the public ones that may be reached", check=_networks
    ),
    Option(
        "crawl",
        "ports",
        list,
        [],
        "ports beside 80, 443 and those in your feeds' addresses that may be reached",
        check=_are_ports,
    ),
    Option("crawl", "proxy", str, "", "HTTP proxy to fetch through, as http://host:port"),
    Option("crawl", "handler", str, "aiohttp", "download handler", choices=("aiohttp", "twisted")),
    Option(
        "crawl", "lease", int, 600, "seconds until another worker may take over a worker's feeds", 10, 86_400
    ),
    Option("crawl", "extractors", int, 0, "processes that extract pages; 0 for one a core", 0, 256),
    Option(
        "crawl", "readers", int, 0, "processes that read feeds in large runs; 0 for all cores but one", 0, 64
    ),
    Option("schedule", "floor_minutes", int, 15, "shortest time between two polls of a feed", 1, 1440),
    Option("schedule", "ceiling_hours", int, 24, "longest time between two polls of a feed", 1, 720),
    Option(
        "schedule", "without_validators_minutes", int, 60, "shortest time for a feed without ETag", 1, 1440
    ),
    Option("schedule", "websub_hours", int, 6, "shortest time between two polls while a hub pushes", 1, 720),
    Option(
        "schedule", "apart_seconds", int, 5, "least time between the polls of two feeds of one host", 0, 3600
    ),
    Option("schedule", "whole_days", int, 7, "days until a feed is asked without conditions", 1, 365),
    Option(
        "schedule", "move_polls", int, 3, "polls that must see a permanent redirect before it counts", 1, 100
    ),
    Option("schedule", "move_hours", int, 24, "hours over which they must see it", 0, 720),
    Option(
        "index", "bands", int, 21, "bands of a signature; changing it or the next asks for a rebuild", 1, 128
    ),
    Option("index", "rows", int, 6, "rows of a band; bands × rows is at most 128", 1, 128),
    Option("index", "words", int, 3, "words of a shingle", 1, 9),
    Option("index", "characters", int, 5, "characters of a shingle in unspaced scripts", 1, 15),
    Option(
        "index",
        "seed",
        str,
        "",
        "seed of the buckets, for runs to be repeated; empty for a secret one, made once and kept in Redis",
    ),
    Option("groups", "jaccard", float, 0.7, "share of common shingles that makes two texts one", 0.3, 1),
    Option(
        "groups",
        "coverage",
        float,
        0.35,
        "share of a long cut's words that must stand in the longer text",
        0.2,
        1,
    ),
    Option("stories", "similarity", float, 0.09, "score at which a text joins a story", 0, 1),
    Option("stories", "window_days", float, 3.0, "days between two texts on one event", 0.1, 60),
    Option(
        "stories", "embedding_model", str, "", "folder of a model2vec model that stories heed; empty for none"
    ),
    Option("outlets", "families", dict, {}, "publisher = [its domains]", check=_hosts_are_lists),
    Option("outlets", "families_file", str, "", "file of publishers' domains; empty for the one that ships"),
    Option(
        "web",
        "public_url",
        str,
        "",
        "address at which hubs on the web reach newsfold serve; empty for no WebSub",
        check=_web_or_empty,
    ),
    Option("web", "websub_lease_days", int, 10, "days for which a hub is asked to push", 1, 365),
    Option("notify", "url", str, "", "address that newsfold notify tells of stories", check=_web_or_empty),
    Option("notify", "secret", str, "", "secret that webhooks are signed with, whsec_ and base64"),
    Option(
        "log", "level", str, "warning", "least level logged", choices=("debug", "info", "warning", "error")
    ),
    Option("log", "json", bool, False, "log lines as JSON"),
)
BY_KEY = {option.key: option for option in OPTIONS}
