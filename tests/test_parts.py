"""Bodies that a page has in pieces, or in its scripts."""

from __future__ import annotations

import json

import pytest

from crawler.extract import extract_page
from crawler.model import Page
from crawler.parts import state_markup

URL = "https://www.daily.example/news/flood"
TITLE = "Flood cuts off the lower town of Aldorf"
SENTENCE = (
    "The river rose by two metres in the night and cut the lower town off from its bridge, the mayor said"
)
AD = "<aside class=ad><div>Advertisement</div></aside>"


def prose(first: int, count: int = 5) -> str:
    return "".join(
        f"<p>{SENTENCE} in part {n}. {SENTENCE} again in part {n}.</p>" for n in range(first, first + count)
    )


def read(body: str, head: str = "") -> Page:
    markup = f"<html lang=en><head><title>{TITLE}</title>{head}</head><body>{body}</body></html>"
    return extract_page(markup.encode(), URL)


def parts(page: Page) -> list[int]:
    return [int(block.text.rsplit(" ", 1)[-1].strip(".")) for block in page.blocks if "part" in block.text]


def test_a_body_in_pieces_of_one_class() -> None:
    pieces = [
        f'<div class="row"><div class="story text -n{n}">{prose(5 * n)}</div></div>{AD}' for n in range(3)
    ]
    assert parts(read(f"<main><h1>{TITLE}</h1>{''.join(pieces)}</main>")) == [*range(15)]


@pytest.mark.parametrize(
    "more",
    [
        f'<div class="teasers">{prose(5)}</div>',
        "".join(f'<div class="story text"><p>{SENTENCE} of story {n}.</p></div>' for n in range(20)),
        f'</main><main><div class="story text">{prose(5)}</div>',
    ],
)
def test_what_is_no_piece_of_the_body(more: str) -> None:
    page = read(f'<main><h1>{TITLE}</h1><div class="story text">{prose(0)}</div>{AD}{more}</main>')
    assert parts(page)[:5] == [*range(5)]
    assert 5 not in parts(page)


def test_a_body_in_a_script() -> None:
    state = json.dumps(
        {"props": {"teaser": "<p>One</p><p>Two</p>", "article": {"body": f"<h2>Flood</h2>{prose(0)}"}}}
    )
    page = read(
        "<div id=root></div>",
        f"<meta property='og:title' content='{TITLE}'><script>let s = {state};</script>",
    )
    assert parts(page) == [*range(5)]
    pushed = f"<script>self.push([1,{json.dumps(state)}])</script>"
    assert parts(read("<div id=root></div>", pushed)) == [*range(5)]


def test_what_in_a_script_is_no_body() -> None:
    assert state_markup([json.dumps(f"<p>{'About cookies we say this. ' * 30}</p>" * 3)], TITLE) == ""
    assert state_markup([json.dumps("Flood in the town of Aldorf " * 50)], TITLE) == ""
    assert state_markup(['"' * 9_999, '"\\' * 9_999, '"' + "\\u00" * 999 + '"', "[" * 9_999], TITLE) == ""
    assert parts(read(f"<article>{prose(0)}</article>", f"<script>{json.dumps(prose(9))}</script>")) == [
        *range(5)
    ]
