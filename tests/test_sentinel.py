"""Redis behind three real sentinels: finding the master, failing over in mid-crawl, and what is said when there is none."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.kills import Reference
from benchmarks.scene import finish
from benchmarks.watching import Outcome, outcome
from newsfold import AsyncStories, Stories
from storage.connect import connect
from storage.errors import ServerUnavailable
from storage.functions import Call, Functions
from storage.keys import Keys
from storage.line import Line
from storage.sentinel import NoMaster, Told, master_of, watched
from tests.certificates import Authority
from tests.redises import Office, free_port, office, serving
from tests.watchmen import Watch, until, watched_over

ROOT = Path(__file__).parents[1]


@pytest.fixture
def watch() -> Iterator[Watch]:
    with watched_over() as made:
        yield made


# --- reading the URL and the answers


def test_a_url_names_sentinels_a_master_and_how_to_speak_to_each() -> None:
    found = watched("redis+sentinel://u:p%40@a:1,b,[::1]:3/news/2?sentinel_password=s&socket_timeout=7")
    assert found.sentinels == (("a", 1), ("b", 26379), ("::1", 3))
    assert (found.name, found.secure) == ("news", False)
    assert found.asking == {"password": "s"}
    assert found.options == {"username": "u", "password": "p@", "db": 2, "socket_timeout": 7.0}
    assert "p@" not in repr(found)
    secure = watched("rediss+sentinel://a/news?ssl_ca_certs=/ca.pem")
    assert secure.secure
    assert secure.asking == secure.options == {"ssl_ca_certs": "/ca.pem"}


@pytest.mark.parametrize(
    "url", ["redis+sentinel://:geheim@a:1", "redis+sentinel:///news", "redis+sentinel://a/news/x", "redis+sentinel://a:b/news"]
)  # fmt: skip
def test_what_is_no_such_url_is_said(url: str, tmp_path: Path) -> None:
    with pytest.raises(
        ServerUnavailable, match=r"is not a Redis URL: .*redis\+sentinel://host:26379,…/NAME"
    ) as caught:
        connect(url, tmp_path)
    assert "geheim" not in str(caught.value)


def test_the_newest_configuration_counts_and_not_that_of_a_sentinel_left_behind() -> None:
    def told(ip: str, epoch: int, flags: str = "master") -> Told:
        return Told("s", {"ip": ip, "port": 1, "config-epoch": epoch, "flags": flags})

    assert master_of("n", [told("old", 1), told("new", 2), told("new", 2)]) == ("new", 1)
    assert master_of("n", [told("m", 1, "master,s_down"), told("m", 1)]) == ("m", 1)
    for answers in (
        [told("old", 1), told("new", 2, "master,o_down")],
        [told("m", 1, "s_down,master,disconnected")],
    ):
        with pytest.raises(NoMaster, match="no master at the moment"):
            master_of("n", answers)


# --- what is said


def refusal(url: str, tmp_path: Path) -> str:
    begin = time.perf_counter()
    with pytest.raises(ServerUnavailable) as caught:
        connect(url, tmp_path)
    assert time.perf_counter() - begin < 3
    return str(caught.value).partition(url)[2].strip()


def test_no_sentinel_answers(tmp_path: Path) -> None:
    one, other = free_port(), free_port()
    said = refusal(f"redis+sentinel://127.0.0.1:{one},127.0.0.1:{other}/news", tmp_path)
    assert said.startswith(f"cannot be found: no sentinel answers (127.0.0.1:{one}: Error 111 connecting to")
    assert f"; 127.0.0.1:{other}: " in said


@pytest.mark.slow
def test_the_sentinels_do_not_know_the_name_and_then_there_is_no_master(watch: Watch, tmp_path: Path) -> None:
    said = refusal(watch.url(name="olds"), tmp_path)
    assert said == "has no master: its sentinels do not know the name olds"
    with closing(connect(watch.url(tail="/0"), tmp_path)) as client:
        assert client.set("key", "value")
    for port in watch.servers:
        watch.kill(port)
    until(
        lambda: (
            "down" in watch.sentinel(watch.sentinels[0]).execute_command("SENTINEL MASTER", "news")["flags"]
        )
    )
    until(
        lambda: all(
            "_down" in str(watch.sentinel(s).execute_command("SENTINEL MASTER", "news")["flags"])
            for s in watch.sentinels
        )
    )
    assert refusal(watch.url(), tmp_path) == "has no master at the moment: the sentinels take news for down"


def test_a_master_that_is_cut_off_from_its_replicas_takes_no_writes(tmp_path: Path) -> None:
    schema = {"parameters": {"a": "b"}, "secret": "s", "index": "i"}
    with (
        serving("") as port,
        closing(connect(f"redis://127.0.0.1:{port}", tmp_path, interactive=True)) as client,
    ):
        functions = Functions(client, "newsfold")
        functions.call("schema", "newsfold:schema", schema)
        client.config_set("min-replicas-to-write", 1)
        with pytest.raises(ServerUnavailable, match=r"has too few replicas to write$"):
            client.set("newsfold:x", "y")
        with pytest.raises(ServerUnavailable, match=r"has too few replicas to write$"):
            functions.call("schema", "newsfold:schema", schema)


# --- failing over


@pytest.mark.slow
@pytest.mark.cluster
def test_a_worker_follows_a_failover_and_a_demotion(watch: Watch, tmp_path: Path) -> None:
    first, second = watch.servers
    keys = Keys()
    with closing(connect(watch.url(), tmp_path, wait=30)) as client:
        functions = Functions(client, keys.prefix)

        def call(page: int) -> Call[int]:
            pair = {"pairs": [["a", f"g{page}", 1.0]], "reworded": [], "ttl": 600}
            return Call("relate", keys.index("en"), pair, int)

        with Line(functions) as line:
            assert line.send(call(0)).result() == 1
            watch.sentinel(watch.sentinels[0]).execute_command("SENTINEL FAILOVER", "news")
            for page in range(1, 200):
                assert line.send(call(page)).result() == 1
                time.sleep(0.01)
            until(lambda: watch.server(first).role()[0] == b"slave")
            assert line.send(call(200)).result() == 1, "a master that became a replica is left"
            assert client.info("server")["tcp_port"] == second
            until(lambda: watch.server(second).info("replication")["connected_slaves"] == 1)
            client.wait(1, 2000)
            watch.kill(second)
            tickets = [line.send(call(page)) for page in range(201, 205)]
            assert [ticket.result() for ticket in tickets] == [1] * 4, "and one that died"
        assert client.info("server")["tcp_port"] == first


@pytest.fixture(scope="module")
def desk() -> Iterator[Office]:
    """A newsroom that was crawled into a plain Redis."""
    with serving("") as port, office(f"redis://127.0.0.1:{port}") as made:
        made.well("crawl")
        yield made


def begin(desk: Office, watch: Watch, *words: str) -> subprocess.Popen[str]:
    """A command at the master that is watched over."""
    env = {**desk.env, "NEWSFOLD_REDIS_URL": watch.url(), "NEWSFOLD_HOME": str(desk.folder / "other")}
    return subprocess.Popen(
        [sys.executable, "-m", "newsfold", *words], cwd=ROOT, env=env, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def kill_master_in_the_middle(watch: Watch, process: subprocess.Popen[str]) -> None:
    """As soon as the first articles are stored."""
    first = watch.server(watch.servers[0])
    until(lambda: first.zcard("newsfold:articles") or process.poll() is not None, 60)
    assert process.poll() is None
    watch.kill(watch.servers[0])


def stored(url: str, desk: Office) -> Outcome:
    with closing(connect(url, desk.folder)) as client:
        return outcome(client)


@pytest.mark.slow
@pytest.mark.cluster
def test_a_crawl_over_a_failover_ends_with_all_that_there_is(watch: Watch, desk: Office) -> None:
    right = Reference((stored(desk.env["NEWSFOLD_REDIS_URL"], desk),), 0, 0, likeness=0.5)
    process, started = begin(desk, watch, "crawl"), time.monotonic()
    kill_master_in_the_middle(watch, process)
    done = finish(process, started)
    assert "Traceback" not in done.err
    assert done.code in (0, 2), done.err
    assert done.code == 0 or "again" in done.out + done.err
    again = finish(begin(desk, watch, "crawl"), time.monotonic())
    assert again.code == 0, again.err
    assert right.losses(stored(watch.url(), desk)) == []
    assert watch.master() == watch.servers[1]


@pytest.mark.slow
@pytest.mark.cluster
def test_an_ingest_over_a_failover_says_that_it_must_be_run_again(watch: Watch, desk: Office) -> None:
    articles = [json.loads(line) for line in desk.well("export", "--text").splitlines()]
    rows = [
        json.dumps({"url": f"{row['url']}{copy}", **{name: row[name] for name in ("title", "text", "lang")}})
        + "\n"
        for copy in range(4)
        for row in articles
    ]
    with serving("") as port:
        plain = f"redis://127.0.0.1:{port}"
        (desk.folder / "rows.jsonl").write_text("".join(rows))
        desk.well("--redis", plain, "ingest", str(desk.folder / "rows.jsonl"))
        right = Reference((stored(plain, desk),), 0, 0, likeness=0.5)
    process, started = begin(desk, watch, "ingest", "-"), time.monotonic()
    assert process.stdin
    process.stdin.write("".join(rows[:130]))
    process.stdin.flush()
    kill_master_in_the_middle(watch, process)
    process.stdin.write("".join(rows[130:]))
    done = finish(process, started)
    assert (done.code, "again" in done.err) == (2, True), done.err
    assert "Traceback" not in done.err
    again = finish(begin(desk, watch, "ingest", str(desk.folder / "rows.jsonl")), time.monotonic())
    assert again.code == 0, again.err
    assert right.losses(stored(watch.url(), desk)) == []


# --- the client library


@pytest.mark.slow
@pytest.mark.cluster
def test_readers_take_the_same_urls_and_follow_a_failover(watch: Watch) -> None:
    watch.server(watch.servers[0]).xadd(
        "newsfold:events", {"type": "story.updated", "story": "s1", "at": "2026-11-24T12:00:00Z"}
    )
    watch.server(watch.servers[0]).wait(1, 2000)

    async def read() -> list[str]:
        async with AsyncStories(watch.url()) as stories:
            assert await stories.latest() == ()
            return [event.story async for event in stories.follow("g", "c", oldest=True, wait=0.01)]

    with Stories(watch.url(tail="/0")) as stories:
        assert stories.latest() == ()
        assert asyncio.run(read()) == ["s1"]
        watch.server(watch.servers[0]).wait(1, 2000)
        watch.kill(watch.servers[0])
        until(lambda: watch.master() == watch.servers[1])
        until(lambda: watch.server(watch.servers[1]).role()[0] == b"master")
        assert stories.latest() == ()
        assert [event.story for event in stories.follow("h", "c", oldest=True, wait=0.01)] == ["s1"]
        assert asyncio.run(read()) == []


# --- with access control and TLS


@pytest.mark.slow
@pytest.mark.cluster
def test_server_and_sentinels_may_each_have_a_password(tmp_path: Path) -> None:
    with watched_over(
        servers="requirepass geheim\nmasterauth geheim\n", sentinels="requirepass wache\n",
        of_master="sentinel auth-pass news geheim\n", password="geheim",
    ) as watch:  # fmt: skip
        url = watch.url(users=":geheim@", tail="?sentinel_password=wache")
        with closing(connect(url, tmp_path)) as client:
            assert client.set("key", "value")
        with pytest.raises(ServerUnavailable) as caught:
            connect(watch.url(users=":geheim@"), tmp_path)
        assert "does not accept this user and password (sentinel_username, sentinel_password)" in str(
            caught.value
        )
        assert "geheim" not in str(caught.value)
        with pytest.raises(ServerUnavailable, match=r"does not accept this user and password$"):
            connect(watch.url(tail="?sentinel_password=wache"), tmp_path)


@pytest.mark.slow
@pytest.mark.cluster
def test_tls_goes_to_sentinels_and_master(tmp_path: Path) -> None:
    ours = Authority(tmp_path)
    file, key = ours.issue("server")
    tls = (
        f"port 0\ntls-port PORT\ntls-cert-file {file}\ntls-key-file {key}\ntls-ca-cert-file {ours.file}\n"
        "tls-auth-clients no\ntls-replication yes\n"
    )
    with watched_over(servers=tls, sentinels=tls, ssl=True, ssl_ca_certs=str(ours.file)) as watch:
        url = watch.url(scheme="rediss", tail=f"?ssl_ca_certs={ours.file}")
        with closing(connect(url, tmp_path)) as client:
            assert client.set("key", "value")
        with pytest.raises(ServerUnavailable, match="not signed by anyone trusted here"):
            connect(watch.url(scheme="rediss"), tmp_path)

        async def read() -> object:
            async with AsyncStories(url) as stories:
                return await stories.latest()

        assert asyncio.run(read()) == ()
