"""Log lines: one an event, with a fixed name and fixed fields; and Scrapy kept quiet about items."""

from __future__ import annotations

import logging
from typing import Any

from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter
from twisted.python.failure import Failure


def log_event(logger: logging.Logger, level: int, name: str, **fields: object) -> None:
    """Log an event such as "feed.polled" with its fields; how it is written is the handler's matter."""
    if logger.isEnabledFor(level):
        logger.log(level, name, extra={"fields": fields})


class QuietFormatter(LogFormatter):
    """Scrapy's log lines without one a scraped item, which would hold whole articles."""

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> Any:  # noqa: ARG002
        return None
