"""What deciding works on, one frozen dataclass a stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dedup.body import compared

SegmentKind = Literal[
    "text", "headline", "repeat", "caption", "byline", "ad", "share", "newsletter", "related", "credit", "cookie",
    "paywall", "stray", "furniture",
]  # fmt: skip
Place = Literal["paragraph", "heading", "list", "quote", "table", "bold", "link", "caption", "alt"]
Said = Literal["headline", "paragraph"]
Verdict = Literal["new", "exact", "near-duplicate", "contained", "revision", "unchanged"]


@dataclass(frozen=True, slots=True)
class Segment:
    """One block of an article; only segments of kind "text" are the article's text.

    "headline" is the headline where the page prints it above the text, "repeat" the headline or a
    paragraph said again, "furniture" what was learnt to belong to the outlet and not to the article; the
    others are told by their words or their place (`dedup.markers`, `dedup.clean`).
    """

    kind: SegmentKind
    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A segment that says again what stands elsewhere: which one, where, and how alike (0–1)."""

    segment: int
    place: Place
    of: Said
    similarity: float
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """One article of one outlet, cleaned. Times are aware UTC; `seen` is when this system met it.

    `wire` is the news agency that it credits, "" for none.
    `page` is what kind of page was fetched for it, `taken_from` where each of its fields was found.
    `skip` is how many words of outlet furniture the compared text begins and ends with.
    `headline_in_text` says that no title was given and the text's first line serves as one, so that
    the line still counts as text when articles are compared.
    """

    id: str
    url: str
    outlet: str
    lang: str
    title: str
    segments: tuple[Segment, ...]
    seen: datetime
    published: datetime | None = None
    repeats: tuple[Repeat, ...] = ()
    authors: tuple[str, ...] = ()
    image: str = ""
    source: str = "page"
    feed: str = ""
    entry_key: str = ""
    headline_in_text: bool = False
    skip: tuple[int, int] = (0, 0)
    wire: str = ""
    page: str = "article"
    source_url: str = ""
    taken_from: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The cleaned text, paragraphs parted by an empty line."""
        return "\n\n".join(s.text for s in self.segments if s.kind == "text")

    @property
    def body(self) -> str:
        """What is compared: the text, after the headline where the text carries it, without a dateline."""
        return self.body_of(self.text)

    def body_of(self, text: str) -> str:
        """The same for those who have the text already."""
        return compared(self.title, text, headline_in_text=self.headline_in_text)

    @property
    def time(self) -> datetime:
        """When the article tells its news: its publication, or when it was met if that is unknown."""
        if self.published is None or self.published > self.seen:
            return self.seen
        return self.published


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is looked up and compared of one text.

    `signature` is 128 little-endian uint32 MinHash rows (datasketch "affine32", seed 1) and `sketch` a byte
    of each, which is what is stored; `bands` are 64-bit keys of slices of it and `anchors` 64-bit keys of some of its shingles, big-endian, one after
    another; `exact` is a hash of the words in order; `shingles` counts distinct-or-not shingles, 0 for a
    text without words.
    """

    exact: int
    shingles: int
    signature: bytes
    sketch: bytes
    bands: bytes
    anchors: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Indexed articles that share a bucket with texts of a batch; not verified yet. One entry a pair, text by text.

    `texts` says which text of the batch is meant, `article` names the indexed one, which may be the same; its words are
    hashed in `exact`, counted in `shingles` and sketched in the rows of `sketches`; then how many buckets both share.
    """

    texts: NDArray[np.int64]
    article: Callable[[int], str]
    exact: NDArray[np.uint64]
    shingles: NDArray[np.int64]
    sketches: NDArray[np.uint8]
    shared_bands: NDArray[np.int64]
    shared_anchors: NDArray[np.int64]

    def of(self, text: int) -> list[str]:
        """The articles that share a bucket with one text of the batch."""
        return [self.article(k) for k in np.flatnonzero(self.texts == text).tolist()]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An indexed article that must be compared exactly: a hash of its words, and how many shingles they make."""

    article: str
    exact: int
    shingles: int


@dataclass(frozen=True, slots=True)
class Match:
    """A verified pair: the candidate and its length in shingles, on what ground, and the similarity that decided (0–1)."""

    article: str
    verdict: Verdict
    similarity: float
    shingles: int = 0


@dataclass(frozen=True, slots=True)
class GroupDecision:
    """The articles whose groups a text unites (none: it founds its own) and the match that says why.

    `founds` says that none of them has a group so far as is known, so that the text may found it.
    """

    unite: tuple[str, ...] = ()
    best: Match | None = None
    founds: bool = True


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A text whose story is to be told: an article and its group, and the story that a reworded text is in so far.

    `left_size` is how many groups that story has; a text that is new is in none.
    """

    article: Article
    group: str
    left: str = ""
    left_size: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A group that leaves its story for another, which may be new."""

    group: str
    left: str
    story: str


@dataclass(frozen=True, slots=True)
class StoryDecision:
    """Which story a new group is in, whether it joined one that was there, by what score, and what that changes.

    `group` is the nearest group of the best story and `terms` what they share, with what each adds to the cosine;
    `density` is how crowded the text's neighbourhood is.
    """

    story: str = ""
    joined: bool = False
    score: float = 0.0
    group: str = ""
    terms: tuple[tuple[str, float], ...] = ()
    density: float = 0.0
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an article went and why; what the log line and `newsfold why` print."""

    article: str
    group: str
    story: str
    verdict: Verdict
    similarity: float
    matched: str = ""
    group_is_new: bool = False
    story_is_new: bool = False
    score: float = 0.0
    terms: tuple[tuple[str, float], ...] = ()
