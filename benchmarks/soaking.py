"""The worker of a soak: crawl after crawl in one process, with days that last seconds. Tells of each crawl in a line of JSON.

python -m benchmarks.soaking FEEDS PROXY HOME DAY_SECONDS RETENTION_SECONDS
"""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from benchmarks.dying import extract_here
from crawler.schedule import SchedulePolicy
from dedup.thresholds import StoryConfig
from newsfold.logs import configure
from pipelines.desk import Desk, DeskOptions
from pipelines.placing import Rules

_PAUSE = 0.2


def resident() -> int:
    """The memory that this process has, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Crawl until the pipe of standard output closes."""
    feeds, proxy, home, day, retention = (
        sys.argv[1],
        sys.argv[2],
        Path(sys.argv[3]),
        float(sys.argv[4]),
        int(sys.argv[5]),
    )
    configure("error", as_json=False)
    extract_here()
    from scrapy.utils.reactor import install_reactor

    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from scrapy.crawler import CrawlerProcess
    from scrapy.settings import Settings
    from twisted.internet import reactor
    from twisted.internet.defer import inlineCallbacks
    from twisted.internet.task import deferLater

    quarter = max(1, int(day / 4))
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    rules = Rules(stories=StoryConfig(window_days=retention / 10 / 86_400))
    policy = SchedulePolicy(floor=1, ceiling=quarter, start=1, without_validators=1, whole=int(7 * day))
    given: dict[str, Any] = {
        "DESK_OPTIONS": DeskOptions(home=home, retention=retention, apart=0, rules=rules),
        "SCHEDULE_POLICY": policy, "PROXY_URL": proxy, "DOWNLOAD_DELAY": 0.0,
        "LOG_ENABLED": False, "LOG_INSTALL_ROOT_HANDLER": False,
    }  # fmt: skip
    for name, value in given.items():
        settings.set(name, value, "cmdline")
    process = CrawlerProcess(settings)
    logging.getLogger("scrapy").setLevel(logging.NOTSET)

    @inlineCallbacks
    def crawl_on() -> Generator[Any, Any, None]:
        while True:
            crawler, begin = process.create_crawler("feeds"), time.monotonic()
            yield process.crawl(crawler, feeds=feeds)
            stats = crawler.stats.get_stats()
            Desk.of(crawler).client.close()
            del crawler
            gc.collect()
            row = {
                "seconds": time.monotonic() - begin,
                "resident": resident(),
                **{
                    name: stats.get(f"newsfold/{name}", 0)
                    for name in ("feeds_polled", "feeds_failed", "articles_new")
                },
            }
            print(json.dumps(row), flush=True)
            yield deferLater(reactor, _PAUSE)

    crawl_on().addErrback(lambda failure: (print(failure, file=sys.stderr), os._exit(1)))
    process.start(stop_after_crawl=False)


if __name__ == "__main__":
    main()
