"""Choosing a headline among what page and feed say, without the outlet's name. Pure functions.

The rules are general, by source and by agreement between sources; none knows an outlet. Their
measurement is `python -m benchmarks.pages`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

from crawler.elements import Candidate
from crawler.metadata import PageMeta
from crawler.model import Chosen
from crawler.slugs import address_words, latin_words
from crawler.text import plain

# How much one source's word counts when sources disagree. A headline said for news aggregators (JSON-LD)
# is the article's; og is rewritten to be clicked, <title> to be found; an address keeps the headline that the
# article was filed under. Five of the weights were looked for in two grids of 486 combinations on the 115
# recorded pages with a gold title (94 outlets): these give 91.3 %, as the best do, and lie in the middle of
# those. Chosen anew without the outlets that they are judged on, they give 89 % (five folds; 87 to 90 % by
# shuffle). The rules below were found on the same pages and no fold leaves them out (without the address it
# is 86 %), so even that is more than to expect of other pages.
TITLE_WEIGHTS = {
    "jsonld": 4.5, "og:title": 3.0, "h1": 2.5, "itemprop": 2.0, "headline": 1.5, "title": 0.8, "twitter:title": 0.5,
    "entry": 3.5, "address": 3.5,
}  # fmt: skip
_OTHER_WEIGHT = 0.5
# An h1 that nothing else on the page repeats may be the outlet's name or a teaser's headline.
_ALONE = 0.25
# twitter:title is no further witness to a spelling: one plugin writes it and og:title.
_WRITTEN_APART = frozenset(("jsonld", "og:title", "h1", "title"))
_ON_THE_PAGE = frozenset(("og:title", "h1", "itemprop"))
MAX_TITLE = 500
_MAX_VOICES = 40
_MAX_CUTS = 12
# Loose, because a cut only counts where what it leaves is a known name or another source's title.
_SEPARATOR = re.compile(r"\s+[-–—―·•:»«›‹*/~]+\s+|\s*[|｜ㅣ]\s*|-")
_KICKER_END = re.compile(rf"{_SEPARATOR.pattern}|:\s+")
_ELLIPSIS = re.compile(r"\s*(?:…|\.\.\.)$")
# Aggregators take headlines of up to 110 characters, and content systems cut longer ones there.
_CUT_LENGTHS = range(95, 112)
_WORD = re.compile(r"\w+")
_MAX_NAME_WORDS = 6
_LONG_NAME = 7
_SPELLED_OUT = 0.8
_MIN_SLUG_WORDS = 3


class _Voice(NamedTuple):
    """What one source says, and by key the titles that it says besides: main segments, the full form of a cut."""

    source: str
    text: str
    key: str
    besides: dict[str, str]


def choose_title(
    meta: PageMeta, entry_title: str = "", *, outlet: str = "", feed_title: str = ""
) -> Chosen[str]:
    """The headline that most of the page's sources agree on, without the outlet's name, "" if none.

    Sources vote by weight; a longer title that is another source's with a segment before or after
    ("Headline - Section - Outlet") votes for that shorter one too, a cut one for its full form, and the
    page's address for the title that it spells out. A feed's headline that any source of the page
    repeats is the outlet's own choice and wins. One line of at most `MAX_TITLE` characters.
    """
    names = outlet_names((*meta.site_names, feed_title), outlet)
    found = [*meta.titles[:_MAX_VOICES], *([Candidate("entry", entry_title)] if entry_title else [])]
    cleaned = [(c.source, _clean(c.text, names)) for c in found]
    voices = [_voice(source, text) for source, text in cleaned if _key(text) not in {"", *names}]
    if not voices:
        return next((Chosen(text, source) for source, text in cleaned if text), Chosen(""))
    said = _clean(entry_title, names)
    repeated = [v for v in voices if v.source != "entry" and v.key == _key(said) != ""]
    if repeated:
        source = "entry" if any(v.text == said for v in repeated) else repeated[0].source
        return Chosen(said if source == "entry" else repeated[0].text, source)
    return _elected(voices, [c.text for c in meta.canonical])


def _clean(text: str, names: frozenset[str]) -> str:
    text = without_outlet(plain(text, 2 * MAX_TITLE), names)
    return text if len(text) <= MAX_TITLE else plain(text, MAX_TITLE - 1) + "…"


def without_outlet(title: str, names: frozenset[str]) -> str:
    """A title without leading or trailing segments that are one of `names` (as `_key` writes them)."""
    while (last := _split_last(title)) and _is_last_name(title, last, names):
        title = last[0].rstrip()
    # Before a headline stands a name or nothing of it: "The Daily view on floods: a warning" is whole.
    while (first := _split_first(title)) and _is_declared(first[0], names):
        title = first[1].lstrip()
    return title


def _is_last_name(title: str, parts: tuple[str, str], names: frozenset[str]) -> bool:
    # A hyphen without spaces joins words more often than it parts a name from a headline.
    joined = title[len(parts[0])] == "-"
    return _is_declared(parts[1], names) if joined else is_name(parts[1], names)


def _voice(source: str, text: str) -> _Voice:
    rests = _before_cuts(text) + _after_cuts(text, _SEPARATOR)
    return _Voice(source, text, _key(text), _main(rests, text))


def _before_cuts(title: str) -> list[str]:
    return [title[: match.start()].rstrip() for match in list(_SEPARATOR.finditer(title))[-_MAX_CUTS:]]


def _after_cuts(title: str, separator: re.Pattern[str]) -> list[str]:
    return [title[match.end() :].lstrip() for match in list(separator.finditer(title))[:_MAX_CUTS]]


def _main(rests: Iterable[str], title: str) -> dict[str, str]:
    """By key, those of a title's rests that are most of it."""
    whole = len(_key(title))
    return {key: rest for rest in rests if whole > len(key := _key(rest)) > whole / 2}


