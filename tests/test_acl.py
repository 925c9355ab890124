"""A user who may do only what docs/operations.md lists: every command under it, and what is said where it may not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from newsfold import Stories
from storage.connect import connect
from storage.denied import denied
from storage.errors import NotAllowed, ServerUnavailable
from storage.functions import Functions
from storage.health import health
from storage.keys import Keys
from tests.redises import Office, free_port, office, serving, wait_for

ROOT = Path(__file__).parents[1]
ADMIN = "user admin on >root ~* &* +@all\n"
# What newsfold asks and does without: the server's figures, and how redis-py names itself.
OPTIONAL = {"info", "config|get", "function|list", "client", "client|setinfo"}


def documented() -> str:
    """The rules of the user, as docs/operations.md has them."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (rules,) = re.findall(r"^user newsfold on >PASSWORD (resetkeys ~newsfold:.*)$", text, re.MULTILINE)
    return str(rules)


def user(rules: str, name: str = "newsfold") -> str:
    return f"user {name} on >pa:s/s@ {rules}\nuser default off\n{ADMIN}"


def url(port: int, name: str = "newsfold") -> str:
    return f"redis://{name}:pa%3As%2Fs%40@127.0.0.1:{port}"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(user(documented())) as port:
        yield port


@pytest.fixture(scope="module")
def desk(port: int) -> Iterator[Office]:
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    with office(url(port), NEWSFOLD_NOTIFY_SECRET=secret) as made:
        made.well("crawl")
        yield made


def refused(port: int) -> set[str]:
    """What anyone was refused since this was last asked."""
    with redis.Redis(port=port, username="admin", password="root", decode_responses=True) as admin:
        found = {entry["object"] for entry in admin.acl_log()}
        admin.acl_log_reset()
    return found


@pytest.mark.slow
def test_every_command_works_for_a_user_who_may_do_only_what_is_documented(desk: Office, port: int) -> None:
    well = desk.well
    stories = [row["id"] for row in json.loads(well("stories", "--json"))]
    articles = [json.loads(line) for line in well("export", "--text").splitlines()]
    assert len(stories) > 5
    large = max(json.loads(well("stories", "--json")), key=lambda row: row["groups"])
    part = next(row for row in articles if row["story"] == large["id"])
    stories.remove(large["id"])
    one, other = articles[:2]
    for words in (
        ("story", stories[0]), ("group", one["group"]), ("article", one["id"]), ("article", one["url"]),
        ("why", one["id"], other["id"]), ("outlet", one["outlet"]), ("search", "bank"), ("timeline", stories[0]),
        ("merge", stories[0], stories[1]), ("pin", stories[2]), ("hide", stories[3]), ("undo", "1"), ("corrections",),
        ("split", large["id"], part["id"]), ("stats",), ("prune",), ("rebuild",), ("report", "-o", str(desk.folder / "r.html")),
    ):  # fmt: skip
        well(*words)
    saved = str(desk.folder / "saved")
    well("backup", saved)
    well("restore", saved, "--force")
    rows = desk.folder / "rows.jsonl"
    rows.write_text("\n".join(json.dumps({**row, "id": row["id"] + "x"}) for row in articles))
    well("ingest", str(rows))
    feed = json.loads(well("feeds", "--json"))[0]["url"]
    for words in (("show", feed), ("remove", feed), ("add", feed, "--no-check"), ("import", str(desk.feeds)), ("export",)):  # fmt: skip
        well("feeds", *words)
    assert "for all of" not in desk.run("notify", "--once", "--url", f"http://127.0.0.1:{free_port()}/").out
    well("prune", "--before", "1m")
    assert desk.run("crawl", "--now").code in (0, 1)
    assert refused(port) <= OPTIONAL


