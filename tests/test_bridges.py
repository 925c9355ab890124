"""What texts of different languages share: names, numbers, days, places and topics."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.background import information, primary
from dedup.bridges import (
    Bridge,
    bridge_keys,
    bridge_score,
    index_keys,
    is_topic,
    related,
    shared_bridges,
)
from dedup.glossary import LANGUAGES, concept
from dedup.latin import fold, skeleton
from dedup.numerals import dates, numbers
from dedup.text import normalise
from dedup.thresholds import BridgeConfig
from dedup.wording import split_words

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)  # a Saturday

FERRY = {
    "en": ("Ferry runs aground off Harrowmouth; 214 rescued",
           "All 214 passengers of the ferry Northern Pearl were rescued after she ran aground on the Cradle Sands in thick "
           "fog. The ship of the Skerry Line had come from Vessby. Edda Lorring of the coastguard praised the crew."),
    "de": ("Fähre läuft im Nebel auf Grund: 214 Fahrgäste vor Harrowmouth gerettet",
           "Vor Harrowmouth ist die Fähre „Northern Pearl“ der Reederei Skerry Line auf die Cradle Sands gelaufen. Sie kam "
           "aus Vessby. Alle 214 Fahrgäste wurden gerettet, sagte Einsatzleiterin Edda Lorring."),
    "fr": ("Le ferry Northern Pearl échoué devant Harrowmouth",
           "Les 214 passagers du Northern Pearl, de la compagnie Skerry Line, ont été secourus après que le ferry s’est "
           "échoué dans le brouillard sur les Cradle Sands. Il arrivait de Vessby, a dit Edda Lorring."),
    "ru": ("Паром сел на мель у Харроумута",
           "Все 214 пассажиров парома «Нортерн Перл» спасены. Судно компании «Скерри» шло из Вессби, сообщила Эдда Лорринг."),
    "ja": ("ハローマス沖でフェリー座礁、二百十四人救助",
           "スケリーライン社のフェリー、ノーザンパールがハローマス沖のクレイドル砂州に座礁し、乗客二百十四人が救助された。ベスビーから来た船で、エッダ・ローリング司令官が述べた。"),
}  # fmt: skip
FLOOD = (
    "Village wakes under water as river bank fails",
    "The clay bank beside the Ellow broke at Nether Ellow after eleven days of rain; 340 houses were flooded, Perpetua "
    "Lund of the county said. The army has sent eighty engineers and pumps.",
)


def keys(title: str, text: str, lang: str) -> list[str]:
    return [bridge.key for bridge in bridge_keys(title, text, lang, NOW)]


@pytest.mark.parametrize(
    ("one", "other"), [("en", "de"), ("en", "fr"), ("de", "fr"), ("fr", "ja"), ("en", "ja")]
)
def test_links_one_event_in_two_languages(one: str, other: str) -> None:
    here, there = (bridge_keys(*FERRY[lang], lang, NOW) for lang in (one, other))
    assert related(here, there)
    assert set(index_keys(here)) & set(index_keys(there))
    assert bridge_score(here, there) == pytest.approx(bridge_score(there, here))


def test_links_cyrillic_names_to_latin_ones() -> None:
    here, there = bridge_keys(*FERRY["en"], "en", NOW), bridge_keys(*FERRY["ru"], "ru", NOW)
    flood = bridge_keys(*FLOOD, "en", NOW)
    assert bridge_score(here, there) > 2 * bridge_score(flood, there)
    assert {"lorring", "=214", "#ferry"} <= {bridge.key for bridge in shared_bridges(here, there, 20)}


@pytest.mark.parametrize("lang", sorted(FERRY))
def test_links_no_other_event(lang: str) -> None:
    assert not related(bridge_keys(*FLOOD, "en", NOW), bridge_keys(*FERRY[lang], lang, NOW))


def test_topics_alone_link_nothing() -> None:
    here = bridge_keys(
        "Police arrest suspect", "Police arrested a suspect after a fire at a school.", "en", NOW
    )
    there = bridge_keys(
        "Polizei", "Die Polizei hat nach dem Brand in einer Schule einen Verdächtigen verhaftet.", "de", NOW
    )
    assert {"#police", "#fire", "#school", "#arrest"} <= {
        bridge.key for bridge in shared_bridges(here, there)
    }
    assert not related(here, there)


def test_says_what_binds_most_first() -> None:
    here, there = (bridge_keys(*FERRY[lang], lang, NOW) for lang in ("en", "ja"))
    shared = [bridge.key for bridge in shared_bridges(here, there)]
    assert shared[0] in {"harrowmouth", "#ferry"}
    assert "=214" in shared
    assert len(shared_bridges(here, there, 2)) == 2


def test_keys_are_few_and_weightiest_first() -> None:
    config = BridgeConfig(details=5, topics=2, keys=3)
    found = bridge_keys(*FERRY["en"], "en", NOW, config)
    weights = [bridge.weight for bridge in found]
    assert weights == sorted(weights, reverse=True)
    assert sum(is_topic(bridge.key) for bridge in found) == 2
    assert len(found) == 7
    assert len(index_keys(found, config)) == 3
    assert not any(is_topic(key) for key in index_keys(found))


def test_common_words_are_no_bridges() -> None:
    found = bridge_keys("", "The Northern Pearl and all of the crew that had come from Vessby", "en", NOW)
    weights = {bridge.key: bridge.weight for bridge in found}
    assert not {"the", "and"} & weights.keys()
    assert weights["vessby"] > 10 * weights["that"]
    assert information("the", "en") < 0.01 < 5 < information("harrowmouth", "en")


@pytest.mark.parametrize(
    ("word", "lang", "key"),
    [
        ("polizeisprecher", "de", "#police"), ("wahlen", "de", "#election"), ("polens", "de", "@PL"),
        ("warszawie", "pl", "@PL"), ("deutschland", "de", "@DE"), ("bukarest", "de", "@bucharest"),
        ("niger", "en", "@NE"), ("nigeria", "en", "@NG"), ("warning", "en", ""), ("الرئيس", "ar", "#president"),
        ("アメリカ", "ja", "@US"), ("选举", "zh", "#election"), ("i̇ran", "tr", "@IR"), ("fähre", "de", "#ferry"),
        ("police", "xx", ""), ("", "en", ""), ("warszawa", "pl", "@PL"), ("bukareszt", "pl", "@bucharest"),
        ("us", "en", ""), ("autoridades", "es", ""), ("casa", "es", ""), ("prawda", "pl", ""), ("kolejny", "pl", ""),
        ("viennent", "fr", ""), ("réunion", "fr", ""), ("того", "ru", ""), ("долго", "ru", ""), ("politiek", "nl", ""),
        ("hundert", "de", ""), ("aşırı", "tr", ""), ("منظمة", "ar", ""),
    ],
)  # fmt: skip
def test_reads_what_words_mean(word: str, lang: str, key: str) -> None:
    assert concept(word, lang) == key


def test_the_glossary_is_in_order() -> None:
    assert len(LANGUAGES) == 13
    for lang, word in zip(
        LANGUAGES, ("police", "polizei", "police", "policía", "polizia", "polícia"), strict=False
    ):
        assert concept(word, lang) == "#police"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("11 000 and 11.000 and 11,000 and 11'000", ["11000"] * 4),
        ("36,8 Prozent, 36.8 percent, 36.80", ["36.8"] * 3),
        ("1.234,56 or 1,234.56", ["1234.56"] * 2),
        ("in 2019, 7 of 12 on page 2,019", ["12", "2019"]),
        ("乗客二百十四人、千二百、三万五千、十、二〇二五年", ["214", "1200", "35000"]),
        ("١٢٣٤ و ٣٦٫٨", ["1234", "36.8"]),
        ("9" * 40 + " 0 00 0,0", []),
    ],
)
def test_reads_numbers(text: str, found: list[str]) -> None:
    assert list(numbers(normalise(text))) == found


@pytest.mark.parametrize(
    ("text", "lang", "found"),
    [
        ("am 24. Dezember", "de", [date(2025, 12, 24)]),
        ("December 24th, 2019", "en", [date(2019, 12, 24)]),
        ("el 3 de abril de 2020", "es", [date(2020, 4, 3)]),
        ("24 kwietnia 2020 r.", "pl", [date(2020, 4, 24)]),
        ("12月24日", "ja", [date(2025, 12, 24)]),
        ("2024年12月3日", "zh", [date(2024, 12, 3)]),
        ("31.12.2024 and 2024-12-31", "en", [date(2024, 12, 31)] * 2),
        ("on Monday", "en", [date(2026, 1, 5)]),
        ("lundi", "fr", [date(2026, 1, 5)]),
        ("Saturday", "en", [date(2026, 1, 10)]),
        ("30. Februar 2024, 99.99.2024, may be 31", "de", []),
    ],
)
def test_reads_days(text: str, lang: str, found: list[date]) -> None:
    folded = normalise(text)
    assert list(dates(folded, split_words(folded), lang, NOW)) == found


def test_without_a_time_only_whole_dates_are_read() -> None:
    text = "monday, 24 december, 12月24日 and 1 may 2020"
    assert list(dates(text, split_words(text), "en", None)) == [date(2020, 5, 1)]


def test_the_first_and_last_day_there_are() -> None:
    for when in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert all(
            isinstance(bridge, Bridge)
            for bridge in bridge_keys("Friday", "24 December, 12月24日", "en", when)
        )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Harrowmouth", "ハローマス"), ("Zelensky", "Зеленский"), ("Selenskyj", "Зеленский"), ("Terzak", "テルザク"),
        ("Beliska", "ベリスカ"), ("Korvenia", "コルベニア"), ("Scholz", "Шольц"),
    ],
)  # fmt: skip
def test_names_meet_by_their_consonants(one: str, other: str) -> None:
    assert skeleton(fold(one.casefold())) == skeleton(fold(other))


def test_japanese_names_in_chinese_characters_are_left_out() -> None:
    assert not any("dong" in key for key in keys("東京都知事", "東京都知事は述べた", "ja"))
    assert "~wuhan" in keys("", "武汉市民", "zh")


def test_language_tags_may_have_regions() -> None:
    assert primary("pt-BR") == primary("PT_pt") == "pt"
    assert keys(*FERRY["de"], "de-AT") == keys(*FERRY["de"], "de")


@given(
    st.text(max_size=80),
    st.text(max_size=300),
    st.sampled_from(["en", "de", "ja", "zh", "ar", "xx", "", "../x"]),
)
def test_any_text_has_bridges_of_use(title: str, text: str, lang: str) -> None:
    found = bridge_keys(title, text, lang, NOW)
    again = bridge_keys(FERRY["en"][0], FERRY["en"][1], "en", NOW)
    assert all(bridge.key and bridge.weight > 0 for bridge in found)
    assert len({bridge.key for bridge in found}) == len(found)
    score = bridge_score(found, again)
    assert 0.0 <= score <= 1.0
    assert score == pytest.approx(bridge_score(again, found))
    assert bridge_score(found, ()) == 0.0
    assert shared_bridges(found, found, 99) == tuple(
        sorted(found, key=lambda b: (-b.weight * b.weight, b.key))
    )


@pytest.mark.parametrize(
    "text",
    [
        "1" * 100_000,
        "1,1" * 30_000,
        "一" * 50_000,
        "a" * 50_000,
        "ア" * 50_000,
        "\ud800 lone",
        "_" * 50_000,
        "24.12." * 20_000,
    ],
)
def test_hostile_texts_end_soon(text: str) -> None:
    found = bridge_keys(text, text, "en", NOW)
    assert len(found) <= 60
    assert max((len(bridge.key) for bridge in found), default=0) <= 64
