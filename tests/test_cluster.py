"""A real Redis Cluster on loopback: the groups of one server, whatever happens to its nodes in mid-crawl."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from benchmarks.cluster import RunningCluster, running_cluster
from benchmarks.scene import Done, Scene, finish, scene
from benchmarks.watching import Outcome, broken, outcome
from newsfold import AsyncStories, Stories, Story
from storage.cluster import cluster_of, keys_of, servers_of
from storage.connect import connect
from storage.errors import ServerUnavailable
from storage.keys import SHARDS, Keys
from storage.reader import Reader

pytestmark = [pytest.mark.slow, pytest.mark.cluster]
RECORDS = "{newsfold}:schema"
WORDS = ["".join(random.Random(n).choices("abdegiklmnorstu", k=7)) for n in range(3_000)]


@pytest.fixture
def cluster() -> Iterator[RunningCluster]:
    with running_cluster() as found:
        yield found


@pytest.fixture(scope="module")
def room() -> Iterator[Scene]:
    with scene(NEWSFOLD_REDIS_WAIT="60") as found:
        yield found


@pytest.fixture(scope="module")
def single(room: Scene) -> Outcome:
    """What one crawl into one server comes to."""
    assert room.run("crawl").code == 0
    return outcome(room.client)


def crawls(
    room: Scene, cluster: RunningCluster, meanwhile: Callable[[], object], workers: int = 4
) -> list[Done]:
    """Several workers, each with a data folder of its own, and what happens once they have stored something."""
    begin, started = time.monotonic(), []
    for number in range(workers):
        home = str(room.home.with_name(f"worker{number}"))
        # Slow enough for what is to happen in between.
        env = {"NEWSFOLD_REDIS_URL": cluster.url, "NEWSFOLD_HOME": home, "NEWSFOLD_CRAWL_DELAY": "0.4"}
        started.append(room.start("crawl", **env))
    with closing(connect(cluster.url, room.home)) as client:
        while not client.zcard(keys_of(client).articles):
            assert any(one.poll() is None for one in started), [finish(one, begin) for one in started]
            time.sleep(0.01)
    meanwhile()
    assert any(one.poll() is None for one in started)
    return [finish(one, begin) for one in started]


def newsfold(room: Scene, cluster: RunningCluster, *words: str) -> Done:
    return room.run(*words, NEWSFOLD_REDIS_URL=cluster.url, NEWSFOLD_HOME=str(room.home.with_name("desk")))


def same(found: Outcome, wanted: Outcome) -> None:
    for part in ("articles", "groups", "feeds", "pages"):
        assert getattr(found, part) == getattr(wanted, part), part


def settled(room: Scene, cluster: RunningCluster, done: list[Done], single: Outcome) -> None:
    """All went well, and after one more run everything is as on one server."""
    assert [one.code for one in done] == [0] * len(done), [one.out + one.err for one in done]
    again = newsfold(room, cluster, "crawl")
    assert again.code == 0, again.err
    with closing(connect(cluster.url, room.home)) as client:
        same(outcome(client), single)
        assert list(broken(Reader(client))) == []


def test_four_workers_make_the_groups_of_one_server(
    room: Scene, cluster: RunningCluster, single: Outcome
) -> None:
    done = crawls(room, cluster, lambda: None)
    assert [one.code for one in done] == [0] * 4, [one.out + one.err for one in done]
    with closing(connect(cluster.url, room.home)) as client:
        same(outcome(client), single)
        assert is_spread(client)


def is_spread(client: redis.Redis) -> bool:
    """Every master has buckets, and nothing but buckets is outside the slot of the records."""
    keys, with_buckets = keys_of(client), 0
    for server in servers_of(client):
        names = [key.decode() for pattern in keys.patterns[1:] for key in server.scan_iter(match=pattern)]
        assert {name.split(":")[3] for name in names} <= {"band", "anchor", "print"}
        with_buckets += bool(names)
        others = [key for key in server.scan_iter() if key.decode() not in names]
        assert all(key.startswith(b"{newsfold}:") for key in others)
    return with_buckets == len(servers_of(client)) > 1


@pytest.mark.parametrize("key", [RECORDS, Keys("{newsfold}").shard("en", "x", 3)], ids=["records", "buckets"])
def test_a_master_that_is_killed_loses_nothing(
    room: Scene, cluster: RunningCluster, single: Outcome, key: str
) -> None:
    lost = cluster.owner(key)
    done = crawls(room, cluster, lost.kill)
    assert cluster.owner(key).port != lost.port
    settled(room, cluster, done, single)


@pytest.mark.parametrize("key", [RECORDS, Keys("{newsfold}").shard("en", "x", 3)], ids=["records", "buckets"])
def test_a_slot_that_moves_loses_nothing(
    room: Scene, cluster: RunningCluster, single: Outcome, key: str
) -> None:
    other = next(one for one in cluster.living_masters() if one.port != cluster.owner(key).port)
    moved: list[int] = []
    done = crawls(room, cluster, lambda: moved.append(cluster.move(key, other, pause=0.02)))
    assert moved[0] > 0
    assert cluster.owner(key).port == other.port
    settled(room, cluster, done, single)


def test_an_ingest_that_outlives_a_master_says_so_and_loses_nothing(
    room: Scene, cluster: RunningCluster, tmp_path: Path
) -> None:
    texts = [
        "\n".join(" ".join(random.Random(f"{n} {p}").choices(WORDS, k=30)) for p in range(4))
        for n in range(1_500)
    ]
    rows = [
        {"id": f"{kind}{n}", "url": f"https://{kind}.example/{n}", "outlet": f"{kind}.example", "title": f"Text {n}", "text": text, "lang": "en"}
        for kind in ("first", "reprint")
        for n, text in enumerate(texts)
    ]  # fmt: skip
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    env = {
        "NEWSFOLD_REDIS_URL": cluster.url,
        "NEWSFOLD_HOME": str(tmp_path / "home"),
        "NEWSFOLD_REDIS_WAIT": "60",
    }
    begin, process = time.monotonic(), room.start("ingest", "--processes", "2", str(file), **env)
    with closing(connect(cluster.url, room.home)) as client:
        keys = keys_of(client)
        while client.zcard(keys.articles) < 300:
            assert process.poll() is None
            time.sleep(0.01)
        cluster.owner(RECORDS).kill()
        done = finish(process, begin)
        assert (done.code, "failed over" in done.err) == (2, True), done.err
        again = room.run("ingest", "--processes", "2", str(file), **env)
        assert again.code == 0, again.err
        assert client.zcard(keys.articles) == len(rows)
        reader = Reader(client)
        places = {article.url: reader.resolve("group", article.group)[0] for article in reader.all_articles()}
        apart = [
            n
            for n in range(len(texts))
            if places[f"https://first.example/{n}"] != places[f"https://reprint.example/{n}"]
        ]
        assert apart == []
        assert len(set(places.values())) == len(texts)


def test_shards_lie_evenly_over_the_slots() -> None:
    from redis.crc import key_slot

    slots = [key_slot(Keys("{newsfold}").shard("fr", "x", one).encode()) for one in range(SHARDS)]
    assert [slot * SHARDS // 16_384 for slot in slots] == list(range(SHARDS))


def test_every_command_works(room: Scene, cluster: RunningCluster, tmp_path: Path) -> None:
    def ran(*words: str, code: int = 0) -> str:
        done = newsfold(room, cluster, *words)
        assert done.code == code, (words, done.out, done.err)
        return done.out

    ran("crawl")
    stories = json.loads(ran("stories", "--json"))
    large = max(stories, key=lambda story: int(story["groups"]))
    whole = json.loads(ran("story", large["id"], "--json"))
    group = whole["texts"][0]
    first, other = (article["id"] for text in whole["texts"][:2] for article in text["articles"][:1])
    assert large["headline"] in ran("story", large["id"])
    assert json.loads(ran("group", group["id"], "--json"))["id"] == group["id"]
    assert json.loads(ran("article", first, "--json"))["id"] == first
    assert first in ran("why", first, other, "--json")
    assert ran("timeline", large["id"])
    assert "brackwater" in ran("search", "Brackwater").lower()
    assert ran("outlet", large["outlet"])
    assert len(json.loads(ran("feeds", "--json"))) == 13
    ran("pin", large["id"])
    assert json.loads(ran("stories", "--json"))[0]["id"] == large["id"]
    same_language = [s for s in stories if s["lang"] == large["lang"] and s["id"] != large["id"]]
    ran("merge", large["id"], same_language[0]["id"], "--reason", "one event")
    assert "one event" in ran("corrections")
    ran("undo", "2")
    assert len(json.loads(ran("stories", "--json"))) == len(stories)
    assert json.loads(ran("stats", "--json"))["articles"] == 56
    assert "cluster" in ran("doctor", code=1)
    assert len(ran("export").splitlines()) == 56
    ran("report", "-o", str(tmp_path / "front.html"))
    assert large["headline"] in (tmp_path / "front.html").read_text()
    ran("prune")
    ran("rebuild")
    rows = tmp_path / "more.jsonl"
    rows.write_text(
        json.dumps({"id": "x", "url": "https://x.example/1", "title": "A new bridge", "text": "word " * 80})
        + "\n"
    )
    assert "1" in ran("ingest", str(rows))
    assert ran("backup", str(tmp_path / "all.nf"))
    ran("restore", "--force", str(tmp_path / "all.nf"))
    assert json.loads(ran("stats", "--json"))["articles"] == 57


def test_a_backup_goes_from_a_server_to_a_cluster_and_back(
    room: Scene, cluster: RunningCluster, single: Outcome, tmp_path: Path
) -> None:
    file, back = str(tmp_path / "server.nf"), str(tmp_path / "cluster.nf")
    assert room.run("backup", file).code == 0
    assert newsfold(room, cluster, "restore", file).code == 0
    refused = newsfold(room, cluster, "crawl", "--now")
    assert refused.code == 2
    assert "shards is 1 there and 16 here" in refused.err
    assert "newsfold rebuild" in refused.err
    assert newsfold(room, cluster, "rebuild").code == 0
    with closing(connect(cluster.url, room.home)) as client:
        same(outcome(client), single)
        assert is_spread(client)
    assert newsfold(room, cluster, "backup", back).code == 0
    assert room.run("restore", "--force", back).code == 0
    assert room.run("rebuild").code == 0
    assert room.run("crawl", "--now").code == 0
    after = outcome(room.client)
    assert (after.articles, after.groups) == (single.articles, single.groups)
    assert not list(room.client.scan_iter("*.*}:*"))
    assert not list(room.client.scan_iter("{newsfold}*"))


def test_readers_follow_the_records(room: Scene, cluster: RunningCluster) -> None:
    assert newsfold(room, cluster, "crawl").code == 0
    with Stories(cluster.url) as stories:
        before = stories.latest(500)
        assert len(before) >= 28
        assert asyncio.run(awaited(cluster.url)) == before
        cluster.owner(RECORDS).kill()
        cluster.wait_for_owner(RECORDS)
        assert stories.latest(500) == before
        assert asyncio.run(awaited(cluster.url)) == before
        assert next(stories.follow("g", "c", oldest=True, wait=1)).type == "story.created"


async def awaited(url: str) -> tuple[Story, ...]:
    async with AsyncStories(url) as stories:
        return await stories.latest(500)


def test_a_user_may_do_only_what_is_documented(room: Scene, tmp_path: Path) -> None:
    words = documented_user("newsfold on >PASSWORD resetkeys ~{newsfold}:*").replace("PASSWORD", "secret")
    settings = ["--requirepass", "root", "--masterauth", "root", "--user", *words.split()]
    with running_cluster(settings=settings, password="root") as cluster:
        url = cluster.url.replace("://", "://newsfold:secret@")
        for line in (["crawl"], ["stories"], ["rebuild"], ["backup", str(tmp_path / "b.nf")], ["prune"]):
            done = room.run(*line, NEWSFOLD_REDIS_URL=url, NEWSFOLD_HOME=str(tmp_path / "home"))
            assert done.code == 0, (line, done.err)
        wrong = room.run("stories", NEWSFOLD_REDIS_URL=url.replace("secret", "wrong"))
        assert (wrong.code, "Traceback" in wrong.err) == (2, False)
        assert "does not accept this user and password" in wrong.err


def documented_user(begin: str) -> str:
    text = (Path(__file__).parents[1] / "docs" / "operations.md").read_text()
    return next(line for line in text.splitlines() if line.startswith("user " + begin)).removeprefix("user ")


def test_what_is_no_cluster_is_told_in_a_sentence(room: Scene, tmp_path: Path) -> None:
    with running_cluster(masters=3, replicas=0) as cluster:
        one = cluster.servers[0].port
        for port in [server.port for server in cluster.servers]:
            with closing(connect(f"redis+cluster://127.0.0.1:{port}", tmp_path, interactive=True)) as client:
                found = cluster_of(client)
                assert found
                assert len(found.masters()) == 3
        for server in cluster.servers:
            server.kill()
        with pytest.raises(ServerUnavailable, match="does not answer"):
            connect(f"redis+cluster://127.0.0.1:{one}", tmp_path, interactive=True)
    with pytest.raises(ServerUnavailable, match="is not a Redis URL"):
        connect("redis+cluster://127.0.0.1:1/3", tmp_path)
