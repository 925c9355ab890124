"""Which headline an article gets when its page, its address and its feed disagree."""

from __future__ import annotations

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.elements import Candidate
from crawler.metadata import PageMeta, read_meta
from crawler.titles import MAX_TITLE, choose_title
from tests.timing import within

SOURCES = ("jsonld", "og:title", "twitter:title", "itemprop", "h1", "title")
FLOOD = "Flood hits Aldorf after a night of rain"
SHARED = "Aldorf under water: mayor calls for help"
ADDRESS = "https://daily.example/news/flood-hits-aldorf-after-a-night-of-rain-1234567.html"


def titled(*pairs: tuple[str, str], sites: tuple[str, ...] = (), address: str = "") -> PageMeta:
    return PageMeta(
        titles=tuple(Candidate(*pair) for pair in pairs),
        site_names=sites,
        canonical=(Candidate("canonical", address),) if address else (),
    )


def chosen(*pairs: tuple[str, str], address: str = "") -> str:
    return choose_title(titled(*pairs, address=address), outlet="daily.example").value


@pytest.mark.parametrize(
    ("titles", "sites", "outlet", "title"),
    [
        ((("title", "Flood hits Aldorf - Le Monde"),), ("Le Monde",), "lemonde.fr", "Flood hits Aldorf"),
        ((("title", "BBC News | Flood hits Aldorf"),), ("BBC News",), "bbc.co.uk", "Flood hits Aldorf"),
        ((("title", "Flood hits Aldorf – aldorfpost.example"),), (), "aldorfpost.example", "Flood hits Aldorf"),
        ((("title", "Flood - Die Neue Alderzeitung"),), (), "alderzeitung.example", "Flood"),
        ((("title", "Flood hits Aldorf - Weather - Post"), ("h1", "Flood hits Aldorf")), (), "x.example", "Flood hits Aldorf"),
        ((("og:title", "Well-known guard - a portrait"),), ("Daily",), "daily.example", "Well-known guard - a portrait"),
        ((("h1", "Daily"), ("title", "Flood hits Aldorf")), ("Daily",), "daily.example", "Flood hits Aldorf"),
        ((("h1", "More news"), ("title", "Flood hits Aldorf")), (), "daily.example", "More news"),
        ((("jsonld", "Flood &#8216;worst&#8217; yet"),), (), "", "Flood ‘worst’ yet"),
        ((("title", "Daily"),), ("Daily",), "daily.example", "Daily"),
        ((), (), "", ""),
    ],
)  # fmt: skip
def test_title(titles: tuple[tuple[str, str], ...], sites: tuple[str, ...], outlet: str, title: str) -> None:
    if title == "More news":  # an h1 that nothing repeats loses as soon as two others agree
        titles = (*titles, ("og:title", "Flood hits Aldorf"))
        title = "Flood hits Aldorf"
    assert choose_title(titled(*titles, sites=sites), outlet=outlet).value == title


def test_the_feeds_headline_wins_where_the_page_says_it() -> None:
    meta = titled(
        ("jsonld", "Aldorf under water"), ("og:title", "Flood hits Aldorf"), ("h1", "Aldorf under water")
    )
    assert choose_title(meta, "Flood hits Aldorf").value == "Flood hits Aldorf"
    assert (
        choose_title(meta, "Flood hits Aldorf - Daily", outlet="daily.example").value == "Flood hits Aldorf"
    )
    assert choose_title(meta, "Something else").value == "Aldorf under water"
    assert choose_title(PageMeta(), "Flood <b>hits</b> Aldorf").value == "Flood hits Aldorf"


@pytest.mark.parametrize(
    "title",
    [
        "The Aldorf Gazette view on floods: a warning",
        "How the Aldorfgazette anti-aldorfgazette campaign began",
    ],
)
def test_an_outlets_name_within_a_headline_stays(title: str) -> None:
    meta = titled(("og:title", title), sites=("The Aldorf Gazette",))
    assert choose_title(meta, outlet="aldorfgazette.example").value == title


@pytest.mark.parametrize(
    "ending", [" - Weather", " | Weather", " * The Post * by Ann Lee", " – News – 4 March"]
)
def test_a_section_that_only_some_sources_add_is_left_out(ending: str) -> None:
    longer = FLOOD + ending
    assert chosen(("og:title", longer), ("twitter:title", longer), ("h1", FLOOD), ("title", longer)) == FLOOD


def test_json_ld_and_h1_outweigh_what_is_shared() -> None:
    assert chosen(("jsonld", FLOOD), ("og:title", SHARED), ("twitter:title", SHARED), ("h1", FLOOD)) == FLOOD
    assert chosen(("jsonld", FLOOD), ("og:title", SHARED), ("h1", SHARED), ("title", FLOOD)) == SHARED


def test_the_address_decides_for_a_headline_that_the_page_no_longer_shows() -> None:
    pairs = ("jsonld", FLOOD), *((source, SHARED) for source in ("og:title", "twitter:title", "h1", "title"))
    assert chosen(*pairs) == SHARED
    assert chosen(*pairs, address=ADDRESS) == FLOOD
    assert chosen(*pairs, address="https://daily.example/flood") == SHARED
    assert chosen(*pairs, address="http://[bad") == SHARED


def test_the_address_knows_the_order_of_words() -> None:
    turned = "After a night of rain: Flood hits Aldorf"
    pairs = ("jsonld", FLOOD), ("og:title", turned), ("h1", turned), ("title", turned)
    assert chosen(*pairs) == turned
    assert chosen(*pairs, address=ADDRESS) == FLOOD


