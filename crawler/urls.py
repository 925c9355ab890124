"""Addresses: one spelling for each article, one name for each outlet.

`canonical_url` is an article's identity, so it is idempotent (a property in the tests) and does
only what no reader would notice: it never guesses that two paths are the same.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

import idna

from crawler.redirects import unwrap as unwrap
from crawler.tracking import without_session, without_tracking
from crawler.twins import is_address, without_amp_path, without_mobile_query, without_twin_host

if TYPE_CHECKING:
    from tldextract import TLDExtract

DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_HOST = 253  # RFC 1035
# As long as the page's reader keeps values: a longer address was cut.
_LONGEST_DECLARED = 2_000

_FRONT_PAGES = re.compile(
    r"/?(?:[a-z]{2}(?:[-_][a-z]{2})?/?|(?:index|default|home)(?:\.\w{2,5})?)?", re.ASCII | re.I
)
_INDEX = re.compile(r"/(?:index|default)\.\w{2,5}$", re.ASCII | re.I)
_EXTENSION = re.compile(r"\.\w{2,5}$", re.ASCII)
_SCRIPT_PATH = re.compile(r"\.(?:php\d?|aspx?|cgi|pl|jsp|do|cfm)$", re.I)
# A parameter that names an article: ?id=7, ?p=7, ?article_id=7, ?idxno=7.
_NAMING = re.compile(r"(?i)(?:^|&)(?:p|a|art|article|story|news|post|doc|item|\w{0,20}(?:id|no))=[^&]*\d")
# A name in a path that an article has and a section has not: a number that is no date; sections of long
# names exist ("science-and-technology-news-today"), but no script of one.
_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:\d\d)?(?!\d))\d{5}")
_LONG_NAME = re.compile(r"(?:[^-_]{1,40}[-_]){4}[^-_]")
_PART_OF_ARTICLE = re.compile(
    r"(?i)(?:page|seite|p)[/-]?\d{1,3}|print|comments|all|full|amp|(?:index|default)\.\w+"
)
_NOTICE = re.compile(
    r"(?i)40[134]|410|50[0-4]|errors?|(?:page-?)?not-?found|log-?in|sign-?in|sign-?up|register|subscribe|subscription"
    r"|abo|abonnement|anmelden|consent|cookie-consent|zustimmung|paywall|captcha|maintenance|search"
)
# What a content system writes for want of an address, and two addresses in one.
_UNFILLED = re.compile(
    r"(?i)^#|[{}<>]|%7[bd]|\[(?:\[|object)|(?:^|/)(?:undefined|null|none|nan|false|true)/?(?:[?#]|$)"
    r"|^[^?#]*://[^?#]*://"
)
# The part of an address that a page's script reads: "#!/article/5", and "#/article/5" of a front page.
_ROUTE = re.compile(r"!/[^/]")
_FRONT_ROUTE = re.compile(r"!?/[^/]")

# An address in which nothing but the host can be spelt otherwise; most are so.
_PLAIN = re.compile(
    r"(https?)://([a-z0-9.-]{1,253})((?::(?:[1-9]\d{0,3}|[1-5]\d{4}))?)(/(?:[\w~-][\w.~-]*/)*(?:[\w~-][\w.~-]*)?)",
    re.ASCII,
)

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "/:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?"
_NORMAL = re.compile(r"[\w.~/:@!$&'()*+,;=-]*", re.ASCII)


def canonical_url(url: str) -> str:
    """The one spelling of an article's address; what is no http(s) address comes back stripped only.

    Dropped: fragment (but a script's route), default port, credentials, sessions, tracking parameters,
    doubled slashes, AMP and mobile twins. Kept: scheme, `www.`, trailing slash, the order of the query.
    """
    stripped = url.strip()
    plain = _PLAIN.fullmatch(stripped)
    if plain and "amp" not in stripped and (netloc := _netloc(plain[2])):
        port = "" if plain[3] == f":{DEFAULT_PORTS[plain[1]]}" else plain[3]
        return f"{plain[1]}://{netloc}{port}{plain[4]}"
    return _taken_apart(stripped)


def _taken_apart(stripped: str) -> str:
    try:
        parts = urlsplit(stripped)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return stripped
    if parts.scheme not in DEFAULT_PORTS or not host or len(host) > _LONGEST_HOST:
        return stripped
    netloc = _netloc(host)
    if not netloc:
        return stripped
    if port is not None and port != DEFAULT_PORTS[parts.scheme]:
        netloc = f"{netloc}:{port}"
    path = _path(parts.path)
    query = without_mobile_query(path, without_tracking(_escaped(parts.query, _QUERY_SAFE)))
    route = _FRONT_ROUTE if path == "/" and not query else _ROUTE
    fragment = _escaped(parts.fragment, _QUERY_SAFE) if route.match(parts.fragment) else ""
    return urlunsplit((parts.scheme, netloc, path, query, fragment))


def outlet_of(url: str) -> str:
    """The registrable domain of an address, lower case and IDNA decoded; an IP address is itself.

    Shared hosts (blogspot.com, github.io) count as suffixes, unknown endings keep two labels.
    From the public suffix list inside tldextract; no network.
    """
    host = _ascii_host(_host(url)).strip("[]")
    return _decoded_host(_ascii_domain(host))


def same_site(a: str, b: str) -> bool:
    """Whether two addresses belong to one registrable domain (or are one IP address)."""
    outlet = outlet_of(a)
    return bool(outlet) and outlet == outlet_of(b)


def trusted_canonical(page_url: str, declared: str) -> str:
    """The address that a page declares for itself where that can be true, else its own, both canonical."""
    return declared_address(page_url, declared) or canonical_url(page_url)


def is_front(url: str) -> bool:
    """Whether an address is a site's front page."""
    try:
        return _is_front(urlsplit(url.strip()))
    except ValueError:
        return False


def declared_address(page_url: str, declared: str) -> str:
    """The canonical address that a page declares for itself, "" where that cannot be true.

    Refused: another site or port, no http(s), an unfilled template, a fragment, a notice (login, error);
    for an article a front page, a section that it lies in, and one name for all articles
    (`/article.php` declared on `/article.php?id=7`).
    """
    try:
        joined = _joined(page_url, declared.strip())
        target = canonical_url(joined)
        here, there = urlsplit(canonical_url(page_url)), urlsplit(target)
        if there.scheme not in DEFAULT_PORTS or not same_site(page_url, target) or here.port != there.port:
            return ""
        if urlsplit(joined).fragment and not there.fragment:
            return ""
    except ValueError:
        return ""
    return target if here == there or _can_stand_for(here, there) else ""


def _joined(page_url: str, declared: str) -> str:
    if not declared or len(declared) >= _LONGEST_DECLARED or _UNFILLED.search(declared):
        return ""
    host = declared.partition("/")[0]
    if "." in host and ":" not in host and same_site(page_url, host):
        declared = f"//{declared}"  # a host whose scheme was forgotten
    return urljoin(page_url, declared)


def _can_stand_for(here: SplitResult, there: SplitResult) -> bool:
    """Whether `there` may be another address of the article at `here`, both canonical."""
    if _is_front(here):
        return True
    if _is_front(there) or (there.path != here.path and _is_notice(there.path)):
        return False
    if there.path != here.path:
        return _says_which(there) or not _is_section_of(there.path, here.path)
    name = here.path.rpartition("/")[2]
    if there.query or not here.query or _NUMBER.search(name) or _LONG_NAME.search(name):
        return True
    return not _SCRIPT_PATH.search(here.path) and not _says_which(here)


def _says_which(parts: SplitResult) -> bool:
    """Whether what follows the path names an article: `?p=7`, `#!/article/7`."""
    return bool(parts.fragment) or _NAMING.search(parts.query) is not None


def _is_front(parts: SplitResult) -> bool:
    return _FRONT_PAGES.fullmatch(parts.path) is not None and not _says_which(parts)


def _is_notice(path: str) -> bool:
    names = path.strip("/").split("/")
    return any(_NOTICE.fullmatch(_EXTENSION.sub("", name)) for name in (names[0], names[-1]))


def _is_section_of(path: str, article: str) -> bool:
    """Whether the article lies in this folder: `/news` of `/news/2026/flood`, and not of `/news/page/2`."""
    folder = _EXTENSION.sub("", _INDEX.sub("", path).rstrip("/"))
    if not article.startswith(f"{folder}/") or _NUMBER.search(folder.rpartition("/")[2]):
        return False
    rest = article[len(folder) + 1 :].strip("/")
    return bool(rest) and _PART_OF_ARTICLE.fullmatch(rest) is None


def _host(url: str) -> str:
    url = url.strip()
    absolute = re.match(r"(?:[a-zA-Z][\w+.-]*:)?//", url)
    try:
        host = (urlsplit(url if absolute else f"//{url}").hostname or "").rstrip(".")
    except ValueError:
        return ""
    return host if len(host) <= _LONGEST_HOST else ""


@lru_cache(maxsize=4096)
def _netloc(host: str) -> str:
    return without_twin_host(_ascii_host(host), _ascii_domain)


@lru_cache(maxsize=4096)
def _ascii_domain(host: str) -> str:
    if not host or is_address(host):
        return host
    found = _suffixes()(host)
    last_two = ".".join(host.split(".")[-2:])
    return (found.top_domain_under_public_suffix or host) if found.suffix else last_two


@cache
def _suffixes() -> TLDExtract:
    # Polls of feeds do not ask for outlets, and it takes an HTTP client along, to fetch a list that we never fetch.
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


@lru_cache(4096)
def _ascii_host(host: str) -> str:
    host = host.lower().rstrip(".")
    if ":" in host:
        return f"[{host}]"
    if host.isascii():
        return quote(host, safe=_PATH_SAFE + "%").lower()
    try:
        return idna.encode(host, uts46=True).decode("ascii").rstrip(".")
    except (idna.IDNAError, UnicodeError):
        return quote(host, safe=_PATH_SAFE + "%", errors="replace").lower()


def _decoded_host(host: str) -> str:
    try:
        return str(idna.decode(host))
    except (idna.IDNAError, UnicodeError):
        return host


def _path(path: str) -> str:
    """The path without sessions, dots, doubled slashes and AMP; an address inside keeps its `://`."""
    segments: list[str] = []
    *folders, last = without_session(_escaped(path, _PATH_SAFE)).split("/")[1:] or [""]
    for segment in folders:
        if segment == "..":
            del segments[-1:]
        elif segment not in (".", "") or (not segment and segments and segments[-1].endswith(":")):
            segments.append(segment)
    if last in (".", ".."):
        if last == "..":
            del segments[-1:]
        last = ""
    return without_amp_path("/" + "/".join([*segments, last]))


def _escaped(text: str, safe: str) -> str:
    """Percent-encoding in its normal form: what needs none has none, the rest in upper case."""
    if _NORMAL.fullmatch(text):
        return text

    def escape(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return chr(code) if code in _UNRESERVED else match[0].upper()

    pieces = _ESCAPE.split(text)
    fixed = [quote(piece, safe=safe, errors="replace") for piece in pieces[::2]]
    escapes = [escape(match) for match in _ESCAPE.finditer(text)]
    return "".join(a + b for a, b in zip(fixed, [*escapes, ""], strict=True))
