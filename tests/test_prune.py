"""Forgetting early: what goes, what is counted anew, and that a dry run says the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis

from dedup.model import Article
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys
from storage.prune import Pruned, Pruner
from storage.reader import Reader

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FERRY = "The ferry Pearl ran aground off Harrowmouth in fog, and 214 passengers were taken ashore by boats, the coastguard said."
OTHER = "Lifeboats and the coastguard at Harrowmouth came to the Pearl, a ferry on the rocks, and took 214 off her."
BANK = "Depositors queued at the doors of the Fellmoor bank, which regulators closed on Monday for good."


@pytest.fixture
def filled(client: redis.Redis, write: Callable[..., Article]) -> redis.Redis:
    """A story of two texts of which the older came ten days ago, and a story that old."""
    placer = Placer(Index(client, Keys()), Rules())
    old = NOW - timedelta(days=2)
    texts = [
        ("a", FERRY, old),
        ("b", FERRY, NOW),
        ("c", OTHER, old),
        ("d", OTHER + " All are well.", old),
        ("e", BANK, old),
    ]
    for identity, text, met in texts:
        article = write(
            identity,
            text,
            "",
            outlet=f"{identity}.example",
            url=f"http://{identity}/",
            seen=met,
            published=met,
        )
        placer.place([Submission(article, (article.url,))], met)
    return client


def groups(client: redis.Redis) -> list[str]:
    """The groups that are there, without names that lead to one."""
    ids = [key.decode() for key in client.keys("newsfold:group:*") if key.count(b":") == 2]
    return [i.rpartition(":")[2] for i in ids if client.hexists(i, "created")]


def test_old_articles_go_and_counts_are_of_what_is_left(filled: redis.Redis) -> None:
    reader, pruner, limit = Reader(filled), Pruner(filled, Keys()), NOW - timedelta(days=1)
    story = next(s for s in reader.stories() if s.articles > 1)
    assert (story.articles, story.groups, len(reader.stories())) == (4, 2, 2)
    before = filled.zscore("newsfold:stories", story.id)
    said = pruner.prune(limit, dry_run=True)
    assert sorted(s.articles for s in reader.stories()) == [1, 4]
    assert pruner.prune(limit) == said == Pruned(4, 0, 2, 1, said.events)
    (left,) = reader.stories()
    assert (left.articles, left.groups, left.outlets, left.headline) == (1, 1, 1, story.headline)
    assert left.first == left.latest == NOW
    assert filled.zscore("newsfold:stories", story.id) == before
    whole = reader.story(story.id)
    assert whole is not None
    assert [a.id for g in whole.groups for a in g.articles] == ["b"]
    assert whole.groups[0].origin == "b"
    assert reader.by_url("http://a/") is None
    assert reader.by_url("http://b/") == "b"
    assert pruner.prune(limit) == Pruned(0, 0, 0, 0, 0)
    assert groups(filled) == [whole.groups[0].id]


def test_what_expired_is_counted_no_more(filled: redis.Redis) -> None:
    """A story that lives on keeps the ids of articles that are gone."""
    reader, long_ago = Reader(filled), NOW - timedelta(days=30)
    filled.delete("newsfold:article:c", "newsfold:article:a")
    said = Pruner(filled, Keys()).prune(long_ago, dry_run=True)
    assert Pruner(filled, Keys()).prune(long_ago) == said
    assert (said.articles, said.stale, said.groups, said.stories) == (0, 2, 0, 0)
    story = max(reader.stories(), key=lambda s: s.articles)
    assert (story.articles, story.outlets) == (2, 2)


def test_news_goes_on_after_pruning(filled: redis.Redis, write: Callable[..., Article]) -> None:
    Pruner(filled, Keys()).prune(NOW + timedelta(days=1))
    assert Reader(filled).stories() == []
    placer = Placer(Index(filled, Keys()), Rules())
    placed = [
        placer.place([Submission(write(i, t, ""))], NOW)[0]
        for i, t in (("x", FERRY), ("y", FERRY), ("z", BANK))
    ]
    assert placed[0].group == placed[1].group != placed[2].group
    assert sorted(s.articles for s in Reader(filled).stories()) == [1, 2]


def test_articles_in_no_story(client: redis.Redis, write: Callable[..., Article]) -> None:
    placer = Placer(Index(client, Keys()), Rules(tell_stories=False))
    placer.place([Submission(write("a", FERRY)), Submission(write("b", FERRY))], NOW)
    assert Pruner(client, Keys()).prune(NOW + timedelta(days=1)).articles == 2
    assert groups(client) == []
    assert client.zcard("newsfold:articles") == 0