def test_an_address_made_of_a_title_for_search_engines_is_no_second_witness() -> None:
    pairs = ("jsonld", FLOOD), ("og:title", SHARED), ("h1", SHARED), ("title", FLOOD)
    assert chosen(*pairs, address=ADDRESS) == SHARED


def test_an_address_alone_is_no_title() -> None:
    assert choose_title(titled(address=ADDRESS)) == ("", "")


@pytest.mark.parametrize("mark", ["…", "...", " …"])
def test_a_cut_title_votes_for_the_full_one(mark: str) -> None:
    assert chosen(("jsonld", FLOOD[:20] + mark), ("h1", FLOOD)) == FLOOD
    assert chosen(("jsonld", FLOOD + mark), ("h1", FLOOD + mark), ("title", f"{FLOOD}{mark} - Weather")) == (
        FLOOD + mark
    )


def test_a_headline_cut_for_aggregators_is_completed() -> None:
    full = "Flood hits Aldorf " * 8 + "again"
    assert chosen(("jsonld", full[:110].rstrip()), ("h1", full), ("og:title", SHARED)) == full
    section = f"{full[:107].rstrip()} - Weather"
    assert chosen(("jsonld", full[:107].rstrip()), ("title", section)) == full[:107].rstrip()


def test_kickers_that_differ_leave_what_both_places_say() -> None:
    pairs = ("og:title", f"Rain in the hills: {FLOOD}"), ("h1", f"Weather - {FLOOD}")
    assert chosen(*pairs) == FLOOD
    assert chosen(("og:title", f"Rain in Aldorf: {FLOOD}"), ("h1", f"Rain today: {FLOOD}")) != FLOOD
    assert chosen(("jsonld", f"Rain: {FLOOD}"), *pairs) == f"Rain: {FLOOD}"


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("Die Post", FLOOD),
        ("포스트", "알도르프에 홍수"),
        ("Aldorf: flood after rain", "Aldorf: flood after rain"),
    ],
)
def test_a_lone_h1_must_have_words_of_the_title(heading: str, title: str) -> None:
    page_title = title if heading != title else FLOOD
    assert chosen(("h1", heading), ("title", page_title)) == title


def test_the_spelling_of_most_places_wins() -> None:
    straight, curly = 'Mayor\'s "help!" heard', "Mayor’s “help!” heard"
    assert chosen(("jsonld", curly), ("og:title", straight), ("title", straight)) == straight
    one_plugin = ("og:title", straight), ("twitter:title", straight), ("title", straight)
    assert chosen(("jsonld", curly), *one_plugin, ("h1", curly)) == curly


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Flood &amp;#8216;worst&amp;#8217; yet &amp;amp; rising", "Flood ‘worst’ yet & rising"),
        ("Flood\u00adwater  in\n\tAldorf\u200b", "Floodwater in Aldorf\u200b"),
        ("<b onclick=\"x()\">Flood</b> <script>alert('x')</script>in Aldorf", "Flood in Aldorf"),
        ("Flood\x1b[31m in\x00 Aldorf\u202e", "Flood in Aldorf"),
        ("!!!", "!!!"),
    ],
)
def test_a_title_is_one_line_of_plain_text(text: str, title: str) -> None:
    assert chosen(("og:title", text)) == title
    assert choose_title(PageMeta(), text).value == title


@pytest.mark.parametrize("length", [501, 600, 2_000, 10_000])
def test_a_long_title_is_cut_at_a_word(length: int) -> None:
    for text in (
        choose_title(PageMeta(), ("flood " * length)[:length]).value,
        chosen(("h1", "flood " * length)),
    ):
        assert len(text) <= MAX_TITLE
        assert text.endswith("flood…")
    assert len(chosen(("h1", "水" * length))) == MAX_TITLE


def test_a_symbol_is_no_match_for_an_entry_without_letters() -> None:
    meta = titled(("h1", "→"), ("og:title", FLOOD))
    assert choose_title(meta, "!!!").value == FLOOD
    assert choose_title(meta).value == FLOOD


@given(
    st.lists(
        st.tuples(
            st.sampled_from((*SOURCES, "other")), st.text(alphabet="ab -:|…&<>;#1'\n水\u202e", max_size=140)
        ),
        max_size=8,
    ),
    st.text(max_size=40),
    st.text(alphabet="ab-/%:[]1é", max_size=60),
)
def test_any_candidates_give_one_of_them_on_one_line(
    pairs: list[tuple[str, str]], entry: str, address: str
) -> None:
    meta = titled(*pairs, sites=("ab",), address="https://daily.example/" + address)
    title = choose_title(meta, entry, outlet="daily.example").value
    assert len(title) <= MAX_TITLE
    assert title == " ".join(title.split())


def test_a_hostile_page_takes_no_time() -> None:
    wall = " - ".join(f"Daily {i}" for i in range(2_000))
    head = "".join(f'<meta property="og:title" content="{i} {wall}">' for i in range(50))
    body = "".join(f"<h1>{i} {wall}</h1>" for i in range(50))
    page = f'<head>{head}<title>{wall}</title><link rel="canonical" href="/{"a-" * 9_000}"></head>{body}'
    tree = lxml.html.document_fromstring(page)
    title = within(3, lambda: choose_title(read_meta(tree), wall, outlet="daily.example").value)
    assert title.endswith("…")
