"""One crawl as a command: lock, spider, progress, summary, exit code."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newsfold.config import Config
from newsfold.errors import NewsfoldError


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to; `failures` are (URL, sentence), `errors` faults of the program or of Redis.

    `stopped` names the signal that ended it, `forced` says that something was still under way then.
    """

    feeds_polled: int
    feeds_unchanged: int
    feeds_failed: int
    entries_new: int
    pages_fetched: int
    pages_failed: int
    articles_new: int
    articles_revised: int
    groups_new: int
    groups_grown: int
    stories_new: int
    stories_grown: int
    seconds: float
    failures: tuple[tuple[str, str], ...] = ()
    errors: tuple[str, ...] = ()
    stopped: str = ""
    forced: bool = False

    @property
    def exit_code(self) -> int:
        """0 all well, 1 some feeds failed, 2 the run could not do its work; a signal's own (130, 143) where one ended it."""
        if self.errors:
            return 2
        return 128 + signal.Signals[self.stopped] if self.stopped else 1 if self.feeds_failed else 0

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        failures = [{"url": url, "reason": reason} for url, reason in self.failures]
        shown = {**asdict(self), "failures": failures, "errors": list(self.errors)}
        del shown["forced"]
        return shown


@contextmanager
def run_lock(home: Path) -> Iterator[bool]:
    """True for the one crawl of a data folder; the lock ends with its process, however that ends."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = (home / "crawl.lock").open("a+")
    except OSError as error:
        raise NewsfoldError(f"the data folder {home} cannot be used: {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        with suppress(
            OSError
        ):  # who holds the lock is for people to read; a full disk is no reason not to crawl
            os.ftruncate(handle.fileno(), 0)
            os.write(handle.fileno(), f"{os.getpid()}\n".encode())
        yield True


NOTHING = Summary(*(0,) * 12, seconds=0.0)


def is_idle(config: Config, *, polls_only: bool = False) -> bool:
    """Whether a crawl of the configured list, or of all feeds, would find nothing to do.

    Asked before the crawler is loaded, which takes longer than this; a feed list is put on the schedule here.
    """
    from crawler.feedlist import read_feed_list
    from storage.clock import mind_clock
    from storage.cluster import keys_of
    from storage.connect import connect
    from storage.queue import FeedQueue
    from storage.workers import is_dead_here, new_token

    now = datetime.now(UTC)
    with connect(config["redis_url"] or None, config.home, wait=config["redis_wait"]) as client:
        queue = FeedQueue(client, keys_of(client), token=new_token(), lease=config["crawl.lease"])
        mind_clock(client, keys_of(client), now)
        queue.take_over(is_dead_here, now)
        only = None
        if config["crawl.feeds"]:
            only = queue.add_feeds(read_feed_list(Path(config["crawl.feeds"])), now)
        return not queue.any_due(now, only, pages=not polls_only)


def run_crawl(
    config: Config, flags: Mapping[str, Any], *, feeds: str = "", now: bool = False, polls_only: bool = False,
    progress: bool = True,
) -> Summary:  # fmt: skip
    """Run the spider to its end in this process; a process can do that once (the reactor's rule)."""
    from scrapy.crawler import CrawlerProcess
    from scrapy.settings import Settings

    from newsfold.ending import CrawlEnding
    from newsfold.progress import Watcher

    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.set("NEWSFOLD_FLAGS", dict(flags), "cmdline")
    for name in ("LOG_ENABLED", "LOG_INSTALL_ROOT_HANDLER"):  # newsfold.logs has set up logging already
        settings.set(name, False, "cmdline")
    if polls_only:  # no answer brings items, and Scrapy starts tasks for each that it might
        settings.set("CONCURRENT_ITEMS", 1, "cmdline")
    process = CrawlerProcess(settings)
    # Scrapy would make a record of everything that it does, for handlers that drop it.
    logging.getLogger("scrapy").setLevel(logging.NOTSET)
    crawler = process.create_crawler("feeds")
    watcher = Watcher(crawler, show=progress)
    ending = CrawlEnding(crawler, watcher.leave)
    started = time.monotonic()
    # What is loaded by now stays; looking through it for garbage again and again costs a tenth of a large run.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    process.crawl(
        crawler, feeds=feeds or config["crawl.feeds"], now="1" if now else "",
        pages="later" if polls_only else "",
    )  # fmt: skip
    process.start(install_signal_handlers=False)
    return _summary(crawler, watcher, ending, time.monotonic() - started)


def _summary(crawler: Any, watcher: Any, ending: Any, seconds: float) -> Summary:
    stats: Mapping[str, Any] = crawler.stats.get_stats()

    def figure(name: str) -> int:
        return int(stats.get(f"newsfold/{name}", 0))

    errors = list(watcher.errors)
    if stats.get("finish_reason") != "finished" and not errors and not ending.signal:
        errors.append(f"the crawl ended early ({stats.get('finish_reason', 'it could not start')})")
    return Summary(
        feeds_polled=figure("feeds_polled"),
        feeds_unchanged=figure("feeds_unchanged"),
        feeds_failed=figure("feeds_failed"),
        entries_new=figure("entries_new"),
        pages_fetched=figure("pages_fetched"),
        pages_failed=figure("pages_failed"),
        articles_new=figure("articles_new"),
        articles_revised=figure("articles_revision"),
        groups_new=figure("groups_new"),
        groups_grown=figure("groups_grown"),
        stories_new=figure("stories_new"),
        stories_grown=figure("stories_grown"),
        seconds=round(seconds, 2),
        failures=tuple(sorted(getattr(crawler.spider, "failures", ()))),
        errors=tuple(errors),
        stopped=ending.signal.name if ending.signal else "",
        forced=ending.forced,
    )
