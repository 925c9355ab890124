"""Which news agency a text credits, and where its dateline ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from dedup.agencies import DOUBTFUL, LATIN, SURE, UNSPACED, squeeze

Where = Literal["", "dateline", "author", "credit"]
# How plainly a form says that the name in it is a credit: not at all, by brackets, by "Source:" or the like.
_BARE, _BRACKETS, _NAMED = 0, 1, 2
_REACH, _TAIL, _LONGEST_PLACE, _LONGEST_NAME, _LONGEST_LINE = 120, 300, 80, 24, 60
Agencies = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WireCredit:
    """The agency that a text credits ("" for none), where it does so, and whom it credits beside it."""

    agency: str = ""
    where: Where = ""
    also: Agencies = ()

    def __bool__(self) -> bool:
        return bool(self.agency)


_AROUND = re.compile(
    r"^(?:the|l['’]|agence|agencia|agência|agenzia|agentur|nachrichtenagentur|агентство|وكالة)\s*\b"
    r"|\s+(?:staff|staff writers?|news agency|news|agency|deutschland|correspondent)$",
    re.IGNORECASE,
)
_EDGES = " \t\r\n\x00\x03\u3000.,:;*_|-–—()（）"
_JOINERS = "and|und|et|y|e|och|og|en|ve|with|avec|mit|con|com|med|met|via"
_APART = re.compile(rf"\s*[/,;+&|=＝、・()（）]\s*|\s+(?:{_JOINERS})\s+")
# What may stand beside a name: a desk's or writer's code; in brackets any short word or date; among authors anyone.
_CODE = re.compile(r"[a-z]{1,4}\d?|[A-Z]{2,5}|[\w.]+\.\w{2,3}|\d[\d.]*")
_WORD = re.compile(r"[^\s:]{1,14}|\d[\d.]* ?\w*\.?")
_PERSON = re.compile(r"[A-ZÀ-Þ][^\s:]*(?: [A-ZÀ-Þ][^\s:]*){0,3}")
_ANYONE = re.compile(r"[^\s:]+(?: [^\s:]+){0,4}")
_PICTURE = re.compile(
    r"photo|foto|bild|imag|immag|pictur|getty|\bepa\b|video|gra(?:ph|f)i[ck]|ipsos|фото|写真|사진|صورة",
    re.IGNORECASE,
)

# Datelines: "LONDON, Nov 3 (Reuters) - ", "(AP) — ", "【北京共同】", "/ТАСС/.", "МОСКВА, 3 ноя — РИА Новости.", "EFE.- "
_BRACKET = re.compile(
    r"[(（]([^()（）\n]{2,40})[)）]|[\[［]([^\[\]［］\n]{2,40})[\]］]|【([^【】\n]{2,40})】|/([^/()\n]{2,24})/"
)
_CLUE = re.compile(r"[(（\[［【/:：–—―−电電]|-[- ]|[ .]-")  # no dateline is without one of these
_DASH = re.compile(r"(?:\s?\.?\s?[-–—―−=]{1,3}|\s?[:：.,|])?\s*")
_MARK = re.compile(r"[–—―−:：]+|-(?:(?<=[\s.]-)-?|-?(?=\s))")
_NAME_THEN = re.compile(r"\s*([^.,:\n–—]{2,24}?)\s*(?:[.,]|\n|$|\s[-–—])(?:\s[А-ЯЁ]\w+ [А-ЯЁ]\w+\.)?\s*")
# "Xinhua — the state news agency — said" opens no dateline.
_ASIDE = re.compile(r"\s[-–—][^.!?]{1,60}?\s[-–—]\s|[–—][^.!?]{1,60}?[–—]")
_WORDS = re.compile(r"[^\W\d_]+")
_SMALL_WORDS = "de del la las los el le les du des da do dos di of the and am an der bei im in et y e i"
_SMALL = frozenset(_SMALL_WORDS.split())
_NO_PLACE = re.compile(r"[!?;\"“”„«»…。？！]|[:：]\s*\w")
_UNSPACED_LAST = re.compile(rf"(?:{UNSPACED})$")
_UNSPACED_OPENER = re.compile(
    rf"[（(【]?({UNSPACED})[^。，、\n]{{0,30}}?日[电電訊讯][）)】]?(?:\s?[（(][^）)]{{1,30}}[）)])?[\s：:，—]*"
)
# What may stand between the credit and the text: a place and a day, or a reporter's name.
_MORE = re.compile(r"[A-ZÀ-Þ' /]{2,30},? \d{1,2} [A-Z]{3}\.? ?[-–—―−]+\s*|[가-힣]{2,4} ?(?:기자|특파원) ?= ?")

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
        found = _dateline(paragraph, lang)[0] or (_line(paragraph, lang) if place < len(paragraphs) else ())
        if found:
            return WireCredit(found[0], "dateline", found[1:])
    for author in authors:
        found = _agencies(_unlabelled(author), lang, _NAMED, _ANYONE)
        if found:
            return WireCredit(found[0], "author", found[1:])
    for paragraph in reversed(paragraphs[-2:]):
        found = _closing(paragraph, lang)
        if found:
            return WireCredit(found[0], "credit", found[1:])
    return WireCredit()


def strip_dateline(paragraph: str) -> str:
    """What follows the place, date and credit that a wire text opens with; a place alone stays."""
    end = _dateline(paragraph, "")[1]
    return paragraph[end:] if end else paragraph


def _agency(text: str, lang: str, form: int) -> str:
    """The agency of this name, or ""."""
    squeezed = squeeze(text)
    name = DOUBTFUL.get(squeezed) or SURE.get(squeezed.casefold())
    if name is None:
        core = _AROUND.sub("", text) if len(text) > len(squeezed) or "'" in text else text
        return _agency(core, lang, form) if core != text else ""
    return name.agency if name.doubt <= form or (name.doubt == 1 and lang in name.home) else ""


def _agencies(text: str, lang: str, form: int, beside: re.Pattern[str] = _CODE) -> Agencies:
    """The agencies of a list such as "dpa/lno" or "AFP, Reuters" that has nothing else but what is `beside`."""
    text = text.strip(_EDGES)
    if not text or len(text) > _LONGEST_LINE:
        return ()
    alone = _agency(text, lang, form)
    if alone:
        return (alone,)
    parts = [part.strip(_EDGES) for part in _APART.split(text)]
    if len(parts) == 1:
        hyphened = [_agency(part, lang, form) for part in text.split("-")]
        return tuple(hyphened) if all(hyphened) else ()
    found = [_agency(part, lang, min(form, _BRACKETS)) for part in parts]
    others = (part for part, agency in zip(parts, found, strict=True) if part and not agency)
    fits = all(beside.fullmatch(part) and not _PICTURE.search(part) for part in others)
    return tuple(dict.fromkeys(filter(None, found))) if fits else ()


def _dateline(paragraph: str, lang: str) -> tuple[Agencies, int]:
    """The agencies of the dateline, and where it ends."""
    head = paragraph[:_REACH]
    clue = _CLUE.search(head)
    if not clue:
        return (), 0
    found, end = _bracketed(head, lang, clue.start())
    if not found:
        found, end = _opened(head, lang)
    if not found:
        opener = _UNSPACED_OPENER.match(head)
        found, end = ((_agency(opener[1], lang, _BRACKETS),), opener.end()) if opener else ((), 0)
    more = _MORE.match(head, end) if found else None
    return found, more.end() if more else end


def _bracketed(head: str, lang: str, start: int) -> tuple[Agencies, int]:
    for bracket in _BRACKET.finditer(head, start):
        kind, place = bracket.lastindex or 1, head[: bracket.start()]
        found = _in_bracket(bracket[kind], lang, square=kind in (2, 3))
        if found:
            dash = _DASH.match(head, bracket.end())
            end = dash.end() if dash else bracket.end()
            marked = (
                bool(head[bracket.end() : end].strip())
                or end == len(head)
                or kind == 3
                or "=" in bracket[kind]
            )
            plain = kind == 1 and _stands_alone(bracket[1], place, head[bracket.end() : end + 1], lang)
            fits = (marked or plain) and _is_place(place) and not _spells(place, bracket[kind])
            return (found, end) if fits else ((), 0)
    return (), 0


def _in_bracket(inside: str, lang: str, *, square: bool) -> Agencies:
    """The agencies of "dpa/lno", "서울=연합뉴스" and, in square brackets, "東京　３日　ロイター"."""
    found = _agencies(inside, lang, _BRACKETS, _WORD)
    if not found and square:
        last = _UNSPACED_LAST.search(inside)
        found = _agencies(last[0] if last else (inside.split() or [""])[-1], lang, _BRACKETS)
    return found or (_agencies(inside.rpartition("=")[2], lang, _BRACKETS) if "=" in inside else ())


def _stands_alone(inside: str, place: str, after: str, lang: str) -> bool:
    """Whether a bracket without a dash is a credit: a sentence begins after it, and there is little doubt."""
    if after.strip().islower() or (place and place.lower() == place):
        return False
    alone = not place or not after[:1].isspace() or _is_dated(place)
    return alone or bool(_agencies(inside, lang, _BARE, _WORD))


def _is_place(text: str) -> bool:
    """Whether this may be a dateline's place and date: capitalised words, and a month where there is a day."""
    if len(text) > _LONGEST_PLACE or _NO_PLACE.search(text):
        return False
    words = _WORDS.findall(text)
    small = sum(word[0].islower() and word not in _SMALL for word in words)
    dated = any(map(str.isdigit, text)) or words[:1] == [word.upper() for word in words[:1]]
    return len(words) <= 14 and small <= 2 * dated and (text.lower() != text or len(text) <= 40)


