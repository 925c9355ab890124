"""How far two texts tell one event, on a scale that people's judgements follow, in one language or across two.

In one language the score is the root of a cosine, once over the stems of the words and once over the bridges
(`dedup.bridges`), whose runs of letters see what inflection and compounds hide and whose topics see other
words for the same. Across languages the bridges alone speak, and their score is raised to the same scale.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from dedup.background import information, primary, stems
from dedup.bridges import Bridge, bridge_keys, bridge_score, detail_vector, is_topic, unit
from dedup.terms import cosine
from dedup.thresholds import LikenessConfig
from dedup.wording import LEAST_NATS, split_words, telling, tidy, weight, weighted_counts

_DEFAULT = LikenessConfig()
_FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What is compared of a text: its language, its stems as a vector of length 1, its bridges."""

    lang: str
    words: Mapping[str, float]
    bridges: tuple[Bridge, ...]


def text_facts(
    title: str, text: str, lang: str, when: datetime | None = None, config: LikenessConfig = _DEFAULT
) -> TextFacts:
    """The facts of a text: `lang` a language tag, `text` the body without its title, `when` as for `bridge_keys`."""
    lang = primary(lang)
    return TextFacts(
        lang, _stem_vector(title, text, lang, config.terms), bridge_keys(title, text, lang, when)
    )


def likeness(one: TextFacts, other: TextFacts, config: LikenessConfig = _DEFAULT) -> float:
    """How far two texts tell one event: 0 with nothing in common, 1 for the same text; symmetric."""
    if one.lang != other.lang:
        return min(1.0, config.across_scale * bridge_score(one.bridges, other.bridges))
    words = _root(cosine(one.words, other.words))
    bridges = _root(cosine(_all_bridges(one, config), _all_bridges(other, config)))
    if not (one.words or other.words) or not (one.bridges or other.bridges):
        return max(words, bridges)
    return config.word_share * words + (1.0 - config.word_share) * bridges


def _root(similarity: float) -> float:
    return math.sqrt(min(1.0, max(0.0, similarity)))


def _all_bridges(facts: TextFacts, config: LikenessConfig) -> dict[str, float]:
    """Details and topics in one vector of length 1, a topic weighing `topic_weight` times its weight."""
    topics = {b.key: b.weight * config.topic_weight for b in facts.bridges if is_topic(b.key)}
    spoken = math.sqrt(sum(b.weight**2 for b in facts.bridges if not is_topic(b.key)))
    return unit({key: spoken * share for key, share in detail_vector(facts.bridges).items()} | topics)


def _stem_vector(title: str, text: str, lang: str, limit: int) -> dict[str, float]:
    """The weightiest stems of a text."""
    counts = weighted_counts(split_words(tidy(title)), split_words(tidy(text)))
    weights: dict[str, float] = {}
    for (word, times), stem in zip(counts.items(), stems(tuple(counts), lang), strict=True):
        nats = information(word, lang)
        if nats >= LEAST_NATS and _tells(word):
            weights[stem] = max(weights.get(stem, 0.0), weight(times, telling(nats)))
    top: Iterator[tuple[str, float]] = iter(sorted(weights.items(), key=lambda item: (-item[1], item[0])))
    return unit({stem: weighs for (stem, weighs), _ in zip(top, range(limit), strict=False)})


def _tells(word: str) -> bool:
    """Letters, days, hours and years stand in any text; longer numbers are as good as names."""
    if word.isdecimal():
        return len(word) >= _FEWEST_DIGITS and not (len(word) == 4 and word[:2] in ("19", "20"))
    return len(word) > 1
