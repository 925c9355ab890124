"""Puts newsfold's configuration into Scrapy's settings, for `newsfold crawl` and `scrapy crawl feeds`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crawler.schedule import SchedulePolicy
from dedup.thresholds import GroupConfig, MinHashConfig, StoryConfig
from newsfold import __version__
from newsfold.config import Config, load_config
from newsfold.errors import UsageError
from pipelines.desk import DeskOptions
from pipelines.placing import Rules

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

_TWISTED = "crawler.twistedhandler.GuardedTwistedHandler"


def minhash(config: Config) -> MinHashConfig:
    """The parameters of the index."""
    try:
        return MinHashConfig(
            bands=config["index.bands"],
            rows=config["index.rows"],
            word_shingle=config["index.words"],
            char_shingle=config["index.characters"],
            secret=config["index.seed"],
        )
    except ValueError as error:
        raise UsageError(f"index.bands and index.rows do not go together: {error}") from None


def desk_options(config: Config) -> DeskOptions:
    """Where to remember and how to decide."""
    return DeskOptions(
        home=config.home,
        redis_url=config["redis_url"] or None,
        retention=config["retention_days"] * 86_400,
        lease=config["crawl.lease"],
        apart=config["schedule.apart_seconds"],
        wait=config["redis_wait"],
        rules=Rules(
            minhash=minhash(config),
            groups=GroupConfig(jaccard=config["groups.jaccard"], coverage=config["groups.coverage"]),
            stories=StoryConfig(
                similarity=config["stories.similarity"], window_days=config["stories.window_days"]
            ),
        ),
        families=config.families,
        embedding=config["stories.embedding_model"],
    )


def schedule_policy(config: Config) -> SchedulePolicy:
    """How often feeds are polled."""
    return SchedulePolicy(
        floor=config["schedule.floor_minutes"] * 60,
        ceiling=config["schedule.ceiling_hours"] * 3600,
        without_validators=config["schedule.without_validators_minutes"] * 60,
        websub=config["schedule.websub_hours"] * 3600,
        whole=config["schedule.whole_days"] * 86_400,
        move_polls=config["schedule.move_polls"],
        move_span=config["schedule.move_hours"] * 3600,
    )


def user_agent(config: Config) -> str:
    """Who is crawling, and where a publisher can complain."""
    contact = config["crawl.contact"] or config["web.public_url"]
    return f"newsfold/{__version__} ({'+' + contact if contact else 'news feed reader'})"


def scrapy_settings(config: Config) -> Mapping[str, Any]:
    """The configuration as Scrapy settings."""
    megabyte = 1_000_000
    settings: dict[str, Any] = {
        "DESK_OPTIONS": desk_options(config),
        "SCHEDULE_POLICY": schedule_policy(config),
        "LEASE_SECONDS": config["crawl.lease"],
        "FEED_LIST": config["crawl.feeds"],
        "FOLLOW_PAGES": config["crawl.pages"],
        "USER_AGENT": user_agent(config),
        "DOWNLOAD_DELAY": config["crawl.delay"],
        "DOWNLOAD_TIMEOUT": config["crawl.timeout"],
        "CONCURRENT_REQUESTS": config["crawl.concurrency"],
        "ROBOTSTXT_OBEY": config["crawl.robots"],
        "MAX_FEED_BYTES": config["crawl.max_feed_mb"] * megabyte,
        "MAX_PAGE_BYTES": config["crawl.max_page_mb"] * megabyte,
        "ALLOW_NET": config["crawl.allow_net"],
        "ALLOW_PORTS": config["crawl.ports"],
        "PROXY_URL": config["crawl.proxy"],
        "EXTRACTORS": config["crawl.extractors"],
        "READERS": config["crawl.readers"],
        "LOG_LEVEL": config["log.level"].upper(),
    }
    if config["crawl.handler"] == "twisted":
        others = dict.fromkeys(("data", "file", "ftp", "s3"))
        settings["DOWNLOAD_HANDLERS"] = {"http": _TWISTED, "https": _TWISTED, **others}
    return settings


class NewsfoldAddon:
    """Scrapy add-on; `NEWSFOLD_FLAGS` in the settings holds what the command line says."""

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        """Set everything that the configuration decides, unless `scrapy -s` set it.

        Before the crawler, because Scrapy makes the spider before it asks other add-ons.
        """
        config = load_config(os.environ, settings.get("NEWSFOLD_FLAGS"))
        for name, value in scrapy_settings(config).items():
            settings.set(name, value, "project")
