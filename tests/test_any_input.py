"""Every parser and codec given anything: what comes back keeps its promise, or one error that is expected.

Feeds, JSON Feed, pages, addresses, texts and OPML as it is written are given anything beside their other tests.
"""

from __future__ import annotations

import io
import json
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from protego import Protego

from crawler.book import FeedState, PageJob
from crawler.decode import decode
from crawler.embedded import embedded
from crawler.entries import Remembered
from crawler.errors import CrawlerError, FeedListError, ForbiddenAddress
from crawler.feedlist import read_feed_list
from crawler.freshness import fresh_for, http_date, retry_after
from crawler.guard import AddressGuard, literal
from crawler.jsonld import json_nodes
from crawler.links import related
from crawler.markup import parse_page
from crawler.metadata import read_meta
from crawler.model import Entry, FeedSpec
from crawler.packed import pack
from crawler.parse import parse_feed
from crawler.parse.facts import is_web
from crawler.parse.times import moment
from crawler.redirects import unwrap
from crawler.robots import concerning
from crawler.text import tidy
from crawler.websub import Subscription, is_signed, verified
from dedup.furniture import Sighting
from newsfold.config import load_config
from newsfold.errors import ConfigError
from newsfold.jsonview import dumps
from pipelines.ingest import open_lines, read_rows
from storage.feedfields import feed_state, new_fields, page_call, page_job, spec_fields, spec_of
from storage.functions import Call
from storage.plain import from_iso, iso, text_of
from storage.sightings import Seen, Sightings
from storage.subscriptions import _fields, _subscription

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://feeds.example/rss"
# What breaks readers, often enough: halves of pairs, controls, turned text, NUL.
WILD = st.text(
    alphabet=st.characters() | st.sampled_from("<>&;/\"'%#?:@[]{}\\\x00\x1b\x9b\ud800\u202e\n 0123456789"),
    max_size=80,
)
MOMENTS = st.datetimes(
    min_value=NOW.replace(tzinfo=None, year=1970),
    max_value=NOW.replace(tzinfo=None, year=2100),
    timezones=st.just(UTC),
).map(lambda t: t.replace(microsecond=0))
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | WILD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WILD, inner, max_size=4), max_leaves=12,
)  # fmt: skip
few = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(st.sampled_from(["urlset", "sitemapindex"]), st.lists(st.tuples(st.sampled_from(
    ["url", "loc", "sitemap", "lastmod", "news:news", "news:title", "news:publication_date", "image:loc"]), WILD), max_size=8))  # fmt: skip
def test_sitemaps(root: str, parts: list[tuple[str, str]]) -> None:
    inside = "".join(f"<{name}>{text}</{name if len(text) % 5 else 'x'}>" for name, text in parts)
    body = f'<{root} xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{inside}</{root}>'
    try:
        found = parse_feed(body.encode("utf-8", "surrogatepass"), URL)
    except CrawlerError as error:
        assert str(error).startswith(URL)  # noqa: PT017
        assert error.__cause__ is None or "sitemap" in str(error)  # noqa: PT017
        return
    assert all(is_web(entry.link) for entry in found.entries)
    assert all(is_web(part) for part in found.parts)


@few
@given(st.binary(max_size=200) | WILD.map(lambda text: text.encode("utf-8", "surrogatepass")), st.sampled_from(
    ["{}", "<opml><body>{}</body></opml>", "<outline xmlUrl='{}'/>", "[[feeds]]\nurl = '{}'", "\ufeff{}"]), st.sampled_from(["opml", "txt", "toml"]))  # fmt: skip
