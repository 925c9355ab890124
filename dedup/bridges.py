"""What of a text survives translation: names, kindred words, numbers, days, places and what it is about.

Every bridge is a key that texts of other languages may have as well, with what it tells: how often it is said, and
its information in the text's own language, so that a word that is common in either language carries little. Names
in other scripts are transliterated; words related by descent or loan are compared by runs of five letters,
names of different scripts by their consonants as well.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from dedup.background import information, listed, primary
from dedup.glossary import concept
from dedup.latin import fold, grams, skeleton
from dedup.numerals import dates, numbers
from dedup.terms import cosine
from dedup.thresholds import BridgeConfig
from dedup.wording import (
    LEAST_NATS,
    LONGEST_WORD,
    is_han,
    split_words,
    telling,
    tidy,
    weight,
    weighted_counts,
)

DEFAULT = BridgeConfig()

# A number of n digits, zeros at its end not counted, is in about one text of 10^n; a day is in very many.
_NATS_A_DIGIT, _MOST_NATS, _DAY_NATS = 2.6, 10.0, 2.5
_TOPIC_MARKS = "#@"
_FEWEST_LETTERS = 3
_FEWEST_CONSONANTS = 4
_REMEMBERED = 1 << 17


@dataclass(frozen=True, slots=True)
class Bridge:
    """One key of a text and how much of the text it stands for.

    Keys read "merkel" (a word in Latin letters), "~zelenskiy" (one transliterated), "=11000" (a number),
    "2020-04-24" (a day), "@PL" or "@warsaw" (a place) and "#election" (what is spoken of).
    """

    key: str
    weight: float


def bridge_keys(
    title: str, text: str, lang: str, when: datetime | None, config: BridgeConfig = DEFAULT
) -> tuple[Bridge, ...]:
    """The bridges of a text, weightiest first: at most `config.details` and `config.topics` of either kind.

    `lang` is a language tag, `when` the time of the article, by which days without a year are understood (without
    it they are left out). The text is the body without its title. No words, no bridges.
    """
    lang = primary(lang)
    heading, body = tidy(title), tidy(text)
    spoken, told = split_words(heading), split_words(body)
    weights = _word_weights(weighted_counts(spoken, told), lang)
    together = f"{heading}\n{body}"
    for number, times in Counter(numbers(together)).items():
        weights[f"={number}"] = weight(times, _number_tells(number))
    for day, times in Counter(dates(together, [*spoken, "", *told], lang, when)).items():
        weights[day.isoformat()] = weight(times, telling(_DAY_NATS))
    return _weightiest(weights, config)


def is_topic(key: str) -> bool:
    """Whether a key says what or where a text is about, rather than being a detail of it."""
    return key[0] in _TOPIC_MARKS


def index_keys(bridges: Iterable[Bridge], config: BridgeConfig = DEFAULT) -> tuple[str, ...]:
    """The keys to look other languages' texts up by: at most `config.keys`, weightiest first.

    Topics are too common to be looked up. A name of four consonants or more is looked up by them, in upper case, so
    that other scripts and spellings find it.
    """
    details = (bridge.key for bridge in bridges if not is_topic(bridge.key))
    found = dict.fromkeys(_index_key(key) for key in details)
    return tuple(found)[: config.keys]


def bridge_score(one: Sequence[Bridge], other: Sequence[Bridge], config: BridgeConfig = DEFAULT) -> float:
    """How far two texts tell one event, from 0 to 1, by their bridges alone; symmetric."""
    return _score(*_in_common(one, other), config)


def related(one: Sequence[Bridge], other: Sequence[Bridge], config: BridgeConfig = DEFAULT) -> bool:
    """Whether two texts of different languages tell one event; that they are near in time is the caller's to see."""
    details, topics = _in_common(one, other)
    return details >= config.least_details and _score(details, topics, config) >= config.threshold


def _score(details: float, topics: float, config: BridgeConfig) -> float:
    return min(1.0, config.detail_share * details + (1.0 - config.detail_share) * topics)


def _in_common(one: Sequence[Bridge], other: Sequence[Bridge]) -> tuple[float, float]:
    """The cosine of the details of two texts and that of their topics."""
    sounds = _foreign(one) != _foreign(other)
    details = cosine(detail_vector(one, sounds), detail_vector(other, sounds))
    return details, cosine(topic_vector(one), topic_vector(other))


def shared_bridges(one: Iterable[Bridge], other: Iterable[Bridge], most: int = 8) -> tuple[Bridge, ...]:
    """The bridges of the first text whose key, or a spelling of it, the other has; those that bind most first."""
    theirs = {_spelling(bridge.key): bridge.weight for bridge in other}
    theirs |= {sound: weighs for key, weighs in theirs.items() if (sound := _index_key(key)) != key}
    found = [
        (bridge.weight * theirs[name], bridge)
        for bridge in one
        if (name := _found_as(bridge.key, theirs)) is not None
    ]
    return tuple(bridge for _, bridge in sorted(found, key=lambda pair: (-pair[0], pair[1].key))[:most])


