"""Finding articles by words: what is looked up, in which order, and that the index lives no longer than they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis

from dedup.model import Article
from dedup.search import holds, read_query, search_keys
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from pipelines.rebuild import rebuild
from storage.index import DAY, Index
from storage.keys import Keys
from storage.search import Search

Write = Callable[..., Article]
Find = Callable[..., list[str]]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEXTS = [
    ("ferry", "en", "Ferry Pearl runs aground off Harrowmouth", "The coastguard took 214 passengers ashore in thick fog."),
    ("ferries", "en", "Two ferries collide", "Passengers of the Northern Pearl were not hurt, said Jean-Luc Marel."),
    ("bank", "en", "Fellmoor bank closed", "Depositors queued for the pearl of regional banks. " + "And so on it went. " * 40 + "Zanzibar."),
    ("fähre", "de", "Fähre „Pearl“ läuft auf Grund", "Vor Harrowmouth ist eine Fähre im Nebel gestrandet."),
    ("ja", "ja", "霧の中でフェリー座礁", "ハローマス沖で乗客二百十四人全員を救助。"),
    ("ar", "ar", "جنوح عبارة قبالة هاروموث", "نقل خفر السواحل الركاب إلى الشاطئ."),
]  # fmt: skip


@pytest.fixture
def find(client: redis.Redis, write: Write) -> Find:
    """Finds among the texts, each an hour older than the one before; gives ids."""
    placer = Placer(Index(client, Keys()), Rules())
    for hours, (identity, lang, title, text) in enumerate(TEXTS):
        when = NOW - timedelta(hours=hours)
        article = write(identity, text, title, lang=lang, outlet=f"{identity[0]}.example", published=when)
        placer.place([Submission(article)], NOW)
    return lambda *words, **how: [a.id for a in Search(client, Keys()).find(read_query(words), **how)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("pearl",), ["ferry", "ferries", "bank", "fähre"]),
        (("FERRY",), ["ferry", "ferries"]),  # any form
        (("ferry", "harrowmouth"), ["ferry"]),
        (("northern pearl",), ["ferries"]),
        (("ferry pearl",), ["ferry"]),
        (("“pearl runs” ferry",), ["ferry"]),
        (("pearl ferry",), []),
        (("jean-luc",), ["ferries"]),
        (("214",), ["ferry"]),
        (("harrowmouth",), ["ferry", "fähre"]),
        (("Fähre",), ["fähre"]),
        (("座礁",), ["ja"]),
        (("フェリー", "救助"), ["ja"]),
        (("中座",), []),
        (("عبارة",), ["ar"]),
        (("zanzibar",), []),  # below the lead
        (("the", "pearl"), ["ferry", "ferries", "bank"]),  # a common word is looked for in the text
        (("queued for the pearl",), ["bank"]),
        (("nothing",), []),
    ],
)
def test_words(find: Find, words: tuple[str, ...], found: list[str]) -> None:
    assert find(*words) == found


def test_filters(find: Find) -> None:
    assert find("pearl", lang="de") == ["fähre"]
    assert find("pearl", outlet="b.example") == ["bank"]
    assert find("pearl", since=NOW - timedelta(minutes=90)) == ["ferry", "ferries"]
    assert find("pearl", most=1) == ["ferry"]


def test_a_revised_headline_is_found(client: redis.Redis, write: Write, find: Find) -> None:
    placer = Placer(Index(client, Keys()), Rules())
    again = write("bank", "Depositors were paid. The bank opens on Monday.", "Fellmoor rescued")
    placer.place([Submission(again)], NOW)
    placer.place([Submission(again)], NOW)
    assert find("rescued") == ["bank"]
    assert client.llen("newsfold:{en}:listed:0") == 4


def test_more_articles_than_a_chunk_holds(client: redis.Redis, write: Write) -> None:
    search = Search(client, Keys())
    old = write("old", "Harrowmouth and its bakers.")
    Placer(Index(client, Keys()), Rules()).place([Submission(old)], NOW)
    (view,) = search.find(read_query(["harrowmouth"]))
    many = [replace(view, id=f"m{i}", text=f"word{i}") for i in range(1100)]
    for at in range(0, 1100, 500):
        search.enter("en", many[at : at + 500], NOW, DAY)
    assert sorted(client.keys("newsfold:{en}:listed:*")) == [
        b"newsfold:{en}:listed:0",
        b"newsfold:{en}:listed:1",
    ]
    assert client.llen("newsfold:{en}:listed:0") == 1024
    new = write("new", "Harrowmouth and its bakers, once more.")
    Placer(Index(client, Keys()), Rules()).place([Submission(new)], NOW)
    assert [a.id for a in search.find(read_query(["harrowmouth"]))] == ["new", "old"]


def test_all_of_it_expires(client: redis.Redis, find: Find) -> None:
    keys = [k for kind in ("words:*", "listed:*", "chunk") for k in client.keys(f"newsfold:{{*}}:{kind}")]
    assert len(keys) == 12
    assert all(0 < client.ttl(key) <= 30 * DAY for key in keys)
    client.delete("newsfold:article:ferry")
    assert find("ferry") == ["ferries"]


def test_rebuild_makes_the_index_anew(client: redis.Redis, find: Find) -> None:
    client.delete(*client.keys("newsfold:{*}:words:*"))
    assert find("pearl") == []
    rebuild(client, Keys(), MinHashConfig(), 30 * DAY)
    assert find("pearl") == ["ferry", "ferries", "bank", "fähre"]
    assert client.llen("newsfold:{en}:listed:0") == 3


def test_what_tells_nothing_has_no_key() -> None:
    assert read_query(["the"]).keys("en") == ()
    assert read_query(["!", "''"]).parts == ()
    assert read_query(["a", '"of the" pearl']).parts == ("a", "of the", "pearl")
    assert search_keys("", "", "en") == ()
    assert holds("Ferry aground", "In fog", [("ferry", "aground"), ("fog",)])
    assert not holds("Ferry", "aground", [("ferry", "aground")])
