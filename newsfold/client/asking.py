"""What is asked of Redis, without a connection: generators that yield commands and are sent their replies.

So the synchronous and the asynchronous client ask the same, and this is where it is read and tested.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from newsfold.client.model import Article, ContractDiffers, Story, article_of, story_of
from storage.contract import CONTRACT, reads
from storage.keys import Keys

T = TypeVar("T")
Command = tuple[str | int | float, ...]
_PAGE = 100
# Merged ids lead on at most so often: as often as the server follows them.
_HOPS = 64


@dataclass(frozen=True, slots=True)
class Ask:
    """Commands to send in one go; `atomic` for what must be one step. Errors come back as replies."""

    commands: Sequence[Command]
    atomic: bool = False


Asking = Generator[Ask, list[Any], T]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which stories: not hidden, with at least so many outlets and independent texts, of a language, with an outlet, grown since."""

    lang: str = ""
    outlet: str = ""
    min_outlets: int = 0
    min_groups: int = 0
    since: datetime | None = None

    def fits(self, story: Story) -> bool:
        """Whether a story is wanted, as far as it itself tells."""
        return (
            story.hidden is None
            and (not self.lang or story.lang == self.lang.lower())
            and story.outlets >= self.min_outlets
            and story.groups >= self.min_groups
        )


def all_well(replies: list[Any]) -> list[Any]:
    """The replies, or the first error among them raised."""
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies


def contract(keys: Keys) -> Asking[None]:
    """Raises ContractDiffers where Redis was written under a contract that this client does not know."""
    (stored,) = all_well((yield Ask([("HGET", keys.schema, "contract")])))
    if not reads(stored):
        raise ContractDiffers(f"Redis was written under contract {stored}, and this client reads {CONTRACT}")


def settled(keys: Keys, identity: str) -> Asking[str]:
    """The id that a story's id leads to now."""
    for _ in range(_HOPS):
        (into,) = all_well((yield Ask([("HGET", keys.story(identity), "merged_into")])))
        if into is None:
            break
        identity = into
    return identity


def story(keys: Keys, identity: str) -> Asking[Story | None]:
    """A story, or the one that it became part of; None where it is gone."""
    for _ in range(_HOPS):
        (row,) = all_well((yield Ask([("HGETALL", keys.story(identity))])))
        if "merged_into" not in row:
            return story_of(row)
        identity = row["merged_into"]
    return None


def latest(keys: Keys, most: int, wanted: Wanted) -> Asking[tuple[Story, ...]]:
    """Stories that are wanted, those that grew last first."""
    found: list[Story] = []
    low = wanted.since.timestamp() if wanted.since else "-inf"
    seen: set[str] = set()
    start = 0
    while len(found) < most:
        command = ("ZREVRANGEBYSCORE", keys.stories, "+inf", low, "LIMIT", start, _PAGE)
        (ids,) = all_well((yield Ask([command])))
        # A story that grows meanwhile moves to the front, and pushes others onto the next page once more.
        fresh = [identity for identity in ids if identity not in seen]
        seen.update(fresh)
        found += yield from _fitting(keys, fresh, wanted)
        if len(ids) < _PAGE:
            break
        start += _PAGE
    return tuple(found[:most])


def _fitting(keys: Keys, ids: Sequence[str], wanted: Wanted) -> Asking[list[Story]]:
    rows = all_well((yield Ask([("HGETALL", keys.story(identity)) for identity in ids])))
    found = [told for row in rows if (told := story_of(row)) and wanted.fits(told)]
    if not wanted.outlet or not found:
        return found
    asked = [("HEXISTS", keys.story_outlets(told.id), wanted.outlet) for told in found]
    has = all_well((yield Ask(asked)))
    return [told for told, it in zip(found, has, strict=True) if it]


def outlets(keys: Keys, story_id: str) -> Asking[dict[str, int]]:
    """The outlets that printed a story, or the one that it became part of, with their articles, most first."""
    identity = yield from settled(keys, story_id)
    (row,) = all_well((yield Ask([("HGETALL", keys.story_outlets(identity))])))
    counts = {name: int(count) for name, count in row.items()}
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def article(keys: Keys, identity: str) -> Asking[Article | None]:
    """An article; None where it is gone."""
    (row,) = all_well((yield Ask([("HGETALL", keys.article(identity))])))
    return article_of(row)


def articles(keys: Keys, story_id: str) -> Asking[tuple[Article, ...]]:
    """The articles of a story, or of the one that it became part of, in the order of their times."""
    identity = yield from settled(keys, story_id)
    (ids,) = all_well((yield Ask([("ZRANGE", keys.story_articles(identity), 0, -1)])))
    found: list[Article] = []
    for start in range(0, len(ids), _PAGE):
        asked = [("HGETALL", keys.article(one)) for one in ids[start : start + _PAGE]]
        rows = all_well((yield Ask(asked)))
        found += [told for row in rows if (told := article_of(row))]
    return tuple(found)


def article_at(keys: Keys, urls: Sequence[str]) -> Asking[Article | None]:
    """The article at the first of these spellings of an address that leads to one."""
    replies = all_well((yield Ask([("GET", keys.url(url)) for url in urls])))
    identity = next((reply for reply in replies if reply is not None), None)
    return (yield from article(keys, identity)) if identity is not None else None


def story_at(keys: Keys, urls: Sequence[str]) -> Asking[Story | None]:
    """The story of the article at an address."""
    found = yield from article_at(keys, urls)
    return (yield from story(keys, found.story)) if found is not None and found.story else None


def spellings(url: str) -> tuple[str, ...]:
    """An address as given, and as newsfold spells it where the whole of newsfold is installed."""
    try:
        from crawler.urls import canonical_url
    except ImportError:
        return (url,)
    return tuple(dict.fromkeys((url, canonical_url(url))))