def _elected(voices: list[_Voice], addresses: list[str]) -> Chosen[str]:
    rests = _shared_rests(voices)
    voices = [_with_besides(voice, voices, rests) for voice in voices]
    whole = [v for v in voices if not any(len(key) > len(v.key) for key in v.besides)]
    keys = dict.fromkeys([v.key for v in whole] + [key for v in voices for key in v.besides if key in rests])
    spelled = _spelled_out({v.key: v.text for v in whole}, addresses) if len(keys) > 1 else frozenset()
    return _spelling(max(keys, key=lambda key: _support(key, voices, spelled)), voices)


def _with_besides(voice: _Voice, voices: list[_Voice], rests: frozenset[str]) -> _Voice:
    fulls = {other.key: other.text for other in voices if _is_cut(voice.text, other.text)}
    tails = {key: rest for key, rest in _tails(voice).items() if key in rests}
    return voice._replace(besides=voice.besides | fulls | tails)


def _is_cut(text: str, full: str) -> bool:
    """Whether a title is the start of another that was cut for its length, not the other's main segment."""
    start = _ELLIPSIS.sub("", text)
    marked = start != text
    if full.startswith(text) if marked else len(text) not in _CUT_LENGTHS:
        return False
    return full.startswith(start) and len(full) > len(text) and not _KICKER_END.match(full[len(start) :])


def _shared_rests(voices: list[_Voice]) -> frozenset[str]:
    """What two places of the page say alike after kickers that have no word in common."""
    if any(voice.source == "jsonld" for voice in voices):
        return frozenset()
    heads: dict[str, list[set[str]]] = {}
    for voice in voices:
        for key, rest in _tails(voice).items() if voice.source in _ON_THE_PAGE else ():
            heads.setdefault(key, []).append(_words(voice.text.removesuffix(rest)))
    return frozenset(
        key for key, said in heads.items() if any(a and b and a.isdisjoint(b) for a in said for b in said)
    )


def _tails(voice: _Voice) -> dict[str, str]:
    return _main(_after_cuts(voice.text, _KICKER_END), voice.text)


def _support(key: str, voices: list[_Voice], spelled: frozenset[str]) -> float:
    """The weight of the sources that say this title, alone or besides what they say."""
    saying = {v.source for v in voices if key == v.key or key in v.besides}
    weight = sum(TITLE_WEIGHTS.get(source, _OTHER_WEIGHT) for source in saying)
    if saying == {"h1"} and not _is_echoed(key, voices):
        return weight * _ALONE
    # An address made of what else only <title> says is made, like it, for search engines.
    counts = key in spelled and ("title" not in saying or saying & _ON_THE_PAGE)
    return weight + (TITLE_WEIGHTS["address"] if counts else 0.0)


def _is_echoed(key: str, voices: list[_Voice]) -> bool:
    """Whether another source has at least half of the words of this title of an h1."""
    words = next((_words(v.text) for v in voices if v.key == key), set())
    others = [v for v in voices if v.source != "h1"]
    return any(key in v.key or 2 * len(words & _words(v.text)) >= len(words) for v in others)


def _spelling(key: str, voices: list[_Voice]) -> Chosen[str]:
    """A title as most places spell it, the first of those if there are several."""
    spelt: dict[str, list[str]] = {}
    for voice in voices:
        text = voice.text if voice.key == key else voice.besides.get(key)
        if text:
            spelt.setdefault(text, []).append(voice.source)
    best = max(spelt, key=lambda text: len(_WRITTEN_APART.intersection(spelt[text])))
    return Chosen(best, spelt[best][0])


def _spelled_out(titles: dict[str, str], addresses: list[str]) -> frozenset[str]:
    """Keys of the titles that the page's address repeats almost word by word, the closest only."""
    slugs = [words for address in addresses if len(words := address_words(address)) >= _MIN_SLUG_WORDS]
    likeness = {
        key: max((_likeness(text, slug) for slug in slugs), default=0.0) for key, text in titles.items()
    }
    best = max(likeness.values())
    return frozenset(key for key, like in likeness.items() if best >= _SPELLED_OUT and like == best)


def _likeness(title: str, slug: list[str]) -> float:
    return SequenceMatcher(None, latin_words(title), slug, autojunk=False).ratio()


def outlet_names(names: Iterable[str], outlet: str) -> frozenset[str]:
    """Keys of all that an outlet is called: declared names, its domain, the domain's first label."""
    keys = {_key(name) for name in names} | {_key(outlet), _key("www." + outlet), _key(outlet.split(".")[0])}
    return frozenset(keys - {"", "www"})


def is_name(segment: str, names: frozenset[str]) -> bool:
    """Whether a segment is an outlet's name, or a few words with its long name among them."""
    words = _WORD.findall(segment.casefold())
    few = len(words) <= _MAX_NAME_WORDS
    return _is_declared(segment, names) or (few and any(len(w) >= _LONG_NAME and w in names for w in words))


def _is_declared(segment: str, names: frozenset[str]) -> bool:
    key = _key(segment)
    return key in names or key.removeprefix("the") in names or f"the{key}" in names


def _split_last(title: str) -> tuple[str, str] | None:
    cuts = [m for m in _SEPARATOR.finditer(title) if m.start() > 0]
    return (title[: cuts[-1].start()], title[cuts[-1].end() :]) if cuts else None


def _split_first(title: str) -> tuple[str, str] | None:
    match = _KICKER_END.search(title)
    return (title[: match.start()], title[match.end() :]) if match and match.start() > 0 else None


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _key(text: str) -> str:
    """What two spellings of one title have in common: its letters and digits."""
    return "".join(_WORD.findall(text.casefold()))
