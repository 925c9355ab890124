"""RSS, RDF and Atom; what is no feed; bounds."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import CrawlerError, FeedError, NotAFeed
from crawler.model import Entry, ParsedFeed
from crawler.parse import parse_feed
from tests.timing import within

URL = "https://feeds.example/news/rss.xml"

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>The &amp;amp; News</title><link>https://site.example/</link><language>en-US</language><ttl>15</ttl>
<atom:link rel="self" href="https://site.example/rss"/><atom:link rel="hub" href="https://hub.example/"/>
<item><guid isPermaLink="false">g1</guid><title>A &lt;b&gt;title&lt;/b&gt;</title><link>/a?x=1&amp;y=2</link>
<description><![CDATA[<p>Lead &eacute;</p>]]></description><content:encoded><![CDATA[<p>Body</p>]]></content:encoded>
<dc:creator>Ann</dc:creator><pubDate>Mon, 01 Jan 2024 10:00:00 +0200</pubDate>
<source url="https://wire.example/rss">The Wire</source><media:content url="/i.jpg" medium="image"/></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de-CH" xml:base="/blog/"><title type="text">How &lt;b&gt; works</title>
<link href="https://home.example/"/><link rel="self" href="https://home.example/feed"/><link rel="hub" href="https://hub.example/"/>
<entry><id>tag:home.example,2024:1</id><title type="html">A &amp;amp; &lt;b&gt;B&lt;/b&gt;</title><link href="post"/>
<author><name>Ann</name></author><author><name>Bob</name></author><summary>1 &lt; 2</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Hi <b>x</b></p></div></content>
<published>2024-01-02T03:04:05+02:00</published><updated>2024-01-03T00:00:00Z</updated>
<source><title>Other</title><link rel="self" href="https://other.example/feed"/></source></entry></feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>R</title><link>https://r.example/</link>
<dc:language>pl</dc:language></channel><item rdf:about="https://r.example/1"><title>One</title>
<link>https://r.example/1</link><dc:date>2024-05-06T07:08:09Z</dc:date></item></rdf:RDF>"""


def _rss(inside: str, head: str = "<rss version='2.0'>") -> ParsedFeed:
    return parse_feed(
        f"{head}<channel><link>https://site.example/</link>{inside}</channel></rss>".encode(), URL
    )


def _one(inside: str) -> Entry:
    (entry,) = _rss(f"<item>{inside}</item>").entries
    return entry


def test_rss() -> None:
    feed = parse_feed(RSS.encode(), URL, "text/xml")
    assert (feed.kind, feed.title, feed.link, feed.lang) == (
        "rss20",
        "The & News",
        "https://site.example/",
        "en",
    )
    assert (feed.self_url, feed.hub, feed.hints.ttl) == (
        "https://site.example/rss",
        "https://hub.example/",
        900,
    )
    assert feed.entries == (
        Entry(
            key="g1",
            link="https://site.example/a?x=1&y=2",
            title="A title",
            summary="Lead é",
            content_html="<p>Body</p>",
            published=datetime(2024, 1, 1, 8, tzinfo=UTC),
            authors=("Ann",),
            source_url="https://wire.example/rss",
            source_title="The Wire",
            image="https://site.example/i.jpg",
        ),
    )
    assert feed.notes == ()


def test_atom() -> None:
    feed = parse_feed(ATOM.encode(), URL, "application/atom+xml")
    assert (feed.kind, feed.title, feed.lang, feed.hub) == (
        "atom10",
        "How <b> works",
        "de",
        "https://hub.example/",
    )
    assert feed.entries == (
        Entry(
            key="tag:home.example,2024:1",
            link="https://home.example/blog/post",
            title="A & B",
            summary="1 < 2",
            content_html="<p>Hi <b>x</b></p>",
            published=datetime(2024, 1, 2, 1, 4, 5, tzinfo=UTC),
            updated=datetime(2024, 1, 3, tzinfo=UTC),
            authors=("Ann", "Bob"),
            lang="de",
            source_url="https://other.example/feed",
            source_title="Other",
        ),
    )


def test_rdf() -> None:
    feed = parse_feed(RDF.encode(), URL)
    assert (feed.kind, feed.lang, feed.entries[0].key) == ("rss10", "pl", "https://r.example/1")
    assert feed.entries[0].published == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("<rss version='0.91'>", "rss091u"),
        ("<rss version='0.92'>", "rss092"),
        ("<rss>", "rss"),
        (
            "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'http://x.example/d'><rss>",
            "rss091n",
        ),
    ],
)
def test_older_kinds_and_feeds_without_entries(head: str, kind: str) -> None:
    feed = _rss("", head)
    assert (feed.kind, feed.entries) == (kind, ())


