"""Articles whose words change: they stay where they belong, and move where they do not; on a real server."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis

from dedup.model import Article, Placement
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys, group_id, story_id
from storage.reader import Reader

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FERRY = (
    ("Ferry Pearl runs aground off Harrowmouth", "The ferry Pearl ran aground on rocks off Harrowmouth, the coastguard said."),
    ("Passengers of the Pearl safe at Harrowmouth", "Coastguard boats took all who were on the ferry Pearl to Harrowmouth."),
)  # fmt: skip
BANK = (
    ("Fellmoor bank closed by regulators", "Regulators closed the Fellmoor bank, where depositors had queued for two days."),
    ("Depositors queue at closed Fellmoor bank", "Doors of the Fellmoor bank stayed shut as regulators told depositors to wait."),
)  # fmt: skip
WIRE = (
    "The council of Harrowmouth voted on Tuesday to keep the old lighthouse open through the winter, after a petition that "
    "four thousand residents signed, and set aside a sum for its repair. Work on the lamp room begins in March. The keeper, "
    "who has lived there for thirty years, said that nobody had asked her what the stairs need most."
)


@pytest.fixture
def placer(client: redis.Redis) -> Placer:
    return Placer(Index(client, Keys()), Rules())


@pytest.fixture
def reader(client: redis.Redis) -> Reader:
    return Reader(client)


def put(placer: Placer, *articles: Article) -> list[Placement]:
    return placer.place([Submission(article) for article in articles], NOW)


def types(client: redis.Redis) -> list[str]:
    return [fields[b"type"].decode() for _, fields in client.xrange("newsfold:events")]


def counted(reader: Reader, story: str) -> tuple[int, int, int]:
    found = reader.story(story)
    assert found is not None
    return found.summary.articles, found.summary.groups, found.summary.outlets


def two_events(placer: Placer, write: Write) -> None:
    for name, some in (("ferry", FERRY), ("bank", BANK)):
        for i, (title, text) in enumerate(some):
            put(placer, write(f"{name}{i}", text, title, outlet=f"{name}{i}.example"))


def test_a_text_that_tells_another_event_now_moves_there(
    placer: Placer, reader: Reader, client: redis.Redis, write: Write
) -> None:
    two_events(placer, write)
    ferry, bank = (reader.article(name).story for name in ("ferry0", "bank0"))  # type: ignore[union-attr]
    assert counted(reader, ferry) == counted(reader, bank) == (2, 2, 2)
    title = "Fellmoor bank shut: depositors told to wait"
    text = "Depositors who queued at the doors of the Fellmoor bank were told by regulators that it stays closed."
    (placed,) = put(placer, write("ferry1", text, title, outlet="ferry1.example"))
    assert (placed.verdict, placed.story) == ("revision", bank)
    assert (counted(reader, ferry), counted(reader, bank)) == ((1, 1, 1), (3, 3, 3))
    moved = reader.article("ferry1")
    assert moved is not None
    assert (moved.story, moved.title, moved.revisions) == (bank, title, 1)
    assert types(client)[-2:] == ["article.revised", "group.moved"]


def test_a_text_that_tells_nothing_of_its_story_any_more_has_one_of_its_own(
    placer: Placer, reader: Reader, client: redis.Redis, write: Write
) -> None:
    two_events(placer, write)
    title, text = (
        "Bakers of Castlegate win prize",
        "A jury in Castlegate chose the rye loaf of two young bakers.",
    )
    (placed,) = put(placer, write("ferry0", text, title, outlet="ferry0.example"))
    assert counted(reader, placed.story) == (1, 1, 1)
    assert counted(reader, reader.article("ferry1").story) == (1, 1, 1)  # type: ignore[union-attr]
    assert types(client)[-3:] == ["article.revised", "group.moved", "story.split"]


def test_a_text_that_still_tells_its_event_stays(
    placer: Placer, reader: Reader, client: redis.Redis, write: Write
) -> None:
    two_events(placer, write)
    before = reader.article("ferry1").story  # type: ignore[union-attr]
    text = (
        FERRY[1][1] + " The harbour master said that divers would look at the hull of the ferry on Thursday."
    )
    (placed,) = put(placer, write("ferry1", text, FERRY[1][0], outlet="ferry1.example"))
    assert (placed.verdict, placed.story) == ("revision", before)
    assert "group.moved" not in types(client)


def test_a_moved_text_is_found_by_its_new_words(placer: Placer, reader: Reader, write: Write) -> None:
    put(placer, write("a", FERRY[0][1], FERRY[0][0], outlet="a.example"))
    put(placer, write("a", BANK[0][1], BANK[0][0], outlet="a.example"))
    (bank,) = put(placer, write("b", BANK[1][1], BANK[1][0], outlet="b.example"))
    (ferry,) = put(placer, write("c", FERRY[1][1], FERRY[1][0], outlet="c.example"))
    assert bank.story == reader.article("a").story != ferry.story  # type: ignore[union-attr]


def test_a_reprint_that_was_rewritten_leaves_its_group(
    placer: Placer, reader: Reader, client: redis.Redis, write: Write
) -> None:
    early = NOW - timedelta(hours=3)
    put(placer, write("first", WIRE, outlet="one.example", published=early))
    put(placer, write("second", WIRE, outlet="two.example"), write("third", WIRE, outlet="three.example"))
    group = group_id("first")
    # The group's own founder and origin goes; the others keep its name.
    (placed,) = put(placer, write("first", BANK[0][1], BANK[0][0], outlet="one.example", published=early))
    assert placed.verdict == "revision"
    assert placed.group != group
    assert counted(reader, placed.story) == (1, 1, 1)
    left = reader.group(group)
    assert left is not None
    assert sorted(a.id for a in left.articles) == ["second", "third"]
    assert left.origin in ("second", "third")
    story = reader.article("second").story  # type: ignore[union-attr]
    assert counted(reader, story) == (2, 1, 2)
    assert types(client)[-1] == "article.moved"
    # Nothing of it is done twice.
    before = client.xlen("newsfold:events")
    (again,) = put(placer, write("first", BANK[0][1], BANK[0][0], outlet="one.example", published=early))
    assert (again.verdict, again.group, client.xlen("newsfold:events")) == ("unchanged", placed.group, before)


def test_a_reprint_that_was_edited_a_little_stays(placer: Placer, reader: Reader, write: Write) -> None:
    put(placer, write("first", WIRE, outlet="one.example"), write("second", WIRE, outlet="two.example"))
    (placed,) = put(placer, write("second", WIRE + " She laughed.", outlet="two.example"))
    assert (placed.verdict, placed.group) == ("revision", group_id("first"))


def test_a_text_that_became_a_reprint_joins_its_group(
    placer: Placer, reader: Reader, client: redis.Redis, write: Write
) -> None:
    put(placer, write("stub", BANK[0][1], BANK[0][0], outlet="one.example"))
    put(placer, write("wire", WIRE, outlet="two.example"))
    (placed,) = put(placer, write("stub", WIRE, outlet="one.example"))
    assert (placed.group, placed.story) == (group_id("wire"), story_id(group_id("wire")))
    assert counted(reader, placed.story) == (2, 1, 2)
    # What it left is empty, and its old names lead to where it went.
    assert reader.resolve("group", group_id("stub")) == [placed.group]
    assert reader.resolve("story", story_id(group_id("stub"))) == [placed.story]
    assert [s.id for s in reader.stories()] == [placed.story]
    assert types(client)[-2:] == ["story.merged", "article.moved"]


def test_groups_without_stories_are_left_as_well(client: redis.Redis, reader: Reader, write: Write) -> None:
    placer = Placer(Index(client, Keys()), Rules(tell_stories=False))
    put(placer, write("a", WIRE), write("b", WIRE))
    put(placer, write("b", BANK[0][1], BANK[0][0]))
    assert [len(reader.group(reader.article(i).group).articles) for i in "ab"] == [1, 1]  # type: ignore[union-attr]


def test_whatever_is_revised_every_count_is_that_of_the_members(
    placer: Placer, reader: Reader, client: redis.Redis, write: Write
) -> None:
    chance = random.Random(4)
    texts = [*FERRY, *BANK, ("", WIRE), ("Lighthouse stays open", WIRE + " She laughed."), ("", WIRE[:150])]
    for _ in range(120):
        batch = {f"a{chance.randrange(9)}": chance.choice(texts) for _ in range(chance.randint(1, 4))}
        put(placer, *(write(n, text, title, outlet=f"{n}.example") for n, (title, text) in batch.items()))
    articles = list(reader.all_articles())
    stories, groups = Counter(a.story for a in articles), Counter(a.group for a in articles)
    assert {s.id: s.articles for s in reader.stories()} == stories
    for story, size in stories.items():
        belonging = {a.group for a in articles if a.story == story}
        assert counted(reader, story) == (size, len(belonging), size)
        assert client.zcard(f"newsfold:story:{story}:groups") == len(belonging)
    for group, size in groups.items():
        found = client.hgetall(f"newsfold:group:{group}")
        assert (int(found[b"articles"]), client.zcard(f"newsfold:group:{group}:articles")) == (size, size)
        assert found[b"origin"].decode() in {a.id for a in articles if a.group == group}


DEPOSITS = (
    "Depositors queued at the doors of the Fellmoor bank, which regulators closed. The finance ministry said that deposits up to "
    "fifty thousand crowns were insured, and that the branch in Kestrel Street would not open again before the spring."
)
LAKE = (
    "A wildfire near Lake Osprington drove four hundred campers from the Tamarack valley, rangers said. Firefighters from "
    "Dunmere dropped water on the ridge until nightfall, and chief ranger Odile Brandt closed the valley road."
)


def story_of(reader: Reader, article: str) -> str:
    found = reader.article(article)
    assert found is not None
    return found.story


@pytest.mark.parametrize("as_a_stream", [False, True])
def test_one_that_leaves_a_group_which_just_grew_is_found_by_its_new_words(
    placer: Placer, reader: Reader, write: Write, as_a_stream: bool
) -> None:
    """The batch that brings the second is not linked yet when the one with the new words is inserted."""
    put(placer, write("x", WIRE, outlet="a.example"))
    following = [write("y", WIRE, outlet="b.example"), write("x", DEPOSITS, outlet="a.example")]
    if as_a_stream:
        list(placer.place_all(([Submission(article)], NOW) for article in following))
    else:
        for article in following:
            put(placer, article)
    queue = "Regulators closed the Fellmoor bank while depositors queued at its doors."
    [placed] = put(placer, write("z", queue, outlet="c.example"))
    assert placed.story == story_of(reader, "x") != story_of(reader, "y")


@pytest.mark.parametrize("at_once", [False, True])
def test_two_of_one_group_whose_words_change_are_both_found_by_them(
    placer: Placer, reader: Reader, write: Write, at_once: bool
) -> None:
    put(placer, write("x", WIRE, outlet="a.example"), write("y", WIRE, outlet="b.example"))
    changed = [write("x", DEPOSITS, outlet="a.example"), write("y", LAKE, outlet="b.example")]
    if at_once:
        put(placer, *changed)
    else:
        for article in changed:
            put(placer, article)
    fire = (
        "Campers fled a wildfire in the Tamarack valley near Lake Osprington, chief ranger Odile Brandt said."
    )
    [new] = put(placer, write("z", fire, outlet="c.example"))
    [old] = put(
        placer,
        write(
            "v",
            "The council of Harrowmouth keeps its old lighthouse; four thousand residents signed.",
            outlet="d.example",
        ),
    )
    assert new.story == story_of(reader, "y")
    assert old.story != story_of(reader, "y")
