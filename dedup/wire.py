"""Which news agency a text credits, in its dateline, among its authors or at its end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dedup.agencies import LATIN
from dedup.credits import (
    ANYONE,
    BARE,
    EDGES,
    IN_BRACKETS,
    LONGEST_LINE,
    NAMED,
    PERSON,
    PICTURE,
    WORD,
    Agencies,
    agencies,
    agency_of,
)
from dedup.dateline import dateline

Where = Literal["", "dateline", "author", "credit"]
_TAIL = 300


@dataclass(frozen=True, slots=True)
class WireCredit:
    """The agency that a text credits ("" for none), where it does so, and whom it credits beside it."""

    agency: str = ""
    where: Where = ""
    also: Agencies = ()

    def __bool__(self) -> bool:
        return bool(self.agency)


# Credits: "Source: Reuters", "mit Material von dpa", "© AFP", "… to this report", "(Reporting by …; Editing by …)"
_LABEL = (
    r"sources?|quellen?|fuentes?|font[ei]|bron|kaynak|źródło|zdroj|källa|kilde|lähde|источник|джерело|forrás|surs[aă]"
    r"|izvor|πηγή|出典|来源|來源|출처|المصدر|منبع|nguồn|sumber|स्रोत|contributing"
)
_LABELLED = re.compile(rf"(?:^|[\s(（])(?:{_LABEL})\s*[:：]\s*([^\n]{{2,60}})$", re.IGNORECASE)
_FROM = re.compile(
    r"(?:with (?:additional )?(?:inputs?|files|reporting|material|information) (?:from|by)"
    r"|(?:mit|unter verwendung von) (?:\w+)?(?:material|informationen) (?:von|der|des)"
    r"|con información de|com informações d[aeo]|по материалам|за матеріалами|avec l['’]"
    r"|by|von|par|por|di|av|af|door|from|via|z|with|mit|avec|con|com|med|met)\s*\b(.+)",
    re.IGNORECASE,
)
_BESIDE = re.compile(r"(?:[A-ZÀ-Þ][\w.'’]* ){1,4}(?:et|avec|with|mit|con|com|med|met) (.+)")
_COPYRIGHT = re.compile(
    r"(?:©|\(c\)|copyright)[\s\d©,–-]*(?:by )?([^.,\d/|©]{2,40}?)"
    r"(?=[.,]?\s*(?:$|\d{4}|gmbh|all rights|alle rechte|tous droits|todos|tutti i|wszelkie))",
    re.IGNORECASE,
)
_CONTRIBUTED = re.compile(
    rf"(?<!\w)({LATIN})(?!\w)[^.!?\n]{{0,120}}?"
    r" (?:contributed(?: to this| reporting| from|\.?$)|ha contribuito a quest|a contribué à c|contribuyó a est)"
)
_REPORTING = re.compile(
    r"(?:reporting|report[eé]|reportado|reportage|reportagem|bericht|información)\s(?:by|de|par|por|von)\s[^\n]{2,300}?"
    r"\b(?:editing|editado|edición|édité|edição|redigiert|bearbeitet)\s", re.IGNORECASE,
)  # fmt: skip
_HOUSE_NUMBER = re.compile(r"\bdpa:\d{6}-\d")
_DESK = re.compile(r"(?:(?<=\s)|^)[a-z]{1,4}(?:/[a-z]{1,4})*\s*$")
_STOPS = '.!?…。！？"”’»]'
_CUT = re.compile(r"[.!?…。！？\"”’»]\s+|\s[-–—]+\s*|\n\s*")


def wire_credit(paragraphs: Sequence[str], authors: Sequence[str] = (), lang: str = "") -> WireCredit:
    """The news agency that a text credits in its dateline, among its authors or at its end.

    A mention in prose ("Reuters reported on Monday") is no credit.
    """
    lang = lang[:2].casefold()
    for place, paragraph in enumerate(paragraphs[:2], 1):
        found = dateline(paragraph, lang)[0] or (_line(paragraph, lang) if place < len(paragraphs) else ())
        if found:
            return WireCredit(found[0], "dateline", found[1:])
    for author in authors:
        found = agencies(_unlabelled(author), lang, NAMED, ANYONE)
        if found:
            return WireCredit(found[0], "author", found[1:])
    for paragraph in reversed(paragraphs[-2:]):
        found = _closing(paragraph, lang)
        if found:
            return WireCredit(found[0], "credit", found[1:])
    return WireCredit()


def _line(text: str, lang: str) -> Agencies:
    """The agencies of a line that is nothing but a credit: "AFP", "fka/dpa", "Von dpa", "Le Monde avec AFP"."""
    text = text.strip(EDGES)
    if not text or len(text) > LONGEST_LINE:
        return ()
    given, beside = _FROM.fullmatch(text), _BESIDE.fullmatch(text)
    if given:
        return agencies(given[1], lang, NAMED, PERSON)
    return agencies(text, lang, BARE) or (agencies(beside[1], lang, IN_BRACKETS) if beside else ())


def _unlabelled(author: str) -> str:
    given = _FROM.fullmatch(author.strip(EDGES))
    return given[1] if given else author


def _closing(paragraph: str, lang: str) -> Agencies:
    """The agencies that the end of a paragraph credits."""
    tail = paragraph[-_TAIL:].strip(" \t\r\n\x00\x03\u3000")
    if _HOUSE_NUMBER.search(tail):
        return ("dpa",)
    if _REPORTING.search(paragraph[-2 * _TAIL :]):
        return ("Reuters",)
    return _last_bracket(tail, lang) or _labelled(tail, lang) or _last_words(tail, lang)


def _last_bracket(tail: str, lang: str) -> Agencies:
    """ "… said the ministry. (dpa/lno)", where a sentence has ended before it."""
    closed = tail.rstrip(".。 ")
    start = max(closed.rfind("("), closed.rfind("（"))
    if start < 0 or closed[-1] not in ")）":
        return ()
    before, inside = _DESK.sub("", closed[:start]).rstrip(), closed[start + 1 : -1]
    if not before or before[-1] in _STOPS or not inside.isascii():
        return agencies(inside, lang, IN_BRACKETS, WORD) or _line(inside, lang)
    return ()


def _labelled(tail: str, lang: str) -> Agencies:
    """ "Source: Reuters", "© 2026 AFP. All rights reserved", "The Associated Press contributed to this report"."""
    for form in (_LABELLED, _COPYRIGHT):
        for label in form.finditer(tail):
            if not PICTURE.search(tail, max(0, label.start() - 20), label.start()):
                found = agencies(label[1], lang, NAMED)
                if found:
                    return found
    said = _CONTRIBUTED.search(tail) if "contribu" in tail else None
    return (agency_of(said[1], lang, NAMED),) if said else ()


def _last_words(tail: str, lang: str) -> Agencies:
    """ "… he said. PTI", "… – avec AFP"."""
    cuts = [0, *(cut.end() for cut in _CUT.finditer(tail))][-4:]
    return next((found for found in (_line(tail[cut:], lang) for cut in cuts) if found), ())