def test_full_content_without_a_summary_is_no_summary() -> None:
    body = ATOM.replace("<summary>1 &lt; 2</summary>", "").encode()
    entry = parse_feed(body, URL).entries[0]
    assert (entry.summary, entry.content_html) == ("", "<p>Hi <b>x</b></p>")


def test_a_description_as_long_as_an_article_is_content_too() -> None:
    text = "word " * 1_500
    entry = _one(f"<title>t</title><description>&lt;p&gt;{text}&lt;/p&gt;</description>")
    assert len(entry.summary) <= 5_000
    assert entry.summary.startswith("word word")
    assert entry.content_html.startswith("<p>word")
    assert _one("<description>short</description>").content_html == ""


@pytest.mark.parametrize(
    ("inside", "link"),
    [
        ("<link>a.html</link>", "https://site.example/a.html"),
        ("<link> //cdn.example/x </link>", "https://cdn.example/x"),
        ("<link>javascript:alert(1)</link>", ""),
        ("<link>data:text/html,x</link>", ""),
        ("<link>http://[broken/</link>", ""),
        ("<link>https://a.example/a b</link>", "https://a.example/a%20b"),
        ("<guid>https://a.example/g</guid>", "https://a.example/g"),
        ("<guid isPermaLink='false'>https://a.example/g</guid>", "https://a.example/g"),
        ("<guid>12345</guid>", ""),
    ],
)
def test_links_are_absolute_web_addresses_or_nothing(inside: str, link: str) -> None:
    assert _one(f"<title>t</title>{inside}").link == link


def test_the_addresses_own_feed_is_the_last_base() -> None:
    body = b"<rss version='2.0'><channel><item><link>a</link></item></channel></rss>"
    assert parse_feed(body, URL).entries[0].link == "https://feeds.example/news/a"


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 1900 00:00:00 GMT", "Mon, 01 Jan 2999 00:00:00 GMT", "soon", "", "0"]
)
def test_nonsense_dates_are_none(date: str) -> None:
    assert _one(f"<title>t</title><pubDate>{date}</pubDate>").published is None


@pytest.mark.parametrize(
    ("tag", "code"), [("en-US", "en"), ("ZH_cn", "zh"), ("iw", "he"), ("English", ""), ("und", "")]
)
def test_languages_are_primary_subtags(tag: str, code: str) -> None:
    assert _rss(f"<language>{tag}</language>").lang == code


@pytest.mark.parametrize(
    "inside",
    [
        "<enclosure url='https://site.example/i.png' type='image/png'/>",
        "<media:thumbnail xmlns:media='http://search.yahoo.com/mrss/' url='/i.png'/>",
        "<media:content xmlns:media='http://search.yahoo.com/mrss/' url='/v.mp4' medium='video'/>"
        "<media:content xmlns:media='http://search.yahoo.com/mrss/' url='/i.png'/>",
    ],
)
def test_images(inside: str) -> None:
    assert _one(f"<title>t</title>{inside}").image == "https://site.example/i.png"


@pytest.mark.parametrize(
    ("author", "names"),
    [("ann@a.example (Ann Lee)", ("Ann Lee",)), ("ann@a.example", ()), ("A &amp;amp; B", ("A & B",))],
)
def test_authors(author: str, names: tuple[str, ...]) -> None:
    assert _one(f"<title>t</title><author>{author}</author>").authors == names


def test_repeated_ids_lose_no_article() -> None:
    item = "<item><guid isPermaLink='false'>{}</guid><link>https://site.example/{}</link></item>"
    feed = _rss("".join(item.format(*pair) for pair in ("ga", "gb", "ga", "gb", "hc")) + "<item/>")
    assert [entry.key for entry in feed.entries] == ["g", "g\nhttps://site.example/b", "h"]
    assert feed.notes == ("2 repeated entries left out", "1 empty entry left out")


def test_keys_without_ids_are_links_or_digests() -> None:
    assert _one("<link>https://a.example/1</link>").key == "https://a.example/1"
    first, again, other = (_one(f"<title>{title}</title>").key for title in "aab")
    assert first == again != other
    assert len(_one(f"<guid>{'x' * 5_000}</guid><title>t</title>").key) < 100


