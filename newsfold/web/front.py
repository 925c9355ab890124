"""The front page: which stories stand on it, and what is shown of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from newsfold.web.asked import Asked
from newsfold.web.recent import Everything
from newsfold.web.select import select
from storage.outlines import StoryOutline
from storage.reader import Reader
from storage.views import StorySummary

PAGE: Final = 30
# Nobody reads further, and every page is found by going through those before it.
MOST_PAGES: Final = 50
_ARTICLES: Final = 300


@dataclass(frozen=True, slots=True)
class Variant:
    """A headline of a story in the words of some outlets, the first to print it first."""

    title: str
    lang: str
    url: str
    outlets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Front:
    """One page of stories. `count` is how many were found, linked ones in other languages counted apart; `languages`
    and `outlets` are what may be asked for, with how many stories each has."""

    stories: tuple[StoryOutline, ...]
    count: int
    total: int
    has_more: bool
    languages: Mapping[str, int]
    outlets: Sequence[str]


def front(reader: Reader, known: Everything, choice: Asked, now: datetime, size: int = PAGE) -> Front:
    """The page of the front page that is asked for, of the stories that are known."""
    found = select(reader, known.stories, choice, now)
    chosen, has_more = _page(reader, found, min(choice.page, MOST_PAGES), size)
    languages = Counter(story.lang for story in known.stories)
    return Front(
        stories=tuple(outlines(reader, chosen)),
        count=len(found),
        total=len(known.stories),
        has_more=has_more,
        languages=dict(languages.most_common()),
        outlets=known.outlets,
    )


def outlines(reader: Reader, chosen: Sequence[StorySummary], most: int = _ARTICLES) -> list[StoryOutline]:
    """Stories with what is shown of them; hidden ones in other languages are left out."""
    return [
        replace(story, related=tuple(pair for pair in story.related if not pair[0].hidden))
        for story in reader.outlines(chosen, most)
    ]


def _page(
    reader: Reader, found: Sequence[StorySummary], page: int, size: int
) -> tuple[Sequence[StorySummary], bool]:
    """The stories of a page, those in other languages under the one that comes first, and whether more follow."""
    under: set[str] = set()
    shown: list[StorySummary] = []
    for at in range(0, len(found), size):
        batch = [story for story in found[at : at + size] if story.id not in under]
        for story, related in zip(batch, reader.related([one.id for one in batch]), strict=True):
            if story.id not in under:
                shown.append(story)
                under |= {other.id for other, _ in related}
        # One more than the page has tells that there are more.
        if len(shown) > page * size:
            break
    return shown[(page - 1) * size : page * size], len(shown) > page * size and page < MOST_PAGES


def variants(story: StoryOutline) -> tuple[Variant, ...]:
    """The headlines under which a story was printed, the most printed first, its own left out."""
    printed: dict[str, list[Variant]] = {}
    own = _plain(story.summary.headline)
    for article in story.articles:
        if article.title and _plain(article.title) != own:
            said = Variant(article.title, article.lang, article.url, (article.outlet,))
            printed.setdefault(_plain(article.title), []).append(said)
    gathered = [
        Variant(some[0].title, some[0].lang, some[0].url, tuple(dict.fromkeys(v.outlets[0] for v in some)))
        for some in printed.values()
    ]
    return tuple(sorted(gathered, key=lambda variant: -len(variant.outlets)))


def _plain(title: str) -> str:
    return " ".join(title.casefold().split())
