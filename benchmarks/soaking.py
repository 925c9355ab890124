"""The worker of a soak: crawl after crawl, with days that last seconds. Tells of each in a line of JSON.

python -m benchmarks.soaking FEEDS PROXY HOME DAY_SECONDS RETENTION_SECONDS
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from benchmarks.dying import extract_here
from crawler.schedule import SchedulePolicy
from dedup.thresholds import StoryConfig
from newsfold.logs import configure
from pipelines.desk import DeskOptions
from pipelines.placing import Rules

_PAUSE = 0.2


def _resident() -> int:
    """The memory that this process has, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Crawl until the pipe of standard output closes, each time in a process of its own, as cron does."""
    extract_here()
    while True:
        child = os.fork()
        if not child:
            _crawl(sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
        _, status = os.waitpid(child, 0)
        if code := os.waitstatus_to_exitcode(status):
            sys.exit(code)
        time.sleep(_PAUSE)


def _crawl(feeds: str, proxy: str, home: Path, day: float, retention: int) -> NoReturn:
    """One crawl, in this process, which ends with it."""
    from scrapy.crawler import CrawlerProcess
    from scrapy.settings import Settings

    configure("error", as_json=False)
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    # Word counts are kept by this window: were it a second, chance would say how many are there at a time.
    rules = Rules(stories=StoryConfig(window_days=day / 2 / 86_400))
    policy = SchedulePolicy(
        floor=1, ceiling=max(1, int(day / 4)), start=1, without_validators=1, whole=int(7 * day)
    )
    given: dict[str, Any] = {
        "DESK_OPTIONS": DeskOptions(home=home, retention=retention, apart=0, rules=rules),
        "SCHEDULE_POLICY": policy, "PROXY_URL": proxy, "DOWNLOAD_DELAY": 0.0,
        "LOG_ENABLED": False, "LOG_INSTALL_ROOT_HANDLER": False,
    }  # fmt: skip
    for name, value in given.items():
        settings.set(name, value, "cmdline")
    process, begin = CrawlerProcess(settings), time.monotonic()
    logging.getLogger("scrapy").setLevel(logging.NOTSET)
    crawler = process.create_crawler("feeds")
    process.crawl(crawler, feeds=feeds)
    process.start()
    stats = crawler.stats.get_stats()
    figures = {f: stats.get(f"newsfold/{f}", 0) for f in ("feeds_polled", "feeds_failed", "articles_new")}
    print(json.dumps({"seconds": time.monotonic() - begin, "resident": _resident(), **figures}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