def test_terminal_tricks_do_not_get_through() -> None:
    entry = _one("<title>\x1b[31mred\x00 &amp;#x202e;x</title><description>a\x07b</description>")
    assert (entry.title, entry.summary) == ("[31mred x", "ab")


def test_malformed_xml_degrades_with_a_note() -> None:
    feed = _rss(
        "<item><title>Fish & chips &nbsp;</title><link>https://a.example/?a=1&b=2</link></item><oops>"
    )
    assert (feed.entries[0].title, feed.entries[0].link) == ("Fish & chips", "https://a.example/?a=1&b=2")
    assert feed.notes[0].startswith("malformed XML: ")


def test_truncated_feed_keeps_what_came() -> None:
    assert parse_feed(RSS.encode()[:-40], URL).entries[0].key == "g1"


@pytest.mark.parametrize(
    "junk", ["\n\n ", "\ufeff", "Warning: x in y.php\n", "<br />\n<b>Warning</b>: x<br />", "<!-- c -->"]
)
def test_junk_before_the_feed(junk: str) -> None:
    assert parse_feed((junk + RSS).encode(), URL).entries[0].key == "g1"


@pytest.mark.parametrize(
    ("encoding", "label", "content_type"),
    [
        ("utf-8", "utf-8", ""),
        ("utf-8", None, "text/xml"),
        ("utf-8", "iso-8859-1", "text/xml; charset=iso-8859-1"),
        ("iso-8859-1", "iso-8859-1", ""),
        ("cp1252", None, "text/xml; charset=windows-1252"),
        ("cp1252", None, ""),
        ("utf-16", "utf-16", ""),
        ("utf-8-sig", "utf-8", ""),
        ("cp1252", "rot13", "text/xml; charset=punycode"),
    ],
)
def test_encodings(encoding: str, label: str | None, content_type: str) -> None:
    declaration = f"<?xml version='1.0' encoding='{label}'?>" if label else ""
    body = declaration + "<rss version='2.0'><channel><title>Café élan</title></channel></rss>"
    assert parse_feed(body.encode(encoding), URL, content_type).title == "Café élan"


