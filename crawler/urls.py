"""Addresses: one spelling for each article, one name for each outlet.

`canonical_url` is an article's identity, so it is idempotent (a property in the tests) and does
only what no reader would notice: it never guesses that two paths are the same.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

import idna
import tldextract

from crawler.redirects import unwrap as unwrap

DEFAULT_PORTS = {"http": 80, "https": 443}

# Parameters that say how a reader came, not what is read. Prefixes are families of one tool.
TRACKING_PREFIXES = (
    "utm_",  # Urchin, Google Analytics
    "at_",  # AT Internet / Piano: at_medium, at_campaign, at_link_id …
    "ns_",  # comScore: ns_mchannel, ns_source, ns_campaign, ns_linkname, ns_fee
    "mc_",  # Mailchimp: mc_cid, mc_eid
    "pk_",  # Matomo, when it was Piwik
    "mtm_",  # Matomo
    "hsa_",  # HubSpot ads
    "__twitter_",
)
_TRACKING_NAMES = (
    "fbclid gclid gclsrc dclid wbraid gbraid msclkid yclid twclid ttclid igshid igsh xtor xtref "
    "mkt_tok _hsenc _hsmi vero_id oly_anon_id oly_enc_id wickedid s_cid cmpid cmp_id ncid icid ito "
    "smid smtyp partner_source traffic_source __source ftag ocid wt_mc wt.mc_id wt_zmc feedtype "
    "feedname rss_id sr_share taid trk trkcampaign ref_src ref_url _ga _gl spref "
)
TRACKING = frozenset(_TRACKING_NAMES.split())
# These names also carry content (a git ref, a CBC section), so only known values are dropped.
TRACKING_VALUES = {
    "ref": re.compile(
        r"(?i)(rss|feed|atom|home|homepage|twitter|facebook|newsletter|share|search|related).*"
    ),
    "source": re.compile(r"(?i)(rss|feed|atom|twitter|facebook|newsletter|social|email).*"),
    "from": re.compile(r"(?i)(rss|feed|atom|twitter|facebook|newsletter).*"),
    "cid": re.compile(r"(?i)(rss|feed|social|newsletter).*"),
    "rss": re.compile(r"(?i)(1|true|yes|)"),
    "amp": re.compile(r"(?i)(1|true|yes|)"),
    "outputtype": re.compile(r"(?i)amp"),
    "output": re.compile(r"(?i)amp"),
}
TWIN_PREFIXES = ("m.", "amp.", "mobile.")
FRONT_PAGES = re.compile(r"/?(?:(?:index|default|home)\.\w{2,5})?", re.ASCII)
_SCRIPT_PATH = re.compile(r"\.(?:php\d?|aspx?|cgi|pl|jsp|do|cfm)$", re.I)

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "/:@!$&'()*+,;=~"
_QUERY_SAFE = _PATH_SAFE + "?"

_extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def canonical_url(url: str) -> str:
    """The one spelling of an article's address; what is no http(s) address comes back stripped only.

    Dropped: fragment, default port, credentials, tracking parameters, AMP and mobile twins.
    Kept: scheme, `www.`, trailing slash, the order of the remaining query.
    """
    stripped = url.strip()
    try:
        parts = urlsplit(stripped)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return stripped
    if parts.scheme not in DEFAULT_PORTS or not host:
        return stripped
    netloc = _without_twin(_ascii_host(host))
    if not netloc:
        return stripped
    if port is not None and port != DEFAULT_PORTS[parts.scheme]:
        netloc = f"{netloc}:{port}"
    return urlunsplit((parts.scheme, netloc, _path(parts.path), _query(parts.query), ""))


def outlet_of(url: str) -> str:
    """The registrable domain of an address, lower case and IDNA decoded; an IP address is itself.

    Shared hosts (blogspot.com, github.io) count as suffixes, unknown endings keep two labels.
    From the public suffix list inside tldextract; no network.
    """
    return _registrable(_host(url))


def same_site(a: str, b: str) -> bool:
    """Whether two addresses belong to one registrable domain (or are one IP address)."""
    outlet = outlet_of(a)
    return bool(outlet) and outlet == outlet_of(b)


def trusted_canonical(page_url: str, declared: str) -> str:
    """The address that a page declares for itself where that can be true, else its own, both canonical.

    Refused: another site, no http(s), a front page for an article, and one script name for every
    article (`/article.php` declared on `/article.php?id=7`).
    """
    own = canonical_url(page_url)
    try:
        target = canonical_url(urljoin(page_url, declared.strip())) if declared.strip() else own
        here, there = urlsplit(own), urlsplit(target)
    except ValueError:
        return own
    if there.scheme not in DEFAULT_PORTS or not same_site(own, target):
        return own
    if _is_front(there) and not _is_front(here):
        return own
    if _SCRIPT_PATH.search(there.path) and there.path == here.path and here.query and not there.query:
        return own
    return target


def _host(url: str) -> str:
    try:
        return (urlsplit(url.strip() if "//" in url else f"//{url.strip()}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_front(parts: SplitResult) -> bool:
    return FRONT_PAGES.fullmatch(parts.path) is not None and not parts.query


@lru_cache(maxsize=4096)
def _registrable(host: str) -> str:
    host = _ascii_host(host).strip("[]")
    if not host or _is_address(host):
        return host
    found = _extract(host)
    last_two = ".".join(host.split(".")[-2:])
    return _decoded_host((found.top_domain_under_public_suffix or host) if found.suffix else last_two)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


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


def _without_twin(host: str) -> str:
    """Drop a mobile or AMP prefix where what is left is still somebody's domain."""
    prefix = next((p for p in TWIN_PREFIXES if host.startswith(p)), "")
    rest = host[len(prefix) :]
    if not prefix or rest.count(".") < 1 or _is_address(rest) or rest == _extract(rest).suffix:
        return host
    return _without_twin(rest)


