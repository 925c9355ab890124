"""The answers for machines, over real HTTP: each is held against the OpenAPI document, and paging against growth."""

from __future__ import annotations

import base64
import gzip
import json
import random
import socket
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dedup.model import Article
from newsfold.web.openapi import document
from newsfold.web.query import PARAMETERS
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys
from storage.patience import Patience
from storage.reader import Reader

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FERRY = "The ferry Northern Pearl ran aground off Harrowmouth in thick fog. Rescue boats took 214 passengers ashore."
BRIDGE = (
    "Le pont de Valbrune est fermé après la découverte de fissures dans deux piles, a annoncé la préfecture."
)
TOPICS = (
    "bakery",
    "harbour",
    "orchestra",
    "glacier",
    "railway",
    "vineyard",
    "observatory",
    "stadium",
    "library",
)


class Site:
    """The application on loopback; JSON is held against the OpenAPI document."""

    def __init__(self, served: Any) -> None:
        self.raw = served.ask

    def get(self, path: str, method: str = "GET", **headers: str) -> Any:
        answer = self.raw(path, method, {name.replace("_", "-"): value for name, value in headers.items()})
        if method == "GET" and answer.status != 304 and "json" in answer.headers.get("Content-Type", ""):
            held(path, answer)
        return answer


def held(path: str, answer: Any) -> None:
    """Hold an answer against what the document says of its path, status and type."""
    told = document()
    where = path.partition("?")[0]
    if where == "/api/openapi.json":
        return
    known = next(
        p for p in told["paths"] if p == where or ("{" in p and where.startswith(p.partition("{")[0]))
    )
    content = told["paths"][known]["get"]["responses"][str(answer.status)]["content"]
    schema = content[answer.headers["Content-Type"].partition(";")[0]]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": told["components"]}).validate(answer.json)


def place(client: redis.Redis, *articles: Article) -> None:
    submitted = [Submission(article, (article.url,) if article.url else ()) for article in articles]
    Placer(Index(client, Keys()), Rules()).place(submitted, NOW)


@pytest.fixture
def site(client: redis.Redis, serve: Callable[..., Any]) -> Site:
    return Site(serve(Reader(client)))


@pytest.fixture
def filled(client: redis.Redis, write: Callable[..., Article]) -> None:
    """A story of two outlets in English, and one in French."""
    english = [
        write(i, FERRY, "Ferry aground", outlet=f"{i}.example", url=f"http://{i}.example/1") for i in "ab"
    ]
    late = NOW - timedelta(hours=30)
    place(
        client, *english, write("c", BRIDGE, "Le Pont fermé", outlet="c.example", lang="fr", published=late)
    )


@pytest.fixture
def many(client: redis.Redis, write: Callable[..., Article]) -> Callable[..., None]:
    """Nine stories of one outlet each; calling it adds an article of other outlets to one of them."""

    def text(number: int) -> str:
        dice = random.Random(number)
        return " ".join(f"w{dice.randrange(100_000)}" for _ in range(60))

    def grow(number: int, *outlets: str) -> None:
        articles = [
            write(f"{outlet}{number}", text(number), TOPICS[number], outlet=f"{outlet}.example")
            for outlet in outlets
        ]
        place(client, *articles)

    for number in range(9):
        grow(number, "a")
    return grow


# --- stories


