"""Addresses: spelling, outlets, what a page may say about its own address, redirectors."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.urls import canonical_url, outlet_of, same_site, trusted_canonical, unwrap

NEWS = "https://www.example.com/news/flood"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("HTTPS://WWW.Example.COM:443/News/Flood", "https://www.example.com/News/Flood"),
        ("http://example.com:80", "http://example.com/"),
        ("http://example.com:8080/a", "http://example.com:8080/a"),
        ("https://example.com/a#comments", "https://example.com/a"),
        (" https://example.com/a\n", "https://example.com/a"),
        ("https://reader:secret@example.com/a", "https://example.com/a"),
        ("https://example.com/a/", "https://example.com/a/"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://example.com/a/./b/../c", "https://example.com/a/c"),
        ("https://example.com/../../a/..", "https://example.com/"),
        ("https://example.com/%7euser/%c3%a9t%C3%A9", "https://example.com/~user/%C3%A9t%C3%A9"),
        ("https://example.com/été à Paris", "https://example.com/%C3%A9t%C3%A9%20%C3%A0%20Paris"),
        ("https://example.com/100%", "https://example.com/100%25"),
        ("https://[2001:DB8::1]:443/a", "https://[2001:db8::1]/a"),
    ],
)
def test_one_spelling(written: str, canonical: str) -> None:
    assert canonical_url(written) == canonical


@pytest.mark.parametrize(
    "query",
    [
        "utm_source=rss&utm_medium=feed",
        "fbclid=abc",
        "gclid=abc&mc_cid=1&mc_eid=2",
        "at_medium=RSS&at_campaign=KARANGA",
        "xtor=RSS-3208",
        "ns_mchannel=rss&ns_source=PublicRSS20-sa",
        "ref=rss",
        "amp=1",
        "amp",
        "outputType=amp",
        "&amp;utm_source=rss",
    ],
)
def test_tracking_goes(query: str) -> None:
    assert canonical_url(f"{NEWS}?{query}") == NEWS
    assert canonical_url(f"{NEWS}?id=7&{query}&page=2") == f"{NEWS}?id=7&page=2"


@pytest.mark.parametrize("query", ["id=7", "b=2&a=1", "ref=v1.2", "p=&q", "atlas=1", "t=%2F", "source=AP-7"])
def test_other_queries_stay(query: str) -> None:
    assert canonical_url(f"{NEWS}?{query}") == f"{NEWS}?{query}"


@pytest.mark.parametrize(
    ("twin", "canonical"),
    [
        ("https://m.example.com/a", "https://example.com/a"),
        ("https://amp.example.co.uk/a", "https://example.co.uk/a"),
        ("https://m.co.uk/a", "https://m.co.uk/a"),
        ("https://m.de/a", "https://m.de/a"),
        ("https://example.com/a/amp", "https://example.com/a"),
        ("https://example.com/a/amp/", "https://example.com/a/"),
        ("https://example.com/amp", "https://example.com/amp"),
        ("https://example.com/a/amplifier", "https://example.com/a/amplifier"),
    ],
)
def test_amp_and_mobile_twins(twin: str, canonical: str) -> None:
    assert canonical_url(twin) == canonical


@pytest.mark.parametrize(
    "other", ["", "mailto:desk@example.com", "/a/b", "http://", "http://[::1", "https://a:b/c"]
)
def test_what_is_no_web_address_stays(other: str) -> None:
    assert canonical_url(other) == other


@given(
    st.one_of(
        st.text(),
        st.from_regex(r"https?://[a-zA-Z0-9.:@%\-]{1,20}[/?#&=%.a-z;+é ]{0,30}", fullmatch=True),
        st.builds(lambda host, rest: f"http://{host}/{rest}", st.text(max_size=12), st.text(max_size=20)),
    )
)
@example("http://m.amp.m.com/amp/amp/../amp?amp;amp;utm_x=1&amp;=2")
@example("HTTP://\x1f0")
@example("http://a%2Eb/%2e%2e/%%34%31")
def test_idempotent(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once


@given(st.text())
def test_never_raises(text: str) -> None:
    outlet_of(text)
    unwrap(text)
    trusted_canonical("https://example.com/a", text)
    assert same_site(text, text) == bool(outlet_of(text))


@pytest.mark.parametrize(
    ("url", "outlet"),
    [
        ("https://www.bbc.co.uk/news/1", "bbc.co.uk"),
        ("https://edition.CNN.com/x", "cnn.com"),
        ("http://blog.writer.github.io/x", "writer.github.io"),
        ("http://127.0.7.3:8900/a", "127.0.7.3"),
        ("http://[::1]:8900/a", "::1"),
        ("https://www.daily.example/a", "daily.example"),
        ("http://localhost:8000/", "localhost"),
        ("https://www.xn--bcher-kva.de/a", "bücher.de"),
        ("https://WWW.Bücher.de/a", "bücher.de"),
        ("https://github.io/", "github.io"),
        ("www.lemonde.fr", "lemonde.fr"),
        ("", ""),
    ],
)
def test_outlets(url: str, outlet: str) -> None:
    assert outlet_of(url) == outlet


def test_same_site() -> None:
    assert same_site("https://www.example.com/a", "http://feeds.example.com/b")
    assert not same_site("http://127.0.7.3/a", "http://127.0.7.4/a")
    assert not same_site("https://a.github.io/", "https://b.github.io/")
    assert not same_site("", "")


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        ("https://example.com/news/flood-2", "https://example.com/news/flood-2"),
        ("/news/flood-2?utm_source=x", "https://www.example.com/news/flood-2"),
        ("https://other.example/news/flood", NEWS),
        ("https://www.example.com/", NEWS),
        ("https://www.example.com/index.html", NEWS),
        ("ftp://www.example.com/a", NEWS),
        ("javascript:alert(1)", NEWS),
        ("http://[bad", NEWS),
        ("", NEWS),
    ],
)
def test_declared_address(declared: str, used: str) -> None:
    assert trusted_canonical(NEWS + "?fbclid=1", declared) == used


def test_declared_address_of_a_front_page_and_of_a_script() -> None:
    assert trusted_canonical("https://example.com/", "https://www.example.com/") == "https://www.example.com/"
    script = "https://example.com/article.php?id=7"
    assert trusted_canonical(script, "https://example.com/article.php") == script
    assert trusted_canonical(script, "https://example.com/7-flood") == "https://example.com/7-flood"


@pytest.mark.parametrize(
    "wrapped",
    [
        "https://www.google.com/url?rct=j&sa=t&url=https%3A%2F%2Fwww.example.com%2Fnews%2Fflood&ct=ga",
        "https://feedproxy.example.net/x?url=https://www.example.com/news/flood",
        "http://www.bing.com/news/apiclick.aspx?ref=FexRss&url=https%3a%2f%2fwww.example.com%2fnews%2fflood",
        "https://www-example-com.cdn.ampproject.org/c/s/www.example.com/news/flood",
        "https://www.google.com/amp/s/www.example.com/news/flood",
        "https://l.example.org/l.php?u=https%3A%2F%2Fwww.google.com%2Furl%3Furl%3Dhttps%253A%252F%252Fwww.example.com%252Fnews%252Fflood",
    ],
)
def test_redirectors_are_unwrapped(wrapped: str) -> None:
    assert unwrap(wrapped) == NEWS


@pytest.mark.parametrize(
    "plain",
    [
        NEWS,
        "https://news.google.com/rss/articles/CBMiX?oc=5",
        "https://example.com/share?url=https://other.example/",
        "https://example.com/url?url=/a",
        "mailto:a@example.com",
    ],
)
def test_other_addresses_are_not(plain: str) -> None:
    assert unwrap(plain) == plain