def test_asian_encodings_and_a_bad_byte() -> None:
    text = "<?xml version='1.0' encoding='{}'?><rss version='2.0'><channel><title>联通新闻</title></channel></rss>"
    assert parse_feed(text.format("gb2312").encode("gb2312"), URL).title == "联通新闻"
    spoilt = text.format("utf-8").encode().replace(b"</title>", b"\xff" + b"</title>")
    assert parse_feed(spoilt, URL).title.startswith("联通新闻")


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (b"", FeedError, "answered with an empty body"),
        (b" \n\t", FeedError, "answered with an empty body"),
        (b"\x89PNG\r\n\x1a\n\x00", NotAFeed, r"is an image \(PNG\), not a feed"),
        (b"\xff\xd8\xff\xe0\x00", NotAFeed, r"is an image \(JPEG\)"),
        (b"%PDF-1.7", NotAFeed, "is a PDF document"),
        (b"\x1f\x8b\x08", NotAFeed, "is gzip data"),
        (b"\x01\x02\x00\x03\x04", NotAFeed, "is binary data"),
        (b"Not found", NotAFeed, "is plain text, not a feed"),
        (b"<urlset/>", NotAFeed, "is a sitemap that names no news, not a feed"),
        (b"<opml version='1.0'/>", NotAFeed, "is an OPML list of feeds"),
        (b"<recipe><step/></recipe>", NotAFeed, r"is XML \(<recipe>\), but not a feed"),
        (b"<!-- only -->", NotAFeed, "is markup without an element"),
        (b"<<<<", NotAFeed, "is markup without an element"),
        (b"<html></html>", NotAFeed, "is a web page, not a feed and names none"),
    ],
)
def test_what_is_no_feed(body: bytes, error: type[FeedError], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        parse_feed(body, URL)
    assert str(raised.value).startswith(URL)


def test_a_web_page_names_its_feeds() -> None:
    page = b"""<!DOCTYPE html><html><head><base href="/sub/"><link rel="Alternate feed" type="application/rss+xml" href="rss">
    <link rel=alternate type="application/atom+xml; charset=utf-8" href="https://o.example/atom"><link rel=alternate
    type=application/feed+json href=/j.json><link rel=alternate hreflang=fr href=/fr><link rel=alternate
    type=application/rss+xml href="javascript:x"><link rel=alternate type=application/rss+xml href=rss>"""
    with pytest.raises(
        NotAFeed, match=r"a web page, not a feed; it names https://feeds\.example/sub/rss"
    ) as raised:
        parse_feed(page, URL, "text/html")
    assert raised.value.candidates == (
        "https://feeds.example/sub/rss",
        "https://o.example/atom",
        "https://feeds.example/j.json",
    )


def test_too_large_and_too_many() -> None:
    with pytest.raises(FeedError, match=r"answered with 20\.0 MB; of a feed at most 20 MB are read"):
        parse_feed(b"<" * 20_000_001, URL)
    items = "".join(f"<item><guid>{number}</guid><title>t</title></item>" for number in range(5_010))
    feed = _rss(items)
    assert (len(feed.entries), feed.notes) == (5_000, ("only the first 5,000 entries were read",))


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
NAMESPACES = " ".join(f'xmlns:n{i}="u{i}"' for i in range(20_000))
ATTRIBUTES = " ".join(f'b{i}="c"' for i in range(50_000))
BOMBS = {
    "billion laughs": f'<!DOCTYPE rss [<!ENTITY l0 "lol">{LAUGHS}]><rss version="2.0"><channel><title>&l11;</title>',
    "quadratic": f'<!DOCTYPE rss [<!ENTITY a "{"x" * 100}">]><rss><channel><title>{"&a;" * 200_000}</title>',
    "hidden": '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&#38;a;&#x26;a;">]><rss><channel><title>&b;</title>',
    "outside": '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><channel><title>&a;</title>',
    "namespaces": f"<rss {NAMESPACES}><channel/></rss>",
    "attributes": f"<rss><channel><a {ATTRIBUTES}/></channel></rss>",
    "elements": f"<rss><channel>{'<a/>' * 700_000}</channel></rss>",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_soon(name: str) -> None:
    def refused() -> None:
        with pytest.raises(FeedError, match=r"entit|namespaces|attributes|elements"):
            parse_feed(BOMBS[name].encode(), URL)

    within(2, refused)


@pytest.mark.parametrize(
    "inside",
    [f"<author>{'a' * 200_000}</author>", "".join(f"<category>{i}</category>" for i in range(20_000))],
)
def test_work_grows_with_the_input_not_with_its_square(inside: str) -> None:
    assert within(3, lambda: _one(f"<title>t</title>{inside}")).title == "t"


def test_harmless_entities_are_read() -> None:
    feed = parse_feed(b'<!DOCTYPE rss [<!ENTITY % x PUBLIC "a" "b"> <!ENTITY eacute "&#233;">]>'
                      b"<rss version='2.0'><channel><title>Caf&eacute;</title></channel></rss>", URL)  # fmt: skip
    assert (feed.title, feed.notes) == ("Café", ())


def _try(body: bytes, content_type: str = "") -> None:
    try:
        feed = parse_feed(body, URL, content_type)
    except CrawlerError as error:
        if not str(error).startswith(URL):
            pytest.fail(f"without its URL: {error}")
        return
    for entry in feed.entries:
        assert entry.key
        f"{entry}".encode()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=30))
def test_arbitrary_bytes(body: bytes, content_type: str) -> None:
    _try(body, content_type)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([RSS, ATOM, RDF]).map(str.encode),
    st.lists(st.tuples(st.integers(0, 1_800), st.integers(0, 30), st.binary(max_size=6) | st.sampled_from(
        [b"<", b"&", b"]]>", b"<![CDATA[", b"</item>", b"<item>", b"<title>", b'xml:base="http://["', b"&#xD800;"])), max_size=4),
)  # fmt: skip
def test_mutated_feeds(body: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    for at, length, new in edits:
        body = body[:at] + new + body[at + length :]
    _try(body)


DATA = Path(os.environ.get("NEWSFOLD_DATA") or Path(__file__).parents[1] / "../shared/data") / "feeds"
# Two feeds without a readable entry: one published none, one puts every element in an undeclared namespace.
WITHOUT_ENTRIES = {"Rss20DailyMail.xml", "7ef13a42fa7e177a.xml.gz"}


@pytest.mark.slow
def test_real_feeds() -> None:
    paths = sorted([*DATA.glob("real/*.xml.gz"), *DATA.glob("multilingual/*.xml")])
    if not paths:
        pytest.skip(f"no measuring data in {DATA}")
    empty = set()
    for path in paths:
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        feed = within(2, lambda body=body: parse_feed(body, "https://feeds.example/"))
        if not feed.entries:
            empty.add(path.name)
    assert (len(paths), empty) == (139, WITHOUT_ENTRIES)