def test_the_document_is_openapi_and_names_every_parameter(site: Site) -> None:
    told = site.get("/api/openapi.json").json
    assert told["openapi"] == "3.1.0"
    assert [p["name"] for p in told["paths"]["/api/stories"]["get"]["parameters"]] == [
        p.name for p in PARAMETERS
    ]
    for schema in told["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    references = {part.split('"')[0] for part in json.dumps(told).split("#/components/schemas/")[1:]}
    assert references <= set(told["components"]["schemas"])


@pytest.mark.parametrize(
    ("query", "langs"),
    [
        ("", ["en", "fr"]),
        ("lang=FR", ["fr"]),
        ("min_outlets=2", ["en"]),
        ("min_groups=2", []),
        ("outlet=c.example", ["fr"]),
        ("words=PONT", ["fr"]),
        ("words=pont+ferm%C3%A9", ["fr"]),
        ("words=pont+ferry", []),
        ("since=2026-11-24", ["en"]),
        ("since=2026-11-23T06:00:00Z", ["en", "fr"]),
        ("until=2026-11-23T06:00:01Z", ["fr"]),
        ("until=2026-11-23T06:00:00%2B00:00", []),
        ("since=9999w", ["en", "fr"]),
        ("sort=latest", ["en", "fr"]),
        ("sort=growth", ["en", "fr"]),
        ("lang=&words=", ["en", "fr"]),
    ],
)
def test_stories_by_any_filter(site: Site, filled: None, query: str, langs: list[str]) -> None:
    told = site.get(f"/api/stories?{query}").json
    assert [story["lang"] for story in told["stories"]] == langs
    assert (told["total"], told["next"]) == (len(langs), None)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("min_outlets=five", "The parameter min_outlets is a whole number from 0 to 100000, not 'five'."),
        ("min_outlets=-1", "min_outlets is a whole number"),
        ("min_outlets=%D9%A5", "min_outlets is a whole number"),
        ("limit=0", "limit is a whole number from 1 to 200"),
        ("limit=201", "limit is a whole number from 1 to 200"),
        ("since=yesterday", "since is a date, a time such as"),
        ("since=0001-01-01T00:00:00%2B23:00", "since is a date"),
        ("since=999999w", "since is a date"),
        ("lang=french", "lang is a language of two or three letters"),
        ("sort=size", "sort is one of outlets, latest, growth"),
        ("min_outlet=5", "There is no parameter 'min_outlet'"),
        ("lang=fr&lang=en", "lang is given more than once"),
        ("since=2026-11-24&until=2026-11-23", "Nothing lies between"),
        ("cursor=x", "The cursor is none"),
        ("cursor=WzFd", "The cursor is none"),
        ("cursor=" + "W" * 400, "The cursor is none"),
        (
            "cursor=" + base64.b64encode(b'["99999999999999999999-1",1,"d",1,"s"]').decode(),
            "The cursor is none",
        ),
        ("words=" + "x" * 501, "words is text of at most"),
        ("words=a%00b", "words is text"),
    ],
)
def test_bad_parameters_are_told_in_one_sentence(site: Site, filled: None, query: str, says: str) -> None:
    for path in ("/api/stories", "/stories.atom", "/stories.json", "/stories.opml"):
        answer = site.get(f"{path}?{query}")
        assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
        told = answer.json
        assert says in told["detail"]
        assert told["detail"].endswith(".")
        assert (told["title"], told["status"]) == ("Bad Request", 400)


def test_a_story_and_an_article_whole(site: Site, filled: None) -> None:
    (story,) = site.get("/api/stories?lang=en").json["stories"]
    whole = site.get(f"/api/stories/{story['id']}").json
    assert whole["counts"] == {"a.example": 1, "b.example": 1}
    assert [copy["id"] for copy in whole["texts"][0]["articles"]] == ["a", "b"]
    article = site.get("/api/articles/b")
    assert (article.json["text"], article.json["matched"]) == (FERRY, "a")


def test_a_merged_story_is_answered_with_the_one_it_became_part_of(
    site: Site, client: redis.Redis, filled: None
) -> None:
    (story,) = site.get("/api/stories?lang=en").json["stories"]
    client.hset("newsfold:story:sold", mapping={"id": "sold", "merged_into": story["id"]})
    answer = site.get("/api/stories/sold")
    assert (answer.status, answer.json["id"]) == (200, story["id"])
    assert answer.headers["Content-Location"] == f"/api/stories/{story['id']}"
    assert "Content-Location" not in site.get(f"/api/stories/{story['id']}").headers


@pytest.mark.parametrize(
    "path",
    [
        "stories/none",
        "articles/none",
        "stories/s1:articles",
        "stories/%00",
        "articles/%2E%2E%2F",
        "articles/a:b",
    ],
)
def test_what_is_not_there_is_a_problem(site: Site, filled: None, path: str) -> None:
    answer = site.get(f"/api/{path}")
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json["detail"].startswith("There is no ")


def test_other_methods_and_paths_are_problems(site: Site) -> None:
    for path, method, status in (("/api/stories", "POST", 405), ("/api/none", "GET", 404)):
        answer = site.get(path, method) if method == "POST" else site.raw(path, method, {})
        assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")


# --- paging


def walk(site: Site, path: str, between: Callable[[int], None] = lambda page: None) -> list[str]:
    """The stories of all pages, as `between` is called after each."""
    seen, page, at = [], 0, path
    while at:
        answer = site.get(at)
        assert answer.status == 200, answer.body
        seen += [story["headline"] for story in answer.json["stories"]]
        at = answer.json["next"]
        assert (f'<{at}>; rel="next"' == answer.headers["Link"]) if at else "Link" not in answer.headers
        page += 1
        between(page)
    return seen


@pytest.mark.parametrize("sort", ["outlets", "latest", "growth"])
def test_pages_follow_on_each_other(site: Site, many: Callable[..., None], sort: str) -> None:
    many(4, "b", "c")
    seen = walk(site, f"/api/stories?limit=2&sort={sort}")
    assert sorted(seen) == sorted(TOPICS)
    assert seen == [s["headline"] for s in site.get(f"/api/stories?sort={sort}").json["stories"]]


