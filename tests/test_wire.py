"""Who is credited, where the dateline ends, and what is only a mention."""

from __future__ import annotations

import pytest

from dedup.dateline import strip_dateline
from dedup.wire import WireCredit, wire_credit
from tests.timing import within

PROSE = "The harbour of Castlegate stayed closed on Monday after the storm, its master said."

DATELINES = [
    ("LONDON (Reuters) - Shares fell.", "Reuters", "Shares fell."),
    ("LONDON, Nov 3 (Reuters) - Shares fell.", "Reuters", "Shares fell."),
    ("BEIRUT/THE HAGUE, March 7 (Reuters) - A crew left.", "Reuters", "A crew left."),
    ("(Reuters) - Shares fell.", "Reuters", "Shares fell."),
    ("(Reuters) Shares fell.", "Reuters", "Shares fell."),
    ("(AP) — Shares fell.", "AP", "Shares fell."),
    ("HAYWARD, Calif. (AP) — The fog lifted.", "AP", "The fog lifted."),
    ("ST. JOSEPH, Mich. (AP) — The fog lifted.", "AP", "The fog lifted."),
    ("WASHINGTON, Nov 3 (AFP) - It rained.", "AFP", "It rained."),
    ("Paris (AFP) – Il pleuvait.", "AFP", "Il pleuvait."),
    ("Paris (AFP) Il pleuvait.", "AFP", "Il pleuvait."),
    ("dpa: Es regnete.", "dpa", "Es regnete."),
    ("Berlin (dpa) - Es regnete.", "dpa", "Es regnete."),
    ("Eschweiler (dpa/lnw) - Es regnete.", "dpa", "Es regnete."),
    ("Frankfurt am Main, 3. November (dpa-AFX) – Es regnete.", "dpa", "Es regnete."),
    ("Bagdad/Washington (dpa, AFP) - Es regnete.", "dpa", "Es regnete."),
    ("Bern (sda) Es regnete.", "sda", "Es regnete."),
    ("EFE.- Llovía.", "EFE", "Llovía."),
    ("Lima, 3 nov (EFE).- Llovía.", "EFE", "Llovía."),
    ("Redacción de Deportes (EE. UU.), 1 de enero (EFE) .- Llovía.", "EFE", "Llovía."),
    ("MADRID, 3 Nov. (EUROPA PRESS) - Llovía.", "Europa Press", "Llovía."),
    ("ROMA (ANSA) - Pioveva.", "ANSA", "Pioveva."),
    ("(ANSA) - ROMA, 03 NOV - Pioveva.", "ANSA", "Pioveva."),
    ("(Adnkronos) - Pioveva.", "Adnkronos", "Pioveva."),
    ("Lisboa, 03 nov 2026 (Lusa) - Chovia.", "Lusa", "Chovia."),
    ("MOSCOW, November 3. /TASS/. It snowed.", "TASS", "It snowed."),
    ("МОСКВА, 3 ноября. /ТАСС/. Шёл снег.", "TASS", "Шёл снег."),
    ("МОСКВА, 3 ноя — РИА Новости. Шёл снег.", "RIA Novosti", "Шёл снег."),
    ("Москва. 3 ноября. ИНТЕРФАКС - Шёл снег.", "Interfax", "Шёл снег."),
    ("Warszawa (PAP) - Padało.", "PAP", "Padało."),
    ("ANKARA (AA) - Yağmur yağdı.", "Anadolu", "Yağmur yağdı."),
    ("İSTANBUL, 3 Kasım (DHA) - Yağmur yağdı.", "DHA", "Yağmur yağdı."),
    ("【北京共同】雨が降った。", "Kyodo", "雨が降った。"),
    ("［ロンドン　３日　ロイター］ - 雨が降った。", "Reuters", "雨が降った。"),
    ("【11月3日 AFP】雨が降った。", "AFP", "雨が降った。"),
    ("新华社北京11月3日电（记者某某）下雨了。", "Xinhua", "下雨了。"),
    ("（中央社台北3日電）下雨了。", "CNA", "下雨了。"),
    ("路透社伦敦11月3日电 下雨了。", "Reuters", "下雨了。"),
    ("华盛顿（路透社）- 下雨了。", "Reuters", "下雨了。"),
    ("(서울=연합뉴스) 홍길동 기자 = 비가 왔다.", "Yonhap", "비가 왔다."),
    ("[서울=뉴시스] 비가 왔다.", "Newsis", "비가 왔다."),
    ("واشنطن (رويترز) - هطل المطر.", "Reuters", "هطل المطر."),
    ("القاهرة (أ ف ب) – هطل المطر.", "AFP", "هطل المطر."),
    ("برلين (د ب أ)- هطل المطر.", "dpa", "هطل المطر."),
    ("New Delhi, Nov 3 (PTI) It rained.", "PTI", "It rained."),
    ("Washington [USA], November 3 (ANI): It rained.", "ANI", "It rained."),
    ("नई दिल्ली, 3 नवंबर (भाषा) - बारिश हुई।", "PTI", "बारिश हुई।"),
    ("Shimla, Nov 3 (IANS) It rained.", "IANS", "It rained."),
    ("BEIJING, Nov. 3 (Xinhua) -- It rained.", "Xinhua", "It rained."),
    ("TOKYO, Nov 3 (Kyodo) - It rained.", "Kyodo", "It rained."),
    ("PARIS, 3 nov – AFP – Il pleuvait.", "AFP", "Il pleuvait."),
    ("Budapest, 2026. november 3. (MTI) - Esett.", "MTI", "Esett."),
    ("KUALA LUMPUR, Nov 3 (Bernama) -- It rained.", "Bernama", "It rained."),
    ("Jakarta (ANTARA) - Hujan.", "Antara", "Hujan."),
    ("(Bloomberg) -- Shares fell.", "Bloomberg", "Shares fell."),
    ("TORONTO (Canadian Press) - It rained.", "Canadian Press", "It rained."),
    ("SYDNEY (AAP) - It rained.", "AAP", "It rained."),
    ("LONDON, Nov. 3 (UPI) -- It rained.", "UPI", "It rained."),
]  # fmt: skip

