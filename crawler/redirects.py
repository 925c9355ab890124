"""Addresses inside addresses: what feed proxies, search engines, mail gateways and AMP caches point at.

Only what the address itself carries is read; a shortened one (t.co) says nothing without a request.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

_DEPTH = 5

# Redirectors of any host: an absolute address in one of these parameters, under such a path or host.
_TARGET_PARAMETERS = (
    "url", "u", "q", "uddg", "target", "to", "dest", "destination", "redirect", "link", "z", "adurl",
    "continue", "targeturl", "target_url", "returnurl", "return_url", "redirect_url", "redirecturi", "redirect_uri",
)  # fmt: skip
_REDIRECTORS = re.compile(
    r"(?i)/(?:url|l|l\.php|r|rd|redir|redirect|redirector|click|apiclick\.aspx|out|away|away\.php|go|goto|link"
    r"|proxy|feedproxy|track|zustimmung|consent[\w-]{0,80})/?$"
)
# A third label must follow: go.com and out.com are outlets.
_REDIRECTOR_HOSTS = re.compile(
    r"(?:feedproxy|feeds|rss|redirect|click|track|out|go|consent|lm?)\d?\.[^.]+\.|.+\.safelinks\.protection\.outlook\.com$"
)
_AMP_HOSTS = re.compile(r".+\.(?:cdn\.ampproject\.org|bing-amp\.com)$")
_AMP_PATH_HOSTS = re.compile(r"(?:www\.)?(?:google(?:\.[a-z]{2,3}){1,2}|bing\.com)$")
_FEEDBLITZ = re.compile(r"/~/t/\w+/\w+/[^/]+(?:/full)?/~(.+)")
_YAHOO = re.compile(r"/RU=([^/]+)")
_GOOGLE_NEWS = re.compile(r"(?:/__i)?(?:/rss)?(?:/rd)?/(?:articles|read)/([\w-]+=*)$")
_DEFENCE = re.compile(r"/v3/__(.+)__;([\w-]*=*)!")


# What every address that holds another has somewhere behind its scheme; most have nothing of it.
# Looked for in lower case: a pattern that ignores case is tried at every character of every address.
_MAY_HOLD = re.compile(r"https?(?::|%3a)|/amp/|/[cv]/|/~/t/|/ru=|google|urldefense|bing\.com")


def unwrap(url: str) -> str:
    """The address that a feed proxy or redirector carries in its own, else the address as it is."""
    if not _MAY_HOLD.search(url.lower(), 7):
        return url
    for _ in range(_DEPTH):
        inner = _unwrap_once(url)
        if not inner:
            break
        url = inner
    return url


def _unwrap_once(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    for known in (_amp_cache, _feedblitz, _yahoo, _google_news, _defence, _bing, _parameter):
        if found := _web(known(host, parts)):
            return found
    return ""


def _web(value: str) -> str:
    """The value where it is an absolute address with a host, even if it is encoded once more."""
    if re.match(r"(?i)https?%3a", value):
        value = unquote(value)
    try:
        parts = urlsplit(value)
        return value if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""


def _amp_cache(host: str, parts: SplitResult) -> str:
    """`/c/s/www.example.com/a` of a cache and `/amp/s/www.example.com/a` of a search engine; `s/` is https."""
    folder, _, rest = parts.path[1:].partition("/")
    if not (
        (_AMP_HOSTS.match(host) and folder in ("c", "v", "amp"))
        or (_AMP_PATH_HOSTS.match(host) and folder == "amp")
    ):
        return ""
    secure = rest.startswith("s/")
    netloc, _, path = rest[2 * secure :].partition("/")
    return (
        urlunsplit(("https" if secure else "http", netloc, f"/{path}", parts.query, ""))
        if "." in netloc
        else ""
    )


def _feedblitz(_host: str, parts: SplitResult) -> str:
    match = _FEEDBLITZ.match(parts.path)
    if match is None:
        return ""
    target = match[1] if match[1].startswith(("http://", "https://")) else f"https://{match[1]}"
    return f"{target}?{parts.query}" if parts.query else target


def _yahoo(host: str, parts: SplitResult) -> str:
    """`…/RU=https%3a%2f%2f…/RK=2` of the search and `…/*https://…` of the old feeds."""
    if not host.endswith(".yahoo.com"):
        return ""
    if match := _YAHOO.search(parts.path):
        return unquote(match[1])
    _, star, target = parts.path.partition("/*")
    return f"{target}?{parts.query}" if star and parts.query else target


def _google_news(host: str, parts: SplitResult) -> str:
    """The address in an article's token, in protocol buffers' coding; tokens since July 2024 hold none."""
    match = _GOOGLE_NEWS.match(parts.path) if host == "news.google.com" else None
    data = _decoded(match[1]) if match else b""
    if not data.startswith(b"\x08\x13\x22") or len(data) < 6:
        return ""
    length, start = data[3], 4
    if length > 0x7F:  # a length in two bytes, seven bits each
        length, start = (length & 0x7F) | data[4] << 7, 5
    return data[start : start + length].decode("ascii", "ignore")


def _defence(host: str, parts: SplitResult) -> str:
    """Proofpoint: `/v2/url?u=https-3A__…`, and `/v3/__https://…__;` with signs set aside as "*"."""
    if not re.fullmatch(r"urldefense(?:\.proofpoint)?\.com", host):
        return ""
    if parts.path == "/v2/url":
        return unquote(_parameters(parts.query).get("u", "").translate(str.maketrans("-_", "%/")))
    match = _DEFENCE.match(parts.path)
    if match is None or "**" in match[1]:
        return ""
    aside = iter(_decoded(match[2]).decode("utf-8", "replace"))
    return re.sub(r"\*", lambda star: next(aside, star[0]), match[1])


def _bing(host: str, parts: SplitResult) -> str:
    if host not in ("bing.com", "www.bing.com") or parts.path != "/ck/a":
        return ""
    value = _parameters(parts.query).get("u", "")
    return _decoded(value[2:]).decode("utf-8", "ignore") if value.startswith("a1") else ""


def _parameter(host: str, parts: SplitResult) -> str:
    if not _REDIRECTOR_HOSTS.match(host) and not _REDIRECTORS.search(parts.path):
        return ""
    values = _parameters(parts.query)
    return next((found for name in _TARGET_PARAMETERS if (found := _web(unquote(values.get(name, ""))))), "")


def _parameters(query: str) -> dict[str, str]:
    """The parameters by their names in lower case, still encoded; the first of a name counts."""
    pairs = (pair.partition("=") for pair in reversed(query.split("&")))
    return {name.lower(): value for name, _, value in pairs}


def _decoded(token: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(token.rstrip("=") + "=" * (-len(token.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return b""
