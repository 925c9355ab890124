"""Groups and stories on a real server."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from dedup.model import Article
from dedup.thresholds import MinHashConfig
from pipelines.placing import Placer, Rules, Submission
from storage.errors import SchemaMismatch
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader
from storage.schema import check_schema

Write = Callable[..., Article]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WORDS = [
    f"{a}{b}"
    for a in ("fer", "har", "mol", "tan", "gri", "sol", "wex")
    for b in ("ton", "by", "mar", "lin", "dor", "ket", "vun")
]


def prose(seed: int, words: int = 120) -> str:
    """A text of its own, in sentences of ten words."""
    dice = random.Random(seed)
    picked = [dice.choice(WORDS) + str(dice.randrange(40)) for _ in range(words)]
    return " ".join(" ".join(picked[i : i + 10]) + "." for i in range(0, words, 10))


@pytest.fixture
def placer(client: redis.Redis) -> Placer:
    return Placer(Index(client, Keys()), Rules())


def put(placer: Placer, *articles: Article) -> list[tuple[str, str]]:
    placed = placer.place([Submission(a, (a.url,) if a.url else ()) for a in articles], NOW)
    return [(p.group, p.verdict) for p in placed]


def test_reprints_edited_copies_and_teasers_are_one_group(placer: Placer, write: Write) -> None:
    text = prose(1)
    edited = text.replace(".", ". Indeed", 1)
    teaser = text[: text.index(".", text.index(".") + 1) + 1]
    (first, new), (_, exact), (_, near), (_, contained), (other, _) = put(
        placer,
        write("a", text),
        write("b", text),
        write("c", edited),
        write("d", teaser),
        write("e", prose(2)),
    )
    assert [new, exact, near, contained] == ["new", "exact", "near-duplicate", "contained"]
    assert other != first


def test_a_teaser_that_came_first_is_taken_in(placer: Placer, write: Write) -> None:
    text = prose(3)
    teaser = text[: text.index(".", text.index(".") + 1) + 1]
    ((one, _),) = put(placer, write("t", teaser))
    ((two, verdict),) = put(placer, write("whole", text))
    assert (one, verdict) == (two, "contained")


def test_a_long_article_that_quotes_a_short_one_is_not_swallowed(placer: Placer, write: Write) -> None:
    short = prose(4, 200)
    quoting = prose(5, 1_000) + " " + short + " " + prose(6, 1_000)
    (one, _), (two, _) = put(placer, write("short", short), write("long", quoting))
    assert one != two


def test_a_bridge_merges_two_groups_and_old_ids_resolve(
    placer: Placer, client: redis.Redis, write: Write
) -> None:
    sentences = [prose(100 + i, 10) for i in range(22)]
    left, right = " ".join(sentences[:12]), " ".join(sentences[10:])
    ((a, _),) = put(placer, write("left", left, published=NOW - timedelta(hours=2)))
    ((b, _),) = put(placer, write("right", right))
    assert a != b
    put(placer, write("bridge", " ".join(sentences[2:20])))
    reader = Reader(client)
    kept = {article.group for article in reader.articles(["left", "right", "bridge"])}
    assert len(kept) == 1
    assert reader.resolve("group", a) == reader.resolve("group", b) == list(kept)
    story = reader.story(reader.article("left").story)  # type: ignore[union-attr]
    assert story is not None
    assert (story.summary.articles, story.summary.groups) == (3, 1)
    assert story.groups[0].origin == "left"


def test_placing_again_changes_nothing_and_a_new_text_is_a_revision(
    placer: Placer, client: redis.Redis, write: Write
) -> None:
    text = prose(7)
    put(placer, write("a", text, outlet="one.example"))
    before = client.dbsize()
    assert put(placer, write("a", text, outlet="one.example"))[0][1] == "unchanged"
    assert client.dbsize() == before
    assert put(placer, write("a", text + " " + prose(8, 20), outlet="one.example"))[0][1] == "revision"
    story = Reader(client).stories()[0]
    assert (story.articles, story.outlets) == (1, 1)
    kinds = [fields[b"type"] for _, fields in client.xrange("newsfold:events")]
    assert kinds == [b"story.created", b"article.added", b"article.revised"]


def test_the_same_article_twice_in_one_batch(placer: Placer, write: Write) -> None:
    article = write("a", prose(9))
    assert [verdict for _, verdict in put(placer, article, article)] == ["new", "unchanged"]


def test_articles_in_their_own_words_share_a_story(placer: Placer, client: redis.Redis, write: Write) -> None:
    one = write(
        "a",
        "The ferry Northern Pearl ran aground off Harrowmouth in thick fog. Rescue boats took 214 passengers ashore, coastguard commander Edda Lorring said.",
        "Ferry Northern Pearl aground off Harrowmouth",
        outlet="a.example",
    )
    two = write(
        "b",
        "All 214 passengers are safe after the Northern Pearl hit a sandbank near Harrowmouth. Commander Lorring praised her coastguard crews for the rescue in fog.",
        "Passengers safe after Northern Pearl grounding",
        outlet="b.example",
    )
    other = write(
        "c",
        "The bakers of Castlegate brought back the farthing loaf, and the queue went round the market square by noon.",
        "Bakers bring back the farthing loaf",
        outlet="c.example",
    )
    placed = placer.place([Submission(a) for a in (one, two, other)], NOW)
    assert placed[0].story == placed[1].story != placed[2].story
    assert placed[0].group != placed[1].group
    assert "harrowmouth" in dict(placed[1].terms)
    assert Reader(client).stories()[0].outlets >= 1


def test_outside_the_window_it_is_another_story(placer: Placer, write: Write) -> None:
    text = "The ferry Northern Pearl ran aground off Harrowmouth with 214 passengers. Coastguard boats came."
    again = "Off Harrowmouth the Northern Pearl is aground once more, and 214 passengers wait for coastguard help."
    late = write("b", again, "Northern Pearl aground at Harrowmouth", published=NOW)
    early = write("a", text, "Northern Pearl aground off Harrowmouth", published=NOW - timedelta(days=20))
    placed = placer.place([Submission(early), Submission(late)], NOW)
    assert placed[0].story != placed[1].story


def test_racing_workers_end_in_one_group(client: redis.Redis, write: Write) -> None:
    text = prose(11)

    def work(number: int) -> None:
        Placer(Index(client, Keys()), Rules()).place([Submission(write(f"r{number}", text))], NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    articles = Reader(client).articles([f"r{i}" for i in range(40)])
    assert len(articles) == 40
    assert len({Reader(client).resolve("group", a.group)[0] for a in articles}) == 1
    (story,) = Reader(client).stories()
    assert (story.articles, story.groups) == (40, 1)


def test_everything_expires_but_the_indexes_that_are_pruned(
    placer: Placer, client: redis.Redis, write: Write
) -> None:
    put(placer, write("a", prose(12), url="http://a.example/1", outlet="a.example"))
    kept = {f"newsfold:{name}" for name in ("stories", "articles", "langs", "events", "schema")}
    lasting = {key.decode() for key in client.keys("*") if client.ttl(key) == -1}
    assert lasting <= kept


def test_nothing_in_redis_is_a_pickle(placer: Placer, client: redis.Redis, write: Write) -> None:
    put(placer, write("a", prose(13), url="http://a.example/1", outlet="a.example"))
    for key in client.keys("newsfold:article:*") + client.keys("newsfold:story:*"):
        if client.type(key) == b"hash":
            for value in client.hgetall(key).values():
                value.decode("utf-8")


def test_another_schema_is_refused(client: redis.Redis) -> None:
    check_schema(client, Keys(), MinHashConfig())
    check_schema(client, Keys(), MinHashConfig())
    with pytest.raises(SchemaMismatch, match="bands is 21 there and 16 here"):
        check_schema(client, Keys(), MinHashConfig(bands=16, rows=8))


def test_odd_ids_and_texts_survive(placer: Placer, client: redis.Redis, write: Write) -> None:
    odd = ["se:1:zh#2", "with space", "*[glob]?", "{tag}", "ü" * 40]
    put(placer, *(write(i, prose(50 + n)) for n, i in enumerate(odd)))
    assert [a.id for a in Reader(client).articles(odd)] == odd
    assert Reader(client).resolve("article", "*[glo") == ["*[glob]?"]
    put(
        placer,
        write("bad", "lone \ud800 surrogate \x00 nul", lang="und"),
        write("empty", "", "Only a headline"),
    )
    assert len(Reader(client).articles(["bad", "empty"])) == 2


@pytest.mark.skipif(
    not shutil.which("redis-server"), reason="redis-server (Debian package redis-server) is not installed"
)
def test_redis_itself_runs_the_functions(tmp_path: Path, write: Write) -> None:
    socket = tmp_path / "r.sock"
    command = [
        "redis-server",
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(unix_socket_path=str(socket), retry=Retry(ConstantBackoff(0.05), 100))
        placer = Placer(Index(client, Keys()), Rules())
        text = prose(1)
        placed = put(placer, write("a", text), write("b", text), write("c", prose(2)))
        assert placed[0][0] == placed[1][0] != placed[2][0]
        client.function_flush()
        assert put(placer, write("d", text))[0][1] == "exact"
        client.close()
    finally:
        server.terminate()
        server.wait(10)


def test_a_dateline_is_no_text_and_names_the_wire(placer: Placer, client: redis.Redis, write: Write) -> None:
    text = prose(60, 12)
    (one, _), (two, verdict) = put(
        placer,
        write("a", f"HARROWMOUTH, Nov 3 (Reuters) - {text}", wire="Reuters", outlet="a.example"),
        write("b", text, outlet="b.example"),
    )
    assert (one, verdict) == (two, "exact")
    group = Reader(client).group(one)
    assert group is not None
    assert group.wire == "Reuters"


def test_a_misread_copy_is_found_and_a_shared_quotation_is_not(placer: Placer, write: Write) -> None:
    words = prose(61, 300).split()
    misread = " ".join(word + "x" if i % 7 == 0 else word for i, word in enumerate(words))
    quoting = f"{prose(62, 120)} {' '.join(words[:60])} {prose(63, 60)}"
    (one, _), (two, verdict), (three, _) = put(
        placer, write("a", " ".join(words)), write("b", misread), write("c", quoting)
    )
    assert (one, verdict) == (two, "contained")
    assert three != one
