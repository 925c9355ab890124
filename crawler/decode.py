"""The characters in the bytes of a page, whatever its header and its markup claim."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

_SAMPLE = 50_000
_RUNS_SAMPLE = 500_000
_BEYOND = re.compile(rb"[\x80-\xff]+")
_RUNS = re.compile(rb"[\x80-\xff]{3,}")
_HEADER_CHARSET = re.compile(r"""(?i)charset\s*=\s*["']?([\w.:-]+)""")
_META_CHARSET = re.compile(
    rb"""(?i)<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)"""
)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# As browsers read these labels (WHATWG Encoding): the wider code page.
_WIDER = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252", "ascii": "cp1252",
    "iso-8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932",
    "x-sjis": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "tis-620": "cp874", "big5": "big5hkscs",
}  # fmt: skip


# Python also knows codecs that no page is in and that cost much on wild bytes (punycode, unicode_escape; hz, which
# browsers refuse, a second for 5 MB).
_KNOWN = re.compile(
    r"(?:utf-?(?:8|16(?:-?[lb]e)?)|iso-?8859-\d+|windows-\d+|cp\d+|koi8-[ru]|gb\w+|big5\w*|euc[-_]\w+|iso-2022-\w+"
    r"|shift[-_]jis|sjis|mac\w*|latin\d?|johab|viscii|tis-620)"
)
# Seven-bit encodings pass as ASCII, and so as UTF-8: here the declaration is all there is.
_SEVEN_BIT = ("iso-2022",)


def decode(body: bytes, content_type: str = "") -> str:
    """The characters of a page: byte order mark, UTF-8, the declared charsets, then a guess.

    What is UTF-8 in all but a few bytes is believed over any declaration: it does not occur by accident.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    declared = _declared_charsets(body, content_type)
    first = [name for name in declared if name.startswith(_SEVEN_BIT)]
    for name in (*first, "utf-8", *declared):
        text = _fitting(body, name)
        if text is not None:
            return text
    return body.decode(_guessed(body), "replace")


def _guessed(body: bytes) -> str:
    """Bytes beyond ASCII stand alone in Western text and in runs in other scripts, where the guess is good."""
    beyond, in_runs = (sum(map(len, pattern.findall(body[:_RUNS_SAMPLE]))) for pattern in (_BEYOND, _RUNS))
    best = from_bytes(body[:_SAMPLE]).best() if 2 * in_runs > beyond else None
    return best.encoding if best else "cp1252"


def _declared_charsets(body: bytes, content_type: str) -> list[str]:
    header = _HEADER_CHARSET.search(content_type)
    meta = _META_CHARSET.search(body[:8192])
    names = [header[1]] if header else []
    names += [meta[1].decode("ascii", "ignore")] if meta else []
    wider = (_WIDER.get(name.lower(), name.lower()) for name in names)
    return [name for name in wider if _KNOWN.fullmatch(name)]


def _fitting(body: bytes, encoding: str) -> str | None:
    """The text, unless more than a tenth of what is beyond ASCII does not fit the encoding."""
    try:
        text = body.decode(encoding, "replace")
    except (LookupError, UnicodeError):
        return None
    broken = text.count("\ufffd")
    # Counted by encoding: a look at each of five million characters takes a second, this 5 ms.
    beyond = broken and len(text) - len(text.encode("ascii", "ignore"))
    return text if broken * 10 <= beyond else None
