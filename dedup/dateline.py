"""Datelines, in which a wire text names the place, the day and the agency: how they are told, and where they end."""

from __future__ import annotations

import re
from itertools import islice

from dedup.agencies import UNSPACED
from dedup.credits import BARE, IN_BRACKETS, WORD, Agencies, agencies, agency_of

# No dateline goes beyond this many characters of its paragraph.
_REACH = 120
_LONGEST_PLACE, _LONGEST_NAME = 80, 24

# Such as "LONDON, Nov 3 (Reuters) - ", "(AP) — ", "【北京共同】", "/ТАСС/.", "МОСКВА, 3 ноя — РИА Новости.", "EFE.- "
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


def strip_dateline(text: str) -> str:
    """What follows the place, date and credit that a wire text opens with; a place alone stays."""
    first = text[: _REACH + 2].partition("\n\n")[0]
    return text[dateline(first, "")[1] :]


def dateline(paragraph: str, lang: str) -> tuple[Agencies, int]:
    """The agencies of the dateline that a paragraph opens with, and where it ends; none and 0 without one."""
    head = paragraph[:_REACH]
    clue = _CLUE.search(head)
    if not clue:
        return (), 0
    found, end = _bracketed(head, lang, clue.start())
    if not found:
        found, end = _opened(head, lang)
    if not found:
        opener = _UNSPACED_OPENER.match(head)
        found, end = ((agency_of(opener[1], lang, IN_BRACKETS),), opener.end()) if opener else ((), 0)
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
    found = agencies(inside, lang, IN_BRACKETS, WORD)
    if not found and square:
        last = _UNSPACED_LAST.search(inside)
        found = agencies(last[0] if last else (inside.split() or [""])[-1], lang, IN_BRACKETS)
    return found or (agencies(inside.rpartition("=")[2], lang, IN_BRACKETS) if "=" in inside else ())


def _stands_alone(inside: str, place: str, after: str, lang: str) -> bool:
    """Whether a bracket without a dash is a credit: a sentence begins after it, and there is little doubt."""
    if after.strip().islower() or (place and place.lower() == place):
        return False
    alone = not place or not after[:1].isspace() or _is_dated(place)
    return alone or bool(agencies(inside, lang, BARE, WORD))


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
            agency = agency_of(name.strip(), lang, BARE) if len(name) <= _LONGEST_NAME else ""
            if agency and (not place or _is_dated(place)) and not _ASIDE.match(head, len(before)):
                return (agency,), len(head) - len(head[mark.end() :].lstrip())
        then = _NAME_THEN.match(head, mark.end())
        agency = agency_of(then[1], lang, BARE) if then else ""
        if then and agency and _is_dated(before):
            return (agency,), then.end()
    return (), 0


def _is_dated(text: str) -> bool:
    return (text.isupper() or any(map(str.isdigit, text))) and _is_place(text)
