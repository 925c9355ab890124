"""What pages say about themselves, and choosing among it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.elements import Candidate
from crawler.fields import choose_authors, choose_date, choose_image, parse_when
from crawler.metadata import PageMeta, read_meta
from crawler.slugs import address_words

ENTRY_TIME = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)
MIDNIGHT = datetime.fromisoformat("2026-03-04")


def meta_of(head: str, body: str = "") -> PageMeta:
    return read_meta(lxml.html.document_fromstring(f"<html><head>{head}</head><body>{body}</body></html>"))


def json_ld(text: str) -> PageMeta:
    return meta_of(f'<script type="application/ld+json">{text}</script>')


def dated(*pairs: tuple[str, str]) -> PageMeta:
    return PageMeta(published=tuple(Candidate(*pair) for pair in pairs))


ARTICLE = (
    '"@type": "NewsArticle", "headline": "Flood in Aldorf", "datePublished": "2026-03-04T09:30:00+01:00"'
)


@pytest.mark.parametrize(
    "text",
    [
        f"{{{ARTICLE}}}",
        f'[{{"@type": "BreadcrumbList"}}, {{{ARTICLE}}}]',
        f'{{"@graph": [{{"@type": "WebSite", "name": "Daily"}}, {{{ARTICLE}}}]}}',
        f'{{"@type": "WebPage", "mainEntity": {{{ARTICLE}}}}}',
        "{" + ARTICLE.replace('"NewsArticle"', '["Thing", "https://schema.org/ReportageNewsArticle"]') + "}",
        f"<!-- {{{ARTICLE},}} -->",
        f"/*<![CDATA[*/ {{{ARTICLE}}} /*]]>*/;",
        f'{{{ARTICLE}, "description": "two\nlines"}} trailing',
        '{"@type": "NewsArticle",\n"headline": "Flood in Aldorf",\n"datePublished": "2026-03-04",\n'
        '"description": "He said "no" twice"\n}',
    ],
)
def test_json_ld(text: str) -> None:
    meta = json_ld(text)
    assert meta.titles[0] == ("jsonld", "Flood in Aldorf")
    assert meta.published[0].text.startswith("2026-03-04")


@pytest.mark.parametrize(
    "text", ["", "{", "null", "7", "[[[[", "[" * 100_000, '{"@type": {"a": 1}}', '{"@graph": 3}']
)
def test_broken_json_ld_is_left_out(text: str) -> None:
    assert json_ld(text).titles == ()


def test_a_name_in_json_ld_is_a_headline_only_where_there_is_none() -> None:
    assert json_ld(f'{{{ARTICLE}, "name": "a-60a0111a"}}').titles == (("jsonld", "Flood in Aldorf"),)
    assert json_ld('{"@type": "Article", "name": "Flood"}').titles == (("jsonld", "Flood"),)


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("Flood in<br>Aldorf", "Flood in Aldorf"),
        ("<div>Weather</div>Flood<!-- no --> in Aldorf", "Weather Flood in Aldorf"),
        ("<span>F</span>lood in <em>Aldorf</em>!", "Flood in Aldorf!"),
        ("<script>track('h1')</script>Flood<svg><title>Logo</title></svg> in Aldorf", "Flood in Aldorf"),
        ("<span onclick=\"alert('x')\">Flood</span> in Aldorf", "Flood in Aldorf"),
    ],
)
def test_the_words_of_a_heading(heading: str, title: str) -> None:
    assert meta_of("", f"<h1>{heading}</h1><p>Water</p>").titles == (("h1", title),)


def test_a_heading_round_a_whole_page_is_read_in_bounded_steps() -> None:
    page = "".join(f"<h1>{'<b>x</b>' * 500}" for _ in range(40))
    assert all(len(candidate.text) <= 2000 for candidate in meta_of("", page).titles)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://daily.example/news/2026/flood-hits-aldorf", "flood hits aldorf"),
        ("https://daily.example/id_10107/flood-hits-aldorf-10345678.html?a=1", "flood hits aldorf"),
        ("https://daily.example/%C3%BCber-stra%C3%9Fen-f%C3%BChrt/", "uber strassen fuhrt"),
        ("https://daily.example/ueber-strassen-fuehrt/", "uber strassen fuhrt"),
        ("https://daily.example/?p=7", ""),
        ("http://[bad", ""),
        ("", ""),
    ],
)
def test_the_words_of_an_address(address: str, words: str) -> None:
    assert " ".join(address_words(address)) == words


def test_neighbours_in_json_ld_are_not_the_article() -> None:
    listed = '{"@type": "ItemList", "itemListElement": [{"@type": "NewsArticle", "headline": "Other"}]}'
    meta = json_ld(f'[{listed}, {{{ARTICLE}, "isPartOf": {{"@type": "NewsArticle", "headline": "Series"}}}}]')
    assert [c.text for c in meta.titles] == ["Flood in Aldorf"]


def test_all_sources() -> None:
    meta = meta_of(
        '<title>Flood | Daily</title><meta property="og:title" content="Flood"><meta name="Author" content="By Ann Lee">'
        '<meta property="article:published_time" content="2026-03-04T08:30:00Z">'
        '<meta property="og:image" content="/a.jpg"><meta property="og:site_name" content="Daily">'
        '<link rel="canonical" href="https://daily.example/flood"><meta property="og:locale" content="en_GB">'
        '<meta name="empty" content=""><meta content="nameless">',
        '<h1>Flood</h1><time datetime="2026-03-04">4 March</time><a rel="author">Bo Kim</a>'
        '<span itemprop="author"><b itemprop="name">Cy Dorn</b></span>',
    )
    assert meta.titles == (("og:title", "Flood"), ("h1", "Flood"), ("title", "Flood | Daily"))
    assert meta.published == (("article:published_time", "2026-03-04T08:30:00Z"), ("time", "2026-03-04"))
    assert meta.authors == (("author", "By Ann Lee"), ("itemprop", "Cy Dorn"), ("rel", "Bo Kim"))
    assert meta.images == (("og:image", "/a.jpg"),)
    assert (meta.site_names, meta.canonical, meta.lang) == (
        ("Daily",),
        (("canonical", "https://daily.example/flood"),),
        "en_GB",
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-04T09:30:00+01:00", ENTRY_TIME),
        ("2026-03-04T08:30:00.000Z", ENTRY_TIME),
        ("2026-03-04 09:30:00 +0100", ENTRY_TIME),
        ("Wed, 04 Mar 2026 08:30:00 GMT", ENTRY_TIME),
        ("1772613000", ENTRY_TIME),
        ("1772613000000", ENTRY_TIME),
        ("2026-03-04T08:30", ENTRY_TIME.replace(tzinfo=None)),
        ("2026-03-04", MIDNIGHT),
        ("2026/3/4 at noon", MIDNIGHT),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times(text: str, moment: datetime | None) -> None:
    found = parse_when(text)
    assert found == moment
    if found and moment:
        assert (found.tzinfo is None) == (moment.tzinfo is None)


@given(st.text())
def test_times_never_raise(text: str) -> None:
    parse_when(text)


def test_date_order() -> None:
    meta = dated(
        ("time", "2020-01-01"),
        ("date", "2026-03-03"),
        ("article:published_time", "2026-03-04"),
        ("jsonld", "?"),
    )
    assert choose_date(meta).value == datetime(2026, 3, 4, tzinfo=UTC)
    assert choose_date(dated(("time", "2020-01-01")), ENTRY_TIME).value == ENTRY_TIME
    assert choose_date(dated(("time", "2020-01-01"))).value == datetime(2020, 1, 1, tzinfo=UTC)
    assert choose_date(PageMeta(), guess="2026-03-01").value == datetime(2026, 3, 1, tzinfo=UTC)
    assert choose_date(PageMeta()).value is None


def test_a_local_time_gives_way_to_the_entry() -> None:
    here = ENTRY_TIME.astimezone(timezone(timedelta(hours=9)))
    assert choose_date(dated(("jsonld", "2026-03-04T17:30:00")), here).value == ENTRY_TIME
    assert choose_date(dated(("jsonld", "2026-01-04T17:30:00")), here).value == datetime(
        2026, 1, 4, 17, 30, tzinfo=UTC
    )
    assert choose_date(dated(("jsonld", "2026-03-04T17:30:00Z")), here).value == datetime(
        2026, 3, 4, 17, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("texts", "people"),
    [
        (("By Ann Lee and Bo Kim",), ("Ann Lee", "Bo Kim")),
        (("Von Ann Lee, Bo Kim",), ("Ann Lee", "Bo Kim")),
        (("Ann Lee (alee)", "Ann Lee"), ("Ann Lee",)),
        (("https://social.example/ann", "ann@daily.example", "(Image: Agency)", "admin"), ("From Feed",)),
        (("Daily",), ("From Feed",)),
        ((), ("From Feed",)),
    ],
)
def test_authors(texts: tuple[str, ...], people: tuple[str, ...]) -> None:
    meta = PageMeta(authors=tuple(Candidate("author", text) for text in texts), site_names=("Daily",))
    assert choose_authors(meta, ["From Feed"], outlet="daily.example").value == people


def test_the_outlet_is_the_author_where_nobody_else_is() -> None:
    assert choose_authors(
        PageMeta(authors=(Candidate("author", "Daily"),)), outlet="daily.example"
    ).value == ("Daily",)


@pytest.mark.parametrize(
    ("images", "entry_image", "image"),
    [
        (("/a.jpg?x=1&amp;y=2",), "", "https://daily.example/a.jpg?x=1&y=2"),
        (("/logo.png", "https://img.example/b.jpg"), "", "https://img.example/b.jpg"),
        (
            ("data:image/gif;base64,R0", "http://[bad"),
            "https://img.example/c.jpg",
            "https://img.example/c.jpg",
        ),
        (("/logo.png",), "", "https://daily.example/logo.png"),
        ((), "", ""),
    ],
)
def test_images(images: tuple[str, ...], entry_image: str, image: str) -> None:
    meta = PageMeta(images=tuple(Candidate("og:image", text) for text in images))
    assert choose_image(meta, "https://daily.example/news/1", entry_image).value == image