def test_feed_lists(
    tmp_path_factory: pytest.TempPathFactory, inside: bytes, around: str, ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"list.{ending}"
    before, after = around.encode().split(b"{}") if around != "{}" else (b"", b"")
    path.write_bytes(before + inside + after)
    try:
        specs = read_feed_list(path)
    except FeedListError as error:
        assert str(path) in str(error)  # noqa: PT017
        return
    assert all(is_web(spec.url) for spec in specs)


@few
@given(WILD | JSON.map(dumps), st.sampled_from(["application/ld+json", "text/javascript"]))
def test_json_ld(script: str, kind: str) -> None:
    tree = parse_page(
        f"<html><script type='{kind}'>{script}</script><p>x</p></html>".encode("utf-8", "surrogatepass"), ""
    )
    assert tree is not None
    assert all(isinstance(node, dict) for node in json_nodes(tree))
    read_meta(tree)


@few
@given(st.binary(max_size=200), WILD)
def test_charsets(body: bytes, label: str) -> None:
    assert isinstance(decode(body, f"text/html; charset={label}"), str)


DATES = st.sampled_from(
    ["Mon, 01 Jan 2024 10:00:00 +0200", "2024-01-02T03:04:05.6Z", "Tue Jan  2 03:04:05 2024", "1700000000"]
)


@few
@given(WILD | st.tuples(DATES, st.integers(0, 30), WILD).map(lambda x: x[0][: x[1]] + x[2] + x[0][x[1] :]))
def test_dates_and_headers(text: str) -> None:
    moment(text)
    found = http_date(text)
    assert found is None or found.utcoffset() is not None
    headers = {
        "retry-after": text,
        "cache-control": f"max-age={text}",
        "expires": text,
        "date": text,
        "age": text,
    }
    assert 0 <= retry_after(headers, NOW) <= 400 * 86_400
    assert all(seconds >= 0 for seconds in fresh_for(headers).values())
    for link in (text, f"<{text}>; rel=hub", f'<http://h.example/>; rel="{text}"; title={text}'):
        target = related({"link": link}, "hub", URL)
        assert not target or is_web(target)


@few
@given(
    WILD,
    st.sampled_from(
        ["http://{}", "http://{}/", "http://a@{}:80/", "https://[{}]/", "{}", "http://x.example:{}/"]
    ),
)
def test_the_guard_lets_nothing_but_the_web_pass(inside: str, around: str) -> None:
    url, guard = around.replace("{}", inside), AddressGuard()
    unwrap(url)
    try:
        guard.check_url(url)
    except ForbiddenAddress:
        return
    assert (
        url.lstrip("".join(map(chr, range(33))))
        .lower()
        .startswith(("http://", "https://", "http:", "https:"))
    )


@few
@given(st.ip_addresses())
def test_addresses_are_judged_alike_however_they_are_spelt(address: Any) -> None:
    guard, spelt = AddressGuard(), f"[{address}]" if address.version == 6 else str(address)
    assert literal(spelt) == address
    for inner in embedded(address):
        assert guard.allows(inner) or not guard.allows(address)
    if not guard.allows(address):
        with pytest.raises(ForbiddenAddress):
            guard.check_url(f"http://{spelt}/")
        with pytest.raises(ForbiddenAddress):
            guard.check_connection(str(address), 443)


@few
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["User-agent:", "user agent", "Disallow:", "Allow:", "Crawl-delay:", "Sitemap:", ""]
            ),
            WILD,
        ),
        max_size=8,
    )
)
def test_robots(rules: list[tuple[str, str]]) -> None:
    body = "\n".join(" ".join(rule) for rule in rules).encode("utf-8", "surrogatepass")
    parsed = Protego.parse(concerning(body, "newsfold/1").decode())
    assert parsed.can_fetch("http://a.example/x?y", "newsfold/1") in (True, False)


# --- what is kept in Redis


@few
@given(st.builds(Entry, key=WILD, link=WILD, title=WILD, summary=WILD, content_html=WILD, published=st.none() | MOMENTS,
                 updated=st.none() | MOMENTS, authors=st.lists(WILD, max_size=3).map(tuple), lang=WILD, image=WILD), WILD, WILD)  # fmt: skip
def test_queued_pages(entry: Entry, url: str, article: str) -> None:
    state = FeedState("f1", URL)
    names = ("id", "url", "feed", "entry", "article")
    packed = msgpack.unpackb(
        msgpack.packb(
            page_call(PageJob("p1", url, state, pack(entry), article=article)), unicode_errors="surrogatepass"
        ),
        raw=True,
    )
    fields = {name: text_of(value) for name, value in zip(names, packed, strict=True)}
    found = page_job("p1", fields, state)
    assert (found.id, found.url, found.feed, found.entry, found.article) == ("p1", url, state, entry, article)


@few
@given(st.builds(FeedSpec, st.just(URL), WILD, st.lists(WILD, max_size=3).map(tuple), WILD, WILD))
def test_feeds(spec: FeedSpec) -> None:
    fields = {**spec_fields(spec), **new_fields("f1", spec, NOW)}
    assert spec_of(fields) == spec
    assert feed_state(fields).url == URL


@few
@given(WILD, WILD, MOMENTS, st.none() | MOMENTS, st.integers(0, 20))
def test_subscriptions(topic: str, error: str, due: datetime, until: datetime | None, failures: int) -> None:
    one = Subscription("f1", "https://h.example/", topic, "t", "s", "asked", due, until, failures, error)
    assert _subscription(_fields(one)) == one


