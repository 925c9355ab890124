"""HTTP as the newsroom speaks it: a request's head as bytes in, an answer as bytes out; no sockets here."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

GZIP_FROM_BYTES = 256


class BadRequestError(ValueError):
    """The bytes are not a request the newsroom can read."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, whether in origin form with a Host field or in a proxy's absolute form."""

    method: str
    host: str
    path: str
    fields: Mapping[str, str]
    keep_alive: bool

    def accepts_gzip(self) -> bool:
        """Whether the client takes a gzipped body."""
        codings = (part.strip() for part in self.fields.get("accept-encoding", "").lower().split(","))
        return any(
            coding.split(";")[0] == "gzip" and "q=0" not in coding.split(";")[1:] for coding in codings
        )

    def has_current(self, resource: Resource) -> bool:
        """Whether the client's copy is still good; an ETag is believed over a date."""
        if tags := self.fields.get("if-none-match"):
            return tags.strip() == "*" or resource.etag in (tag.strip() for tag in tags.split(","))
        if since := self.fields.get("if-modified-since"):
            return _not_after(resource.modified, since)
        return False


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing the newsroom serves; its bytes change only when its content does."""

    body: bytes
    media_type: str
    modified: datetime
    etag: str


def resource(body: bytes, media_type: str, modified: datetime) -> Resource:
    """A resource with a weak ETag, weak because its gzipped and its plain form share it."""
    digest = hashlib.sha256(body).hexdigest()[:20]
    return Resource(body, media_type, modified.astimezone(UTC).replace(microsecond=0), f'W/"{digest}"')


def parse_request(head: bytes) -> Request:
    """Read a request's head, from its first line to the blank one, or raise `BadRequestError`."""
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    match first.split(" "):
        case [method, target, ("HTTP/1.1" | "HTTP/1.0") as version] if method.isalpha() and target:
            fields = _fields(lines)
        case _:
            raise BadRequestError(f"no request line: {first[:60]!r}")
    host, path = _address(target, fields)
    wish = fields.get("connection", fields.get("proxy-connection", "")).lower()
    keep = wish == "keep-alive" if version == "HTTP/1.0" else wish != "close"
    return Request(method, host, path, fields, keep)


def reply(request: Request, found: Resource | None) -> tuple[HTTPStatus, bytes]:
    """The status and the whole answer to `request`, given what is stored at its address."""
    if request.method not in ("GET", "HEAD"):
        return refusal(HTTPStatus.METHOD_NOT_ALLOWED, request.keep_alive)
    if found is None:
        return refusal(HTTPStatus.NOT_FOUND, request.keep_alive)
    fields = {
        "ETag": found.etag,
        "Last-Modified": format_datetime(found.modified, usegmt=True),
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
    }
    if request.has_current(found):
        return HTTPStatus.NOT_MODIFIED, _message(HTTPStatus.NOT_MODIFIED, fields, b"", request.keep_alive)
    body = found.body
    if request.accepts_gzip() and len(body) >= GZIP_FROM_BYTES:
        body, fields["Content-Encoding"] = gzip.compress(body, mtime=0), "gzip"
    fields |= {"Content-Type": found.media_type, "Content-Length": str(len(body))}
    sent = body if request.method == "GET" else b""
    return HTTPStatus.OK, _message(HTTPStatus.OK, fields, sent, request.keep_alive)


def refusal(status: HTTPStatus, keep_alive: bool) -> tuple[HTTPStatus, bytes]:
    """An answer that only says why there is nothing."""
    body = f"{status.value} {status.phrase}\n".encode()
    fields = {"Content-Type": "text/plain; charset=utf-8", "Content-Length": str(len(body))}
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        fields["Allow"] = "GET, HEAD"
    return status, _message(status, fields, body, keep_alive)


def _fields(lines: list[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequestError(f"no header field: {line[:60]!r}")
        fields[name.lower()] = value.strip()
    return fields


def _address(target: str, fields: Mapping[str, str]) -> tuple[str, str]:
    absolute = target.lower().startswith("http://")
    if not absolute and not target.startswith("/"):
        raise BadRequestError(f"neither origin form nor absolute form: {target[:60]!r}")
    try:
        # The Host field is always put in front of a path, so that "//x" is a path and not a host.
        split = urlsplit(target if absolute else f"http://{fields.get('host', '')}{target}")
        host = split.hostname
    except ValueError as error:
        raise BadRequestError(f"not an address: {target[:60]!r}") from error
    if not host:
        raise BadRequestError("no host")
    return host, unquote(split.path) or "/"


def _not_after(modified: datetime, since: str) -> bool:
    try:
        date = parsedate_to_datetime(since)
    except ValueError:
        return False
    return modified <= (date if date.tzinfo else date.replace(tzinfo=UTC))


def _message(status: HTTPStatus, fields: Mapping[str, str], body: bytes, keep_alive: bool) -> bytes:
    connection = "keep-alive" if keep_alive else "close"
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", f"Connection: {connection}"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
