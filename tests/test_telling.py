"""Stories on a real server: what moves, falls apart and closes, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import redis

from dedup.model import Article, Change
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys, group_id, story_id
from storage.reader import Reader
from storage.records import Link, Linked

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEXTS = {
    "a": ("Ferry Pearl runs aground off Harrowmouth", "The ferry Pearl ran aground off Harrowmouth, the coastguard said."),
    "b": ("Passengers of the Pearl safe at Harrowmouth", "Coastguard boats took all who were on the ferry Pearl to Harrowmouth."),
    "c": ("Harrowmouth: ferry Pearl on the rocks", "Lifeboats and the coastguard at Harrowmouth came to the Pearl, a ferry."),
    "d": ("Fellmoor bank closed", "Depositors queued at the doors of the Fellmoor bank, which regulators closed."),
}  # fmt: skip


@pytest.fixture
def index(client: redis.Redis) -> Index:
    return Index(client, Keys())


@pytest.fixture
def reader(client: redis.Redis) -> Reader:
    return Reader(client)


def told(index: Index, write: Write, ids: str = "abcd") -> None:
    articles = [write(i, TEXTS[i][1], TEXTS[i][0], outlet=f"{i}.example", wire="PA") for i in ids]
    Placer(index, Rules()).place([Submission(article) for article in articles], NOW)


def again(index: Index, write: Write, *changes: Change, spot: int | None = None) -> Sequence[Linked]:
    """Another article that brings changes with it."""
    article = write(
        "x", "Nothing of all this, but a text of its own about bakers in Castlegate.", outlet="x.example"
    )
    record = index.record(article, article.text, 1, 20, (), "")
    return index.run(index.ask_link("en", [Link(record, spot=0, changes=changes)], NOW))


def events(client: redis.Redis) -> list[str]:
    return [fields[b"type"].decode() for _, fields in client.xrange("newsfold:events")]


def test_texts_on_one_event_are_counted_by_text_outlet_and_wire(
    index: Index, reader: Reader, write: Write
) -> None:
    told(index, write)
    story, bank = sorted(reader.stories(), key=lambda s: -s.groups)
    assert (story.articles, story.groups, story.outlets, story.wire) == (3, 3, 3, "PA")
    assert bank.groups == 1


def test_a_group_moves_with_its_articles_and_the_stream_says_so(
    index: Index, reader: Reader, client: redis.Redis, write: Write
) -> None:
    told(index, write)
    left, group = story_id(group_id("a")), group_id("c")
    change = Change(group, left, story_id(f"{group} {left}"))
    again(index, write, change)
    moved = reader.article("c")
    assert moved is not None
    assert moved.story == change.story
    new, old = reader.story(change.story), reader.story(left)
    assert new is not None
    assert old is not None
    assert (new.summary.articles, new.summary.groups, new.summary.headline) == (1, 1, TEXTS["c"][0])
    assert (old.summary.articles, old.summary.groups, dict(old.outlets)) == (
        2,
        2,
        {"a.example": 1, "b.example": 1},
    )
    assert events(client)[-2:] == ["group.moved", "story.split"]


def test_a_change_made_twice_or_late_does_no_harm(
    index: Index, reader: Reader, client: redis.Redis, write: Write
) -> None:
    told(index, write)
    left, group = story_id(group_id("a")), group_id("c")
    change = Change(group, left, "s" + 12 * "1")
    again(index, write, change)
    before = {key: client.type(key) for key in client.keys("newsfold:s*")}, reader.stories()
    again(index, write, change)
    other = write(
        "y", "Yet another text, about the weather over Castlegate and its bakers.", outlet="y.example"
    )
    record = index.record(other, other.text, 2, 20, (), "")
    index.run(
        index.ask_link("en", [Link(record, spot=0, changes=(Change(group, left, "s" + 12 * "2"),))], NOW)
    )
    found = reader.article("c")
    assert found is not None
    assert found.story == change.story
    assert len(reader.stories()) == len(before[1]) + 1
    assert reader.story("s" + 12 * "2") is None


def test_a_story_that_nothing_is_left_of_leads_on(
    index: Index, reader: Reader, write: Write, client: redis.Redis
) -> None:
    told(index, write)
    bank, ferry = story_id(group_id("d")), story_id(group_id("a"))
    again(index, write, Change(group_id("d"), bank, ferry))
    assert reader.resolve("story", bank) == [ferry]
    assert client.zscore("newsfold:stories", bank) is None
    assert "story.merged" in events(client)
    whole = reader.story(ferry)
    assert whole is not None
    assert whole.summary.groups == 4


def test_two_reprints_that_a_third_unites_do_not_unite_two_events(
    index: Index, reader: Reader, client: redis.Redis, write: Write
) -> None:
    """A group that is united goes to the other's story alone."""
    told(index, write)
    ferry, bank = story_id(group_id("a")), story_id(group_id("d"))
    article = write("z", "A text that two groups are said to be one with.", outlet="z.example")
    record = index.record(article, article.text, 3, 20, (), "")
    (linked,) = index.run(index.ask_link("en", [Link(record, unite=("c", "d"))], NOW))
    assert linked.story in (ferry, bank)
    whole = reader.story(ferry)
    assert whole is not None
    assert whole.summary.groups == 3
    assert reader.resolve("story", bank) == [ferry]
    assert reader.resolve("group", group_id("d")) == [linked.group]


