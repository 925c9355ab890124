"""Addresses: spelling, outlets, what a page may say about its own address, redirectors."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.urls import (
    _taken_apart,
    canonical_url,
    declared_address,
    outlet_of,
    same_site,
    trusted_canonical,
    unwrap,
)
from tests.timing import within

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
        ("https://example.com//news///flood//", "https://example.com/news/flood/"),
        (
            "https://example.com/web/2026/https://a.example/b",
            "https://example.com/web/2026/https://a.example/b",
        ),
        ("https://example.com/a;jsessionid=1F.n2?id=7", "https://example.com/a?id=7"),
        ("https://example.com/a#:~:text=the%20flood", "https://example.com/a"),
        ("https://example.com/a#xtor=RSS-3208", "https://example.com/a"),
        ("https://example.com/#!/article/5", "https://example.com/#!/article/5"),
        ("https://example.com/#/article/5", "https://example.com/#/article/5"),
        ("https://example.com/a#/photo/5", "https://example.com/a"),
        ("https://example.com/a\x00b\tc", "https://example.com/a%00bc"),
        ("https://example.com/news/index.html", "https://example.com/news/index.html"),
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
        "srsltid=AfmBOo&gad_source=1&gad_campaignid=2",
        "mibextid=WC7FNe&igsh=MzRlOD&ysclid=m1",
        "_bhlid=9c1&ck_subscriber_id=12&ss_source=sscampaigns&ss_campaign_id=6",
        "UTM_Source=x&ScCid=y",
        "%75tm_source=x",
        "maca=en-rss-en-all-1573-rdf",
        "partner=rss&emc=rss&feed=rss2&rss=1",
        "wt_mc=rss.red&CMP=share_btn_url&.tsrc=rss",
        "from=groupmessage&isappinstalled=0",
        "PHPSESSID=0a1b",
        "print=1",
        "view=print",
        "share=bluesky",
        "replytocom=12",
    ],
)
def test_tracking_goes(query: str) -> None:
    assert canonical_url(f"{NEWS}?{query}") == NEWS
    assert canonical_url(f"{NEWS}?id=7&{query}&page=2") == f"{NEWS}?id=7&page=2"


@pytest.mark.parametrize(
    "query",
    [
        "id=7", "b=2&a=1", "ref=v1.2", "p=&q", "atlas=1", "t=%2F", "source=AP-7", "m=1", "print=3rd-edition",
        "sid=103", "cid=7", "from=2026-05-20", "source=home-office", "mod=viewthread", "partner=afp", "feed=7",
    ],
)  # fmt: skip
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
        ("https://mobile.example.com/a", "https://example.com/a"),
        ("https://wap.example.com/a", "https://example.com/a"),
        ("https://en.m.example.com/a", "https://en.example.com/a"),
        ("https://www.m.de/a", "https://www.m.de/a"),
        ("https://m.blogspot.com/a", "https://m.blogspot.com/a"),
        ("https://m.writer.github.io/a", "https://writer.github.io/a"),
        ("https://mobile.de/a", "https://mobile.de/a"),
        ("https://m.daily.example/a", "https://daily.example/a"),
        ("https://example.com/a/amp/amp", "https://example.com/a"),
        ("https://example.com/amp/news/flood", "https://example.com/news/flood"),
        ("https://example.com/amp/marshall", "https://example.com/amp/marshall"),
        ("https://example.com/news/amp/12", "https://example.com/news/amp/12"),
        ("https://example.com/news/amp-12345", "https://example.com/news/amp-12345"),
        ("https://example.com/best-bass-amp", "https://example.com/best-bass-amp"),
        ("https://example.com/flood.amp", "https://example.com/flood"),
        ("https://example.com/flood.amp.html", "https://example.com/flood.html"),
        ("https://example.com/flood-101~amp.html", "https://example.com/flood-101.html"),
        ("https://example.com/flood-1.12!amp", "https://example.com/flood-1.12"),
        ("https://example.com/mobile/flood", "https://example.com/mobile/flood"),
        ("https://example.com/print/flood", "https://example.com/print/flood"),
        ("https://a.blogspot.com/2026/05/flood.html?m=1", "https://a.blogspot.com/2026/05/flood.html"),
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
@example("http://a/..~amp/.;jsessionid=1/.amp/amp//amp")
@example("http://a/2026/05/b.html?m=1&amp;m=0&m=1")
@example("http://a/amp/https:///..//amp.amp#!/b")
@example("http://a%2Eb/%2e%2e/%%34%31")
def test_idempotent(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once


_PIECES = "/ // amp /amp .amp ~amp .html a b m m. . .. /../ ; ;jsessionid= ? & = amp; m=1 utm_x #!/ #/ # %2e %41 % é : @ 2026/05/"


@given(st.lists(st.sampled_from(_PIECES.split()), max_size=12).map("".join))
def test_idempotent_where_many_marks_meet(rest: str) -> None:
    once = canonical_url(f"https://m.a.example/{rest}")
    assert canonical_url(once) == once


_HOSTS = st.sampled_from(
    [
        "m.a.example",
        "a.example",
        "www.b-c.co.uk",
        "127.0.0.1",
        "a..b",
        "m.example",
        "mobile.de",
        "amp.a.example",
    ]
)
_PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":0", ":65535", ":99999"])
_PATHS = st.lists(st.sampled_from([*_PIECES.split(), "news", "1", "x.html", "-", "~", "_"]), max_size=6).map(
    "".join
)


@given(st.sampled_from(["http", "https"]), _HOSTS, _PORTS, _PATHS)
def test_a_plain_address_is_spelt_as_one_that_is_taken_apart(
    scheme: str, host: str, port: str, path: str
) -> None:
    for url in (f"{scheme}://{host}{port}/{path}", f"{scheme}://{host}{port}"):
        assert canonical_url(url) == _taken_apart(url)


@pytest.mark.parametrize(
    "piece",
    ["amp;", "/amp", ".amp", ".amp.html", "m.", "%41", "&a", "é", "é.", "/..", "/a/..", "a", "-", "://", "~", "/url?url=http://a"],
)  # fmt: skip
@pytest.mark.parametrize(
    "start", ["http://", "http://a.example/", "http://a.example/x?", "http://a.example/#!/"]
)
def test_endless_addresses_take_linear_time(start: str, piece: str) -> None:
    long = start + piece * (100_000 // len(piece))

    def all_of_it() -> str:
        trusted_canonical(long, long), trusted_canonical(NEWS, long), outlet_of(long), unwrap(long)
        return canonical_url(long)

    once = within(2, all_of_it)  # quadratic time takes minutes
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
        ("www.lemonde.fr:443/a//b", "lemonde.fr"),
        ("https://reader@www.lemonde.fr./a", "lemonde.fr"),
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


ARTICLE = "https://news.example.com/news/2026/flood-aldorf?page=2"


@pytest.mark.parametrize(
    "declared",
    [
        "https://news.example.com/news/2026/flood-aldorf",
        "http://example.com/2026/05/20/flood",
        "https://news.example.com/de/nachrichten/flut",
        "https://example.com/?p=123",
        "https://example.com/#!/article/5",
        "//example.com/flood",
        "example.com/flood",
        "/flood",
        "../../flood.html",
        "?page=1",
        "https://news.example.com/news/2026/flood-aldorf#",
        "https://amp.example.com/flood/amp/?utm_source=x",
        "https://example.com/a/null-and-void",
    ],
)
def test_declared_addresses_that_can_be_true(declared: str) -> None:
    assert declared_address(ARTICLE, declared) == canonical_url(trusted_canonical(ARTICLE, declared)) != ""
    assert trusted_canonical(ARTICLE, declared) != canonical_url(ARTICLE)


@pytest.mark.parametrize(
    "declared",
    [
        "https://news.example.com/news",
        "https://news.example.com/news/2026/",
        "https://news.example.com/news/index.html",
        "https://news.example.com/news.html",
        "https://example.com/en/",
        "https://example.com/home",
        "https://example.com/?lang=en",
        "https://example.com/404",
        "https://example.com/error.html",
        "https://example.com/consent?url=x",
        "https://example.com/login/",
        "https://example.com/subscribe/offer",
        "https://news.example.com:8080/news/2026/flood-aldorf",
        "https://news.example.com/news/2026/flood-aldorf#comments",
        "https://example.com/https://example.com/flood",
        "https://example.com/{{url}}",
        "https://example.com/%7B%7Burl%7D%7D",
        "https://example.com/[object%20Object]",
        "https://example.com/undefined",
        "undefined",
        "null",
        "#",
        "#top",
        "about:blank",
        "data:text/html,x",
        "https://example.com/" + "a" * 2_000,
    ],
)
def test_declared_addresses_that_cannot(declared: str) -> None:
    assert declared_address(ARTICLE, declared) == ""
    assert trusted_canonical(ARTICLE, declared) == ARTICLE


@pytest.mark.parametrize(
    ("page", "declared", "true"),
    [
        ("https://a.example/flood/page/2", "/flood", True),
        ("https://a.example/flood/index.html", "/flood", True),
        ("https://a.example/a/1234567/flood", "/a/1234567", True),
        ("https://a.example/20260520/flood", "/20260520", False),
        ("https://a.example/news/12", "/news", False),
        (
            "https://a.example/science-and-technology-news-today/flood",
            "/science-and-technology-news-today",
            False,
        ),
        ("https://a.example/flood?view=all", "/flood", True),
        ("https://a.example/news?id=7", "/news", False),
        ("https://a.example/articleView.html?idxno=7", "/articleView.html", False),
        ("https://a.example/articleView.html?idxno=7&x=1", "/articleView.html?idxno=7", True),
        ("https://a.example/flood-in-aldorf-kills-two?id=7", "/flood-in-aldorf-kills-two", True),
        ("https://a.example/?p=7", "/", False),
        ("https://a.example/", "/de/", True),
        ("https://one.github.io/flood", "https://two.github.io/flood", False),
    ],
)
def test_declared_addresses_of_other_pages(page: str, declared: str, true: bool) -> None:
    assert bool(declared_address(page, declared)) is true


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
        "https://www.google.de/url?Q=HTTPS%3A%2F%2Fwww.example.com%2Fnews%2Fflood",
        "https://www.bing.com/amp/s/www.example.com/news/flood",
        "https://www.bing.com/ck/a?!&&p=1&u=a1"
        + base64.urlsafe_b64encode(NEWS.encode()).decode().rstrip("=")
        + "&ntb=1",
        "https://feeds.feedblitz.com/~/t/0/0/daily/~https://www.example.com/news/flood",
        "https://feeds.feedblitz.com/~/t/0/_/daily/full/~www.example.com/news/flood",
        "https://r.search.yahoo.com/_ylt=A/RV=2/RE=1/RO=10/RU=https%3a%2f%2fwww.example.com%2fnews%2fflood/RK=2/RS=x-",
        "http://us.rd.yahoo.com/dailynews/rss/world/*https://www.example.com/news/flood",
        "https://news.google.com/rss/articles/"
        + base64.urlsafe_b64encode(
            b"\x08\x13\x22" + bytes([len(NEWS)]) + NEWS.encode() + b"\xd2\x01\x00"
        ).decode(),
        "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.example.com%2Fnews%2Fflood&data=05",
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__www.example.com_news_flood&d=DwMF",
        "https://urldefense.com/v3/__https://www.example.com/news/flood__;!!Abc$",
        "https://urldefense.com/v3/__https://www.example.com/news*flood__;Lw!!Abc$",
        "https://vk.com/away.php?to=https%3A%2F%2Fwww.example.com%2Fnews%2Fflood",
        "https://l.instagram.com/?u=https%3A%2F%2Fwww.example.com%2Fnews%2Fflood&e=AT",
        "https://www.example.com/zustimmung?url=https%3A%2F%2Fwww.example.com%2Fnews%2Fflood",
        "https://consent.google.com/m?continue=https%253A%252F%252Fwww.example.com%252Fnews%252Fflood&gl=DE",
    ],
)
def test_redirectors_are_unwrapped(wrapped: str) -> None:
    assert canonical_url(unwrap(wrapped)) == NEWS


@pytest.mark.parametrize(
    "plain",
    [
        NEWS,
        "https://news.google.com/rss/articles/CBMiX?oc=5",
        "https://example.com/share?url=https://other.example/",
        "https://example.com/url?url=/a",
        "https://example.com/url?url=https://",
        "https://example.com/url?url=http://[",
        "https://www.out.com/?url=https://other.example/",
        "https://t.co/AbCd",
        "https://feedproxy.google.com/~r/daily/~3/AbCd/",
        "https://news.google.com/rss/articles/CBMiggFBVV95cUxQ?oc=5",
        "https://urldefense.com/v3/__https://a.example/**Bx__;4pyT!!Abc$",
        "https://www.google.com/amp/guide",
        "mailto:a@example.com",
    ],
)
def test_other_addresses_are_not(plain: str) -> None:
    assert unwrap(plain) == plain
