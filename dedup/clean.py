"""From a page's blocks to an article's segments: headline once, repeats and furniture set apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dedup.headline import Headlines
from dedup.markers import is_stray, looks_like_headline, marker, signs
from dedup.model import Place, Repeat, Segment, SegmentKind
from dedup.paragraphs import Again, Paragraphs, printed_twice
from dedup.text import tokens

LONGEST_HEADLINE = 240
_LONGEST_TAIL = 2 * LONGEST_HEADLINE
_FEWEST_HEADLINE_TOKENS = 3
# One linked line may be the text's own; several in a row are a box of other articles.
_FEWEST_LINKS = 2
_MOST_BYLINE_TOKENS = 4
_MOST_SIGNATURE_TOKENS = 2
# Items of lists and rows of tables repeat one another by nature.
_SAID: frozenset[Place] = frozenset(("paragraph", "bold", "link", "quote", "heading"))
_LINES: frozenset[Place] = frozenset(("paragraph", "bold", "link"))
_Line = tuple[Place, str]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned body: its headline, its segments in order, and what it says twice."""

    title: str
    segments: tuple[Segment, ...]
    repeats: tuple[Repeat, ...]
    headline_in_text: bool = False


def clean(
    title: str, blocks: Iterable[_Line], *, headlines: Iterable[str] = (), authors: Iterable[str] = ()
) -> Cleaned:
    """Sort a page's blocks into text, headline, repeats and furniture.

    `headlines` are other titles of the article, which the page may print instead; `authors` tell a by-line.
    Without a title, the first line serves that is no furniture and short enough to be one; a text of a
    single long line keeps it as text, its beginning shown for a headline.
    """
    kept = [(place, text.strip()) for place, text in blocks if text.strip()]
    if title.strip():
        return _sort(title.strip(), kept, tuple(headlines), tuple(authors))
    first = next((i for i, line in enumerate(kept) if not _is_furniture(*line)), None)
    if first is None:
        return _sort("", kept)
    line = kept[first][1]
    if len(kept) > first + 1 and _could_be_headline(line):
        return replace(_sort(line, kept, tuple(headlines), tuple(authors)), headline_in_text=True)
    # A beginning shown for a headline is no headline that the text could repeat.
    return replace(_sort("", kept), title=shorten(line))


def shorten(text: str, most: int = 120) -> str:
    """The beginning of a text, whole words, with an ellipsis where something is left out."""
    if len(text) <= most:
        return text
    head, _, _ = text[:most].rpartition(" ")
    return (head or text[:most]).rstrip(" ,;:–-") + "…"


def _could_be_headline(line: str) -> bool:
    return len(line) <= LONGEST_HEADLINE and len(tokens(line)) >= _FEWEST_HEADLINE_TOKENS


def _is_furniture(place: Place, text: str) -> bool:
    return place in ("caption", "alt") or marker(text) is not None or is_stray(text)


