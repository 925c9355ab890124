"""A Redis that is away, slow, full, read-only, busy or emptied in the middle of a crawl, and what comes of the crawl."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from benchmarks.kills import Reference
from benchmarks.proxy import Proxy
from benchmarks.scene import Done, Scene, finish
from benchmarks.watching import Watch, outcome

# Nobody listens there: a replica of it has lost its master.
_NO_MASTER = ("127.0.0.1", 9)
_BUSY_AFTER_MS = 100


@dataclass(frozen=True, slots=True)
class Case:
    """One trouble: `begin` causes it and `end` puts it right, given the server and the proxy in front of it."""

    name: str
    begin: Callable[[redis.Redis, Proxy], object]
    end: Callable[[redis.Redis, Proxy], object]
    passes: bool = True  # by itself, while a crawl waits


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a crawl took it: exit code, seconds, what it said, and what is wrong with what is stored in the end."""

    name: str
    lasted: str
    code: int
    seconds: float
    said: str
    losses: tuple[str, ...]


def _full(client: redis.Redis, _: Proxy) -> None:
    client.config_set("maxmemory", max(1, int(client.info("memory")["used_memory"]) // 2))


def _busy(client: redis.Redis, _: Proxy) -> None:
    client.config_set("busy-reply-threshold", _BUSY_AFTER_MS)

    def run() -> None:
        path = client.connection_pool.connection_kwargs["path"]
        with suppress(RedisError), redis.Redis(unix_socket_path=path) as other:
            other.eval("while true do end", 0)

    threading.Thread(target=run, daemon=True).start()


def _not_busy(client: redis.Redis, _: Proxy) -> None:
    client.script_kill()
    # The script ends when it next looks, and until then the server answers nothing else.
    while True:
        with suppress(ResponseError):
            client.config_set("busy-reply-threshold", 5_000)
            return
        time.sleep(0.01)


def _empty(client: redis.Redis, proxy: Proxy) -> None:
    proxy.away()
    client.flushall()
    client.function_flush()
    proxy.back()


def _slow(_: redis.Redis, proxy: Proxy) -> None:
    proxy.delay = 0.1


def _fast(_: redis.Redis, proxy: Proxy) -> None:
    proxy.delay = 0.0


CASES: tuple[Case, ...] = (
    Case("away", lambda _, proxy: proxy.away(), lambda _, proxy: proxy.back()),
    Case("silent", lambda _, proxy: proxy.silence(True), lambda _, proxy: proxy.silence(False)),
    Case("100 ms a call", _slow, _fast, passes=False),
    Case("out of memory", _full, lambda client, _: client.config_set("maxmemory", 0)),
    Case(
        "read-only", lambda client, _: client.replicaof(*_NO_MASTER),
        lambda client, _: client.replicaof("NO", "ONE"),
    ),
    Case("BUSY", _busy, _not_busy),
    Case("restarted empty", _empty, lambda *_: None, passes=False),
)  # fmt: skip


@contextmanager
def proxied(scene: Scene) -> Iterator[Proxy]:
    """A proxy in front of a scene's server."""
    with Proxy(scene.client.connection_pool.connection_kwargs["path"]) as proxy:
        yield proxy


def plain_client(scene: Scene) -> redis.Redis:
    """A client that neither waits nor starts a server, to cause trouble with."""
    return redis.Redis(
        unix_socket_path=scene.client.connection_pool.connection_kwargs["path"], retry=Retry(NoBackoff(), 0)
    )


def crawl_through(
    scene: Scene, right: Reference, case: Case, lasting: float | None, wait: int = 60
) -> Verdict:
    """A crawl that has a trouble in its middle, for some seconds or (None) until it has ended.

    Afterwards a clean crawl must come to what is right.
    """
    scene.client.flushall()
    with proxied(scene) as proxy, plain_client(scene) as client, Watch(plain_client(scene)) as watch:
        process = scene.start("crawl", NEWSFOLD_REDIS_URL=proxy.url, NEWSFOLD_REDIS_WAIT=str(wait))
        begin = time.monotonic()
        while not client.zcard("newsfold:articles") and process.poll() is None:
            time.sleep(0.005)
        if process.poll() is not None:
            raise RuntimeError("the crawl ended before the trouble began")
        case.begin(client, proxy)
        if lasting is not None:
            time.sleep(lasting)
            case.end(client, proxy)
        done = finish(process, begin)
        if lasting is None:
            case.end(client, proxy)
    return _verdict(scene, right, case.name, lasting, done, watch)


def _verdict(
    scene: Scene, right: Reference, name: str, lasting: float | None, done: Done, watch: Watch
) -> Verdict:
    losses = list(watch.found)
    if "Traceback" in done.err:
        losses.append("it showed a traceback")
    if done.code == 0 and name != "restarted empty" and right.losses(outcome(scene.client)):
        losses.append("it ended with 0, and not all is there")
    after = scene.fork("crawl")
    if after.code:
        losses.append(f"a clean crawl ended with {after.code}")
    losses += [f"after a clean crawl {loss}" for loss in right.losses(outcome(scene.client))]
    said = next(
        (
            line
            for line in (*done.out.splitlines(), *done.err.splitlines())
            if "error " in line or "waiting" in line
        ),
        "",
    )
    lasted = "to the end" if lasting is None else f"{lasting:g} s"
    return Verdict(name, lasted, done.code, done.seconds, said.strip(), tuple(losses))
