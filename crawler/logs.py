"""Scrapy kept quiet about items."""

from __future__ import annotations

from typing import Any

from scrapy import Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter
from twisted.python.failure import Failure


class QuietFormatter(LogFormatter):
    """Scrapy's log lines without one a scraped item, which would hold whole articles."""

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> Any:  # noqa: ARG002
        return None
