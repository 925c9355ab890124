"""Answers that need not be sent twice: ETag, Last-Modified, 304, gzip (RFC 9110, 9111).

An ETag is strong: a digest of the bytes sent, so that the packed form of an answer has another. Last-Modified is when
this process first saw an answer as it is now; two within one second have none, because a date could not tell them apart.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

from aiohttp import web

_SMALL = 600  # bytes that packing would not make fewer packets of
_REMEMBERED = 1_024
_PACKED = "-gzip"
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


@dataclass(frozen=True, slots=True)
class _Seen:
    tag: str
    second: int
    dated: bool


class Cache:
    """When each address's answer was first seen as it is; the longest not asked for are forgotten."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def modified(self, address: str, tag: str, now: float) -> int | None:
        """Since when (epoch seconds) this is the answer at an address; None where no date can tell."""
        before, second = self._seen.pop(address, None), int(now)
        if before is None or before.tag != tag:
            before = _Seen(tag, second, before is None or before.second < second)
        self._seen[address] = before
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return before.second if before.dated else None

    def answer(self, request: web.Request, body: bytes, content_type: str, max_age: int) -> web.Response:
        """The body, packed where that is wanted, or 304 where the one who asks has it."""
        tag = hashlib.blake2b(body, digest_size=8).hexdigest()
        modified = self.modified(str(request.rel_url), tag, time.time())
        packed = len(body) > _SMALL and accepts_gzip(request.headers.get("Accept-Encoding", ""))
        headers = {
            "ETag": f'"{tag}{_PACKED if packed else ""}"',
            "Cache-Control": f"max-age={max_age}" if max_age else "no-cache",
            "Vary": "Accept-Encoding",
        }
        if modified is not None:
            headers["Last-Modified"] = formatdate(modified, usegmt=True)
        if is_known(request, tag, modified):
            return web.Response(status=304, headers=headers)
        if packed:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, 6, mtime=0)
        return web.Response(body=body, headers={**headers, "Content-Type": content_type})


def is_known(request: web.Request, tag: str, modified: int | None) -> bool:
    """Whether the one who asks has this answer, in either form; a date counts only where no tag is given."""
    wanted = request.headers.getall("If-None-Match", [])
    if wanted:
        said = ", ".join(wanted)
        return said.strip() == "*" or tag in {found.removesuffix(_PACKED) for found in _TAG.findall(said)}
    date = request.headers.get("If-Modified-Since")
    if not date or modified is None:
        return False
    try:
        return parsedate_to_datetime(date).timestamp() >= modified
    except (ValueError, OverflowError):
        return False


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding allows gzip (RFC 9110, 12.5.3)."""
    allowed: dict[str, bool] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((p.partition("=")[2].strip() for p in parameters if p.startswith("q")), "1")
        allowed[name] = re.fullmatch(r"0(\.0*)?", weight) is None
    return allowed.get("gzip", allowed.get("x-gzip", allowed.get("*", False)))