@pytest.mark.parametrize("sort", ["outlets", "latest", "growth"])
def test_pages_stay_right_while_stories_grow(site: Site, many: Callable[..., None], write: Callable[..., Article], client: redis.Redis, sort: str) -> None:  # fmt: skip
    """Every story that was there at first is shown once, whichever grew, and what came later is not."""

    def grow(page: int) -> None:
        for number in (page, 8 - page):
            many(number % 9, f"b{page}", f"c{page}")
        place(
            client,
            write(
                f"new{page}",
                " ".join(f"x{page}y{n}" for n in range(60)),
                f"new {page}",
            ),
        )

    assert sorted(walk(site, f"/api/stories?limit=2&sort={sort}", grow)) == sorted(TOPICS)


def test_a_filter_holds_as_of_the_first_page(site: Site, many: Callable[..., None]) -> None:
    for number in range(4):
        many(number, "b")
    seen = walk(site, "/api/stories?limit=2&min_outlets=2", lambda page: many(6, f"b{page}"))
    assert sorted(seen) == sorted(TOPICS[:4])
    assert site.get("/api/stories?min_outlets=2").json["total"] == 5


def test_an_article_reworded_meanwhile_is_where_it_was(
    site: Site, client: redis.Redis, many: Callable[..., None], write: Callable[..., Article]
) -> None:
    for number in range(9):
        many(number, "b", "c")

    def reword(page: int) -> None:
        words = " ".join(f"y{page}z{n}" for n in range(60))
        place(client, write(f"b{2 * page - 1}", words, "reworded", outlet="b.example"))

    seen = walk(site, "/api/stories?limit=2", reword)
    assert sorted(seen) == sorted(TOPICS)
    assert b"article.moved" in {fields[b"type"] for _, fields in client.xrange("newsfold:events")}


def test_a_group_that_moved_meanwhile_is_where_it_was(
    site: Site, client: redis.Redis, many: Callable[..., None]
) -> None:
    first = site.get("/api/stories?limit=4").json
    moved, stays = (site.get("/api/stories").json["stories"][n] for n in (8, 0))
    group = site.get(f"/api/stories/{moved['id']}").json["texts"][0]["id"]
    article = moved["representative"]
    client.zrem(f"newsfold:story:{moved['id']}:articles", article)
    client.zadd(f"newsfold:story:{stays['id']}:articles", {article: NOW.timestamp()})
    client.xadd(
        "newsfold:events", {"type": "group.moved", "group": group, "from": moved["id"], "story": stays["id"]}
    )
    rest = site.get(
        first["next"] + "&limit=200"
        if "limit" not in first["next"]
        else first["next"].replace("limit=4", "limit=200")
    )
    assert [s["id"] for s in first["stories"] + rest.json["stories"]] == sorted(
        s["id"] for s in first["stories"] + rest.json["stories"]
    )
    assert rest.json["total"] == 9


def test_a_cursor_that_history_does_not_reach_is_gone(
    site: Site, client: redis.Redis, many: Callable[..., None]
) -> None:
    following = site.get("/api/stories?limit=2").json["next"]
    many(1, "z")
    assert site.get(following).status == 200
    client.xtrim("newsfold:events", maxlen=1, approximate=False)
    answer = site.get(following)
    assert (answer.status, answer.json["title"]) == (410, "Gone")
    assert "Begin again" in answer.json["detail"]


def test_a_cursor_of_another_query_is_refused(site: Site, many: Callable[..., None]) -> None:
    following = site.get("/api/stories?limit=2").json["next"]
    assert "belongs to another query" in site.get(following + "&min_outlets=1").json["detail"]
    assert site.get(following.replace("limit=2", "limit=3")).status == 200


# --- caching


PATHS = (
    "/api/openapi.json",
    "/api/stories",
    "/api/articles/a",
    "/stories.atom",
    "/stories.json",
    "/stories.opml",
)


