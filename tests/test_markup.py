"""What of a page's markup goes to the parser: all of an ordinary page, of a giant one what may be text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import tostring
from trafilatura.utils import load_html

from benchmarks.pages import gold_rows, page_bytes
from crawler.decode import decode
from crawler.markup import MAX_BRACKETS, MAX_ELEMENTS, MAX_MARKUP, MAX_TEXT, bounded, lighten, parse_markup

LD = '<script type="application/ld+json">'
# What makes a page too large to be taken as it is.
MUCH = "<p>w" * (MAX_BRACKETS + 1)


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ("<p>a<!-- <b> -->b", "<p>ab"),
        ("<p>a<!-- b --x --> <!-->c", "<p>a "),
        ("<script>if (1 < 2) '<p>'</script>a", "<script></script>a"),
        (f"{LD}{'x' * 600_000}</script>{LD}{{}}</SCRIPT>a", f"{LD}</script>{LD}{{}}</SCRIPT>a"),
        (f"<img src='data:image/png;base64,{'x' * 50_000}'>a", "<img src='data:'>a"),
        ("x < y <3 <b title='<!--", "x < y <3 <b title='"),
    ],
)  # fmt: skip
def test_what_is_left_of_a_giant_page(markup: str, kept: str) -> None:
    assert bounded(markup) == markup
    assert bounded(markup + MUCH).startswith(kept)


def test_the_bounds() -> None:
    assert bounded(MUCH).count("<") == MAX_BRACKETS
    assert len(bounded("<p>" + "a" * 2 * MAX_MARKUP)) == MAX_MARKUP
    tree = parse_markup("<html><body>" + "<p>a" * (MAX_ELEMENTS + 9) + "<b>")
    assert tree is not None
    assert tree.xpath("count(//*)") == MAX_ELEMENTS
    for long in ("<p>{}</p>", "<br>{}", "<p>&#1;{}"):
        tree = parse_markup(long.format("a" * (MAX_TEXT + 9)))
        assert tree is not None
        assert len("".join(tree.itertext()).strip("\x01\ufffd")) <= MAX_TEXT + 9 * ("#" in long)


@pytest.mark.parametrize("tangle", ["<i>" * 200 + "w" * 50_000, ("<i>" * 200 + "</i>" * 200) * 10])
def test_what_is_nested_as_no_article_is(tangle: str) -> None:
    assert parse_markup(f"<html><body>{tangle}") is None


def test_lightened_of_what_holds_no_text() -> None:
    tree = parse_markup(
        f"<title>t</title><nav>n</nav>{LD}1</script><script>2</script>x<p>a<svg><b>c</b></svg>d"
    )
    assert tree is not None
    lighten(tree)
    assert "".join(tree.itertext()) == "1xad"


@settings(deadline=None)
@given(st.text("<>/ apbscript=\"'!-\x00\x07\ufffe\ud800", max_size=200))
def test_whatever_is_parsed_is_a_tree_or_nothing(markup: str) -> None:
    tree = parse_markup(f"<html><body>{markup}")
    assert tree is None or tree.tag == "html"


@pytest.mark.slow
def test_recorded_pages_are_read_as_they_are(data: Path) -> None:
    """Against the extractor's own way to the parser; of the few giant pages the text is the same."""
    for row in gold_rows():
        markup = decode(page_bytes(row))
        ours, theirs = parse_markup(markup), load_html(markup.replace("\x00", ""))
        assert words(ours) == words(theirs), row["url"]
        if bounded(markup) is markup and "\ufffd" not in markup:
            assert tostring(ours) == tostring(theirs), row["url"]


def words(tree: object) -> list[str]:
    for code in list(tree.iter("script", "style")):  # type: ignore[attr-defined]
        code.drop_tree()
    return "".join(tree.itertext()).split()  # type: ignore[attr-defined]
