"""A Redis URL taken apart, and as it may be shown. Needs no redis-py."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

_USER_PART = re.compile(r"(?<=://)([^/?#@:]*):.*@|(?<=://)[^/?#@]+@")
_SECRET_OPTION = re.compile(r"([?&]\w*password=)[^&#]*", re.IGNORECASE)
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.%]+)\]|([^\[\]:]+))(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a URL that may name several hosts: `scheme://user:password@host:port,host:port/path?options`."""

    scheme: str
    user: str
    password: str
    hosts: tuple[tuple[str, int], ...]
    path: tuple[str, ...]
    options: tuple[tuple[str, str], ...]


def read_address(url: str, port: int) -> Address:
    """The parts of a URL whose hosts have this `port` where they say none. Raises ValueError, without a password in it."""
    parts = urlsplit(url)
    users, _, hosts = parts.netloc.rpartition("@")
    user, _, password = users.partition(":")
    return Address(
        scheme=parts.scheme,
        user=unquote(user),
        password=unquote(password),
        hosts=tuple(_host(word, port) for word in hosts.split(",") if word),
        path=tuple(unquote(part) for part in parts.path.split("/") if part),
        options=tuple(parse_qsl(parts.query, keep_blank_values=True)),
    )


def _host(word: str, port: int) -> tuple[str, int]:
    match = _HOST.fullmatch(word)
    if match is None:
        raise ValueError("a host should look like host:port")
    return match[1] or unquote(match[2]), int(match[3] or port)


def user_of(url: str) -> str:
    """Whom the server knows us as: the user in the URL, else the server's own default."""
    parts = urlsplit(url)
    named = dict(parse_qsl(parts.query)).get("username")
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    return unquote(user) or named or "default"


def masked(url: str) -> str:
    """The URL as it may be shown: user and host, no password, wherever in it the password is.

    A name alone before the @ is masked as well, for that is where passwords land by mistake.
    """

    def hide(match: re.Match[str]) -> str:
        user = match.group(1)
        return "***@" if user is None else f"{user}:***@"

    return _SECRET_OPTION.sub(r"\1***", _USER_PART.sub(hide, url))
