"""The web page over a real server and real HTTP."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable

import aiohttp
import pytest
import redis
from aiohttp import web
from redis.backoff import NoBackoff
from redis.retry import Retry

from dedup.model import Article
from newsfold.web.render import direction, link
from newsfold.web.server import build_app
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys
from storage.reader import Reader

Answer = tuple[int, str, dict[str, str]]
FERRY = "The ferry Northern Pearl ran aground off Harrowmouth in thick fog. Rescue boats took 214 passengers ashore."


@pytest.fixture
def get(client: redis.Redis, write: Callable[..., Article]) -> Callable[..., Answer]:
    """GET of a path from the application over three articles: status, body, headers."""
    articles = [
        write("a", FERRY, "Ferry aground off Harrowmouth", outlet="a.example", url="http://a.example/1"),
        write("b", FERRY, "Ferry <script>alert(1)</script> aground", outlet="b.example", url="javascript:alert(1)"),
        write("c", "توقفت العبارة قرب الميناء بسبب الضباب الكثيف صباح اليوم.", "العبارة في الضباب", lang="ar", outlet="c.example"),
    ]  # fmt: skip
    Placer(Index(client, Keys()), Rules()).place([Submission(a) for a in articles], articles[0].seen)

    def fetch(path: str, reader: Reader | None = None, method: str = "GET") -> Answer:
        return asyncio.run(_fetch(build_app(reader or Reader(client)), path, method))

    return fetch


async def _fetch(app: web.Application, path: str, method: str) -> Answer:
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"http://127.0.0.1:{port}{path}") as response,
        ):
            return response.status, await response.text(), dict(response.headers)
    finally:
        await runner.cleanup()


def test_front_page(get: Callable[..., Answer]) -> None:
    status, text, headers = get("/")
    assert status == 200
    assert "2\u00a0outlets" in text
    assert "One text and 1\u00a0reprint" in text
    assert 'lang="ar" dir="rtl"' in text
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_filters(get: Callable[..., Answer]) -> None:
    assert "Harrowmouth" not in get("/?lang=ar")[1]
    assert 'dir="rtl"' not in get("/?min_outlets=2")[1]
    assert "No stories match" in get("/?words=nothing+like+it")[1]
    assert get("/?min_outlets=%F0%9F%98%80&sort=x")[0] == 200


def test_story_page_escapes_and_links_only_to_the_web(
    get: Callable[..., Answer], client: redis.Redis
) -> None:
    (story,) = [s for s in Reader(client).stories() if s.lang == "en"]
    status, text, _ = get(f"/story/{story.id[:5]}")
    assert status == 200
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert 'href="http://a.example/1"' in text
    assert "javascript:" not in text
    assert 'href=""' not in text
    assert "<summary>1\u00a0reprint</summary>" in text


@pytest.mark.parametrize(
    ("url", "linked"),
    [("https://a.example/", True), ("javascript:alert(1)", False), ("https://[bad", False), ("", False)],
)
def test_an_address_no_parser_takes_is_no_link(url: str, linked: bool) -> None:
    assert bool(link(url)) is linked


@pytest.mark.parametrize(
    ("lang", "way"), [("ur", "rtl"), ("fa-IR", "rtl"), ("fr", "ltr"), ("", "auto"), ("und", "auto")]
)
def test_direction(lang: str, way: str) -> None:
    assert direction(lang) == way


def test_a_merged_story_still_opens(get: Callable[..., Answer], client: redis.Redis) -> None:
    (story,) = [s for s in Reader(client).stories() if s.lang == "en"]
    client.hset("newsfold:story:sold", "merged_into", story.id)
    assert "Harrowmouth" in get("/story/sold")[1]
    assert json.loads(get("/api/stories/sold")[1])["id"] == story.id


def test_what_is_no_id_is_not_found(get: Callable[..., Answer], client: redis.Redis) -> None:
    story = Reader(client).stories()[0].id
    for path in (f"{story}:articles", f"{story}:groups", "*", "%2a", "%00"):
        assert get(f"/story/{path}")[0] == 404, path


def test_errors_speak_as_they_were_asked(get: Callable[..., Answer]) -> None:
    status, text, headers = get("/api/stories/none")
    assert (status, json.loads(text)["detail"]) == (404, "There is no story 'none' (any more).")
    assert headers["Content-Type"] == "application/problem+json"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "text/html" in get("/story/none")[2]["Content-Type"]
    assert get("/feeds", None, "POST")[2]["Allow"] == "GET,HEAD"


def test_json_and_the_rest(get: Callable[..., Answer], client: redis.Redis) -> None:
    assert '"articles": 2' in get("/api/stories")[1]
    assert '"timeline"' in get(f"/api/stories/{Reader(client).stories()[0].id}")[1]
    assert get("/story/none")[0] == 404
    assert get("/nothing")[0] == 404
    assert "<h1>There is no such page</h1>" in get("/nothing")[1]
    assert get("/healthz")[:2] == (200, "ok\n")
    assert get("/feeds")[0] == 200
    assert get("/static/style.css")[2]["Content-Type"].startswith("text/css")


def test_a_redis_that_went_away_is_said(get: Callable[..., Answer]) -> None:
    gone = Reader(redis.Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0)))
    assert get("/healthz", gone)[0] == 503
    assert get("/", gone)[0] == 503
    assert "Redis does not answer, so there is nothing to show just now" in get("/", gone)[1]


def test_pages_lead_on_under_any_path_that_a_proxy_gives_them(
    get: Callable[..., Answer], client: redis.Redis
) -> None:
    story = Reader(client).stories()[0].id
    for path, root in (("/", "./"), (f"/story/{story}", "../"), ("/feeds", "./"), ("/a/b/c", "../../")):
        text = get(path)[1]
        assert f'<a href="{root}feeds"' in text
        assert f'href="{root}static/style.css?' in text
        assert not re.search(r'(href|action|src)="/', text)


def test_headlines_that_would_break_a_page_are_made_harmless(
    get: Callable[..., Answer], client: redis.Redis
) -> None:
    (story,) = [s for s in Reader(client).stories() if s.lang == "en"]
    hostile = "\x1b[31m</h2><script>x</script> \u202egnp.exe {{ 7 * 7 }} " + "\ud800".encode(
        "utf-8", "surrogatepass"
    ).decode("latin-1")
    for key in (f"newsfold:story:{story.id}", f"newsfold:article:{story.representative}"):
        client.hset(
            key, mapping={b"headline": hostile, b"title": b"half a pair \xed\xa0\x80", b"outlet": "<b>"}
        )  # type: ignore[dict-item]
    for path in ("/", f"/story/{story.id}", "/?words=gnp"):
        status, text, _ = get(path)
        assert status == 200
        assert not re.search(r"<script|\x1b|\u202e|<b>|49", text)
        assert "&lt;/h2&gt;&lt;script&gt;" in text


@pytest.mark.parametrize(
    "query",
    ["?page=0", "?page=99999999999", "?since=9999999999999w", "?sort[]=x", "?lang=" + "x" * 5_000, "?words=%00%ff%ed%a0%80",
     "?min_outlets=-1", "?page=%D9%A3", "?words=%22a+b", "?words=!!+%22%22", "?a=1&a=2&&&=", "?since=0001-01-01", "?since=nan"],
)  # fmt: skip
def test_any_query_gets_a_page(get: Callable[..., Answer], query: str) -> None:
    assert get(f"/{query}")[0] == 200
    assert get(f"/feeds{query}")[0] == 200
