"""Addresses inside addresses: what feed proxies, search engines and AMP caches point at."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

# Feed and search redirectors: an absolute address in one of these parameters, under such a path.
_TARGET_PARAMETERS = ("url", "u", "q", "uddg", "target", "to", "dest", "destination", "redirect", "link", "z")
_REDIRECTORS = re.compile(
    r"(?i)/(?:url|l|l\.php|r|rd|redir|redirect|redirector|click|apiclick\.aspx|out|go|goto|link|proxy|feedproxy|track)/?"
)
_REDIRECTOR_HOSTS = re.compile(r"(?i)^(?:feedproxy|feeds|rss|redirect|click|track|out|go)\d?\.")
_AMP_CACHE = re.compile(r"^/(?:amp/|[cvi]/)?(s/)?([^/]+\.[^/]+)(/.*)?$")


def unwrap(url: str) -> str:
    """The address that a feed proxy or redirector carries in its own, else the address as it is."""
    for _ in range(3):
        inner = _unwrap_once(url)
        if not inner:
            break
        url = inner
    return url


def _unwrap_once(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    if host.endswith(".cdn.ampproject.org") or (
        host.startswith("www.google.") and parts.path.startswith("/amp/")
    ):
        return _from_amp_cache(parts)
    if _REDIRECTOR_HOSTS.match(host) or re.search(_REDIRECTORS.pattern + "$", parts.path):
        return _target(parts.query)
    return ""


def _from_amp_cache(parts: SplitResult) -> str:
    match = _AMP_CACHE.match(parts.path)
    if match is None:
        return ""
    scheme, host, path = "https" if match[1] else "http", str(match[2]), str(match[3] or "/")
    return urlunsplit((scheme, host, path, parts.query, ""))


def _target(query: str) -> str:
    pairs = dict(pair.partition("=")[::2] for pair in reversed(query.split("&")))
    for name in _TARGET_PARAMETERS:
        value = unquote(pairs.get(name, ""))
        if value.startswith(("http://", "https://")):
            return value
    return ""