def _path(path: str) -> str:
    segments: list[str] = []
    *folders, last = _escaped(path, _PATH_SAFE).split("/")[1:] or [""]
    for segment in folders:
        if segment == "..":
            segments = segments[:-1]
        elif segment != ".":
            segments.append(segment)
    if last in (".", ".."):
        segments, last = (segments if last == "." else segments[:-1]), ""
    return _without_amp("/" + "/".join([*segments, last]))


def _without_amp(path: str) -> str:
    while (match := re.fullmatch(r"(/.*[^/])/amp(/?)", path, re.S)) is not None:
        path = match[1] + match[2]
    return path


def _query(query: str) -> str:
    kept = []
    for pair in _escaped(query, _QUERY_SAFE).split("&"):
        while pair.startswith("amp;"):  # "&amp;" which a feed escaped twice
            pair = pair[4:]
        if pair and not _is_tracking(pair):
            kept.append(pair)
    return "&".join(kept)


def _is_tracking(pair: str) -> bool:
    name, _, value = pair.partition("=")
    name = unquote(name).lower()
    if name in TRACKING or name.startswith(TRACKING_PREFIXES):
        return True
    known = TRACKING_VALUES.get(name)
    return known is not None and known.fullmatch(unquote(value)) is not None


def _escaped(text: str, safe: str) -> str:
    """Percent-encoding in its normal form: what needs none has none, the rest in upper case."""

    def escape(match: re.Match[str]) -> str:
        code = int(match[1], 16)
        return chr(code) if code in _UNRESERVED else match[0].upper()

    pieces = _ESCAPE.split(text)
    fixed = [quote(piece, safe=safe, errors="replace") for piece in pieces[::2]]
    escapes = [escape(match) for match in _ESCAPE.finditer(text)]
    return "".join(a + b for a, b in zip(fixed, [*escapes, ""], strict=True))
