"""The Link header (RFC 8288), as far as feeds use it: hubs and their own address."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crawler.parse.facts import web_address

_LINK = re.compile(
    r"<([^<>]{1,4000})>((?:\s*;\s*[\w*-]{1,40}\s*(?:=\s*(?:\"[^\"]{0,1000}\"|[^\s\",;]{1,1000}))?){0,20})"
)
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+))", re.I)


def related(headers: Mapping[str, str], relation: str, url: str) -> str:
    """The first address that a Link header gives for a relation, absolute against `url`; "" for none."""
    for target, parameters in _LINK.findall(headers.get("link", "")[:20_000]):
        match = _REL.search(parameters)
        if match and relation in (match[1] or match[2] or "").lower().split():
            return web_address(target, url)
    return ""
