"""From bytes and an entry to a page: body, characters, what comes from the feed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.pages import DATA, gold_rows, page_bytes
from crawler.decode import decode
from crawler.extract import extract_page, page_from_entry
from crawler.model import Block, Entry, Page

PAGES = Path(__file__).parent / "data" / "pages"
URL = "https://www.daily.example/news/flood?utm_source=rss"
SENTENCE = "The river rose by two metres in the night and cut the lower town off from its bridge. "
LONG = "".join(f"<p>{SENTENCE * 3}Part {number}.</p>" for number in range(6))
WHEN = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)


def html(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html lang='en'><head>{head}</head><body>{body}</body></html>".encode()


def entry(**fields: object) -> Entry:
    return Entry(**{"key": "k1", "link": URL, "title": "Flood cuts off Aldorf"} | fields)  # type: ignore[arg-type]


def texts(blocks: tuple[Block, ...], kind: str) -> list[str]:
    return [block.text for block in blocks if block.kind == kind]


def test_a_whole_page() -> None:
    page = extract_page((PAGES / "flood.html").read_bytes(), URL)
    assert page.url == "https://www.daily.example/news/flood-aldorf"
    assert (page.outlet, page.lang, page.source) == ("daily.example", "en", "page")
    assert page.title == "Flood cuts off the lower town of Aldorf"
    assert page.published == WHEN
    assert page.authors == ("Ann Lee", "Bo Kim")
    assert page.image == "https://www.daily.example/pictures/flood.jpg"
    assert texts(page.blocks, "heading")[-1] == "What is known"
    assert texts(page.blocks, "list") == ["Two bridges are closed.", "No one was hurt."]
    assert texts(page.blocks, "quote") == ["“We have not seen such water since 1954,” the mayor said."]
    assert texts(page.blocks, "table") == ["Place | Level", "Aldorf | 6.1 m"]
    paragraphs = texts(page.blocks, "paragraph")
    assert paragraphs[0].startswith("The Alder rose by two metres")
    assert all(block.text == " ".join(block.text.split()) for block in page.blocks)
    assert not any(word in " ".join(paragraphs) for word in ("Subscribe", "All rights", "reader comment"))


def test_the_entry_fills_in() -> None:
    feed = entry(
        published=WHEN, authors=("Ann Lee",), image="https://img.example/a.jpg", source_title="Daily"
    )
    page = extract_page(html(f"<article>{LONG}</article>"), URL, entry=feed, outlet="family.example")
    assert (page.title, page.published, page.authors) == ("Flood cuts off Aldorf", WHEN, ("Ann Lee",))
    assert (page.image, page.entry_key, page.outlet) == ("https://img.example/a.jpg", "k1", "family.example")
    assert page.source == "page"


@pytest.mark.parametrize(
    ("feed", "source", "words"),
    [
        (entry(content_html=LONG), "feed", 100),
        (entry(content_html="Short.", summary=SENTENCE * 3), "summary", 30),
        (entry(summary=SENTENCE * 3), "summary", 30),
        (entry(), "page", 0),
        (None, "page", 0),
    ],
)
def test_a_page_without_an_article(feed: Entry | None, source: str, words: int) -> None:
    page = extract_page(html("<p>Please accept our cookies to go on.</p>"), URL, entry=feed)
    assert page.source == source
    assert sum(len(block.text.split()) for block in page.blocks) >= words
    assert bool(page.blocks) == bool(words)


def test_a_teaser_page_gives_way_to_full_content() -> None:
    teaser = html(f"<article><p>{SENTENCE * 3}</p></article>")
    assert extract_page(teaser, URL, entry=entry(content_html=LONG)).source == "feed"
    assert extract_page(teaser, URL, entry=entry(summary=SENTENCE)).source == "page"
    assert (
        extract_page(html(f"<article>{LONG}</article>"), URL, entry=entry(content_html=LONG * 3)).source
        == "page"
    )


def test_line_breaks_part_blocks_and_doubles_go() -> None:
    body = f"<article><p>{SENTENCE * 2}<br>{SENTENCE}<b>Bold</b> end.</p><p>Same.</p><p>Same.</p>{LONG}</article>"
    found = texts(extract_page(html(body), URL).blocks, "paragraph")
    assert found[:2] == [(SENTENCE * 2).strip(), f"{SENTENCE}Bold end."]
    assert found.count("Same.") <= 1


def test_an_entry_alone() -> None:
    page = page_from_entry(entry(content_html=f"<h2>News</h2>{LONG}", published=WHEN), feed_lang="en")
    assert (page.source, page.lang, page.published) == ("feed", "en", WHEN)
    assert page.url == "https://www.daily.example/news/flood"
    assert len(page.blocks) >= 6
    short = page_from_entry(
        entry(summary="Two <b>metres</b> &amp; more", updated=WHEN), "en", "family.example"
    )
    assert short.blocks == (Block("paragraph", "Two metres & more"),)
    assert (short.source, short.outlet, short.published) == ("summary", "family.example", WHEN)
    plain = page_from_entry(entry(content_html="One &amp; two.\n\nThree."))
    assert plain.blocks == (Block("paragraph", "One & two."), Block("paragraph", "Three."))
    tiny = page_from_entry(entry(content_html="<p>Only <i>this</i>.</p>"))
    assert [block.text for block in tiny.blocks] == ["Only this."]
    assert page_from_entry(entry()).blocks == ()


FRENCH = "L’été fut à peine déjà là — naïveté, cœur, où ? " * 4


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (FRENCH.encode(), ""),
        (FRENCH.encode(), "text/html; charset=iso-8859-1"),
        (b'<meta charset="latin1">' + FRENCH.encode(), ""),
        (FRENCH.encode("cp1252"), "text/html; charset=ISO-8859-1"),
        (b'<meta charset="windows-1252">' + FRENCH.encode("cp1252"), "text/html"),
        (FRENCH.encode("cp1252"), 'text/html; charset="windows-1252"'),
        (FRENCH.encode("utf-16"), ""),
        (FRENCH.encode("utf-8-sig"), "text/html; charset=ascii"),
        (FRENCH.encode("cp1252"), "text/html; charset=no-such"),
        (FRENCH.encode("cp1252"), "text/html; charset=punycode"),
        (FRENCH.encode() + b"\xff", "text/html; charset=cp1252"),
    ],
)
def test_characters(body: bytes, content_type: str) -> None:
    assert "naïveté" in decode(body, content_type)
    assert "déjà" in decode(body, content_type)


def test_characters_of_other_scripts() -> None:
    assert decode("東京で大雨".encode("iso-2022-jp"), "text/html; charset=iso-2022-jp") == "東京で大雨"
    assert decode("東京で大雨".encode("cp932"), "text/html; charset=Shift_JIS") == "東京で大雨"
    assert decode("Москва".encode("cp1251"), "text/html; charset=windows-1251") == "Москва"


@pytest.mark.parametrize(
    "body", [b"%PDF-1.7 <p>", b"\x89PNG\r\n<html>", b"", b"\x00" * 900, b"plain words", b"<", b"<!--"]
)
def test_what_is_no_page_has_no_blocks(body: bytes) -> None:
    assert extract_page(body, URL).blocks == ()
    assert extract_page(html(f"<article>{LONG}</article>"), URL, content_type="application/pdf").blocks == ()


@pytest.fixture(scope="module")
def recorded() -> list[Page]:
    """The recorded pages, read once for all that is asked of them."""
    rows = gold_rows()
    if not rows:
        pytest.skip(f"no recorded pages under {DATA} (NEWSFOLD_DATA)")
    return [extract_page(page_bytes(row), row["url"] or URL) for row in rows]


@pytest.mark.slow
def test_recorded_pages(recorded: list[Page]) -> None:
    assert sum(bool(page.blocks) for page in recorded) >= len(recorded) - 1
    assert all(page.title and page.outlet and page.lang != "und" for page in recorded)


@pytest.mark.slow
def test_recorded_articles_are_articles(recorded: list[Page]) -> None:
    kinds = [page.kind for page in recorded]
    assert sum(kind not in ("article", "live", "paywall") for kind in kinds) == 0
    assert sum(kind != "article" for kind in kinds) <= len(kinds) // 50
