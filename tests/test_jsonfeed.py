"""JSON Feed 1.0 and 1.1."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import CrawlerError, FeedError, NotAFeed
from crawler.model import Entry, ParsedFeed
from crawler.parse import parse_feed
from crawler.parse.facts import rfc3339

URL = "https://feeds.example/feed.json"
VERSION = "https://jsonfeed.org/version/1.1"


def _parse(**fields: Any) -> ParsedFeed:
    found = {"version": VERSION, "items": [], **fields}
    return parse_feed(json.dumps(found).encode(), URL, "application/feed+json")


def _one(**fields: Any) -> Entry:
    (entry,) = _parse(items=[fields]).entries
    return entry


def test_a_whole_feed() -> None:
    feed = _parse(
        title="News &amp; Views",
        home_page_url="https://site.example/",
        feed_url="/feed.json",
        language="pt-BR",
        hubs=[{"type": "WebSub", "url": "https://hub.example/"}],
    )
    assert (feed.kind, feed.title, feed.link, feed.lang) == (
        "json11",
        "News & Views",
        "https://site.example/",
        "pt",
    )
    assert (feed.self_url, feed.hub) == ("https://feeds.example/feed.json", "https://hub.example/")


def test_a_whole_entry() -> None:
    entry = _one(
        id="urn:1",
        url="/a",
        title="A <b>title</b>",
        summary="1 < 2",
        content_html="<p>Body\x00</p>",
        date_published="2024-03-01T12:00:00+02:00",
        date_modified="2024-03-01T12:00:00.5Z",
        authors=[{"name": "Ann"}, {"name": "Bob"}, {"url": "https://x.example/"}],
        language="de-AT",
        image="/i.jpg",
    )
    assert entry == Entry(
        key="urn:1",
        link="https://feeds.example/a",
        title="A title",
        summary="1 < 2",
        content_html="<p>Body</p>",
        published=datetime(2024, 3, 1, 10, tzinfo=UTC),
        updated=datetime(2024, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC),
        authors=("Ann", "Bob"),
        lang="de",
        image="https://feeds.example/i.jpg",
    )


def test_version_one_has_a_single_author_and_numbers_for_ids() -> None:
    feed = _parse(
        version="https://jsonfeed.org/version/1", items=[{"id": 7, "author": {"name": "Ann"}, "title": "t"}]
    )
    assert (feed.kind, feed.entries[0].key, feed.entries[0].authors) == ("json10", "7", ("Ann",))


def test_content_text_becomes_paragraphs() -> None:
    assert _one(id="1", content_text="a < b\n\nc").content_html == "<p>a &lt; b</p><p>c</p>"


def test_a_link_blog_links_to_what_it_points_at_if_it_has_no_page() -> None:
    assert _one(id="1", external_url="https://other.example/x").link == "https://other.example/x"


def test_an_attached_picture_is_the_image() -> None:
    attachments = [{"url": "/a.mp3", "mime_type": "audio/mpeg"}, {"url": "/b.png", "mime_type": "image/png"}]
    assert _one(id="1", url="/a", attachments=attachments).image == "https://feeds.example/b.png"


def test_values_of_wrong_types_count_as_missing() -> None:
    fields = (
        "id",
        "title",
        "summary",
        "content_html",
        "image",
        "authors",
        "date_published",
        "language",
        "attachments",
    )
    entry = _one(url="https://site.example/a", **{field: {"x": [1]} for field in fields})
    assert entry == Entry(key="https://site.example/a", link="https://site.example/a")


def test_items_that_are_no_objects_are_noted() -> None:
    assert _parse(items=[1, None, {"id": "a", "title": "t"}]).notes == ("2 items are no JSON objects",)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    body = json.dumps({"version": VERSION, "items": []}).encode("utf-8-sig")
    assert parse_feed(body, URL).entries == ()


@pytest.mark.parametrize(
    "body", [b'{"items": []}', b"[]", b'{"version": "https://jsonfeed.org/version/1.1"}', b"[1]"]
)
def test_other_json_is_no_feed(body: bytes) -> None:
    with pytest.raises(NotAFeed, match=r"https://feeds\.example/feed\.json is JSON, but not a JSON Feed"):
        parse_feed(body, URL)


@pytest.mark.parametrize("body", [b"{", b'{"a": ' + b"[" * 200_000, b'{"a": ' + b"9" * 10_000 + b"}"])
def test_broken_json(body: bytes) -> None:
    with pytest.raises(FeedError, match=r"https://feeds\.example/feed\.json answered with broken JSON"):
        parse_feed(body, URL)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-02t03:04:05-0330", datetime(2024, 1, 2, 6, 34, 5, tzinfo=UTC)),
        ("2024-01-02 03:04", datetime(2024, 1, 2, 3, 4, tzinfo=UTC)),
        ("2024-01-02T03:04:05.123456789Z", datetime(2024, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("2024-01-02", datetime(2024, 1, 2, tzinfo=UTC)),
        ("1969-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("9999-12-31T23:00:00-05:00", None),
        ("2024-13-01T00:00:00Z", None),
        ("yesterday", None),
        (1_700_000_000, None),
    ],
)
def test_rfc3339(text: object, moment: datetime | None) -> None:
    assert rfc3339(text) == moment


_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_KEYS = st.sampled_from(
    ["id", "url", "title", "authors", "author", "image", "date_published", "attachments", "hubs"]
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES), st.lists(st.dictionaries(_KEYS, _VALUES), max_size=3))
def test_no_value_breaks_the_reader(fields: dict[str, Any], items: list[Any]) -> None:
    try:
        _parse(**fields, items=items)
    except CrawlerError as error:
        pytest.fail(f"refused: {error}")