@pytest.mark.slow
def test_the_pages_and_a_watcher_work_for_it(desk: Office, port: int) -> None:
    web = free_port()
    words = [sys.executable, "-m", "newsfold"]
    serve = subprocess.Popen(
        [*words, "serve", "--port", str(web)], env=desk.env, cwd=ROOT, stderr=subprocess.DEVNULL
    )
    watch = subprocess.Popen([*words, "watch", "--json"], env=desk.env, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        wait_for(web)
        pages = {
            path: urllib.request.urlopen(f"http://127.0.0.1:{web}{path}", timeout=10).read().decode()
            for path in ("/", "/feeds", "/metrics", "/healthz", "/api/stories")
        }
        time.sleep(0.5)
        assert watch.poll() is None
    finally:
        for process in (serve, watch):
            process.kill()
            process.communicate()
    assert pages["/healthz"] == "ok\n"
    assert "newsfold_redis_up 1.0" in pages["/metrics"]
    assert "newsfold_redis_memory_bytes 0.0" in pages["/metrics"], "it may not ask INFO"
    assert refused(port) <= OPTIONAL


def test_a_reader_of_events_works_for_it(port: int) -> None:
    with Stories(url(port)) as stories, redis.Redis(port=port, username="admin", password="root") as admin:
        stories.latest()
        list(stories.follow("g", "c", oldest=True, wait=0.01))
        admin.xadd("newsfold:events", {"type": "story.updated", "story": "s1", "at": "2026-11-24T12:00:00Z"})
        assert [event.story for event in stories.follow("g", "c", wait=0.01)][-1:] == ["s1"]
        list(stories.follow("g", "d", wait=0.01, claim_after=0.001))
    assert refused(port) <= OPTIONAL


@pytest.mark.slow
def test_the_doctor_says_what_it_may_not_look_at(desk: Office) -> None:
    done = desk.run("doctor", "--json")
    found = {one["name"]: one for one in json.loads(done.out)}
    assert found["redis"]["level"] == "note"
    assert "does not say what it is" in found["redis"]["seen"]
    assert "+info" in found["redis"]["fix"]
    assert not {"memory", "eviction", "persistence"} & found.keys()
    assert "as user newsfold" in found["connection"]["seen"]
    assert done.code == 0, found


def test_a_password_alone_is_the_default_users(tmp_path: Path) -> None:
    with serving("requirepass geheim") as port:
        with closing(connect(f"redis://:geheim@127.0.0.1:{port}", tmp_path)) as client:
            assert client.set("key", "value")
        for given, user in (("", "://"), (":wrong@", "://:***@"), ("default:wrong@", "://default:***@")):
            with pytest.raises(ServerUnavailable) as caught:
                connect(f"redis://{given}127.0.0.1:{port}", tmp_path)
            sentence = f"Redis at redis{user}127.0.0.1:{port} does not accept this user and password"
            assert str(caught.value) == sentence


def test_what_it_may_not_do_is_one_sentence_with_command_and_user(tmp_path: Path) -> None:
    few = user("~newsfold:* -@all +ping +fcall +function|load +hget")
    schema = {"parameters": {"a": "b"}, "secret": "s", "index": "i"}
    with serving(few) as port, closing(connect(url(port), tmp_path, interactive=True)) as client:
        where = f"Redis at redis://newsfold:***@127.0.0.1:{port} does not let user newsfold "
        with pytest.raises(NotAllowed) as caught:
            client.set("newsfold:x", "y")
        assert str(caught.value) == where + "run SET: docs/operations.md has all that it needs"
        with pytest.raises(NotAllowed, match=f"{re.escape(where)}reach a key that it uses: "):
            client.hget("other", "field")
        with pytest.raises(NotAllowed, match=f"{re.escape(where)}run .* in newsfold's function schema: "):
            Functions(client, "newsfold").call("schema", "newsfold:schema", schema)
        with pytest.raises(NotAllowed, match=f"{re.escape(where)}run (?:HGETALL|TIME): "):
            health(client, Keys())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("this user has no permissions to run the 'config|get' command", "user u run CONFIG GET"),
        ("User bob has no permissions to run the 'info' command", "user bob run INFO"),
        ("No permissions to access a key", "user u reach a key that it uses"),
        ("No permissions to access a channel", "user u reach a channel"),
        ("Command # 2 (HGET other f) of pipeline caused error: No permissions to access a key", "user u reach a key that it uses in HGET"),
        ("ACL failure in script: User bob has no permissions to run the 'hset' command script: nf_insert_0123abcd, on @user_function:9.", "user bob run HSET in newsfold's function insert"),
        ("The user executing the script can't run this command or subcommand script: nf_insert_0123abcd, on @user_function:9.", "user u run a command in newsfold's function insert"),
    ],
)  # fmt: skip
def test_the_words_of_every_server_are_understood(text: str, said: str) -> None:
    assert (
        denied(redis.ResponseError(text), "u")
        == f"does not let {said}: docs/operations.md has all that it needs"
    )


def test_other_errors_are_none_of_it() -> None:
    assert denied(redis.ResponseError("WRONGTYPE Operation against a key")) == ""
