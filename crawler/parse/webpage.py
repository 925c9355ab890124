"""Feeds that a web page names in its head (autodiscovery)."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from crawler.parse.facts import web_address

_TYPES: Final = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json"})
# The head ends long before; a page's body may be large.
_READ: Final = 1_000_000
_CANDIDATES: Final = 20


class _Links:
    """Collects `<base href>` and the feeds among the `<link>` elements."""

    def __init__(self) -> None:
        self.base = ""
        self.links: list[str] = []

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        """An opening tag."""
        if tag == "base" and not self.base:
            self.base = attrib.get("href", "")
        elif tag == "link" and "alternate" in attrib.get("rel", "").lower().split():
            kind = attrib.get("type", "").partition(";")[0].strip().lower()
            if kind in _TYPES:
                self.links.append(attrib.get("href", ""))

    def close(self) -> _Links:
        """What was collected."""
        return self


def feeds_named(page: str, url: str) -> tuple[str, ...]:
    """The absolute addresses of the feeds that an HTML page names, in its order, at most twenty.

    Source: https://www.rssboard.org/rss-autodiscovery; `<base>` counts as HTML says.
    """
    target: Any = _Links()  # the stubs want methods that lxml does not
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True, no_network=True)
    try:
        found: Any = etree.fromstring(page[:_READ].encode("utf-8", "replace"), parser)
    except etree.LxmlError:
        return ()
    base = web_address(found.base, url) or url
    addresses = (web_address(link, base) for link in found.links)
    return tuple(dict.fromkeys(filter(None, addresses)))[:_CANDIDATES]
