"""What an answer to a poll means. Pure: a decider without network, clock or store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crawler.book import FeedState, PageJob, PollOutcome
from crawler.model import Entry, ParsedFeed
from crawler.schedule import Next, Schedule
from crawler.urls import canonical_url, unwrap


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer to a poll; header names in lower case. `dice` (0 to 1) feeds the jitter."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    dice: float

    @property
    def body_hash(self) -> str:
        """A digest of the body, to tell an unchanged feed whose server knows no validators."""
        return hashlib.blake2b(self.body, digest_size=16).hexdigest()


def entry_digest(entry: Entry) -> str:
    """A digest of what an entry says; another digest means that it was edited."""
    updated = entry.updated.isoformat() if entry.updated else ""
    said = "\0".join((entry.link, entry.title, entry.summary, updated))
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def entry_url(feed_url: str, entry: Entry) -> str:
    """The canonical URL of an entry's article; an entry without a link is named by feed and key."""
    if entry.link:
        return canonical_url(unwrap(entry.link))
    return (
        f"{feed_url}#{hashlib.blake2b(entry.key.encode('utf-8', 'surrogatepass'), digest_size=8).hexdigest()}"
    )


def page_id(url: str) -> str:
    """The id of a queued page: one a canonical URL, however many feeds name it."""
    return "p" + hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class PollDecider:
    """Turns answers into outcomes."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def unchanged(self, feed: FeedState, answer: Answer) -> PollOutcome:
        """After a 304, or a body that is the same as last time; new validators replace the old ones."""
        etag = answer.headers.get("etag", feed.etag)
        modified = answer.headers.get("last-modified", feed.modified)
        after = self._success(feed, answer, 0, None, bool(etag or modified))
        return PollOutcome(
            "unchanged", answer.status, after.interval, after.due, after.rule, etag, modified, feed.body_hash
        )

    def changed(
        self, feed: FeedState, answer: Answer, parsed: ParsedFeed, digests: Mapping[str, str], known: set[str]
    ) -> PollOutcome:
        """After a new body: pages for entries that are new or edited.

        `digests` are the entries as last seen, `known` the URLs that have an article: a new entry for one
        of them (another section's feed, an aggregator) needs no second fetch.
        """
        seen = {entry.key: entry_digest(entry) for entry in parsed.entries}
        jobs: dict[str, PageJob] = {}
        for entry in parsed.entries:
            url = entry_url(feed.url, entry)
            before = digests.get(entry.key)
            if before == seen[entry.key] or (before is None and url in known):
                continue
            jobs.setdefault(page_id(url), PageJob(page_id(url), url, feed, entry))
        etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
        after = self._success(feed, answer, len(jobs), parsed.ttl_minutes, bool(etag or modified))
        return PollOutcome(
            "changed",
            answer.status,
            after.interval,
            after.due,
            after.rule,
            etag,
            modified,
            answer.body_hash,
            title=parsed.title,
            kind=parsed.kind,
            lang=parsed.lang,
            pages=tuple(jobs.values()),
            seen=seen,
            entries=len(parsed.entries),
        )

    def failed(self, feed: FeedState, answer: Answer, error: str, *, unreadable: bool = False) -> PollOutcome:
        """After no usable answer. An unreadable body drops the validators, so that the next is sent whole."""
        after = self._schedule.after_failure(
            feed.interval, streak=feed.streak, headers=answer.headers, now=answer.now, dice=answer.dice
        )
        kept = ("", "", "") if unreadable else (feed.etag, feed.modified, feed.body_hash)
        return PollOutcome("failed", answer.status, feed.interval, after.due, after.rule, *kept, error=error)

    def gone(self, feed: FeedState) -> PollOutcome:
        """After 410: the feed is not polled any more."""
        return PollOutcome("gone", 410, 0, None, "gone", error=f"{feed.url} is gone for good (410)")

    def _success(self, feed: FeedState, answer: Answer, new: int, ttl: int | None, validators: bool) -> Next:
        return self._schedule.after_success(
            feed.interval,
            new_entries=new,
            has_validators=validators,
            headers=answer.headers,
            ttl_minutes=ttl,
            now=answer.now,
            dice=answer.dice,
        )