def test_what_decides_is_in_redis(index: Index, client: redis.Redis, reader: Reader, write: Write) -> None:
    """A worker that begins anew goes on where another left off."""
    for i in "abcd":
        told(Index(client, Keys()), write, i)
    assert sorted(s.groups for s in reader.stories()) == [1, 3]


def test_racing_workers_tell_one_story(client: redis.Redis, reader: Reader, write: Write) -> None:
    def work(number: int) -> None:
        title, text = TEXTS["abc"[number % 3]]
        article = replace(
            write(f"r{number}", f"{text} Number {number} says so.", title), outlet=f"{number}.example"
        )
        Placer(Index(client, Keys()), Rules()).place([Submission(article)], NOW)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(18)))
    kept = reader.stories()
    assert sum(story.articles for story in kept) == 18
    for story in kept:
        whole = reader.story(story.id)
        assert whole is not None
        assert sum(len(group.articles) for group in whole.groups) == story.articles
        assert {article.story for group in whole.groups for article in group.articles} == {story.id}
    told(Index(client, Keys()), write, "a")
    assert max(story.groups for story in reader.stories()) >= 2


FERRY_DE = (
    "Fähre „Pearl“ läuft vor Harrowmouth auf Grund",
    "Die Fähre Pearl ist vor Harrowmouth auf Felsen gelaufen. Boote der Küstenwache brachten 214 Fahrgäste an Land.",
)


def test_stories_of_one_event_are_linked_across_languages(index: Index, reader: Reader, write: Write) -> None:
    told(index, write)
    german = write("de", FERRY_DE[1], FERRY_DE[0], outlet="d.example", lang="de")
    other = write("other", "Der Bäcker von Castlegate backt wieder.", "Bäcker backt", lang="de")
    Placer(index, Rules()).place([Submission(german), Submission(other)], NOW)
    ferry, there = (reader.article(i) for i in ("a", "de"))
    assert ferry is not None
    assert there is not None
    story, twin = reader.story(ferry.story), reader.story(there.story)
    assert story is not None
    assert twin is not None
    assert [summary.id for summary, _ in story.related] == [there.story]
    assert [summary.id for summary, _ in twin.related] == [ferry.story]
    assert all(0 < score <= 1 for _, score in (*story.related, *twin.related))


def test_a_link_leads_to_where_a_group_went(
    index: Index, reader: Reader, client: redis.Redis, write: Write
) -> None:
    told(index, write)
    german = write("de", FERRY_DE[1], FERRY_DE[0], outlet="d.example", lang="de")
    Placer(index, Rules()).place([Submission(german)], NOW)
    left = story_id(group_id("a"))
    for group in map(group_id, "abc"):
        again(index, write, Change(group, left, "s" + 12 * "3"))
    there = reader.article("de")
    assert there is not None
    twin = reader.story(there.story)
    assert twin is not None
    assert {summary.id for summary, _ in twin.related} <= {left, "s" + 12 * "3"}
    assert all(client.exists(f"newsfold:story:{summary.id}") for summary, _ in twin.related)


def test_far_apart_in_time_nothing_is_linked(index: Index, reader: Reader, write: Write) -> None:
    told(index, write)
    long_ago = datetime(2026, 11, 10, tzinfo=UTC)
    german = write("de", FERRY_DE[1], FERRY_DE[0], outlet="d.example", lang="de", published=long_ago)
    Placer(index, Rules()).place([Submission(german)], NOW)
    there = reader.article("de")
    assert there is not None
    twin = reader.story(there.story)
    assert twin is not None
    assert twin.related == ()


def test_an_alphabet_without_spaces(index: Index, reader: Reader, write: Write) -> None:
    """Any two Thai texts have pairs of letters in common."""
    thai = {
        "flood": "น้ำท่วมหาดใหญ่หนักสุดในรอบสิบปี ฝนตกหนักต่อเนื่องสามวันทำให้ตัวเมืองหาดใหญ่จังหวัดสงขลามีน้ำท่วมสูงกว่าสองเมตร",
        "again": "น้ำท่วมหาดใหญ่ จังหวัดสงขลา ยังวิกฤต หลังฝนตกหนักสามวัน เจ้าหน้าที่อพยพชาวบ้านหนีน้ำท่วมสูงไปศูนย์พักพิงแล้ว",
        "rates": "คณะกรรมการนโยบายการเงินมีมติเป็นเอกฉันท์ให้คงอัตราดอกเบี้ยนโยบายไว้ที่ร้อยละ 1.50 ต่อปี โดยมองว่าเงินเฟ้อยังอยู่ในระดับต่ำ",
        "nasa": "องค์การนาซาประกาศเลื่อนการส่งนักบินอวกาศสี่คนโคจรรอบดวงจันทร์ในภารกิจอาร์เทมิสออกไปเป็นเดือนมีนาคม",
        "match": "ทีมฟุตบอลชาติไทยเอาชนะเวียดนามในนัดชิงชนะเลิศที่สนามราชมังคลากีฬาสถาน โดยศุภณัฏฐ์ เหมือนตา ยิงประตูชัย",
    }
    articles = [write(name, text, outlet=f"{name}.example", lang="th") for name, text in thai.items()]
    Placer(index, Rules()).place([Submission(article) for article in articles], NOW)
    assert sorted(story.groups for story in reader.stories()) == [1, 1, 1, 2]
