"""Hashes of Redis as views: each takes the fields of one, those that are missing at their empty value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from storage.codec import skip_of
from storage.plain import from_iso
from storage.views import ArticleView, FeedView, StorySummary

Row = Mapping[str, str]
_VALIDATORS: Final = (("etag", "ETag"), ("modified", "Last-Modified"), ("body_hash", "a digest of the body"))


def summary_of(row: Row, growth: int) -> StorySummary:
    """A story; `growth` is how many of its articles are of the last hour."""
    return StorySummary(
        id=row["id"],
        lang=row.get("lang", ""),
        headline=row.get("headline", ""),
        url=row.get("url", ""),
        outlet=row.get("outlet", ""),
        representative=row.get("representative", ""),
        articles=int(row.get("articles", 0)),
        outlets=int(row.get("outlets", 0)),
        groups=int(row.get("groups", 0)),
        first=from_iso(row.get("first", "")),
        latest=from_iso(row.get("latest", "")),
        seen=from_iso(row.get("seen", "")),
        growth=growth,
        wire=row.get("wire", ""),
        pinned=from_iso(row.get("pinned", "")),
        hidden=from_iso(row.get("hidden", "")),
    )


def article_of(row: Row) -> ArticleView:
    """An article; fields that were not asked for are empty."""
    return ArticleView(
        id=row["id"],
        url=row.get("url", ""),
        outlet=row.get("outlet", ""),
        lang=row.get("lang", ""),
        title=row.get("title", ""),
        published=from_iso(row.get("published", "")),
        seen=from_iso(row.get("seen", "")),
        group=row.get("group", ""),
        story=row.get("story", ""),
        verdict=row.get("verdict", ""),
        similarity=float(row.get("similarity", 0)),
        matched=row.get("matched", ""),
        score=float(row.get("score", 0)),
        beside=row.get("beside", ""),
        terms=tuple((term, share) for term, share in json.loads(row.get("terms", "[]"))),
        text=row.get("text", ""),
        repeats=int(row.get("repeats", 0)),
        repeated=tuple(json.loads(row.get("repeated", "[]"))),
        aside=tuple((i, kind, place, text) for i, kind, place, text in json.loads(row.get("aside", "[]"))),
        authors=tuple(json.loads(row.get("authors", "[]"))),
        image=row.get("image", ""),
        source=row.get("source", ""),
        revisions=int(row.get("revisions", 0)),
        headline_in_text=row.get("headline_in_text") == "1",
        skip=skip_of(row),
        wire=row.get("wire", ""),
        source_url=row.get("source_url", ""),
        page=row.get("page", "article"),
        taken_from=json.loads(row.get("taken_from", "{}")),
    )


def feed_of(row: Row) -> FeedView:
    """A feed."""
    return FeedView(
        id=row.get("id", ""),
        url=row.get("url", ""),
        title=row.get("given_title") or row.get("title", ""),
        lang=row.get("given_lang") or row.get("lang", ""),
        kind=row.get("kind", ""),
        folder=row.get("folder", ""),
        result=row.get("result", ""),
        status=int(row.get("status", 0)),
        error=row.get("error", ""),
        failure=row.get("failure", ""),
        streak=int(row.get("streak", 0)),
        entries=int(row.get("entries", 0)),
        polled=from_iso(row.get("polled", "")),
        good=from_iso(row.get("good", "")),
        failed=from_iso(row.get("failed", "")),
        news=from_iso(row.get("news", "")),
        next=from_iso(row.get("next", "")),
        rule=row.get("rule", ""),
        bounds=json.loads(row.get("bounds", "{}")),
        spread=int(row.get("spread", 0)),
        gap=int(row.get("gap", 0)),
        interval=int(row.get("interval", 0)),
        offers=tuple(json.loads(row.get("offers", "[]"))),
        notes=tuple(json.loads(row.get("notes", "[]"))),
        given=row.get("given_url", ""),
        moved_to=row.get("moved_to", ""),
        moved_polls=int(row.get("moved_polls", 0)),
        validators=tuple(name for field, name in _VALIDATORS if row.get(field)),
        hub=row.get("hub", ""),
        subscribed=row.get("subscribed", ""),
    )