class _Sorter:
    """Walks the blocks once, remembering what has been said."""

    def __init__(self, title: str, headlines: Sequence[str], authors: Sequence[str]) -> None:
        self._headlines = Headlines([title, *headlines])
        self._authors = frozenset(word for author in authors for word in tokens(author))
        self._paragraphs = Paragraphs()
        self._again: list[Again] = []
        self.segments: list[Segment] = []
        self.repeats: dict[int, Repeat] = {}

    def add(self, place: Place, text: str, *, linked: bool) -> None:
        """The next block, in reading order; an alternative text that is no headline is left out: nobody reads it."""
        words = tokens(text)
        number = len(self.segments)
        similarity = self._headlines.repeated_by(text, words)
        if similarity:
            kind: SegmentKind = "headline" if self._is_above(place) else "repeat"
            if kind == "repeat":
                self.repeats[number] = Repeat(number, place, "headline", similarity, text)
        else:
            kind = self._judge(place, text, words, linked)
            if place == "alt":
                return
        if kind == "text" and place in _SAID and (again := self._paragraphs.add(number, text, words)):
            self._again.append(again)
        self.segments.append(Segment(kind, place, text))

    def end(self) -> None:
        """Set apart what the page prints twice, and a last line that says where the article stands.

        A heading stays: it heads what follows.
        """
        texts = [number for number, segment in enumerate(self.segments) if segment.kind == "text"]
        if len(texts) > 1:
            self._judge_tail(texts[-1])
        for number, _, similarity in printed_twice(self._again):
            said = self.segments[number]
            if said.place != "heading":
                self.segments[number] = replace(said, kind="repeat")
                self.repeats[number] = Repeat(number, said.place, "paragraph", similarity, said.text)

    def _judge_tail(self, number: int) -> None:
        last = self.segments[number]
        if last.place not in _LINES or len(last.text) > _LONGEST_TAIL:
            return
        if similarity := self._headlines.framed_by(tokens(last.text)):
            self.segments[number] = replace(last, kind="repeat")
            self.repeats[number] = Repeat(number, last.place, "headline", similarity, last.text)

    def _judge(self, place: Place, text: str, words: list[str], linked: bool) -> SegmentKind:
        if place in ("caption", "alt"):
            return "caption"
        return (
            marker(text, words)
            or ("related" if linked else None)
            or self._byline(place, text, words)
            or "text"
        )

    def _is_above(self, place: Place) -> bool:
        """Above the first paragraph it is where a page prints its headline, once."""
        return place not in ("caption", "alt") and not any(
            s.kind == "headline" or (s.kind == "text" and not is_stray(s.text)) for s in self.segments
        )

    def _byline(self, place: Place, text: str, words: list[str]) -> SegmentKind | None:
        """A line of the authors' names and little else before the text has got far, or a date or names above it."""
        said = sum(s.kind == "text" and s.place != "heading" for s in self.segments)
        if not said and place in _LINES and signs(text, words):
            return "byline"
        if not self._authors or said > 1 or len(text) > LONGEST_HEADLINE:
            return None
        strange = [word for word in words if word not in self._authors]
        return (
            "byline"
            if len(strange) < len(words) and len(strange) <= min(_MOST_BYLINE_TOKENS, len(words) - 2)
            else None
        )


def _sort(
    title: str, lines: list[_Line], headlines: Sequence[str] = (), authors: Sequence[str] = ()
) -> Cleaned:
    sorter = _Sorter(title, headlines, authors)
    for (place, text), linked in zip(lines, _in_link_boxes(lines), strict=True):
        sorter.add(place, text, linked=linked)
    sorter.end()
    segments = _with_signature(_without_stray_edges(sorter.segments))
    return Cleaned(title, tuple(segments), tuple(sorter.repeats[number] for number in sorted(sorter.repeats)))


def _in_link_boxes(lines: list[_Line]) -> list[bool]:
    """For each line, whether it stands among several that are nothing but links."""
    linked = [place == "link" and looks_like_headline(text) for place, text in lines]
    around = [False, *linked, False]
    return [
        here and (before or after) for here, before, after in zip(linked, around, around[2:], strict=False)
    ]


def _with_signature(segments: list[Segment]) -> list[Segment]:
    """A copyright mark and a name at the very end sign the text, as agencies do; elsewhere they are a picture's."""
    if (
        segments
        and segments[-1].kind == "credit"
        and len(tokens(segments[-1].text)) <= _MOST_SIGNATURE_TOKENS
    ):
        return [*segments[:-1], replace(segments[-1], kind="text")]
    return segments


def _without_stray_edges(segments: list[Segment]) -> list[Segment]:
    """Single words at either end of the text are leftovers of the page, as lines without a word are anywhere.

    Within the text a single word heads what follows, unless it begins in lower case; a name in brackets at the
    end signs the text.
    """
    said = [number for number, s in enumerate(segments) if s.kind == "text" and not is_stray(s.text)]
    first, last = (said[0], said[-1]) if said else (len(segments), -1)
    return [
        replace(s, kind="stray") if s.kind == "text" and _is_stray(s, number, first, last) else s
        for number, s in enumerate(segments)
    ]


def _is_stray(segment: Segment, number: int, first: int, last: int) -> bool:
    if not is_stray(segment.text):
        return False
    if not any(map(str.isalnum, segment.text)):
        return first < number < last or segment.place in _LINES
    if first < number < last:
        return segment.text[:1].islower() and segment.place in _LINES
    if number > last:
        return segment.place != "list" and segment.text[:1] not in "([（［"
    return segment.place in _LINES
