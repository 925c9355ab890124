"""A feed's state as the fields of its hash, and back. Nothing is kept that is empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from urllib.parse import urlsplit

from crawler.book import FeedState, PageJob, PollOutcome
from crawler.model import FeedSpec, Hints
from storage.keys import feed_id
from storage.plain import compact, from_iso, iso


def host_of(url: str) -> str:
    """The host and port that a feed is fetched from: one connection at a time goes there."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def spec_fields(spec: FeedSpec) -> dict[str, str]:
    """What the operator says of a feed."""
    return {
        "folder": "/".join(spec.folder),
        "given_folder": compact(list(spec.folder)) if spec.folder else "",
        "given_title": spec.title,
        "given_lang": spec.lang,
        "given_outlet": spec.outlet,
    }


def new_fields(identity: str, spec: FeedSpec, now: datetime) -> dict[str, str]:
    """What else a feed has when it is put on the schedule."""
    return {"id": identity, "url": spec.url, "host": host_of(spec.url), "added": iso(now)}


def folder_of(fields: Mapping[str, str]) -> tuple[str, ...]:
    """The folder that the operator put a feed into, from the outermost on."""
    given = fields.get("given_folder")
    return tuple(json.loads(given)) if given else ()


def spec_of(fields: Mapping[str, str]) -> FeedSpec:
    """A feed's hash as a line of a list."""
    return FeedSpec(
        fields.get("url", ""), fields.get("given_title") or fields.get("title", ""), folder_of(fields),
        fields.get("given_lang", ""), fields.get("given_outlet", ""),
    )  # fmt: skip


def feed_state(fields: Mapping[str, str], lease: str = "") -> FeedState:
    """A feed's hash as the state before a poll."""
    return FeedState(
        id=fields.get("id", ""),
        url=fields.get("url", ""),
        given=fields.get("given_url", ""),
        title=fields.get("given_title") or fields.get("title", ""),
        folder=folder_of(fields),
        lang=fields.get("given_lang") or fields.get("lang", ""),
        outlet=fields.get("given_outlet", ""),
        kind=fields.get("kind", ""),
        etag=fields.get("etag", ""),
        modified=fields.get("modified", ""),
        body_hash=fields.get("body_hash", ""),
        final=fields.get("final", ""),
        whole=from_iso(fields.get("whole", "")),
        interval=int(fields.get("interval", 0)),
        gap=int(fields.get("gap", 0)),
        news=from_iso(fields.get("news", "")),
        hints=_hints(fields.get("hints", "")),
        streak=int(fields.get("streak", 0)),
        polled=from_iso(fields.get("polled", "")),
        good=from_iso(fields.get("good", "")),
        moved_to=fields.get("moved_to", ""),
        moved_polls=int(fields.get("moved_polls", 0)),
        moved_since=from_iso(fields.get("moved_since", "")),
        hub=fields.get("hub", ""),
        topic=fields.get("topic", ""),
        pushed=from_iso(fields.get("pushed", "")),
        lease=lease or fields.get("lease", ""),
    )


def _hints(text: str) -> Hints:
    if not text:
        return Hints()
    found = json.loads(text)
    return Hints(found["ttl"], found["period"], tuple(found["skip_hours"]), tuple(found["skip_days"]))


def poll_fields(outcome: PollOutcome) -> dict[str, str]:
    """The fields of `feed:{id}` after a poll; an empty one is taken away, one not named stays."""
    after = outcome.after
    fields = {
        "url": after.url,
        "given_url": after.given,
        "etag": after.etag,
        "modified": after.modified,
        "body_hash": after.body_hash,
        "final": after.final if after.final != after.url else "",
        "whole": iso(after.whole),
        "interval": _count(after.interval),
        "gap": _count(after.gap),
        "news": iso(after.news),
        "streak": str(after.streak),
        "polled": iso(after.polled),
        "good": iso(after.good),
        "moved_to": after.moved_to,
        "moved_polls": _count(after.moved_polls),
        "moved_since": iso(after.moved_since),
        "pushed": iso(after.pushed),
        "result": outcome.result,
        "status": str(outcome.status),
        "next": iso(outcome.due),
        "rule": outcome.rule,
        "bounds": compact(dict(outcome.bounds)) if outcome.bounds else "",
        "error": outcome.error,
        "failure": outcome.failure,
        "offers": compact(list(outcome.offers)) if outcome.offers else "",
    }
    if outcome.result == "failed":
        fields["failed"] = iso(after.polled)
    return {**fields, **changed_fields(outcome)} if outcome.result == "changed" else fields


def changed_fields(outcome: PollOutcome) -> dict[str, str]:
    """What only a new body says."""
    after = outcome.after
    return {
        "title": after.title,
        "kind": after.kind,
        "lang": after.lang,
        "hub": after.hub,
        "topic": after.topic,
        "entries": str(outcome.entries),
        "hints": compact(asdict(after.hints)) if after.hints != Hints() else "",
        "notes": compact(list(outcome.notes)) if outcome.notes else "",
    }


def poll_call(outcome: PollOutcome) -> dict[str, object]:
    """An outcome as the function in Redis takes it."""
    after = outcome.after
    fields = poll_fields(outcome)
    return {
        "feed": after.id,
        "lease": after.lease,
        "host": host_of(after.url),
        "pages": [page_call(job) for job in outcome.pages],
        "seen": [text for pair in outcome.seen.items() for text in pair],
        "drop": list(outcome.dropped),
        "clear": [name for name, value in fields.items() if not value],
        "fields": {name: value for name, value in fields.items() if value},
        "wait": outcome.host_wait,
        "whole": outcome.host_whole,
        **({"due": int(outcome.due.timestamp())} if outcome.due else {}),
    }


def page_call(job: PageJob) -> list[str]:
    """A page to be queued."""
    return [job.id, job.url, job.feed.id, job.packed, job.article]


def page_job(identity: str, fields: Mapping[str, str], feed: FeedState) -> PageJob:
    """A page's hash as the job that it is."""
    return PageJob(
        id=identity,
        url=fields.get("url", ""),
        feed=feed,
        packed=fields.get("entry", ""),
        attempts=int(fields.get("attempts", 0)),
        article=fields.get("article", ""),
    )


def moved(outcome: PollOutcome, before: FeedState) -> dict[str, str]:
    """What else is written when a feed's address has changed for good."""
    if outcome.after.url == before.url:
        return {}
    return {"url": outcome.after.url, "alias": feed_id(outcome.after.url)}


def _count(number: int) -> str:
    return str(number) if number else ""
