"""What an outlet sets around any of its texts, learnt from what recurs over different ones.

A header, a footer or a newsletter line that two texts share makes strangers alike. It is told from text by
recurring at the beginning or the end, or as a short block by itself, of texts of one outlet that have
nothing else in common; likewise an outlet's name in its headlines. Until then it counts as text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dedup.affixes import affixes, without_affixes
from dedup.model import Article, Segment
from dedup.shingles import Skip
from dedup.text import tokens

Place = Literal["head", "tail", "block", "title"]
_Words = tuple[str, ...]

# Words at each end of a text that are looked at. What two texts share over the whole of it is no furniture.
EDGE = 40
_EDGE_CHARACTERS = 600
_LONGEST_BLOCK = 40
_FEWEST_BLOCK_WORDS = 2
_MOST_BLOCKS = 12
# How long an edge must be, in words, that one other text shares, and one that two others share.
_FEWEST_ONCE, _FEWEST_TWICE = 7, 4
_FEWEST_BLOCKS = 3
_MOST_PHRASES = 4


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of furniture: where it stands, and its words in normalised spelling."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """What is remembered of one article: its first and last words, and digests of its short blocks and of the ends of its headline."""

    article: str
    head: tuple[str, ...]
    tail: tuple[str, ...]
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shared:
    """An edge or a block that an article shares with an earlier one; `words` is the length of an edge."""

    place: Place
    article: str
    words: int
    block: str = ""


class Furniture:
    """The furniture of one outlet in one language."""

    def __init__(self, phrases: Iterable[Phrase] = ()) -> None:
        self._phrases = tuple(phrases)
        edges: dict[Place, list[_Words]] = {"head": [], "tail": [], "block": [], "title": []}
        for phrase in self._phrases:
            words = tuple(phrase.text.split(" "))
            edges[phrase.place].append(words[::-1] if phrase.place == "tail" else words)
        self._edges = {place: sorted(found, key=len, reverse=True) for place, found in edges.items()}
        self._blocks = {digest(p.text) for p in self._phrases if p.place == "block"}
        self._titles = {p.text for p in self._phrases if p.place == "title"}
        # What is asked of an earlier article is asked again with each later one of a batch.
        self._skips: dict[int, tuple[Sighting, Skip]] = {}

    def with_more(self, phrases: Iterable[Phrase]) -> Furniture:
        """This furniture and more."""
        return Furniture(dict.fromkeys((*self._phrases, *phrases)))

    def set_apart(self, article: Article) -> Article:
        """The article with its furniture blocks no longer counted as text, and the outlet's name off its headline."""
        if self._titles and not article.headline_in_text:
            article = replace(article, title=without_affixes(article.title, self._titles))
        if not self._blocks:
            return article
        return replace(article, segments=tuple(self._sorted(segment) for segment in article.segments))

    def blocks_of(self, article: Article) -> list[Phrase]:
        """The furniture blocks that stand in an article, and what its headline is known to begin or end with."""
        named = [Phrase("title", words) for words in affixes(article.title) if words in self._titles]
        if not self._blocks:
            return named
        texts = dict.fromkeys(_block(s.text) for s in article.segments if s.kind == "text")
        return named + [Phrase("block", text) for text in texts if digest(text) in self._blocks]

    def _sorted(self, segment: Segment) -> Segment:
        furniture = segment.kind == "text" and digest(_block(segment.text)) in self._blocks
        return replace(segment, kind="furniture") if furniture else segment

    def skip(self, sighting: Sighting) -> Skip:
        """How many words of furniture the text begins and ends with."""
        if not self._edges["head"] and not self._edges["tail"]:
            return 0, 0
        known = self._skips.get(id(sighting))
        if known is None:
            head, tail = self._runs(sighting)
            known = self._skips[id(sighting)] = (sighting, (sum(map(len, head)), sum(map(len, tail))))
        return known[1]

    def skip_of(self, article: str, text: str) -> Skip:
        """The same of an article by its text."""
        if not self._edges["head"] and not self._edges["tail"]:  # nor need the text be looked at
            return 0, 0
        return self.skip(Sighting(article, *edges_of(text)))

    def found(self, sighting: Sighting) -> list[Phrase]:
        """The phrases that the text begins and ends with."""
        head, tail = self._runs(sighting)
        return [Phrase("head", " ".join(p)) for p in head] + [Phrase("tail", " ".join(p[::-1])) for p in tail]

    def _runs(self, sighting: Sighting) -> tuple[list[_Words], list[_Words]]:
        return self._strip("head", sighting.head), self._strip("tail", sighting.tail[::-1])

    def _strip(self, place: Literal["head", "tail"], words: _Words) -> list[_Words]:
        """The phrases that follow one another from the edge inwards, as `words` do, longest first."""
        runs: list[_Words] = []
        if not self._edges[place]:
            return runs
        while len(runs) < _MOST_PHRASES:
            run = next((p for p in self._edges[place] if len(p) < len(words) and words[: len(p)] == p), ())
            if not run:
                break
            runs.append(run)
            words = words[len(run) :]
        return runs


