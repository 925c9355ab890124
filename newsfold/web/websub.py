"""The subscriber's part of `newsfold serve`: asks hubs, answers their verifications, takes what they push.

What is pushed is stored like a poll's entries; pages are fetched by the next crawl. Polling goes on beside
it, less often while pushes come.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import aiohttp
from aiohttp import web
from yarl import URL

from crawler.entries import Memory
from crawler.errors import CrawlerError
from crawler.events import log_event
from crawler.guard import AddressGuard
from crawler.parse import parse_feed
from crawler.poll import Answer, PollDecider
from crawler.resolver import GuardedNames, guarded_sockets
from crawler.schedule import Schedule, SchedulePolicy
from crawler.sifting import sift
from crawler.websub import Subscription, asked, failed, given_up, is_signed, request_form, verified
from storage.queue import FeedQueue
from storage.subscriptions import Subscriptions

_LOG = logging.getLogger(__name__)
_ROUND_SECONDS: Final = 30.0
_NOTICE_ROUNDS: Final = 10
_REDIRECTS: Final = 3
_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class HubOptions:
    """Where hubs reach this server (no slash at the end), for how long they are asked to push, what they may not exceed."""

    public_url: str
    user_agent: str
    lease_seconds: int = 10 * 86_400
    max_bytes: int = 20_000_000
    allow_net: tuple[str, ...] = ()
    ports: tuple[int | str, ...] = ()
    round_seconds: float = _ROUND_SECONDS


class Subscriber:
    """Subscribes to the hubs of the feeds on the schedule, and takes in what they push."""

    def __init__(self, subscriptions: Subscriptions, queue: FeedQueue, options: HubOptions) -> None:
        self._store, self._queue, self._options = subscriptions, queue, options
        self._guard = AddressGuard(options.allow_net, options.ports)
        self._decider = PollDecider(Schedule(SchedulePolicy()))
        # A verification may come while the hub's answer is being noted.
        self._turn = asyncio.Lock()

    def attach(self, app: web.Application) -> None:
        """Add the callback's routes and the task that asks hubs."""
        app.router.add_get("/websub/{feed}/{token}", self.verify)
        app.router.add_post("/websub/{feed}/{token}", self.push)
        app.cleanup_ctx.append(self._running)

    async def _running(self, _app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(self._rounds())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    # --- asking hubs

    async def _rounds(self) -> None:
        turn = 0
        while True:
            try:
                if turn % _NOTICE_ROUNDS == 0:
                    await asyncio.to_thread(self._store.notice, datetime.now(UTC))
                await self.ask_due()
            except Exception as error:  # Redis may be away for a while; the pages go on
                log_event(_LOG, logging.WARNING, "websub.round", reason=f"{type(error).__name__}: {error}")
            turn += 1
            await asyncio.sleep(self._options.round_seconds)

    async def ask_due(self) -> None:
        """Ask the hubs of all subscriptions that are new or to be renewed."""
        while due := await asyncio.to_thread(self._store.claim_due, _AT_ONCE, datetime.now(UTC)):
            connector = aiohttp.TCPConnector(
                resolver=GuardedNames(self._guard),
                socket_factory=guarded_sockets(self._guard),
                limit_per_host=1,
            )
            headers = {"User-Agent": self._options.user_agent}
            timeout = aiohttp.ClientTimeout(total=30)
            async with aiohttp.ClientSession(
                connector=connector, headers=headers, timeout=timeout
            ) as session:
                await asyncio.gather(*(self._ask(session, one) for one in due))

    async def _ask(self, session: aiohttp.ClientSession, one: Subscription) -> None:
        # Noted before it is asked: the hub may verify before it has answered.
        if one.state in ("wanted", "denied"):
            one = replace(one, state="asked")
            await asyncio.to_thread(self._store.put, one)
        try:
            status = await self._post(session, one)
        except (aiohttp.ClientError, TimeoutError, CrawlerError, ValueError) as error:
            await self._settle(
                one, error=f"the hub {one.hub} cannot be asked: {error or type(error).__name__}"
            )
            return
        await self._settle(one, status=status)

    async def _settle(self, one: Subscription, *, status: int = 0, error: str = "") -> None:
        """Keep the hub's answer, unless a verification has been quicker."""
        now = datetime.now(UTC)
        async with self._turn:
            latest = await asyncio.to_thread(self._store.get, one.feed)
            if latest is None or (latest.until != one.until and not error):
                return
            after = failed(latest, error, now) if error else asked(latest, status, now)
            if given_up(after):
                await asyncio.to_thread(self._store.forget, after.feed)
            else:
                await asyncio.to_thread(self._store.put, after)
        log_event(
            _LOG, logging.INFO, "websub.asked", feed=one.feed, hub=one.hub, status=status, reason=after.error
        )

    async def _post(self, session: aiohttp.ClientSession, one: Subscription) -> int:
        """The hub's status; 307 and 308 are followed, to addresses that may be reached."""
        url, form = one.hub, request_form(one, self.callback(one), self._options.lease_seconds)
        for _ in range(_REDIRECTS):
            self._guard.check_url(url)
            async with session.post(url, data=form, allow_redirects=False) as answer:
                if answer.status not in (307, 308) or "Location" not in answer.headers:
                    return answer.status
                url = str(answer.url.join(URL(answer.headers["Location"])))
        return 508

    def callback(self, one: Subscription) -> str:
        """The address that the hub is given: known to it and to nobody else."""
        return f"{self._options.public_url}/websub/{one.feed}/{one.token}"

    # --- what hubs ask and push

    async def _known(self, request: web.Request) -> Subscription:
        feed, token = request.match_info["feed"], request.match_info["token"]
        if not (feed.isascii() and feed.isalnum()):
            raise web.HTTPNotFound
        one = await asyncio.to_thread(self._store.get, feed)
        if one is None or not hmac.compare_digest(one.token.encode(), token.encode("utf-8", "surrogatepass")):
            raise web.HTTPNotFound
        return one

    async def verify(self, request: web.Request) -> web.Response:
        """A hub asks whether this subscription is meant (5.3), or tells that it is denied."""
        async with self._turn:
            one = await self._known(request)
            after = verified(one, request.query, datetime.now(UTC))
            if after is None:
                raise web.HTTPNotFound
            if after.next is None:
                await asyncio.to_thread(self._store.forget, one.feed)
            else:
                await asyncio.to_thread(self._store.put, after)
        log_event(
            _LOG,
            logging.INFO,
            "websub.verified",
            feed=one.feed,
            hub=one.hub,
            state=after.state,
            until=after.until,
        )
        return web.Response(text=request.query.get("hub.challenge", ""))

    async def push(self, request: web.Request) -> web.Response:
        """News from a hub; what is not signed as agreed is taken and ignored (7.1)."""
        one = await self._known(request)
        body = await self._body(request)
        if one.state not in ("active", "asked") or not is_signed(
            one.secret, body, request.headers.get("X-Hub-Signature", "")
        ):
            log_event(
                _LOG,
                logging.WARNING,
                "websub.ignored",
                feed=one.feed,
                hub=one.hub,
                reason="no valid signature",
            )
            return web.Response(status=202)
        content_type = request.headers.get("Content-Type", "")
        try:
            new = await asyncio.to_thread(self._take, one, body, content_type)
        except CrawlerError as error:
            log_event(_LOG, logging.WARNING, "websub.ignored", feed=one.feed, hub=one.hub, reason=error)
            return web.Response(status=202)
        log_event(_LOG, logging.INFO, "websub.pushed", feed=one.feed, hub=one.hub, new=new)
        return web.Response(status=202)

    async def _body(self, request: web.Request) -> bytes:
        pieces, size = [], 0
        async for piece in request.content.iter_chunked(65_536):
            size += len(piece)
            if size > self._options.max_bytes:
                raise web.HTTPRequestEntityTooLarge(self._options.max_bytes, size)
            pieces.append(piece)
        return b"".join(pieces)

    def _take(self, one: Subscription, body: bytes, content_type: str) -> int:
        """Store pushed entries; how many are new or edited."""
        feed = self._store.feed(one.feed)
        if feed is None:
            return 0
        now = datetime.now(UTC)
        parsed = parse_feed(body, feed.url, content_type)
        (seen,) = self._queue.seen([feed.id])
        sifted = sift(feed, parsed, Memory(seen))
        assert sifted is not None  # noqa: S101 - every entry was read
        articles = self._queue.articles_at(sifted.lookups, sifted.new)
        outcome = self._decider.changed(feed, Answer(200, {}, body, now, 0.0, feed.url), sifted, articles)
        self._store.store_pushed(outcome, now)
        return len(outcome.pages)
