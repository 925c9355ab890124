"""Feeds looked at from the terminal: one look each, through the crawler's own settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from crawler.entries import Memory
from crawler.poll import PollDecider
from crawler.schedule import Schedule
from crawler.sifting import sift
from crawler.spiders.probe import Probe, unpolled
from newsfold.config import Config
from storage.plain import iso

_SHOWN_HEADERS = (
    "content-type", "etag", "last-modified", "cache-control", "expires", "retry-after", "server",
)  # fmt: skip


def probe(flags: Mapping[str, Any], urls: Sequence[str], *, follow: bool = False) -> list[Probe]:
    """Look at addresses; in their order. A process can do that once (the reactor's rule)."""
    from scrapy.crawler import CrawlerProcess
    from scrapy.settings import Settings

    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.set("NEWSFOLD_FLAGS", dict(flags), "cmdline")
    settings.set("ITEM_PIPELINES", {}, "cmdline")
    for name in ("LOG_ENABLED", "LOG_INSTALL_ROOT_HANDLER"):
        settings.set(name, False, "cmdline")
    process = CrawlerProcess(settings)
    crawler = process.create_crawler("probe")
    process.crawl(crawler, urls=tuple(dict.fromkeys(urls)), follow=follow)
    process.start()
    found: dict[str, Probe] = getattr(crawler.spider, "probes", {})
    return [found[url] for url in dict.fromkeys(urls) if url in found]


@dataclass(frozen=True, slots=True)
class Report:
    """What a poll of an address would see, and what could be done about it."""

    url: str
    final: str
    redirects: tuple[str, ...]
    status: int
    bytes: int
    headers: Mapping[str, str]
    failure: str
    error: str
    offers: tuple[str, ...]
    kind: str
    title: str
    lang: str
    entries: int
    newest: str
    conditional: str
    hub: str
    next_minutes: float
    rule: str
    bounds: Mapping[str, int]
    notes: tuple[str, ...]
    advice: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def report(found: Probe, config: Config) -> Report:
    """A probe told in full."""
    from newsfold.addon import schedule_policy

    answer, feed = found.answer, found.feed
    decider = PollDecider(Schedule(schedule_policy(config)))
    outcome, newest = None, None
    if feed is not None:
        state = unpolled(found.url)
        sifted = sift(state, feed, Memory({}))
        outcome = decider.changed(state, answer, sifted, {}) if sifted else None
        newest = max((t for e in feed.entries if (t := e.published or e.updated)), default=None)
    due = outcome.due if outcome else None
    return Report(
        url=found.asked,
        final=answer.url or found.url,
        redirects=tuple(f"{status} {url}" for status, url in answer.hops),
        status=answer.status,
        bytes=len(answer.body),
        headers={name: answer.headers[name] for name in _SHOWN_HEADERS if answer.headers.get(name)},
        failure=found.failure.kind if found.failure else "",
        error=found.failure.sentence if found.failure else "",
        offers=found.offers,
        kind=feed.kind if feed else "",
        title=feed.title if feed else "",
        lang=feed.lang if feed else "",
        entries=len(feed.entries) if feed else 0,
        newest=iso(newest),
        conditional=_conditional(found),
        hub=outcome.after.hub if outcome else "",
        next_minutes=round((due - answer.now).total_seconds() / 60, 1) if due else 0,
        rule=outcome.rule if outcome else "",
        bounds=dict(outcome.bounds) if outcome else {},
        notes=feed.notes if feed else (),
        advice=tuple(_advice(found, outcome.after.hub if outcome else "", config)),
    )


def _conditional(found: Probe) -> str:
    if found.feed is None:
        return ""
    if not found.again:
        return "no validators" if not found.answer.headers.get("etag") else "not answered"
    return "304, as it should be" if found.again == 304 else f"ignored: answered {found.again} again"


def _advice(found: Probe, hub: str, config: Config) -> list[str]:
    said = []
    if found.offers:
        said.append(f"this is a page; its feed is {found.offers[0]}: newsfold feeds add {found.offers[0]}")
    permanent = [url for status, url in found.answer.hops if status in (301, 308)]
    if permanent:
        said.append(f"it has moved for good; list it as {permanent[-1]}")
    if found.feed is not None:
        said += _about_feed(found)
        if hub and not config["web.public_url"]:
            said.append(
                f"its hub {hub} would tell of news at once: set web.public_url and run newsfold serve"
            )
    if found.failure and found.failure.kind == "private address":
        said.append(
            "an address that is not public is polled when it is listed as a number or opened by --allow-net"
        )
    if found.failure and found.failure.kind == "closed port":
        said.append("a port is open on the host that is listed with it; --allow-port opens one everywhere")
    if not config["crawl.contact"]:
        said.append("set crawl.contact to a page or an address where the publisher can find you")
    return said


def _about_feed(found: Probe) -> list[str]:
    feed, said = found.feed, []
    assert feed is not None  # noqa: S101 - the caller has asked
    if not (found.answer.headers.get("etag") or found.answer.headers.get("last-modified")):
        said.append(
            "its server sends neither ETag nor Last-Modified, so it is fetched whole and hourly at most"
        )
    elif found.again == 200:
        said.append(
            "its server sends validators but ignores them; a digest of the body tells what is unchanged"
        )
    if not feed.entries:
        said.append("it has no entries at the moment")
    for what, missing in (
        ("a date", sum(not (e.published or e.updated) for e in feed.entries)),
        ("a link", sum(not e.link for e in feed.entries)),
    ):
        if missing:
            said.append(f"{missing} of its {len(feed.entries)} entries have not {what}")
    return said
