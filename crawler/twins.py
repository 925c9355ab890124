"""AMP and mobile twins: the same article under a second host, path or parameter.

A twin is folded by marks that mean nothing else. `/mobile/…`, `/print/…` and `/index.html` stay, since
they are sections and pages of their own as well: there a page's `rel=canonical` decides.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

_HOST_LABELS = frozenset(("m", "amp", "mobile", "wap"))
# Longer names than file systems know carry no mark that anybody would recognise.
_LONGEST_NAME = 255
_AMP_MARK = re.compile(r"(?<=[^.~!])[.~!]amp(\.html?)?$")
_BLOG_POST = re.compile(r"/\d{4}/\d\d/[^/]+\.html")
_BLOG_MOBILE = re.compile(r"(?:^|&)m=[01](?=&|$)")


def without_twin_host(host: str, registrable: Callable[[str], str]) -> str:
    """The host without labels for phones and AMP (`m.`, `amp.`, `en.m.`) in front of its registrable domain."""
    if _HOST_LABELS.isdisjoint(host.split(".")) or is_address(host):
        return host
    domain = registrable(host)
    if not domain or not host.endswith(f".{domain}"):
        return host
    labels = host[: -len(domain) - 1].split(".")
    return ".".join([*(label for label in labels if label not in _HOST_LABELS), domain])


def without_amp_path(path: str) -> str:
    """The path without the marks of AMP: `/a/amp/`, `/amp/a/b`, `/a.amp.html`, `/a~amp.html`, `/a!amp`.

    `/amp/marshall` stays: a first folder is the mark of a whole site where two more names follow.
    """
    names = path.split("/")[1:]
    end = [names.pop()] if len(names) > 1 and not names[-1] else []
    while names:
        bare = _AMP_MARK.sub(r"\1", names[-1]) if len(names[-1]) <= _LONGEST_NAME else names[-1]
        if bare == "amp" and len(names) > 1:
            names.pop()
        elif bare != names[-1]:
            names[-1] = bare
        else:
            break
    first = next((place for place, name in enumerate(names) if name != "amp"), len(names))
    return "/" + "/".join([*names[first if len(names) - first > 1 else 0 :], *end])


def without_mobile_query(path: str, query: str) -> str:
    """The query without `m=1`, where the path is a post on Blogger: elsewhere `m` may be a month."""
    return _BLOG_MOBILE.sub("", query).lstrip("&") if _BLOG_POST.fullmatch(path) else query


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
