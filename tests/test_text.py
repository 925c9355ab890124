"""Plain text out of markup and wild strings."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler import text as reading
from crawler.text import escaped, plain, storable, tidy


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Plain words", "Plain words"),
        ("<p>One</p><p>two</p>", "One two"),
        ("<b>W</b>ord<br>next", "Word next"),
        ("a < b and I <3 you", "a < b and I <3 you"),
        ("caf&eacute;&nbsp;&amp; bar", "café & bar"),
        ("Q&amp;amp;A", "Q&A"),
        ("Q&amp;amp;amp;A", "Q&amp;A"),
        ("&lt;b&gt;bold&lt;/b&gt;", "bold"),
        ("&amp;lt;p&amp;gt;hi&amp;lt;/p&amp;gt;", "hi"),
        ("the &amp;lt;b&amp;gt; tag", "the <b> tag"),
        ("R&D", "R&D"),
        ("x<script>alert('1 < 2')</script><style>p{}</style>y", "x y"),
        ("<!-- no -->yes<?php no ?>", "yes"),
        ("<img alt='a > b'>text", "text"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07shown", "shown"),
        ("nul\x00 c1\x9b bell\x07", "nul c1 bell"),
        ("\u202eevil\u2066x", "evilx"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("lone\ud800", "lone"),
        ("&#x202e;turned &#27;", "turned"),
        ("a\u00a0b\u2028c\x85d\n\te", "a b c d e"),
        ("soft\u00adhyphen\ufeff", "softhyphen"),
        ("", ""),
    ],
)
def test_plain(markup: str, text: str) -> None:
    assert plain(markup) == text


def test_plain_is_cut_at_a_word_where_one_is_near() -> None:
    assert plain("one two three", 9) == "one two"
    assert plain("漢" * 50, 20) == "漢" * 20


def test_plain_of_deep_and_broken_markup_is_bounded() -> None:
    assert plain("<div>" * 3_000 + "deep") == "deep"
    assert plain("<div>" * 60_000 + "deep") == ""
    assert len(plain("<" * 300_000)) <= 5_000
    assert len(plain("&amp;" * 300_000, 100)) <= 100


def test_tidy_takes_signs_for_themselves() -> None:
    assert tidy(" a <b>\n &amp;\x00 ") == "a <b> &amp;"


def test_storable_keeps_tags_and_lines() -> None:
    assert storable("<p>a\nb\x00\ud800</p>\x1b[0m ") == "<p>a\nb</p>"


def test_escaped_text_reads_back_as_itself() -> None:
    assert escaped("a < b\n\nc & d") == "<p>a &lt; b</p><p>c &amp; d</p>"
    assert plain(escaped("a < b\n\nc & d")) == "a < b c & d"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters() | st.sampled_from("<>&;/!-#[]\x1b\ud800\u202e"), max_size=200))
def test_plain_is_always_one_printable_line(markup: str) -> None:
    text = plain(markup, 50)
    assert len(text) <= 50
    assert text == " ".join(text.split())
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in text)
    text.encode()


_TEXTS = st.text(alphabet="ab c\n>\u00e9\u6f22/='", max_size=8)
_GIVEN = st.sampled_from(
    ["", ' class="x y"', ' href="http://a.example/?b=c" rel="d"', "\n", " style=\"a: 'b'\"", " hidden"]
)


def _of(names: str, inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts, line breaks, and elements of these names around what `inner` draws."""
    whole = st.builds("<{0}{1}>{2}</{0}>".format, st.sampled_from(names.split()), _GIVEN, inner)
    alone = st.builds("<{0}{1}>".format, st.sampled_from(["br", "img"]), _GIVEN)
    return st.lists(whole | alone | _TEXTS, max_size=4).map("".join)


# As it is meant to be written: where a paragraph holds a list, its end stands alone, and the parser forgets it.
_LINES = _of("a b i em strong span u", _of("a b i em strong span u", _TEXTS))
_BLOCKS = _of("div", _of("p li h2", _LINES) | _of("div ul", _of("li", _LINES)) | _LINES)


@given(_BLOCKS)
def test_common_markup_is_read_without_a_parser_as_with_one(markup: str) -> None:
    assert "<" not in reading._words(markup)
    assert reading._words(markup).split() == reading._words_parsed(markup).split()