CREDITS = [
    ("The ships stayed in port. (Reuters)", "Reuters"),
    ("The ships stayed in port. Reuters", "Reuters"),
    ("The ships stayed in port. - PTI", "PTI", "en"),
    ("Die Schiffe blieben im Hafen. (dpa/rm)", "dpa"),
    ("Die Schiffe blieben im Hafen. hb/sti (dpa, rtr)", "dpa"),
    ("Die Schiffe blieben im Hafen. (red, APA, AFP, 16.5.2026)", "APA"),
    ("Die Schiffe blieben im Hafen. Von dpa", "dpa"),
    ("Die Schiffe blieben im Hafen. (Mit Material von dpa)", "dpa"),
    ("Die Schiffe blieben im Hafen. (sda/keystone)", "sda"),
    ("Mit Agenturmaterial von dpa und AFP", "dpa"),
    ("© dpa-infocom, dpa:261103-99-123456/2", "dpa"),
    ("© AFP", "AFP"),
    ("© 2026 AFP. All rights reserved.", "AFP"),
    ("Copyright 2026 The Associated Press. All rights reserved. This may not be published.", "AP"),
    ("© Thomson Reuters 2026", "Reuters"),
    ("Quelle: dpa", "dpa"),
    ("Source: Reuters", "Reuters"),
    ("Source : AFP", "AFP"),
    ("Fuente: EFE", "EFE"),
    ("Źródło: PAP", "PAP"),
    ("Gemi limanda kaldı. - AYDIN Kaynak: İHA", "İHA"),
    ("Kaynak: AA", "Anadolu"),
    ("Источник: ТАСС", "TASS"),
    ("来源：新华社", "Xinhua"),
    ("출처: 연합뉴스", "Yonhap"),
    ("المصدر: رويترز", "Reuters"),
    ("avec AFP", "AFP"),
    ("Le Monde avec AFP", "AFP"),
    ("Con información de EFE", "EFE"),
    ("Com informações da Agência Brasil", "Agência Brasil"),
    ("(With inputs from PTI)", "PTI"),
    ("With files from The Canadian Press", "Canadian Press"),
    ("RND/dpa", "dpa"),
    ("fka/sig/news.example.de/dpa", "dpa"),
    ("船は港に残った。（共同）", "Kyodo"),
    ("船は港に残った（時事）", "Jiji"),
    ("(Reporting by a reporter in Paris; Editing by an editor)", "Reuters"),
    ("Associated Press writers in three cities contributed to this report.", "AP"),
    ("The Associated Press contributed to this report.", "AP"),
    (" Reuter\n\x03", "Reuters"),
    ("Fartygen låg kvar i hamnen. (TT)", "TT"),
    ("PA Media", "PA Media"),
]  # fmt: skip

AUTHORS = [
    ("Reuters", "Reuters"), ("Von dpa", "dpa"), ("DPA", "dpa"), ("By The Associated Press", "AP"), ("AP", "AP"),
    ("Le Monde avec AFP", "AFP"), ("Le Figaro et AFP", "AFP"), ("AFP Deutschland", "AFP"), ("Reuters Staff", "Reuters"),
    ("PA Media", "PA Media"), ("Agence France-Presse", "AFP"), ("sda/keystone", "sda"), ("Agencia EFE", "EFE"),
    ("Staff Writer, Associated Press", "AP"), ("연합뉴스", "Yonhap"), ("新华社", "Xinhua"), ("PA", "PA Media"),
]  # fmt: skip