def _spells(words: str, name: str) -> bool:
    """Whether the bracket only shortens the words before it: "Alcoholics Anonymous (AA)"."""
    if words.isupper() or "," in words or not name.isascii():
        return False
    initials = "".join(word[0] for word in _WORDS.findall(words) if word not in _SMALL)
    return initials.casefold().endswith(name.casefold())


def _opened(head: str, lang: str) -> tuple[Agencies, int]:
    """A dateline without brackets: "EFE.- ", "dpa: ", "PARIS, 3 nov – AFP – ", "МОСКВА, 3 ноя — РИА Новости. "."""
    marks = list(islice(_MARK.finditer(head), 3))
    for mark in marks:
        before = head[: mark.start()].rstrip(" .")
        if mark is marks[0]:
            place, _, name = before.rpartition(". ")
            agency = _agency(name.strip(), lang, _BARE) if len(name) <= _LONGEST_NAME else ""
            if agency and (not place or _is_dated(place)) and not _ASIDE.match(head, len(before)):
                return (agency,), len(head) - len(head[mark.end() :].lstrip())
        then = _NAME_THEN.match(head, mark.end())
        agency = _agency(then[1], lang, _BARE) if then else ""
        if then and agency and _is_dated(before):
            return (agency,), then.end()
    return (), 0


