"""What an operator put right on a real server: made, kept by what comes later, undone in any order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.model import Article, Change
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from pipelines.rebuild import rebuild
from storage.corrections import Corrections
from storage.errors import CorrectionRefused
from storage.index import DAY, Index
from storage.keys import Keys, group_id
from storage.reader import Reader
from storage.records import Link

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEXTS = {
    "a": ("Ferry Pearl runs aground off Harrowmouth", "The ferry Pearl ran aground off Harrowmouth, the coastguard said."),
    "b": ("Passengers of the Pearl safe at Harrowmouth", "Coastguard boats took all who were on the ferry Pearl to Harrowmouth."),
    "c": ("Harrowmouth: ferry Pearl on the rocks", "Lifeboats and the coastguard at Harrowmouth came to the Pearl, a ferry."),
    "d": ("Fellmoor bank closed", "Depositors queued at the doors of the Fellmoor bank, which regulators closed."),
    "e": ("Regulators close Fellmoor bank", "The Fellmoor bank was closed by regulators, and depositors queued."),
}  # fmt: skip


@pytest.fixture
def index(client: redis.Redis) -> Index:
    return Index(client, Keys())


@pytest.fixture
def reader(client: redis.Redis) -> Reader:
    return Reader(client)


@pytest.fixture
def desk(client: redis.Redis) -> Corrections:
    return Corrections(client, Keys(), retention=30 * DAY, window=3 * DAY)


@pytest.fixture
def place(index: Index, write: Write) -> Callable[..., None]:
    """Places texts by their letters, or one text of any words."""

    def run(ids: str = "abcde", text: str = "", headline: str = "", **fields: object) -> None:
        placer = Placer(index, Rules())
        for i in [ids] if text else ids:
            title, body = (headline, text) if text else TEXTS[i]
            placer.place([Submission(write(i, body, title, outlet=f"{i}.example", **fields))], NOW)

    return run


def story_of(reader: Reader, article: str) -> str:
    found = reader.article(article)
    assert found is not None
    return found.story


def stories(reader: Reader) -> list[str]:
    """The articles of each story, checked against all that counts them."""
    found = []
    for summary in reader.stories(hidden=True):
        whole = reader.story(summary.id)
        assert whole is not None
        articles = [a for group in whole.groups for a in group.articles]
        assert {a.story for a in articles} == {g.story for g in whole.groups} == {summary.id}
        assert (summary.articles, summary.groups) == (len(articles), len(whole.groups))
        assert dict(whole.outlets) == {a.outlet: 1 for a in articles}
        assert summary.headline in {a.title for a in articles}
        found.append("".join(sorted(a.id for a in articles)))
    return sorted(found)


def events(client: redis.Redis) -> list[dict[str, str]]:
    return [{k.decode(): v.decode() for k, v in row.items()} for _, row in client.xrange("newsfold:events")]


def push(index: Index, write: Write, article: str, *changes: Change, unite: tuple[str, ...] = ()) -> str:
    """An arrival that brings changes or unites groups; returns the story that it went to."""
    text = write(article, f"A text of its own about bakers in Castlegate, {article}.", "Bakers", outlet="x")
    record = index.record(text, text.text, 1, 20, (), "")
    link = Link(record, unite=unite, spot=0, changes=changes)
    return index.run(index.ask_link("en", [link], NOW))[0].story


def test_merged_stories_are_one(
    reader: Reader, client: redis.Redis, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    ferry, bank = story_of(reader, "a"), story_of(reader, "d")
    assert stories(reader) == ["abc", "de"]
    number = desk.merge(ferry, bank, NOW, "one strike")
    assert stories(reader) == ["abcde"]
    assert reader.resolve("story", bank) == [ferry]
    (made,) = desk.list()
    assert (made.number, made.kind, made.reason, made.story, made.other, made.groups) == (
        number, "merge", "one strike", ferry, bank, 5,
    )  # fmt: skip
    told = [row for row in events(client) if row.get("correction") == str(number)]
    assert [row["type"] for row in told] == ["group.moved", "group.moved", "story.merged"]
    assert told[-1] | {"story": bank, "into": ferry} == told[-1]
    assert desk.merge(ferry, bank, NOW) == 0
    assert len(desk.list()) == 1


def test_no_move_takes_merged_stories_apart(
    reader: Reader, index: Index, write: Write, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    ferry = story_of(reader, "a")
    desk.merge(ferry, story_of(reader, "d"), NOW)
    for group in map(group_id, "abcde"):
        push(index, write, f"x{group}", Change(group, ferry, "s" + 12 * "5"))
    assert {story_of(reader, i) for i in "abcde"} == {ferry}
    for number in range(12):
        place(f"f{number}", TEXTS["a"][1] + f" Passengers sang, number {number} of them said on the ferry.")
        place(f"g{number}", TEXTS["d"][1] + f" Regulators wrote to {number} depositors of the bank.")
    assert {story_of(reader, i) for i in "abcde"} == {ferry}


def test_what_was_split_stays_apart(
    reader: Reader,
    index: Index,
    write: Write,
    client: redis.Redis,
    desk: Corrections,
    place: Callable[..., None],
) -> None:
    place()
    ferry = story_of(reader, "a")
    number = desk.split(ferry, [group_id("c")], NOW, "another ferry")
    apart = story_of(reader, "c")
    assert stories(reader) == ["ab", "c", "de"]
    assert (
        events(client)[-1] | {"type": "story.split", "story": apart, "from": ferry, "correction": str(number)}
        == (events(client)[-1])
    )
    push(index, write, "x", Change(group_id("c"), apart, ferry), Change(group_id("a"), ferry, apart))
    assert (story_of(reader, "a"), story_of(reader, "c")) == (ferry, apart)
    # A text between both, by likeness and as the same text.
    place("between", TEXTS["a"][1] + " " + TEXTS["c"][1])
    push(index, write, "y", unite=("a", "c"))
    assert (story_of(reader, "a"), story_of(reader, "c")) == (ferry, apart)
    place("c")  # read again
    place("reprint", TEXTS["c"][1], headline=TEXTS["c"][0])
    assert story_of(reader, "c") == apart


def test_a_reprint_goes_where_its_text_was_put(
    reader: Reader, index: Index, write: Write, desk: Corrections, place: Callable[..., None]
) -> None:
    """Of two groups that become one text, the one that an operator placed says where."""
    place()
    ferry, bank = story_of(reader, "a"), story_of(reader, "d")
    desk.split(ferry, [group_id("c")], NOW)
    apart = story_of(reader, "c")
    for unite in (("d", "c"), ("c", "e")):
        push(index, write, "u" + "".join(unite), unite=unite)
    assert {story_of(reader, i) for i in "cde"} == {apart}
    assert reader.resolve("story", bank) == [apart]
    push(index, write, "z", Change(group_id("c"), apart, ferry))
    assert story_of(reader, "c") == apart


def test_rebuild_keeps_corrections(
    reader: Reader, client: redis.Redis, write: Write, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    ferry = story_of(reader, "a")
    desk.split(ferry, [group_id("c")], NOW)
    desk.mark(story_of(reader, "d"), "hide", NOW)
    before = stories(reader)
    config = MinHashConfig(bands=16, rows=8)
    rebuild(client, Keys(), config, 30 * DAY)
    assert stories(reader) == before
    placer = Placer(Index(client, Keys(), config=config), Rules(minhash=config))
    for i in "abcde":
        placer.place([Submission(write(f"{i}2", TEXTS[i][1], TEXTS[i][0], outlet=f"{i}2.example"))], NOW)
    assert story_of(reader, "c2") == story_of(reader, "c") != ferry == story_of(reader, "a2")
    assert reader.stories() == [s for s in reader.stories(hidden=True) if s.id != story_of(reader, "d")]


def test_marks(reader: Reader, client: redis.Redis, desk: Corrections, place: Callable[..., None]) -> None:
    place()
    ferry, bank = story_of(reader, "a"), story_of(reader, "d")
    pin, hide = desk.mark(ferry, "pin", NOW), desk.mark(bank, "hide", NOW, "a page of links")
    (shown,) = reader.stories()
    assert (shown.id, shown.pinned, shown.hidden) == (ferry, NOW, None)
    assert desk.mark(bank, "hide", NOW) == 0
    assert [row["type"] for row in events(client)[-2:]] == ["story.pinned", "story.hidden"]
    assert desk.undo(hide, NOW)
    assert not desk.undo(hide, NOW)
    assert len(reader.stories()) == 2
    assert desk.mark(ferry, "pin", NOW, on=False)
    assert [s.pinned for s in reader.stories()] == [None, None]
    assert [row["type"] for row in events(client)[-2:]] == ["story.shown", "story.unpinned"]
    assert desk.undo(pin + 2, NOW)
    assert NOW in [s.pinned for s in reader.stories()]
    assert [c.kind for c in desk.list()] == ["unpin", "hide", "pin"]
    again = desk.mark(bank, "hide", NOW)
    desk.mark(bank, "hide", NOW, on=False)
    told = len(events(client))
    desk.undo(again, NOW)
    assert len(events(client)) == told  # it was shown already


def test_a_hidden_story_is_not_taken_over(
    reader: Reader, index: Index, write: Write, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    bank = story_of(reader, "d")
    desk.mark(bank, "hide", NOW)
    push(index, write, "x", *(Change(group_id(i), bank, story_of(reader, "a")) for i in "de"))
    assert story_of(reader, "d") == bank


def test_a_pinned_story_that_becomes_part_of_another_pins_it(
    reader: Reader, index: Index, write: Write, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    ferry, bank = story_of(reader, "a"), story_of(reader, "d")
    desk.mark(bank, "pin", NOW)
    push(index, write, "x", *(Change(group_id(i), bank, ferry) for i in "de"))
    assert [s.id for s in reader.stories() if s.pinned] == [ferry]


def test_undone_merge_is_as_before(
    reader: Reader, client: redis.Redis, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    ferry, bank = story_of(reader, "a"), story_of(reader, "d")
    desk.mark(bank, "pin", NOW)
    before = stories(reader), client.hget(f"newsfold:story:{bank}", "created")
    merged = desk.merge(ferry, bank, NOW + timedelta(hours=1))
    assert reader.stories()[0].pinned
    place("new", "The ferry Pearl lay off Harrowmouth; the coastguard and a bank of depositors said so.")
    joined = story_of(reader, "new")
    assert desk.undo(merged, NOW + timedelta(hours=2))
    assert {story_of(reader, i) for i in "abc"} == {ferry}
    assert {story_of(reader, i) for i in "de"} == {bank}
    assert story_of(reader, "new") == joined
    assert [s.id for s in reader.stories() if s.pinned] == [bank]
    assert client.hget(f"newsfold:story:{bank}", "created") == before[1]
    assert not any(client.hexists(f"newsfold:group:{group_id(i)}", "fixed") for i in "abcde")
    types = [row["type"] for row in events(client)]
    assert types[-2:] == ["group.moved", "group.moved"] or "story.split" in types


def test_undone_split_takes_back_what_came_since(
    reader: Reader, index: Index, write: Write, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    ferry = story_of(reader, "a")
    split = desk.split(ferry, [group_id("c")], NOW)
    apart = story_of(reader, "c")
    push(index, write, "x")
    push(index, write, "y", Change(group_id("x"), story_of(reader, "x"), apart))
    assert story_of(reader, "x") == apart
    desk.undo(split, NOW)
    assert {story_of(reader, i) for i in "abcx"} == {ferry}
    assert reader.resolve("story", apart) == [ferry]
    again = desk.split(ferry, [group_id("c")], NOW + timedelta(seconds=5))
    assert again
    assert story_of(reader, "c") not in (ferry, apart)


def test_corrections_are_undone_in_any_order(
    reader: Reader, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    ferry, bank = story_of(reader, "a"), story_of(reader, "d")
    merged = desk.merge(ferry, bank, NOW)
    split = desk.split(ferry, [group_id("d")], NOW)
    assert stories(reader) == ["abce", "d"]
    desk.undo(merged, NOW)
    assert stories(reader) == ["abc", "d", "e"]
    desk.undo(split, NOW)
    assert stories(reader) == ["abc", "de"]
    assert story_of(reader, "d") == bank


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), st.sampled_from("abcde"), st.sampled_from("abcde")),
        st.tuples(st.just("split"), st.sampled_from("abcde"), st.just("")),
        st.tuples(st.just("hide"), st.sampled_from("abcde"), st.just("")),
        st.tuples(st.just("undo"), st.integers(1, 6).map(str), st.just("")),
    ),
    min_size=2, max_size=8,
)  # fmt: skip


@cache
def _saved(client: redis.Redis, place: Callable[..., None]) -> dict[bytes, bytes]:
    """The texts as they are placed, taken once."""
    place()
    return {key: client.dump(key) for key in client.keys("*")}


def test_a_split_is_undone_while_its_story_is_part_of_another(
    client: redis.Redis, reader: Reader, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    before = {i: story_of(reader, i) for i in "abcde"}
    for name in "abd":
        desk.split(story_of(reader, name), [group_id(name)], NOW)
    desk.merge(story_of(reader, "c"), story_of(reader, "d"), NOW)
    for number in (1, 2, 3):
        desk.undo(number, NOW)
    assert story_of(reader, "b") == before["b"]
    desk.undo(4, NOW)
    assert {i: story_of(reader, i) for i in "abcde"} == before


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.randoms(use_true_random=False))
def test_whatever_is_done_all_undone_is_as_it_was(
    client: redis.Redis,
    reader: Reader,
    desk: Corrections,
    place: Callable[..., None],
    steps: list[tuple[str, str, str]],
    dice,
) -> None:
    saved = _saved(client, place)
    client.flushdb()
    for key, value in saved.items():
        client.restore(key, 0, value)
    before = {i: story_of(reader, i) for i in "abcde"}
    for step, (what, one, other) in enumerate(steps):
        now = NOW + timedelta(seconds=step)
        try:
            if what == "merge":
                desk.merge(story_of(reader, one), story_of(reader, other), now)
            elif what == "split":
                desk.split(story_of(reader, one), [group_id(one)], now)
            elif what == "hide":
                desk.mark(story_of(reader, one), "hide", now)
            else:
                desk.undo(int(one), now)
        except CorrectionRefused:
            continue
        stories(reader)
    left = [c.number for c in desk.list() if not c.undone]
    dice.shuffle(left)
    for number in left:
        desk.undo(number, NOW + timedelta(minutes=1))
        stories(reader)
    assert {i: story_of(reader, i) for i in "abcde"} == before
    assert not any(client.hexists(f"newsfold:group:{group_id(i)}", "fixed") for i in "abcde")
    assert len(reader.stories()) == 2


def test_what_cannot_be_done_changes_nothing(
    reader: Reader,
    client: redis.Redis,
    write: Write,
    index: Index,
    desk: Corrections,
    place: Callable[..., None],
) -> None:
    place()
    place("de", "Die Fähre Pearl ist vor Harrowmouth auf Felsen gelaufen.", lang="de")
    ferry, before = story_of(reader, "a"), client.dbsize()
    for refused in (
        lambda: desk.merge(ferry, "s000000000000", NOW),
        lambda: desk.merge(ferry, story_of(reader, "de"), NOW),
        lambda: desk.split(ferry, [group_id("d")], NOW),
        lambda: desk.split(ferry, [group_id(i) for i in "abc"], NOW),
        lambda: desk.mark("s000000000000", "pin", NOW),
        lambda: desk.undo(7, NOW),
    ):
        with pytest.raises(CorrectionRefused):
            refused()
    assert client.dbsize() == before
    assert desk.list() == []


def test_corrections_race_with_arrivals(
    client: redis.Redis, reader: Reader, desk: Corrections, write: Write, place: Callable[..., None]
) -> None:
    place()
    ferry, bank = story_of(reader, "a"), story_of(reader, "d")

    def work(number: int) -> None:
        title, text = TEXTS["abcde"[number % 5]]
        article = write(f"r{number}", f"{text} Number {number} says so.", title, outlet=f"{number}.example")
        Placer(Index(client, Keys()), Rules()).place([Submission(article)], NOW)
        if number == 10:
            desk.merge(ferry, bank, NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(24)))
    stories(reader)
    assert {story_of(reader, i) for i in "abcde"} == {ferry}


def test_corrections_expire(
    client: redis.Redis, reader: Reader, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    desk.mark(story_of(reader, "a"), "pin", NOW)
    desk.mark(story_of(reader, "d"), "pin", NOW + timedelta(days=31))
    assert 0 < client.ttl("newsfold:correction:1") <= 30 * DAY
    assert client.zrange("newsfold:corrections", 0, -1) == [b"2"]


def test_a_reworded_text_stays_where_it_was_put(
    reader: Reader, index: Index, write: Write, desk: Corrections, place: Callable[..., None]
) -> None:
    """Alone in its group, or one of several copies: its new words would belong to the other story."""
    place()
    place("copy", TEXTS["c"][1], headline=TEXTS["c"][0])
    ferry = story_of(reader, "a")
    number = desk.split(ferry, [group_id("c")], NOW)
    apart = story_of(reader, "c")
    placer = Placer(index, Rules())
    for i in ("copy", "c"):
        words = f"Aground now, a ferry: Pearl, off Harrowmouth, as {i} heard from somebody at the coastguard there."
        (placed,) = placer.place(
            [Submission(write(i, words, "Ferry Pearl aground off Harrowmouth", outlet=f"{i}.example"))], NOW
        )
        assert placed.verdict == "revision"
        assert (placed.story, story_of(reader, i)) == (apart, apart)
    place("more", TEXTS["a"][1] + " It will be towed on Tuesday, the coastguard said.")
    assert (story_of(reader, "c"), story_of(reader, "copy"), story_of(reader, "a")) == (apart, apart, ferry)
    desk.undo(number, NOW)
    assert {story_of(reader, i) for i in ("a", "b", "c", "copy")} == {ferry}
    assert not any(found.groups == 0 for found in reader.stories())


def test_a_text_that_became_part_of_another_is_undone_with_it(
    reader: Reader, index: Index, write: Write, desk: Corrections, place: Callable[..., None]
) -> None:
    place()
    ferry, bank = story_of(reader, "a"), story_of(reader, "d")
    number = desk.merge(ferry, bank, NOW)
    push(index, write, "u", unite=("d", "e"))
    desk.undo(number, NOW)
    assert {story_of(reader, i) for i in "deu"} == {bank}
    assert {story_of(reader, i) for i in "abc"} == {ferry}
