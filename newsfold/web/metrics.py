"""`/metrics` for Prometheus and `/healthz` for whoever restarts things. Labels have few values, all of them known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from newsfold import __version__
from storage.errors import StorageError
from storage.gauges import Gauges
from storage.reader import Reader

_ANSWER_SECONDS: Final = 5.0
_WATCHED = web.AppKey("watched", Reader)
_CHECK = web.AppKey("check", asyncio.Lock)
_GAUGES: Final[tuple[tuple[str, str, Callable[[Gauges], float]], ...]] = (
    ("newsfold_articles", "Articles kept.", lambda f: f.articles),
    ("newsfold_groups", "Groups of one text in stories kept.", lambda f: f.groups),
    ("newsfold_stories", "Stories kept.", lambda f: f.stories),
    ("newsfold_feeds_due", "Feeds that are due.", lambda f: f.due),
    ("newsfold_schedule_late_seconds", "How long the feed that is due longest has been due.", lambda f: f.late),
    ("newsfold_pages_waiting", "Pages found and not fetched yet.", lambda f: f.pages),
    ("newsfold_events_kept", "Events in the stream.", lambda f: f.events),
    ("newsfold_redis_memory_bytes", "Memory that Redis uses.", lambda f: f.memory),
    ("newsfold_redis_memory_limit_bytes", "Memory that Redis may use, 0 for no limit.", lambda f: f.memory_limit),
)  # fmt: skip


def add_metrics(app: web.Application, reader: Reader) -> None:
    """Add the routes."""
    app[_WATCHED], app[_CHECK] = reader, asyncio.Lock()
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/healthz", _health)


class _Figures(Collector):
    """Figures read once, as metrics; without them only that Redis is away."""

    def __init__(self, figures: Gauges | None) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "newsfold_redis_up", "Whether Redis answers.", value=float(self._figures is not None)
        )
        build = GaugeMetricFamily("newsfold_build_info", "The version of newsfold.", labels=["version"])
        build.add_metric([__version__], 1.0)
        yield build
        if self._figures is None:
            return
        for name, meaning, value in _GAUGES:
            yield GaugeMetricFamily(name, meaning, value=value(self._figures))
        feeds = GaugeMetricFamily("newsfold_feeds", "Feeds on the schedule, by state.", labels=["state"])
        for state, count in self._figures.feeds.items():
            feeds.add_metric([state], float(count))
        yield feeds
        yield CounterMetricFamily(
            "newsfold_events", "Events ever written to the stream.", value=self._figures.events_total
        )


async def _metrics(request: web.Request) -> web.Response:
    reader = request.app[_WATCHED]
    try:
        figures = await asyncio.to_thread(reader.gauges, datetime.now(UTC))
    except (RedisError, StorageError):
        figures = None
    registry = CollectorRegistry()
    registry.register(_Figures(figures))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
    return web.Response(body=encode(registry), headers=headers)


async def _health(request: web.Request) -> web.Response:
    fault = await _fault(request)
    text = f"{fault}\n" if fault else "ok\n"
    return web.Response(text=text, status=503 if fault else 200, headers={"Cache-Control": "no-store"})


async def _fault(request: web.Request) -> str:
    """Why nothing can be served, in one sentence; empty where it can."""
    lock = request.app[_CHECK]
    if lock.locked():  # one check waits already: more would take all threads
        return "Redis does not answer: the last check still waits"
    check = asyncio.create_task(_check(request.app[_WATCHED], lock))
    try:
        return await asyncio.wait_for(asyncio.shield(check), _ANSWER_SECONDS)
    except TimeoutError:
        return f"Redis does not answer within {_ANSWER_SECONDS:.0f} seconds"


async def _check(reader: Reader, lock: asyncio.Lock) -> str:
    async with lock:
        try:
            return await asyncio.to_thread(reader.contract_fault)
        except StorageError as error:
            return str(error)
        except RedisError as error:
            return f"Redis does not answer: {' '.join(str(error).split())}"