def _is_dated(text: str) -> bool:
    return (text.isupper() or any(map(str.isdigit, text))) and _is_place(text)


def _line(text: str, lang: str) -> Agencies:
    """The agencies of a line that is nothing but a credit: "AFP", "fka/dpa", "Von dpa", "Le Monde avec AFP"."""
    text = text.strip(_EDGES)
    if not text or len(text) > _LONGEST_LINE:
        return ()
    given, beside = _FROM.fullmatch(text), _BESIDE.fullmatch(text)
    if given:
        return _agencies(given[1], lang, _NAMED, _PERSON)
    return _agencies(text, lang, _BARE) or (_agencies(beside[1], lang, _BRACKETS) if beside else ())


def _unlabelled(author: str) -> str:
    given = _FROM.fullmatch(author.strip(_EDGES))
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
        return _agencies(inside, lang, _BRACKETS, _WORD) or _line(inside, lang)
    return ()


def _labelled(tail: str, lang: str) -> Agencies:
    """ "Source: Reuters", "© 2026 AFP. All rights reserved", "The Associated Press contributed to this report"."""
    for form in (_LABELLED, _COPYRIGHT):
        for label in form.finditer(tail):
            if not _PICTURE.search(tail, max(0, label.start() - 20), label.start()):
                found = _agencies(label[1], lang, _NAMED)
                if found:
                    return found
    said = _CONTRIBUTED.search(tail) if "contribu" in tail else None
    return (_agency(said[1], lang, _NAMED),) if said else ()


def _last_words(tail: str, lang: str) -> Agencies:
    """ "… he said. PTI", "… – avec AFP"."""
    cuts = [0, *(cut.end() for cut in _CUT.finditer(tail))][-4:]
    return next((found for found in (_line(tail[cut:], lang) for cut in cuts) if found), ())