@pytest.mark.parametrize("path", PATHS)
def test_conditional_get(site: Site, filled: None, path: str) -> None:
    first = site.get(path)
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]
    assert tag.startswith('"')
    assert first.headers["Vary"] == "Accept-Encoding"
    assert first.headers["Cache-Control"] in ("no-cache", "max-age=300", "max-age=3600")
    for said in (tag, f'"other", W/{tag}', "*"):
        again = site.get(path, If_None_Match=said)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
        assert {"Cache-Control", "Vary", "Last-Modified"} <= set(again.headers)
    assert site.get(path, If_None_Match='"other"', If_Modified_Since=date).status == 200
    assert site.get(path, If_Modified_Since=date).status == 304
    assert site.get(path, If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status == 200
    assert site.get(path, If_Modified_Since="nonsense").status == 200


@pytest.mark.parametrize("path", PATHS)
def test_head_and_gzip(site: Site, filled: None, path: str) -> None:
    plain = site.get(path)
    head = site.get(path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(plain.body))
    assert head.headers["ETag"] == plain.headers["ETag"]
    packed = site.raw(path, "GET", {"Accept-Encoding": "br;q=1, gzip;q=0.5"})
    if len(plain.body) > 600:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        assert packed.headers["ETag"] != plain.headers["ETag"]
        known = site.raw(path, "GET", {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
        assert known.status == 304
    refused = site.raw(path, "GET", {"Accept-Encoding": "gzip;q=0, *"})
    assert "Content-Encoding" not in refused.headers


def test_what_changed_is_sent_again(
    site: Site, client: redis.Redis, write: Callable[..., Article], filled: None
) -> None:
    first = site.get("/api/stories")
    place(client, write("d", FERRY, "Ferry aground", outlet="d.example"))
    second = site.get("/api/stories", If_None_Match=first.headers["ETag"])
    assert second.status == 200
    assert second.json["stories"][0]["outlets"] == 3
    # Within the same second a date tells nothing, so none is given, and none is believed.
    assert "Last-Modified" not in second.headers
    assert site.get("/api/stories", If_Modified_Since=first.headers["Last-Modified"]).status == 200


# --- figures and health


def metrics(site: Site) -> dict[str, float]:
    answer = site.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    lines = [line for line in answer.body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_metrics_are_read_from_redis(site: Site, client: redis.Redis, filled: None) -> None:
    late = datetime.now(UTC).timestamp() - 100
    client.hset("newsfold:feeds", mapping={f"f{n}": f"http://{n}.example/" for n in range(4)})
    client.zadd("newsfold:feeds:due", {"f1": late, "f2": late + 10_000})
    for number, state in enumerate(
        ({"result": "unchanged"}, {"result": "failed", "streak": "3"}, {"result": "gone"}, {"id": "f3"})
    ):
        client.hset(f"newsfold:feed:f{number}", mapping=state)
    found = metrics(site)
    assert (found["newsfold_articles"], found["newsfold_groups"], found["newsfold_stories"]) == (3, 2, 2)
    assert {state: found[f'newsfold_feeds{{state="{state}"}}'] for state in ("well", "failing", "gone", "new", "moved")} == {
        "well": 1, "failing": 1, "gone": 1, "new": 1, "moved": 0,
    }  # fmt: skip
    assert (found["newsfold_feeds_due"], found["newsfold_redis_up"]) == (1, 1)
    assert 99 < found["newsfold_schedule_late_seconds"] < 200
    assert found["newsfold_events_total"] == found["newsfold_events_kept"] == client.xlen("newsfold:events")
    assert found["newsfold_redis_memory_bytes"] > 100_000
    assert (
        "openmetrics-text"
        in site.get("/metrics", Accept="application/openmetrics-text").headers["Content-Type"]
    )


def test_an_empty_redis_has_figures_and_no_stories(site: Site) -> None:
    found = metrics(site)
    assert (
        found["newsfold_articles"],
        found["newsfold_events_total"],
        found["newsfold_schedule_late_seconds"],
    ) == (0, 0, 0)
    assert site.get("/api/stories").json == {"stories": [], "total": 0, "next": None}


def test_health_says_why_not(site: Site, client: redis.Redis) -> None:
    assert (site.get("/healthz").status, site.get("/healthz").body) == (200, b"ok\n")
    client.hset("newsfold:schema", "contract", "2.1")
    answer = site.get("/healthz")
    assert answer.status == 503
    assert b"contract 2.1" in answer.body
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("retry", [Retry(NoBackoff(), 0), Patience(0, "Redis at x")])
def test_a_redis_that_is_away_is_told_everywhere(serve: Callable[..., Any], retry: Retry) -> None:
    gone = redis.Redis(unix_socket_path="/nowhere/redis.sock", retry=retry)
    site = Site(serve(Reader(gone)))
    assert (site.get("/healthz").status, metrics(site)["newsfold_redis_up"]) == (503, 0)
    for path in PATHS[1:]:
        answer = site.get(path)
        assert (answer.status, answer.headers["Content-Type"]) == (503, "application/problem+json")
        assert answer.json["detail"].startswith("Redis does not answer")


def test_a_redis_that_hangs_fails_the_check_in_time(serve: Callable[..., Any], tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        slow = redis.Redis(
            unix_socket_path=str(tmp_path / "s"), socket_timeout=0.3, retry=Retry(NoBackoff(), 0)
        )
        answer = Site(serve(Reader(slow))).get("/healthz")
        assert (answer.status, b"does not answer" in answer.body) == (503, True)
