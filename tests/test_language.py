"""Languages: codes, scripts, what is believed of a declaration, threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.language import UNKNOWN, choose_language, detect, primary

FRENCH = (
    "Le gouvernement a présenté mercredi un projet de loi sur la gestion de l'eau, après une nouvelle "
    "saison de sécheresse. Les communes devront réduire les fuites de leurs réseaux d'ici à dix ans, et "
    "les agriculteurs seront aidés à changer de cultures. L'opposition juge le texte trop timide."
)
CROATIAN = (
    "Vlada je u srijedu predstavila novi zakon o upravljanju vodama nakon još jedne sušne sezone. Općine će "
    "morati smanjiti gubitke u svojim mrežama u sljedećih deset godina, a poljoprivrednici će dobiti pomoć "
    "za promjenu kultura. Oporba smatra da je prijedlog preblag i da dolazi prekasno."
)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en-US", "en"),
        ("pt_BR", "pt"),
        ("nb-NO", "no"),
        ("nn", "no"),
        ("zh-Hans-CN", "zh"),
        ("FRA", "fr"),
        (" de ", "de"),
        ("iw", "he"),
        ("x-default", ""),
        ("und", ""),
        ("english", ""),
        ("", ""),
    ],
)
def test_primary_code(tag: str, code: str) -> None:
    assert primary(tag) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("東京で大雨、電車が止まる", "ja"),
        ("서울에 폭우, 지하철 운행 중단", "ko"),
        ("北京暴雨 地铁停运", "zh"),
        ("ฝนตกหนักในกรุงเทพ", "th"),
        ("גשם כבד בתל אביב", "he"),
        ("Ισχυρή βροχή στην Αθήνα", "el"),
        ("கனமழை", "ta"),
    ],
)
def test_a_script_of_one_language_is_enough(text: str, code: str) -> None:
    assert detect(text) == (code, 1.0)
    assert choose_language(text, page="en").value == code


def test_kanji_alone_may_be_japanese_if_declared() -> None:
    assert choose_language("東京都知事選挙", page="ja").value == "ja"
    assert choose_language("東京都知事選挙").value == "zh"


def test_long_text_overrules_a_template() -> None:
    assert choose_language(FRENCH, page="en", feed="en-US").value == "fr"
    assert choose_language(FRENCH).value == "fr"


def test_close_relatives_are_believed() -> None:
    assert choose_language(CROATIAN, page="hr").value == "hr"
    assert choose_language(CROATIAN, page="bs").value == "bs"


def test_short_text_believes_the_declaration() -> None:
    assert choose_language("Le Monde de demain", page="en").value == "en"
    assert choose_language("NVIDIA RTX 5090", feed="ru").value == "ru"
    assert choose_language("Сильный дождь в Москве остановил движение", page="en", feed="ru").value == "ru"


def test_page_and_feed_disagree_on_a_short_text() -> None:
    text = "Le gouvernement présente son projet de loi sur l'eau"
    assert choose_language(text, page="en", feed="fr").value == "fr"


def test_nothing_known() -> None:
    assert choose_language("").value == UNKNOWN
    assert choose_language("1234 – 5678").value == UNKNOWN
    assert choose_language("OK").value == UNKNOWN
    assert choose_language("", page="fr").value == "fr"
    assert detect("12") == (UNKNOWN, 0.0)


def test_threads_agree() -> None:
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(detect, [FRENCH] * 32)) == {detect(FRENCH)}


@given(st.text(), st.text(max_size=8))
def test_never_raises(text: str, tag: str) -> None:
    assert choose_language(text, page=tag).value == choose_language(text, page=tag).value