def digest(text: str) -> str:
    """A short name for a block's text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def _block(text: str) -> str:
    return " ".join(tokens(text[:_EDGE_CHARACTERS]))


def edges_of(text: str) -> tuple[_Words, _Words]:
    """The first and the last words of a text."""
    if len(text) <= 2 * _EDGE_CHARACTERS:
        words = tokens(text)
    else:
        # The cut may stand within a word.
        words = tokens(text[:_EDGE_CHARACTERS])[:-1] + tokens(text[-_EDGE_CHARACTERS:])[1:]
    return tuple(words[:EDGE]), tuple(words[-EDGE:])


def sight(article: Article) -> Sighting:
    """What is remembered of an article."""
    short = [s.text for s in article.segments if s.kind == "text" and len(s.text) < _EDGE_CHARACTERS]
    around = short if len(short) <= 2 * _MOST_BLOCKS else short[:_MOST_BLOCKS] + short[-_MOST_BLOCKS:]
    blocks = (found for text in around if _is_short(found := tokens(text)))
    digests = [digest(" ".join(block)) for block in blocks] + [
        _title_digest(a) for a in affixes(article.title)
    ]
    return Sighting(article.id, *edges_of(article.body), tuple(digests))


def _title_digest(words: str) -> str:
    """A headline's end never means the same block of a text."""
    return digest(f"title: {words}")


def _is_short(words: Sequence[str]) -> bool:
    return _FEWEST_BLOCK_WORDS <= len(words) <= _LONGEST_BLOCK


def shared_edges(own: Sighting, earlier: Iterable[Sighting], furniture: Furniture) -> list[Shared]:
    """What of an article's edges and blocks, beyond known furniture, stands in earlier ones, longest first."""
    ahead, behind = _inner(own, furniture.skip(own))
    first, last, blocks = ahead[:1], behind[:1], set(own.blocks)
    found: list[Shared] = []
    for other in earlier:
        if other.article == own.article:
            continue
        head, tail = furniture.skip(other)
        # Most texts begin and end with words of their own, and share nothing.
        if first == other.head[head : head + 1]:
            found += _common_edge("head", ahead, other.head[head:], other)
        if last == other.tail[-1 - tail : len(other.tail) - tail]:
            found += _common_edge("tail", behind, other.tail[: len(other.tail) - tail][::-1], other)
        if not blocks.isdisjoint(other.blocks):
            found += [Shared("block", other.article, 0, block) for block in blocks & set(other.blocks)]
    return sorted(found, key=lambda shared: (-shared.words, shared.article))


def _common_edge(place: Place, own: _Words, theirs: _Words, other: Sighting) -> list[Shared]:
    words = _alike(own, theirs)
    return [Shared(place, other.article, words)] if words >= _FEWEST_TWICE else []


def _inner(sighting: Sighting, skip: Skip) -> tuple[_Words, _Words]:
    """A text's edges without so many words of furniture, each from the outside inwards."""
    return sighting.head[skip[0] :], sighting.tail[: len(sighting.tail) - skip[1]][::-1]


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two edges share from the outside inwards, 0 where they are alike to their ends."""
    for count, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return count
    return 0


def learn(own: Sighting, shared: Sequence[Shared], furniture: Furniture, article: Article) -> list[Phrase]:
    """The phrases that recur: `shared` holds what stands in earlier texts that are not the same text.

    An edge of at least 7 words must stand in one of them, one of at least 4 in two (characters of
    unspaced scripts count half); a block in three, as background told again is no furniture.
    """
    head, tail = furniture.skip(own)
    edges = (("head", own.head[head:]), ("tail", own.tail[: len(own.tail) - tail][::-1]))
    phrases = []
    for place, words in edges:
        lengths = [s.words for s in shared if s.place == place]
        if length := _recurring(words, lengths):
            kept = words[:length] if place == "head" else words[:length][::-1]
            phrases.append(Phrase("head" if place == "head" else "tail", " ".join(kept)))
    return phrases + _blocks(shared, article)


def _recurring(words: Sequence[str], lengths: Sequence[int]) -> int:
    """The length of the edge that recurs often enough, given its lengths in other texts, longest first."""
    if len(lengths) > 1 and _weight(words[: lengths[1]]) >= _FEWEST_TWICE:
        return lengths[1]
    return lengths[0] if lengths and _weight(words[: lengths[0]]) >= _FEWEST_ONCE else 0


def _weight(words: Sequence[str]) -> float:
    return sum(1.0 if len(word) > 1 else 0.5 for word in words)


def _blocks(shared: Sequence[Shared], article: Article) -> list[Phrase]:
    seen: dict[str, set[str]] = {}
    for found in shared:
        if found.place == "block":
            seen.setdefault(found.block, set()).add(found.article)
    recurring = {block for block, articles in seen.items() if len(articles) >= _FEWEST_BLOCKS}
    texts = dict.fromkeys(_block(s.text) for s in article.segments if s.kind == "text")
    named = [Phrase("title", words) for words in affixes(article.title) if _title_digest(words) in recurring]
    return named + [Phrase("block", text) for text in texts if digest(text) in recurring]
