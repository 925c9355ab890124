"""The digests that tell an entry which stands in a feed as it did, taken from the text without parsing it."""

from __future__ import annotations

import pytest

from crawler.parse import parse_feed
from crawler.parse.slices import Slices

URL = "http://feeds.example/news/"
HEAD = '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title>'


def item(number: int, title: str = "") -> str:
    return f"<item><title>{title or f'Title {number}'}</title><guid>g{number}</guid></item>\n"


def feed(*items: str, head: str = HEAD) -> str:
    return head + "".join(items) + "</channel></rss>"


def raws(text: str) -> list[str]:
    return [entry.raw for entry in parse_feed(text.encode(), URL).entries]


def test_an_entry_keeps_its_digest_wherever_it_stands_and_loses_it_with_an_edit() -> None:
    before = raws(feed(item(1), item(2), item(3)))
    after = raws(feed(item(4), item(1), item(2, "Another title"), item(3)))
    assert len(set(before)) == 3
    assert after[1] == before[0]
    assert after[3] == before[2]
    assert after[2] not in before


def test_what_around_an_entry_decides_how_it_is_read_is_in_its_digest() -> None:
    plain = raws(feed(item(1)))
    for head in (
        HEAD.replace("<channel>", '<channel xml:lang="fr">'),
        HEAD.replace("http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"),
    ):
        assert raws(feed(item(1), head=head)) != plain


@pytest.mark.parametrize(
    "odd",
    [
        item(2, "<![CDATA[an <item> of </item> RSS]]>"),
        "<x:item xmlns:x='http://backend.userland.com/rss'><guid>g2</guid></x:item>",
        "<ITEM><guid>g2</guid></ITEM>",
        "<item/>",
        "<!-- <item><guid>old</guid></item> -->",
    ],
)
def test_where_tags_do_not_say_where_entries_are_every_entry_is_read(odd: str) -> None:
    text = feed(item(1), odd, item(3))
    found = parse_feed(text.encode(), URL)
    assert {entry.raw for entry in found.entries} == {""}
    assert {"g1", "g3"} <= {entry.key for entry in found.entries}


def test_an_entry_with_a_base_of_its_own_has_no_digest_for_it_decides_for_others() -> None:
    based = '<item xml:base="http://b.example/"><guid>g2</guid><link>a</link></item>'
    assert [bool(raw) for raw in raws(feed(item(1), based, item(3)))] == [True, False, True]
    assert all(raws(feed(item(1, "A database = a base"), item(2)))[1:])


def test_entries_whose_digests_are_known_are_not_read() -> None:
    text = feed(item(1), item(2), item(3))
    first, _, third = raws(text)
    found = parse_feed(text.encode(), URL, known={first, third})
    assert [entry.key for entry in found.entries] == ["g2"]
    assert set(found.known) == {first, third}


def test_more_digests_than_entries_are_never_given() -> None:
    slices = Slices(feed(item(1)), 1)
    assert [bool(slices.next(None)) for _ in range(3)] == [True, False, False]
