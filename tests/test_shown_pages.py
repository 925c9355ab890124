"""Whatever a page has in its fields, an article's are words and addresses that a terminal can show."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from crawler.extract import extract_page
from crawler.model import Entry
from dedup.model import Article
from newsfold.show import safe
from pipelines.clean import to_article

NOW = datetime(2026, 3, 4, tzinfo=UTC)
URL = "https://www.daily.example/news/flood"
SENTENCE = "The river rose by two metres in the night and cut the lower town off from its bridge. "
LONG = "".join(f"<p>{SENTENCE * 3}Part {number}.</p>" for number in range(6))
ARTICLE = f"<article>{LONG}</article>"
LD = '<script type="application/ld+json">'
HEADLINES = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "&lt;script&gt;x&lt;/script&gt;",
    "&amp;lt;b onclick=x&amp;gt;", "&amp;amp;lt;/b&amp;amp;gt;", "&#0;&#7;&#27;[31m", "&#x110000;&#xD800;&#155;", "\x1b[2J\x1b]0;x\x07",
    "&#x202e;\u2066", "&#38;#60;/b&#38;#62;", "<!--", "<![CDATA[", "javascript:alert(1)", "[bold red]rich[/bold red] [link=x]", "\x9b31m\x7f",
)  # fmt: skip
MARKUP = re.compile(r"</|<!--|<[a-zA-Z][^<>]*=[^<>]*>")
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def page(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html lang='en'><head>{head}</head><body>{body}</body></html>".encode()


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def faults(article: Article) -> list[str]:
    """What in an article is not fit to be stored or to be shown on a terminal."""
    found = [each for each in strings(asdict(article)) if not is_clean(each)]
    words = (article.title, *article.authors, article.url, article.image)
    found += [each for each in words if MARKUP.search(each)]
    found += [
        each for each in (article.url, article.image) if each and not re.fullmatch(r"https?://\S+", each)
    ]
    console = Console(file=(out := io.StringIO()), color_system=None, force_terminal=True, width=100)
    console.print(safe(" ".join(words)), *(safe(segment.text) for segment in article.segments[:50]))
    return [repr(each[:200]) for each in (*found, *(["shown"] if not is_clean(out.getvalue()) else []))]


def is_clean(text: str) -> bool:
    text = text.replace("\n", "")
    return text.isprintable() or (
        not any(unicodedata.category(char) in ("Cc", "Cs") for char in text) and TURNING.isdisjoint(text)
    )


@pytest.mark.parametrize("dirt", HEADLINES)
@pytest.mark.parametrize("declared", [True, False])
def test_nothing_of_a_headline_reaches_the_terminal_but_words(dirt: str, declared: bool) -> None:
    said = {"@type": "NewsArticle", "headline": f"{dirt} Flood", "author": {"name": f"{dirt} Bo"}}
    top = (
        f"<title>Flood {dirt} cuts off Aldorf</title><meta property='og:title' content='Flood {dirt} Aldorf'>"
        f"<meta name=author content='Ann {dirt} Lee'><link rel=canonical href='/flood/{dirt}'>"
        f"{LD}{json.dumps(said)}</script>"
    )
    body = page(f"<h1>Flood {dirt}</h1><p>{dirt}</p>{ARTICLE}", top if declared else "")
    entry = Entry(key="k", link=URL, title=f"{dirt} Flood {dirt}", summary=dirt, authors=(f"Ann {dirt}",))
    article = to_article(extract_page(body, URL, entry=entry), NOW, "daily.example")
    assert faults(article) == []
    assert "Flood" in article.title


@pytest.mark.parametrize("dirt", ["<b title=x>", "&#27;[31m", "\u202e"])
def test_the_address_of_a_picture_is_an_address(dirt: str) -> None:
    top = f"<meta property='og:image' content='https://i.example/{dirt}.jpg'>"
    assert re.fullmatch(r"https://[!-;=?-~]+", extract_page(page(ARTICLE, top), URL).image)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(
    st.one_of(st.binary(max_size=400), st.text("<>/ apbdivtle&;=\"'!-\x00é", max_size=400).map(str.encode))
)
def test_never_raises(body: bytes) -> None:
    extract_page(body, URL)
    extract_page(b"<html><body><article>" + body + LONG.encode(), URL, content_type="text/html; charset=gbk")