def detail_vector(bridges: Iterable[Bridge], sounds: bool = False) -> dict[str, float]:
    """Names, words, numbers and days as a vector of length 1, words by their runs of letters.

    With `sounds` longer names by their consonants instead, for texts of different scripts.
    """
    vector: dict[str, float] = {}
    for bridge in bridges:
        if not is_topic(bridge.key):
            for part, share in _parts(bridge.key, sounds):
                vector[part] = vector.get(part, 0.0) + share * bridge.weight
    return unit(vector)


def topic_vector(bridges: Iterable[Bridge]) -> dict[str, float]:
    """Places and topics as a vector of length 1."""
    return unit({bridge.key: bridge.weight for bridge in bridges if is_topic(bridge.key)})


def unit(vector: Mapping[str, float]) -> dict[str, float]:
    """The vector at length 1; an empty one stays empty."""
    length = math.sqrt(sum(weighs * weighs for weighs in vector.values()))
    return {key: weighs / length for key, weighs in vector.items()} if length else {}


def _word_weights(counts: Mapping[str, float], lang: str) -> dict[str, float]:
    """The weight of each key of a text's words; words of one meaning count together."""
    said: dict[str, float] = {}
    tells: dict[str, float] = {}
    for word, times in counts.items():
        key, telling_of = _reading(word, lang)
        if key in said:
            said[key] += times
            tells[key] = max(tells[key], telling_of)
        elif key:
            said[key], tells[key] = times, telling_of
    return {key: weight(times, tells[key]) for key, times in said.items()}


@lru_cache(_REMEMBERED)
def _reading(word: str, lang: str) -> tuple[str, float]:
    """A word's key, empty where it has none or tells nothing, and what it tells."""
    nats = information(word, lang)
    if nats < LEAST_NATS:
        return "", 0.0
    return concept(word, lang) or _latin_key(word, lang), telling(nats)


def _latin_key(word: str, lang: str) -> str:
    if word.isdecimal():
        return ""  # numbers are read from the text, with their marks
    folded = fold(word)
    if not _FEWEST_LETTERS <= len(folded) <= LONGEST_WORD:
        return ""
    if is_han(word):  # not for Japanese, which reads them its own way; and a pair across two words is no word
        return f"~{folded}" if lang == "zh" and listed(word, lang) else ""
    return folded if _is_latin(word) else f"~{folded}"


def _is_latin(word: str) -> bool:
    """Whether a word is in Latin letters, with whatever accents (the blocks to U+024F and from U+1E00)."""
    highest = max(word)
    return highest < "\u0250" or "\u1e00" <= highest < "\u1f00"


def _number_tells(number: str) -> float:
    return telling(min(_MOST_NATS, _NATS_A_DIGIT * max(1, len(number.replace(".", "").rstrip("0")))))


def _weightiest(weights: Mapping[str, float], config: BridgeConfig) -> tuple[Bridge, ...]:
    ordered = sorted([(-weighs, key) for key, weighs in weights.items()])
    topics = [pair for pair in ordered if pair[1][0] in _TOPIC_MARKS][: config.topics]
    details = [pair for pair in ordered if pair[1][0] not in _TOPIC_MARKS][: config.details]
    return tuple([Bridge(key, round(-weighs, 3)) for weighs, key in sorted(topics + details)])


def _foreign(bridges: Iterable[Bridge]) -> bool:
    """Whether a text is written in other letters than Latin ones, for the most part of its names."""
    words = [bridge.key[0] == "~" for bridge in bridges if bridge.key[0].isalpha() or bridge.key[0] == "~"]
    return 2 * sum(words) > len(words)


def _is_word(key: str) -> bool:
    return not is_topic(key) and key[0] != "=" and not key[:4].isdecimal()


def _spelling(key: str) -> str:
    return key.removeprefix("~")


@lru_cache(_REMEMBERED)
def _index_key(key: str) -> str:
    spelled = _spelling(key)
    consonants = skeleton(spelled) if _is_word(key) else ""
    return consonants if len(consonants) >= _FEWEST_CONSONANTS else spelled


def _found_as(key: str, names: Mapping[str, float]) -> str | None:
    return next((name for name in (_spelling(key), _index_key(key)) if name in names), None)


@lru_cache(_REMEMBERED)
def _parts(key: str, sounds: bool) -> tuple[tuple[str, float], ...]:
    """What a detail is compared by, each part with its share of the weight (squares of the shares add up to 1)."""
    if not _is_word(key):
        return ((key, 1.0),)
    sound = _index_key(key) if sounds else ""
    parts = (sound,) if sound.isupper() else grams(_spelling(key))
    share = 1.0 / math.sqrt(len(parts))
    return tuple((part, share) for part in parts)
