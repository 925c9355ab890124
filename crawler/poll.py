"""What an answer to a poll means. Pure: a decider without network, clock or store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from crawler.book import FeedState, PageJob, PollOutcome, PollResult
from crawler.freshness import retry_after
from crawler.links import related
from crawler.moves import after_answer
from crawler.schedule import Next, Schedule, SchedulePolicy
from crawler.sifting import Sifted

_NEWEST = 20
_AHEAD = timedelta(hours=1)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer to a poll: header names in lower case, values as they came.

    `url` answered, after the `hops` (status and target of each redirect). `dice` (0 to 1) feeds the jitter.
    `conditional` says whether the request had conditions.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    dice: float
    url: str = ""
    hops: tuple[tuple[int, str], ...] = ()
    conditional: bool = True

    @cached_property
    def body_hash(self) -> str:
        """A digest of the body, to tell an unchanged feed whose server knows no validators."""
        return hashlib.blake2b(self.body, digest_size=16).hexdigest()


def asks_whole(feed: FeedState, policy: SchedulePolicy, now: datetime) -> bool:
    """Whether a feed is to be asked without conditions: no body has come for a long while."""
    return feed.whole is None or (now - feed.whole).total_seconds() >= policy.whole


def conditions(feed: FeedState, policy: SchedulePolicy, now: datetime) -> dict[str, bytes]:
    """The headers of a conditional request, byte for byte as the server sent the validators."""
    if asks_whole(feed, policy, now):
        return {}
    found = {"If-None-Match": feed.etag, "If-Modified-Since": feed.modified}
    return {name: value.encode() for name, value in found.items() if value}


class PollDecider:
    """Turns answers into outcomes."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    @property
    def policy(self) -> SchedulePolicy:
        """The operator's bounds."""
        return self._schedule.policy

    def unchanged(self, feed: FeedState, answer: Answer) -> PollOutcome:
        """After a 304, or a body that is the same as last time; each validator that came replaces the old one."""
        etag, modified = self._validators(feed, answer)
        after = self._well(feed, answer, etag, modified)
        return self._outcome("unchanged", answer, after, self._again(after, answer))

    def changed(
        self, feed: FeedState, answer: Answer, sifted: Sifted, articles: Mapping[str, str]
    ) -> PollOutcome:
        """After a new body: pages for entries that are new or edited.

        `articles` are the ids found for `sifted.lookups`: a new entry of a URL that has an article (another
        section's feed, an aggregator) needs no second fetch, an edited one stays the article it was.
        """
        parsed = sifted.parsed
        jobs = _jobs(feed, sifted, articles)
        etag, modified = self._validators(feed, answer)
        after = self._well(feed, answer, etag, modified)
        after = _paced(after, feed, sifted, answer.now)
        after = replace(
            after, hints=parsed.hints, kind=parsed.kind, title=parsed.title, lang=parsed.lang,
            hub=parsed.hub or related(answer.headers, "hub", answer.url),
            topic=parsed.self_url or related(answer.headers, "self", answer.url),
            body_hash=answer.body_hash,
        )  # fmt: skip
        if any(one.kind == "new" for one in sifted.news):
            after = replace(after, pushed=None)  # news that no hub has pushed: it is not relied upon
        if parsed.parts:  # an index may stay as it is while its sitemaps change
            after = replace(after, etag="", modified="", body_hash="", final="")
        return self._outcome(
            "changed", answer, after, self._again(after, answer), notes=parsed.notes, pages=jobs,
            seen=sifted.remembered, dropped=sifted.dropped, entries=sifted.count,
        )  # fmt: skip

    def failed(
        self, feed: FeedState, answer: Answer, error: str, failure: str, *, unreadable: bool = False,
        offers: Sequence[str] = (),
    ) -> PollOutcome:  # fmt: skip
        """After no usable answer. An unreadable body drops the validators, so that the next is sent whole."""
        after = self._schedule.after_failure(feed, answer.status, answer.headers, answer.now, answer.dice)
        state = replace(feed, streak=feed.streak + 1)
        if unreadable:
            state = replace(state, etag="", modified="", body_hash="", final="")
        asked = retry_after(answer.headers, answer.now) if answer.status in (429, 503) else 0
        return self._outcome(
            "failed", answer, state, after, error=error, failure=failure, offers=tuple(offers),
            host_wait=asked, host_whole=answer.status == 429,
        )  # fmt: skip

    def gone(self, feed: FeedState, now: datetime) -> PollOutcome:
        """After 410: the feed is not polled any more, until the operator enables it."""
        error = f"{feed.url} is gone for good (HTTP 410); it is not polled any more until it is enabled"
        state = replace(feed, polled=now, streak=feed.streak + 1, etag="", modified="", body_hash="")
        return PollOutcome("gone", 410, state, None, "gone", error=error, failure="gone")

    def postponed(self, feed: FeedState, answer: Answer, seconds: int) -> PollOutcome:
        """No poll at all: the host has asked, through another of its feeds, to be left alone so long."""
        spread = timedelta(seconds=seconds * (1 + 0.1 * answer.dice))
        return PollOutcome(
            "failed" if feed.streak else "unchanged", 0, feed, answer.now + spread, "retry-after of the host"
        )

    # --- parts

    def _validators(self, feed: FeedState, answer: Answer) -> tuple[str, str]:
        """Of a whole answer its own; of a 304 those that it renews, unless another address answered than before."""
        etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
        if answer.status != 304:
            return etag, modified
        if answer.url and answer.url != (feed.final or feed.url):
            return "", ""
        return etag or feed.etag, modified or feed.modified

    def _well(self, feed: FeedState, answer: Answer, etag: str, modified: str) -> FeedState:
        whole = feed.whole if answer.status == 304 else answer.now
        after = replace(
            feed, etag=etag, modified=modified, streak=0, good=answer.now, whole=whole,
            final=answer.url if etag or modified else "",
        )  # fmt: skip
        return after_answer(after, answer.hops, answer.now, self.policy)

    def _again(self, after: FeedState, answer: Answer) -> Next:
        return self._schedule.after_success(after, answer.headers, answer.now, answer.dice)

    def _outcome(
        self, result: PollResult, answer: Answer, after: FeedState, again: Next, **more: object
    ) -> PollOutcome:
        state = replace(
            after, polled=answer.now, interval=again.interval if result != "failed" else after.interval
        )
        return PollOutcome(
            result,
            answer.status,
            state,
            again.due,
            again.rule,
            bounds=again.bounds,
            **more,  # type: ignore[arg-type]
        )


