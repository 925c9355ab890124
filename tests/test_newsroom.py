"""The demo newsroom over real HTTP: what it serves can be crawled, read and scored."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import socket
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import combinations
from urllib.parse import urlsplit

import feedparser
import pytest
import trafilatura

from newsfold.demo.newsroom import Newsroom, expected, running_newsroom, start_of_day
from newsfold.demo.outlets import Article, Outlet, all_outlets

NOW = datetime(2030, 3, 9, tzinfo=UTC)
ARTICLES = [(outlet, article) for outlet in all_outlets() for article in outlet.articles]
Answer = tuple[int, Mapping[str, str], bytes]


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with running_newsroom(NOW) as running:
        yield running


def ask(room: Newsroom, url: str, method: str = "GET", **fields: str) -> Answer:
    """Ask as a crawler does that has the newsroom for its proxy: in absolute form."""
    connection = http.client.HTTPConnection(urlsplit(room.proxy).netloc, timeout=10)
    try:
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        connection.request(method, url, headers={"Host": urlsplit(url).netloc, **headers})
        response = connection.getresponse()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return response.status, answered, response.read()
    finally:
        connection.close()


def say(room: Newsroom, sent: bytes) -> bytes:
    """Send bytes as they are and return what comes back until the newsroom hangs up."""
    address = urlsplit(room.proxy)
    with socket.create_connection((address.hostname, address.port), timeout=10) as stream:
        stream.sendall(sent)
        stream.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: stream.recv(65536), b""))


def named(pair: tuple[Outlet, Article]) -> str:
    return f"{pair[0].host}/{pair[1].slug}"


def bare(text: str) -> str:
    return re.sub(r"[^\w\s]", "", text).lower()


def sentences(article: Article) -> set[str]:
    split = re.split(r"(?<=[.!?])[\"”»]?\s+|(?<=。)", "\n".join(article.paragraphs[1:] or article.paragraphs))
    return {sentence.strip() for sentence in split if sentence.strip()}


def test_the_newsroom_is_large_and_varied_enough() -> None:
    outlets = all_outlets()
    assert len(outlets) >= 9
    assert len(ARTICLES) >= 48
    assert {outlet.language for outlet in outlets} == {"en", "fr", "de", "ja"}
    assert {outlet.feed_format for outlet in outlets} == {"rss20", "atom", "rdf", "json"}
    assert len({outlet.design for outlet in outlets}) >= 4


@pytest.mark.parametrize("outlet", all_outlets(), ids=lambda outlet: outlet.host)
def test_feed_lists_every_article_with_date_and_summary(room: Newsroom, outlet: Outlet) -> None:
    status, fields, body = ask(room, outlet.feed_url)
    assert status == 200
    links = {outlet.feed_link(article) for article in outlet.articles}
    if outlet.feed_format == "json":
        told = json.loads(body)
        assert told["version"] == "https://jsonfeed.org/version/1.1"
        assert {item["url"] for item in told["items"]} == links
        assert all(datetime.fromisoformat(item["date_published"]) < NOW for item in told["items"])
        return
    parsed = feedparser.parse(body, response_headers=dict(fields))
    kinds = {"rss20": "rss20", "atom": "atom10", "rdf": "rss10"}
    assert (parsed.bozo, parsed.version) == (False, kinds[outlet.feed_format])
    assert {entry.link for entry in parsed.entries} == links
    assert all(
        entry.summary and (entry.get("published_parsed") or entry.updated_parsed) for entry in parsed.entries
    )
    assert all(bool(entry.get("content")) == outlet.full_feed for entry in parsed.entries)


def test_a_second_request_with_the_etag_or_the_date_answers_304(room: Newsroom) -> None:
    _, fields, _ = ask(room, room.feeds[0])
    by_tag = ask(room, room.feeds[0], if_none_match=fields["etag"])
    by_date = ask(room, room.feeds[0], if_modified_since=fields["last-modified"])
    assert (by_tag[0], by_tag[2], by_date[0]) == (304, b"", 304)
    assert ask(room, room.feeds[0], if_none_match='"other"')[0] == 200
    assert ask(room, room.feeds[0], if_modified_since="Sat, 01 Jan 2000 00:00:00 GMT")[0] == 200


def test_gzip_is_sent_only_to_those_who_accept_it(room: Newsroom) -> None:
    plain = ask(room, room.feeds[0])
    packed = ask(room, room.feeds[0], accept_encoding="br, gzip")
    assert "content-encoding" not in plain[1]
    assert packed[1]["content-encoding"] == "gzip"
    assert gzip.decompress(packed[2]) == plain[2]
    assert "content-encoding" not in ask(room, room.feeds[0], accept_encoding="gzip;q=0")[1]


def test_origin_form_and_absolute_form_reach_the_same_page(room: Newsroom) -> None:
    url = urlsplit(room.feeds[0])
    origin = say(room, f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\nConnection: close\r\n\r\n".encode())
    absolute = say(
        room, f"GET {url.geturl()} HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n".encode()
    )
    assert origin == absolute
    assert origin.startswith(b"HTTP/1.1 200 OK\r\n")


def test_one_connection_carries_several_requests(room: Newsroom) -> None:
    one = f"HEAD {room.feeds[0]} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    answers = say(room, one + one + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 3


def test_unknown_addresses_answer_404_and_other_methods_405(room: Newsroom) -> None:
    assert ask(room, "http://harbourcourier.example/no-such-page")[0] == 404
    assert ask(room, "http://no-such-outlet.example/")[0] == 404
    assert ask(room, room.feeds[0], method="DELETE")[0] == 405


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01 hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://[/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 70_000,
        b"GET / HTTP/1.1\r\nHost: cut",
    ],
    ids=range(8),
)
def test_malformed_requests_answer_400_and_the_newsroom_lives(room: Newsroom, sent: bytes) -> None:
    assert say(room, sent).startswith(b"HTTP/1.1 400 ")
    assert ask(room, room.feeds[0])[0] == 200


def test_answers_are_counted_by_status() -> None:
    with running_newsroom(NOW) as room:
        ask(room, room.feeds[0])
        ask(room, room.feeds[0] + "/nothing")
        assert room.counts == Counter({200: 1, 404: 1})


@pytest.mark.parametrize("outlet", all_outlets(), ids=lambda outlet: outlet.host)
def test_front_page_and_robots_are_served(room: Newsroom, outlet: Outlet) -> None:
    status, _, front = ask(room, f"http://{outlet.host}/")
    assert status == 200
    assert all(outlet.path(article).encode() in front for article in outlet.articles)
    robots = ask(room, f"http://{outlet.host}/robots.txt")[2]
    assert b"Disallow: /search\n" in robots


@pytest.mark.parametrize("pair", ARTICLES, ids=named)
def test_every_paragraph_can_be_extracted_as_a_block(room: Newsroom, pair: tuple[Outlet, Article]) -> None:
    outlet, article = pair
    status, _, body = ask(room, outlet.feed_link(article))
    assert status == 200
    found = trafilatura.extract(body, url=outlet.url(article)) or ""
    assert set(article.paragraphs) <= set(found.splitlines())
    assert f'<link rel="canonical" href="{outlet.url(article)}">' in body.decode()
    assert outlet.furniture.ad in body.decode() or article.teaser


def test_bytes_stay_the_same_from_run_to_run(room: Newsroom) -> None:
    with running_newsroom(NOW) as again:
        for outlet, article in ARTICLES[::7]:
            assert ask(again, outlet.url(article))[1:] == ask(room, outlet.url(article))[1:]
            assert ask(again, outlet.feed_url)[2] == ask(room, outlet.feed_url)[2]


def test_the_default_clock_is_midnight_today() -> None:
    assert start_of_day().time() == time()
    assert timedelta(0) <= datetime.now(UTC) - start_of_day() < timedelta(days=1)


def test_opml_lists_every_feed(room: Newsroom) -> None:
    assert room.opml().count("<outline ") == len(all_outlets())
    assert all(f'xmlUrl="{url}"' in room.opml() for url in room.feeds)


def test_expected_covers_every_article_once() -> None:
    truth = expected()
    assert sorted(truth) == sorted(outlet.url(article) for outlet, article in ARTICLES)
    events_by_text = defaultdict(set)
    for event, text in truth.values():
        events_by_text[text].add(event)
    assert all(len(events) == 1 for events in events_by_text.values())


def test_prints_of_one_text_share_most_sentences_and_others_do_not() -> None:
    for (_, one), (_, other) in combinations(ARTICLES, 2):
        if one.teaser or other.teaser:
            continue
        first, second = sentences(one), sentences(other)
        shared = len(first & second) / min(len(first), len(second))
        assert shared > 0.6 if one.text == other.text else shared == 0, (one.slug, other.slug)


def test_teasers_are_the_beginning_of_their_text() -> None:
    teasers = [article for _, article in ARTICLES if article.teaser]
    assert len(teasers) >= 2
    for teaser in teasers:
        whole = [article for _, article in ARTICLES if article.text == teaser.text and not article.teaser]
        assert len(teaser.paragraphs) == 1
        assert teaser.summary in {article.summary for article in whole}


def test_the_matter_holds_what_a_crawl_must_tell_apart() -> None:
    prints = Counter(article.text for _, article in ARTICLES)
    assert sum(count >= 4 for count in prints.values()) >= 2
    texts, languages = defaultdict(set), defaultdict(set)
    for outlet, article in ARTICLES:
        texts[article.event, outlet.language].add(article.text)
        languages[article.event].add(outlet.language)
    assert sum(len(found) >= 3 for (_, lang), found in texts.items() if lang == "en") >= 3
    assert any(len(found) >= 2 for (_, lang), found in texts.items() if lang == "fr")
    assert {"en", "fr", "de", "ja"} in languages.values()


def test_some_articles_say_their_headline_again() -> None:
    again = [article for _, article in ARTICLES if bare(article.headline) in map(bare, article.paragraphs)]
    assert len(again) >= 4
    assert any(article.headline not in article.paragraphs for article in again), "with other quotation marks"
    assert any(article.headline == article.caption for _, article in ARTICLES)


def test_some_article_has_its_headline_within_a_sentence() -> None:
    longer = [(bare(a.headline), bare(text)) for _, a in ARTICLES for text in a.paragraphs]
    assert any(headline in text and headline != text for headline, text in longer)