@few
@given(WILD, st.integers(0, 2**40), st.lists(st.text("abcé’", min_size=1, max_size=5), max_size=5))
def test_what_is_remembered(key: str, time: int, words: list[str]) -> None:
    one = Remembered.of(Entry(key=key, link=key, title=key), key)
    assert Remembered.read(str(one)) == one
    sighting = Sighting(key, tuple(words), (), tuple(words[:1]))
    assert Sightings().add("en", "o.example", [Sightings().written(sighting)], Seen()) == (sighting,)


@few
@given(MOMENTS, WILD, JSON)
def test_values(moment_: datetime, text: str, value: object) -> None:
    assert from_iso(iso(moment_)) == moment_
    assert text_of(text.encode("utf-8", "surrogatepass")) == text
    command = Call("x", "k", {"text": text, "more": [text]}, lambda answer: answer).command("p")
    assert msgpack.unpackb(command[4], unicode_errors="surrogatepass")["more"] == [text]  # type: ignore[arg-type]
    dumps(value).encode()


# --- files, settings, hubs


@few
@given(st.lists(st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode()) | st.dictionaries(
    st.sampled_from(["title", "text", "html", "url", "outlet", "lang", "published", "id"]), JSON | WILD).map(lambda row: json.dumps(row).encode()), max_size=6))  # fmt: skip
def test_json_lines(lines: list[bytes]) -> None:
    bad: list[int] = []
    rows = list(read_rows(io.BytesIO(b"\n".join(lines)), lambda number, reason: bad.append(number)))
    assert not {row.number for row in rows} & set(bad)
    for row in rows:
        assert row.page.id
        assert tidy(row.page.title) == row.page.title


@few
@given(st.binary(max_size=100))
def test_packed_lines_and_feeds(body: bytes) -> None:
    packed = zlib.compressobj(wbits=31)
    whole = packed.compress(body) + packed.flush()
    assert b"".join(open_lines(io.BufferedReader(io.BytesIO(whole)))) == body  # type: ignore[arg-type]
    for broken in (whole[:-9], b"\x1f\x8b" + body):
        sentence = URL
        try:
            parse_feed(broken, URL)  # what can be unpacked of it may begin as a feed does
        except CrawlerError as error:
            sentence = str(error)
        assert URL in sentence


@few
@given(WILD | st.tuples(st.sampled_from(["crawl", "index", "web", "log", "outlets", "x"]), st.sampled_from(
    ["delay", "ports", "allow_net", "seed", "families", "level", "public_url", "feeds", "y"]), JSON).map(
        lambda x: f"[{x[0]}]\n{x[1]} = {json.dumps(x[2])}"), WILD)  # fmt: skip
def test_configuration(tmp_path_factory: pytest.TempPathFactory, text: str, value: str) -> None:
    path = Path(tmp_path_factory.getbasetemp()) / "some.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for env in ({"NEWSFOLD_CONFIG": str(path)}, {"NEWSFOLD_CRAWL_PORTS": value}, {"NEWSFOLD_OUTLETS_FAMILIES": value},
                {"NEWSFOLD_CRAWL_DELAY": value}, {"NEWSFOLD_ALLOW_NET": value}):  # fmt: skip
        try:
            found = load_config(env, None, path.parent)
        except ConfigError:
            continue
        AddressGuard(found["crawl.allow_net"], found["crawl.ports"])


QUERY = st.dictionaries(st.sampled_from(["hub.topic", "hub.mode", "hub.challenge", "hub.lease_seconds", "hub.reason"]),
                        WILD | st.sampled_from(["http://t.example/", "subscribe", "unsubscribe", "denied", "99999999"]))  # fmt: skip


@few
@given(WILD, st.binary(max_size=50), WILD | st.sampled_from(["sha256=", "sha512=", "sha1=00"]), QUERY)
def test_hubs(secret: str, body: bytes, header: str, query: dict[str, str]) -> None:
    assert not is_signed(secret.encode("ascii", "ignore").decode(), body, header)
    one = Subscription("f1", "https://h.example/", "http://t.example/", "t", "s", "asked", NOW)
    after = verified(one, query, NOW)
    assert after is None or query["hub.topic"] == one.topic
    assert after is None or after.until is None or after.until <= NOW + timedelta(days=365 * 100)