def _jobs(feed: FeedState, sifted: Sifted, articles: Mapping[str, str]) -> tuple[PageJob, ...]:
    jobs: dict[str, PageJob] = {}
    for one in sifted.news:
        if one.kind == "edited" or one.at not in articles:
            job = PageJob(one.page, one.url, feed, one.packed, article=articles.get(one.earlier, ""))
            jobs.setdefault(one.page, job)
    return tuple(jobs.values())


def _paced(after: FeedState, before: FeedState, sifted: Sifted, now: datetime) -> FeedState:
    """The feed's pace: by the dates of its newest entries, else by how many were new since the last poll."""
    new = sum(one.kind == "new" for one in sifted.news)
    latest = int((now + _AHEAD).timestamp())
    newest = sorted({time for time in sifted.times if time <= latest})[-_NEWEST:]
    gap = before.gap
    if len(newest) >= 3:
        gap = (newest[-1] - newest[0]) // (len(newest) - 1)
    elif new and before.polled:
        observed = int((now - before.polled).total_seconds()) // new
        gap = (2 * gap + observed) // 3 if gap else observed
    news = before.news
    if new:
        # What a first poll finds is news of its own date, not of this minute.
        dated = newest and before.polled is None
        first = min(datetime.fromtimestamp(newest[-1], UTC), now) if dated else now
        news = max(first, news) if news else first
    return replace(after, gap=gap, news=news)
