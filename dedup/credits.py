"""Names of news agencies in credits: which name means which agency, and lists of them."""

from __future__ import annotations

import re

from dedup.agencies import DOUBTFUL, SURE, squeeze

Agencies = tuple[str, ...]
# How plainly a form says that the name in it is a credit: not at all, by brackets, by "Source:" or the like.
BARE, IN_BRACKETS, NAMED = 0, 1, 2
LONGEST_LINE = 60

_AROUND = re.compile(
    r"^(?:the|l['’]|agence|agencia|agência|agenzia|agentur|nachrichtenagentur|агентство|وكالة)\s*\b"
    r"|\s+(?:staff|staff writers?|news agency|news|agency|deutschland|correspondent)$",
    re.IGNORECASE,
)
EDGES = " \t\r\n\x00\x03\u3000.,:;*_|-–—()（）"
_JOINERS = "and|und|et|y|e|och|og|en|ve|with|avec|mit|con|com|med|met|via"
_APART = re.compile(rf"\s*[/,;+&|=＝、・()（）]\s*|\s+(?:{_JOINERS})\s+")
# What may stand beside a name: a desk's or writer's code; in brackets any short word or date; among authors anyone.
CODE = re.compile(r"[a-z]{1,4}\d?|[A-Z]{2,5}|[\w.]+\.\w{2,3}|\d[\d.]*")
WORD = re.compile(r"[^\s:]{1,14}|\d[\d.]* ?\w*\.?")
PERSON = re.compile(r"[A-ZÀ-Þ][^\s:]*(?: [A-ZÀ-Þ][^\s:]*){0,3}")
ANYONE = re.compile(r"[^\s:]+(?: [^\s:]+){0,4}")
PICTURE = re.compile(
    r"photo|foto|bild|imag|immag|pictur|getty|\bepa\b|video|gra(?:ph|f)i[ck]|ipsos|фото|写真|사진|صورة",
    re.IGNORECASE,
)


def agency_of(text: str, lang: str, form: int) -> str:
    """The agency of this name, or ""."""
    squeezed = squeeze(text)
    name = DOUBTFUL.get(squeezed) or SURE.get(squeezed.casefold())
    if name is None:
        core = _AROUND.sub("", text) if len(text) > len(squeezed) or "'" in text else text
        return agency_of(core, lang, form) if core != text else ""
    return name.agency if name.doubt <= form or (name.doubt == 1 and lang in name.home) else ""


def agencies(text: str, lang: str, form: int, beside: re.Pattern[str] = CODE) -> Agencies:
    """The agencies of a list such as "dpa/lno" or "AFP, Reuters" that has nothing else but what is `beside`."""
    text = text.strip(EDGES)
    if not text or len(text) > LONGEST_LINE:
        return ()
    alone = agency_of(text, lang, form)
    if alone:
        return (alone,)
    parts = [part.strip(EDGES) for part in _APART.split(text)]
    if len(parts) == 1:
        hyphened = [agency_of(part, lang, form) for part in text.split("-")]
        return tuple(hyphened) if all(hyphened) else ()
    found = [agency_of(part, lang, min(form, IN_BRACKETS)) for part in parts]
    others = (part for part, agency in zip(parts, found, strict=True) if part and not agency)
    fits = all(beside.fullmatch(part) and not PICTURE.search(part) for part in others)
    return tuple(dict.fromkeys(filter(None, found))) if fits else ()
