"""Choosing a headline among what page and feed say, without the outlet's name. Pure functions.

The rules are general, by source and by agreement between sources; none knows an outlet. Their
measurement is `python -m benchmarks.pages`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from crawler.metadata import Candidate, PageMeta
from crawler.model import Chosen
from crawler.text import plain

# How much one source's word counts when sources disagree. A headline said for news aggregators (JSON-LD)
# is the article's; og is rewritten to be clicked, <title> to be found. Chosen on the 115 recorded pages
# with a gold title, so the 85 % that they give there is no estimate for others; of 864 combinations,
# tried with an earlier form of the vote, the best gave 87 % and most 82 %.
TITLE_WEIGHTS = {
    "jsonld": 4.0, "og:title": 3.0, "h1": 2.5, "itemprop": 2.0, "headline": 1.5, "title": 0.8, "twitter:title": 0.5,
    "entry": 3.5,
}  # fmt: skip
_OTHER_WEIGHT = 0.5
# An h1 that nothing else on the page repeats may be the outlet's name or a teaser's headline.
_ALONE = 0.4
# Loose, because a cut only counts where what it leaves is a known name or another source's title.
_SEPARATOR = re.compile(r"\s+[-–—―·•:»«~]+\s+|\s*[|｜ㅣ]\s*|-")
_WORD = re.compile(r"\w+")
_MAX_NAME_WORDS = 6
_LONG_NAME = 7


def choose_title(
    meta: PageMeta, entry_title: str = "", *, outlet: str = "", feed_title: str = ""
) -> Chosen[str]:
    """The headline that most of the page's sources agree on, without the outlet's name, "" if none.

    Sources vote by weight; a longer title that is another source's with a segment before or after
    ("Headline - Section - Outlet") votes for that shorter one. A feed's headline that any source
    of the page repeats is the outlet's own choice and wins.
    """
    names = outlet_names((*meta.site_names, feed_title), outlet)
    found = [*meta.titles, *([Candidate("entry", entry_title)] if entry_title else [])]
    cleaned = [(c.source, without_outlet(plain(c.text), names)) for c in found]
    voices = [(source, text) for source, text in cleaned if text and _key(text) not in names]
    if not voices:
        return next((Chosen(text, source) for source, text in cleaned if text), Chosen(""))
    said = without_outlet(plain(entry_title), names)
    repeated = [(text, source) for source, text in voices if source != "entry" and _key(text) == _key(said)]
    if repeated:
        return next((Chosen(text, "entry") for text, _ in repeated if text == said), Chosen(*repeated[0]))
    scores = {text: _support(text, voices) for _, text in voices}
    best = max(scores, key=lambda text: scores[text])
    return Chosen(best, next(source for source, text in voices if text == best))


def without_outlet(title: str, names: frozenset[str]) -> str:
    """A title without leading or trailing segments that are one of `names` (as `_key` writes them)."""
    while (last := _split_last(title)) and is_name(last[1], names):
        title = last[0]
    while (first := _split_first(title)) and is_name(first[0], names):
        title = first[1]
    return title


def _support(text: str, voices: list[tuple[str, str]]) -> float:
    """The weight of the sources that say this title, alone or as the main segment of a longer one."""
    key = _key(text)
    saying = {source for source, other in voices if key == _key(other) or key in _main_segments(other)}
    weight = sum(TITLE_WEIGHTS.get(source, _OTHER_WEIGHT) for source in saying)
    return weight * (_ALONE if saying == {"h1"} else 1.0)


def _main_segments(title: str) -> set[str]:
    """Keys of what is left of a title after taking segments off an end, where that is most of it."""
    cuts = [match.span() for match in _SEPARATOR.finditer(title)]
    rests = {_key(title[:start]) for start, _ in cuts} | {_key(title[end:]) for _, end in cuts}
    return {rest for rest in rests if 2 * len(rest) > len(_key(title))}


def outlet_names(names: Iterable[str], outlet: str) -> frozenset[str]:
    """Keys of all that an outlet is called: declared names, its domain, the domain's first label."""
    keys = {_key(name) for name in names} | {_key(outlet), _key("www." + outlet), _key(outlet.split(".")[0])}
    return frozenset(keys - {"", "www"})


def is_name(segment: str, names: frozenset[str]) -> bool:
    """Whether a segment is an outlet's name, or a few words with its long name among them."""
    key, words = _key(segment), _WORD.findall(segment.casefold())
    if key in names or key.removeprefix("the") in names or f"the{key}" in names:
        return True
    return len(words) <= _MAX_NAME_WORDS and any(len(word) >= _LONG_NAME and word in names for word in words)


def _split_last(title: str) -> tuple[str, str] | None:
    cuts = [m for m in _SEPARATOR.finditer(title) if m.start() > 0]
    return (title[: cuts[-1].start()], title[cuts[-1].end() :]) if cuts else None


def _split_first(title: str) -> tuple[str, str] | None:
    match = re.search(rf"{_SEPARATOR.pattern}|:\s+", title)
    return (title[: match.start()], title[match.end() :]) if match and match.start() > 0 else None


def _key(text: str) -> str:
    """What two spellings of one title have in common: its letters and digits."""
    return "".join(_WORD.findall(text.casefold()))
