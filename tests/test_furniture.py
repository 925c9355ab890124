"""Furniture of outlets: learnt from what recurs around different texts, and from nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
import redis

from dedup.affixes import affixes, without_affixes
from dedup.furniture import Furniture, Phrase, learn, shared_edges, sight
from dedup.model import Article
from dedup.similarity import overlap, shingle_texts
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader

Write = Callable[..., Article]
HEADER = "You are reading the morning edition of the Harrowmouth Courier online"
FOOTER = "Subscribe to our newsletter and never miss a ferry again"


def prose(seed: int, count: int = 60) -> str:
    """Words that no other seed has in this order."""
    draw = random.Random(seed)
    return " ".join(
        f"{draw.choice('bcdfglmnprst')}{draw.choice('aeiou')}{draw.randrange(900)}" for _ in range(count)
    )


@pytest.fixture
def placer(client: redis.Redis) -> Placer:
    return Placer(Index(client, Keys()), Rules())


def put(placer: Placer, *articles: Article) -> list[str]:
    return [placer.place([Submission(article)], article.seen)[0].group for article in articles]


def test_what_recurs_around_two_texts_is_learnt_and_left_out(
    placer: Placer, client: redis.Redis, write: Write
) -> None:
    texts = [f"{HEADER} {prose(seed)} {FOOTER}" for seed in range(3)]
    groups = put(placer, *(write(f"a{i}", text, outlet="a.example") for i, text in enumerate(texts)))
    assert len(set(groups)) == 3
    found = Reader(client).furniture("a.example")
    assert {(lang, place, words) for lang, place, words, _ in found} == {
        ("en", "head", HEADER.lower()),
        ("en", "tail", FOOTER.lower()),
    }
    assert {seen["seen"] for *_, seen in found} == {2}
    assert Reader(client).article("a2").skip == (11, 10)  # type: ignore[union-attr]


def test_a_reprint_under_furniture_finds_its_short_text(placer: Placer, write: Write) -> None:
    put(placer, *(write(f"a{i}", f"{HEADER} {prose(i)} {FOOTER}", outlet="a.example") for i in range(3)))
    short = prose(9, 14)
    (one,) = put(placer, write("short", short, outlet="b.example"))
    (two,) = put(placer, write("dressed", f"{HEADER} {short} {FOOTER}", outlet="a.example"))
    assert one == two


def test_cold_start_short_texts_in_one_frame_stay_apart(placer: Placer, write: Write) -> None:
    texts = [f"{HEADER} {prose(seed, 12)} {FOOTER}" for seed in range(2)]
    one, two = put(placer, *(write(f"a{i}", text, outlet="a.example") for i, text in enumerate(texts)))
    assert one != two


def test_a_revised_text_teaches_nothing(placer: Placer, client: redis.Redis, write: Write) -> None:
    lead = prose(1, 20)
    put(placer, write("a", f"{lead} {prose(2, 40)}", outlet="a.example"))
    put(placer, write("b", f"{lead} {prose(2, 40)} {prose(3, 6)}", outlet="a.example"))
    assert Reader(client).furniture("a.example") == []


def test_a_block_needs_three_other_texts(placer: Placer, client: redis.Redis, write: Write) -> None:
    block = "Tickets for all crossings can be bought here"
    for i in range(4):
        text = f"{prose(10 + i)}\n{block}\n{prose(20 + i)}"
        put(placer, write(f"a{i}", text, outlet="a.example"))
        places = [place for _, place, *_ in Reader(client).furniture("a.example")]
        assert places == (["block"] if i == 3 else [])
    kinds = {
        a.id: [kind for _, kind, _, text in a.aside if text == block]
        for a in Reader(client).articles(["a2", "a3"])
    }
    assert kinds == {"a2": [], "a3": ["furniture"]}


def test_outlets_do_not_share_what_they_learn(placer: Placer, client: redis.Redis, write: Write) -> None:
    for i, outlet in enumerate(["a.example", "b.example", ""]):
        put(placer, write(f"x{i}", f"{HEADER} {prose(30 + i)}", outlet=outlet))
    assert Reader(client).furniture("a.example") == Reader(client).furniture("b.example") == []


def test_furniture_expires(client: redis.Redis, write: Write) -> None:
    index = Index(client, Keys(), retention=100)
    put(
        Placer(index, Rules()),
        *(write(f"a{i}", f"{HEADER} {prose(i)}", outlet="a.example") for i in range(2)),
    )
    assert 0 < client.ttl("newsfold:outlet:a.example") <= 100


def test_phrases_follow_one_another_and_the_text_stays(write: Write) -> None:
    furniture = Furniture([Phrase("head", "good morning all"), Phrase("head", "dear readers of ours")])
    article = write("a", "Good morning, all! Dear readers of ours: the ferry ran aground.")
    assert furniture.skip(sight(article)) == (7, 0)
    assert furniture.skip(sight(write("b", "Good morning all"))) == (0, 0)


def test_unspaced_scripts_count_half(write: Write) -> None:
    own, other = write("a", "港の新聞電子版、フェリーが座礁した"), write("b", "港の新聞電子版、雨が降った")
    shared = shared_edges(sight(own), [sight(other)], Furniture())
    assert [found.words for found in shared if found.place == "head"] == [7]
    assert learn(sight(own), shared, Furniture(), own) == []


def test_edges_that_two_texts_of_one_outlet_share_do_not_count() -> None:
    one, two = (f"{HEADER} {prose(seed, 12)} {FOOTER}" for seed in range(2))
    a, b = shingle_texts([one, two], MinHashConfig())
    assert overlap(a, b).coverage > 0.6
    assert overlap(a, b, one_outlet=True).coverage == 0
    teaser, article = shingle_texts([prose(5, 30), prose(5, 200)], MinHashConfig())
    assert overlap(teaser, article, one_outlet=True).coverage == 1


def test_the_same_article_again_teaches_nothing(placer: Placer, client: redis.Redis, write: Write) -> None:
    article = write("a", f"{HEADER} {prose(1)}", outlet="a.example")
    put(placer, article, write("a", article.text, outlet="a.example", seen=article.seen + timedelta(hours=1)))
    assert Reader(client).furniture("a.example") == []
    assert client.llen("newsfold:{en}:latest:a.example") == 1


def test_what_is_learnt_later_makes_no_revision(placer: Placer, write: Write) -> None:
    articles = [write(f"a{i}", f"{HEADER} {prose(i)}", outlet="a.example") for i in range(2)]
    put(placer, *articles)
    assert placer.place([Submission(articles[0])], articles[0].seen)[0].verdict == "unchanged"


def test_what_recurs_at_the_ends_of_headlines_comes_off(
    placer: Placer, client: redis.Redis, write: Write
) -> None:
    titles = [
        "Ferry runs aground",
        "Mayor resigns at noon",
        "Bridge closed again",
        "Storm nears the coast",
        "Fog lifts slowly",
    ]
    for i, title in enumerate(titles):
        put(placer, write(f"a{i}", prose(i), outlet="a.example", title=f"{title} | The Harbour Post"))
    stored = [Reader(client).article(f"a{i}").title for i in range(5)]
    assert stored[:3] == [f"{title} | The Harbour Post" for title in titles[:3]]
    assert stored[3:] == titles[3:]
    assert {(place, words) for _, place, words, _ in Reader(client).furniture("a.example")} >= {
        ("title", "the harbour post")
    }


@pytest.mark.parametrize(
    ("title", "ends"),
    [
        ("Storm nears the coast - Harbour Post", ["harbour post"]),
        ("Harbour Post | Storm nears the coast", ["harbour post"]),
        ("Well-known pilot retires", []),
        ("嵐が近づく｜港新聞", ["港 新 聞"]),
        ("", []),
    ],
)
def test_ends_of_headlines(title: str, ends: list[str]) -> None:
    assert affixes(title) == ends
    whole = "嵐が近づく" if "嵐" in title else "Storm nears the coast" if ends else title
    assert without_affixes(title, ends) == whole