MENTIONS = [
    "Reuters reported on Monday that shares fell.",
    "Reuters, the news agency, reported that shares fell.",
    "Xinhua — China's state news agency — said that shares fell.",
    "The minister told AFP that shares fell.",
    "The ships stayed in port, the harbour master told AFP.",
    "The ships stayed in port, according to the Associated Press.",
    "AA batteries are sold out.",
    "The shop has sold all its batteries (AA).",
    "Alcoholics Anonymous (AA) — a fellowship — met on Monday.",
    "Associated Press (AP) - the agency - opened a bureau.",
    "Agence France-Presse (AFP) said on Monday that shares fell.",
    "A PA announcement asked all to leave.",
    "Philadelphia (PA) - The fog lifted.",
    "The TT races begin on Monday.",
    "TT: the races begin on Monday.",
    "The agency (Reuters) said on Monday that shares fell.",
    "Foto: AFP",
    "Foto: Somebody/dpa",
    "Rubriklistenbild: © dpa",
    "© picture alliance / dpa / Somebody",
    "(AP Photo/Somebody)",
    "Image source: Bloomberg",
    "Reuters/Ipsos",
    "The two groups met the press. AP classes are full.",
    "据新华社报道，下雨了。",
    "ロイター通信によると、雨が降った。",
    "Bloomberg: the man and his money",
    "LONDON, Shares fell.",
    "The bank lent Bloomberg contributed sums.",
    "",
]  # fmt: skip


@pytest.mark.parametrize(("text", "agency", "rest"), DATELINES)
def test_datelines(text: str, agency: str, rest: str) -> None:
    credit = wire_credit([text, PROSE])
    assert (credit.agency, credit.where) == (agency, "dateline")
    assert strip_dateline(text) == rest
    assert wire_credit(["By a reporter", text, PROSE]).agency == agency


@pytest.mark.parametrize("case", CREDITS, ids=lambda case: case[0])
def test_credits(case: tuple[str, ...]) -> None:
    text, agency, *lang = case
    credit = wire_credit([PROSE, PROSE, text], lang=lang[0] if lang else "")
    assert (credit.agency, credit.where) == (agency, "credit")
    assert strip_dateline(PROSE + " " + text) == PROSE + " " + text


@pytest.mark.parametrize(("author", "agency"), AUTHORS)
def test_authors(author: str, agency: str) -> None:
    assert wire_credit([PROSE], [author]) == WireCredit(agency, "author")


@pytest.mark.parametrize("text", MENTIONS)
def test_mentions_are_no_credits(text: str) -> None:
    assert not wire_credit([text])
    assert not wire_credit([PROSE, PROSE, text])
    assert strip_dateline(text) == text


def test_all_who_are_credited_together() -> None:
    credit = wire_credit([PROSE, "aw/mm (AP, AFP, Reuters)"])
    assert (credit.agency, credit.also) == ("AP", ("AFP", "Reuters"))


def test_a_doubtful_name_alone_counts_at_home() -> None:
    assert wire_credit(["AA", PROSE], lang="tr-TR").agency == "Anadolu"
    assert not wire_credit(["AA", PROSE], lang="en")
    assert wire_credit([PROSE, "Fartygen låg kvar i hamnen. TT"], lang="sv").agency == "TT"
    assert not wire_credit([PROSE, "The ships stayed in port. TT"], lang="en")


def test_the_dateline_goes_before_authors_and_they_before_the_end() -> None:
    texts = ["Berlin (dpa) - Es regnete.", PROSE, "Quelle: AFP"]
    assert wire_credit(texts, ["Reuters"]).agency == "dpa"
    assert wire_credit(texts[1:], ["Reuters"]).agency == "Reuters"
    assert wire_credit(texts[1:], ["A reporter"]).agency == "AFP"


def test_nothing() -> None:
    assert wire_credit([]) == WireCredit()
    assert not WireCredit()
    assert strip_dateline("") == ""


PIECES = [
    "(",
    "（(",
    "[",
    "【",
    "/",
    "- ",
    "—",
    ":",
    "A ",
    "1 ",
    "a/",
    "(AP) ",
    "(AP",
    "Reuters ",
    "© ",
    "Source: ",
    "\n",
    " ",
]
PIECES += [
    "reporting by ",
    "Reporting by a editing",
    "contributed ",
    "The Associated Press ",
    "x and ",
    "新华社日",
    "기자 = ",
]


@pytest.mark.parametrize("piece", PIECES)
def test_long_texts_of_one_piece_take_no_longer(piece: str) -> None:
    text = (piece * 20_000)[:20_000]

    def ten_times() -> None:
        for _ in range(10):
            strip_dateline(text)
            wire_credit([text, text, text], [text])

    within(0.5, ten_times)


def test_a_paragraph_without_dateline_is_passed_over_quickly() -> None:
    # 2 µs each where it was measured; the bound is for busy machines.
    within(0.5, lambda: [strip_dateline(PROSE) for _ in range(10_000)])
