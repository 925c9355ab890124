"""What a page's markup says of its lines: links, bold lines, captions and alternative texts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.extract import extract_page
from crawler.layout import dress
from crawler.markup import parse_page
from crawler.model import Block
from dedup.model import Article
from pipelines.clean import to_article

URL = "https://www.daily.example/news/flood"
TITLE = "Flood cuts off the lower town of Aldorf"
FIRST = (
    "The Alder rose by two metres in the night and cut the lower town off from its bridge, the mayor said."
)
SECOND = (
    "Crews from three counties were on their way with boats, pumps and sandbags by the early morning hours."
)
THIRD = (
    "Schools stay closed until Friday at least, and trains are being sent round by the northern line instead."
)


def dressed(body: str, *texts: str, headlines: tuple[str, ...] = (TITLE,)) -> list[tuple[str, str]]:
    tree = parse_page(f"<html><body>{body}</body></html>".encode())
    assert tree is not None
    blocks = tuple(Block("paragraph", text) for text in texts)
    return [(block.kind, block.text) for block in dress(tree, blocks, headlines)]


def article(body: str, title: str = TITLE) -> Article:
    page = f"<html><head><title>{title}</title><meta property='og:title' content='{title}'></head><body>{body}</body></html>"
    return to_article(extract_page(page.encode(), URL), datetime(2026, 3, 4, tzinfo=UTC), "daily.example")


def test_links_and_bold_lines() -> None:
    body = (
        f"<p>{FIRST}</p><ul><li><a href=/a>Other story one</a></li><li><b>Weather:</b> <a href=/b>Other story two</a></li></ul>"
        f"<p><strong>What is known</strong></p><p>{SECOND} <a href=/c>more</a></p><a href=/d><h3>Other story three</h3></a>"
    )
    lines = (
        FIRST,
        "Other story one",
        "Weather: Other story two",
        "What is known",
        f"{SECOND} more",
        "Other story three",
    )
    kinds = [kind for kind, _ in dressed(body, *lines)]
    assert kinds == ["paragraph", "link", "link", "bold", "paragraph", "link"]


def test_captions_stand_where_they_stood() -> None:
    body = (
        "<nav><figure><figcaption>Of another article</figcaption></figure></nav>"
        f"<article><figure><img alt='{TITLE}'><figcaption>The bridge at dawn</figcaption></figure><p>{FIRST}</p>"
        f"<p>{SECOND}</p><figure><img alt='A boat'><figcaption>Boats on Mill Street</figcaption></figure><p>{THIRD}</p></article>"
    )
    assert dressed(body, FIRST, SECOND, THIRD) == [
        ("alt", TITLE),
        ("caption", "The bridge at dawn"),
        ("paragraph", FIRST),
        ("paragraph", SECOND),
        ("caption", "Boats on Mill Street"),
        ("paragraph", THIRD),
    ]


@pytest.mark.parametrize("blocks", [(), ("",), ("Not on the page",), (FIRST, FIRST)])
def test_blocks_that_are_not_found_stay_as_they_are(blocks: tuple[str, ...]) -> None:
    found = dressed(f"<div><p>{FIRST}</p><img alt='x'></div>", *blocks)
    assert [text for _, text in found] == list(blocks)


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (f"<figure><img src=a.jpg alt='{TITLE}'></figure>", "alt"),
        (f"<figure><img src=a.jpg><figcaption>{TITLE}. </figcaption></figure>", "caption"),
        (f"<h2>{TITLE.upper()}</h2>", "heading"),
        (f"<p>{TITLE} – Daily</p>", "paragraph"),
        (f"<p><b>{TITLE[:30]}…</b></p>", "bold"),
        (f"<blockquote><p>“{TITLE}”</p></blockquote>", "quote"),
        (f"<ul><li>{TITLE}</li></ul>", "list"),
    ],
)
def test_the_headline_anywhere_in_the_body_is_a_repeat(said: str, place: str) -> None:
    found = article(f"<article><h1>{TITLE}</h1><p>{FIRST}</p><p>{SECOND}</p>{said}<p>{THIRD}</p></article>")
    assert found.title == TITLE
    assert [(r.place, r.of) for r in found.repeats] == [(place, "headline")]
    assert found.repeats[0].similarity > 0.5
    assert found.segments[found.repeats[0].segment].kind == "repeat"
    assert found.text == "\n\n".join((FIRST, SECOND, THIRD))


def test_what_the_page_calls_it_besides_its_title_is_no_text() -> None:
    head = f"<meta property='og:title' content='{TITLE}'><title>{TITLE}</title>"
    shown = "Two metres of water in Aldorf"
    page = f"<html><head>{head}</head><body><article><h1>{shown}</h1><h2>{shown}</h2><p>{FIRST}</p><p>{SECOND}</p></article></body>"
    found = to_article(extract_page(page.encode(), URL), datetime(2026, 3, 4, tzinfo=UTC), "daily.example")
    assert found.title == TITLE
    assert shown not in found.text


def test_a_box_of_links_is_no_text() -> None:
    box = (
        "<ul>" + "".join(f"<li><a href=/{i}>Story number {i} of the day</a></li>" for i in range(4)) + "</ul>"
    )
    found = article(f"<article><p>{FIRST}</p><p>{SECOND}</p>{box}<p>{THIRD}</p></article>")
    assert found.text == "\n\n".join((FIRST, SECOND, THIRD))
