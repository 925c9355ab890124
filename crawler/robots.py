"""A host's robots.txt, as much of it as is read: its beginning, and of its groups what can concern this crawler."""

from __future__ import annotations

import re
from typing import Any, Final, Self

from scrapy.crawler import Crawler
from scrapy.robotstxt import ProtegoRobotParser

# RFC 9309 2.5 asks for 500 kibibytes at least.
MOST_BYTES: Final = 512_000
_AGENT: Final = re.compile(r"(?i)\s*user[- ]?agent\b\s*:?\s*([^#]*)")
_OTHERS: Final = "-"


class FirstOfRobots(ProtegoRobotParser):
    """Scrapy's parser, kept from work that grows with the square of the file: it stores each rule for each agent."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, robotstxt_body: bytes) -> Self:
        agent = crawler.settings.get("ROBOTSTXT_USER_AGENT") or crawler.settings.get("USER_AGENT") or ""
        made: Any = super().from_crawler(crawler, concerning(robotstxt_body[:MOST_BYTES], agent))
        return made  # type: ignore[no-any-return]


def concerning(body: bytes, agent: str) -> bytes:
    """A robots.txt in which all user agents that are not named in `agent` are one."""
    lines = []
    for line in body.decode("utf-8-sig", "ignore").splitlines():
        match = _AGENT.match(line)
        if match:
            name = match[1].strip().strip("*").lower() or "*"
            line = f"User-agent: {name if name == '*' or name in agent.lower() else _OTHERS}"
        lines.append(line)
    return "\n".join(lines).encode()
