"""Telling pages that are no article: tickers, galleries, videos, paywalls, consent walls, error pages, indexes.

By what the page declares (JSON-LD and OpenGraph types, whether it is free), by what it says (phrases in the
languages they are known in, compared without case and punctuation), and by how little text there is beside.
A page is an article unless something speaks against it: an article about cookies, or one that is headed
"404", has a text of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from crawler.metadata import PageMeta
from crawler.model import Block, Chosen, PageKind
from crawler.urls import is_front

# Kinds whose page says nothing of the article: not even title, date and picture are believed.
WALLS: frozenset[PageKind] = frozenset(("consent", "missing", "index"))
# A text of as many words is an article's, whatever the page is called.
_FEW_WORDS = 80
_SHORT_WORDS = 150
# Of the words of a consent wall at least so much stands in lines that speak of consent.
_CONSENT_SHARE = 0.5
_CONSENT_HITS = 2
_FEWEST_TIMES = 5
_FEWEST_PICTURES = 8
_FEWEST_LINKED_HEADINGS = 8
_PROSE = ("paragraph", "bold", "quote", "list")

_NOT_FOUND = (
    "404", "error 404", "404 error", "404 not found", "page not found", "not found", "page cannot be found", "page could not be found",
    "page doesn t exist", "page does not exist", "page you requested", "page you are looking for", "page you were looking for",
    "we can t find", "we couldn t find", "no longer available", "has been removed", "has expired", "410 gone", "page introuvable",
    "page non trouvée", "n existe pas ou", "n existe plus", "n est plus disponible", "seite nicht gefunden", "seite existiert nicht",
    "seite wurde nicht gefunden", "nicht mehr verfügbar", "seite konnte nicht gefunden", "página no encontrada", "no se encuentra la página",
    "no hemos encontrado", "ya no está disponible", "pagina non trovata", "non è più disponibile", "página não encontrada",
    "não foi encontrada", "pagina niet gevonden", "niet gevonden", "strona nie istnieje", "nie znaleziono", "nie została znaleziona",
    "sidan kunde inte hittas", "siden ble ikke funnet", "siden blev ikke fundet", "sivua ei löytynyt", "sayfa bulunamadı", "stránka nenalezena",
    "страница не найдена", "страницы не существует", "сторінку не знайдено", "الصفحة غير موجودة", "הדף לא נמצא", "ページが見つかりません",
    "お探しのページ", "페이지를 찾을 수 없", "页面不存在", "找不到页面", "無法找到", "không tìm thấy trang", "ไม่พบหน้า", "halaman tidak ditemukan",
)  # fmt: skip
_CONSENT = (
    "cookie", "consent", "we value your privacy", "your privacy", "privacy choices", "legitimate interest", "store and or access information",
    "accept all", "reject all", "our partners", "personalised ads", "personalized ads", "before you continue", "we and our",
    "consentement", "nos partenaires", "tout accepter", "continuer sans accepter", "vos données", "vie privée", "données personnelles",
    "einwilligung", "zustimmung", "unsere partner", "alle akzeptieren", "bevor sie fortfahren", "mit werbung", "werbefrei", "pur abo", "datenschutz",
    "tracking", "consentimiento", "nuestros socios", "aceptar todo", "aceptar y continuar", "privacidad", "consenso", "i nostri partner", "accetta",
    "consentimento", "nossos parceiros", "aceitar", "toestemming", "onze partners", "alles accepteren", "zgoda", "zgodę", "partnerzy", "samtycke",
    "samtykke", "çerez", "согласие", "файлы куки", "ملفات تعريف", "クッキー", "同意", "쿠키", "隐私",
)  # fmt: skip
_PAYWALL = (
    "subscribe to continue", "subscribe to read", "subscribers only", "for subscribers", "to continue reading", "already a subscriber",
    "already have an account", "sign in to read", "log in to read", "create a free account", "register to continue", "this article is reserved",
    "unlock this article", "réservé aux abonnés", "réservée aux abonnés", "il vous reste", "déjà abonné", "pour lire la suite",
    "weiterlesen mit", "nur für abonnenten", "exklusiv für abonnenten", "jetzt testen", "sie haben bereits ein abo", "schon abonnent", "registrieren sie sich",
    "solo para suscriptores", "exclusivo para suscriptores", "ya eres suscriptor", "para seguir leyendo", "per continuare a leggere", "riservato agli abbonati",
    "sei già abbonato", "exclusivo para assinantes", "conteúdo exclusivo", "já é assinante", "alleen voor abonnees", "om verder te lezen",
    "dla subskrybentów", "dostęp do treści", "för prenumeranter", "for abonnenter", "kun for abonnenter", "только для подписчиков", "会員限定", "残り", "구독자 전용", "订阅后",
)  # fmt: skip
_LIVE_PATH = re.compile(
    r"(?i)(?:^|[/_-])(?:live|live-?blog|live-?updates|live-?ticker|news-?blog|news-?ticker|ticker|en-direct|direct|"
    r"minuto-a-minuto|en-vivo|diretta|ao-vivo|liveblogg?|na-zywo|canli)(?:$|[/_.-])"
)
_GALLERY_PATH = re.compile(
    r"(?i)/(?:galler(?:y|ies)|galeria?s?|galerias?|photos?|pictures|in-pictures|fotos?|fotogaler\w+|fotostrecken?|bildergalerien?|"
    r"bilder|diaporamas?|slideshows?|foto-?galer\w+|fotogallery|images)(?:/|$)"
)
_VIDEO_PATH = re.compile(r"(?i)/(?:videos?|watch|mediathek|tv|vod|v|webtv|video-?hub)(?:/|$)")
_CLOCK = re.compile(r"\W*\d{1,2}\s*(?:[:.hH時시]\s?\d{2}|Uhr|h\b|[ap]\.?m\b)")
_WORD = re.compile(r"\w+")
# Scripts without spaces: a character is about half a word.
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff\uac00-\ud7a3]")


def page_kind(meta: PageMeta, blocks: tuple[Block, ...], url: str, *, asked: str = "") -> Chosen[PageKind]:
    """What kind of page this is, and what says so.

    `blocks` are its body as extracted, `asked` is the address that the feed gave, where `url` is the one
    that answered in the end.
    """
    body = [block.text for block in blocks if block.kind not in ("caption", "alt")]
    words = sum(map(_length, body))
    judges: tuple[Chosen[PageKind] | None, ...] = (
        _missing(meta, body, words),
        _consent(meta, body, words),
        _index(meta, blocks, url, asked),
        _live(meta, body, url),
        _paywall(meta, body, words),
        _of_media(meta, blocks, words, url),
    )
    article: Chosen[PageKind] = Chosen("article")
    return next((found for found in judges if found), article)


def _missing(meta: PageMeta, body: list[str], words: int) -> Chosen[PageKind] | None:
    if words >= _SHORT_WORDS or _is_article(meta):
        return None
    titles = [_spoken(c.text) for c in meta.titles]
    if any(_says(title, _NOT_FOUND) for title in titles) and words < _FEW_WORDS:
        return Chosen("missing", "title")
    return Chosen("missing", "text") if any(_says(_spoken(text), _NOT_FOUND) for text in body[:3]) else None


def _consent(meta: PageMeta, body: list[str], words: int) -> Chosen[PageKind] | None:
    if _is_article(meta) and words >= _SHORT_WORDS:
        return None
    said = [(_spoken(text), _length(text)) for text in body[:60]]
    speaking = [(text, length) for text, length in said if _says(text, _CONSENT)]
    titles = [c for c in meta.titles if _says(_spoken(c.text), _CONSENT)]
    hits = sum(_begun(phrase) in text for text, _ in speaking for phrase in _CONSENT)
    if hits >= _CONSENT_HITS and sum(length for _, length in speaking) >= _CONSENT_SHARE * words:
        return Chosen("consent", "text")
    return Chosen("consent", "title") if titles and words < _FEW_WORDS and not _is_article(meta) else None


def _index(meta: PageMeta, blocks: tuple[Block, ...], url: str, asked: str) -> Chosen[PageKind] | None:
    if asked and is_front(url) and not is_front(asked):
        return Chosen("index", "address")
    if _is_article(meta) or meta.published:
        return None
    words = sum(_length(block.text) for block in blocks if block.kind in _PROSE)
    if meta.types & {"CollectionPage", "SearchResultsPage", "ItemList"} and words < _SHORT_WORDS:
        return Chosen("index", "jsonld")
    listed = sum(map(_length, meta.linked_headings))
    if len(meta.linked_headings) >= _FEWEST_LINKED_HEADINGS and words < max(_FEW_WORDS, 2 * listed):
        return Chosen("index", "headings")
    return None


def _live(meta: PageMeta, body: list[str], url: str) -> Chosen[PageKind] | None:
    if "LiveBlogPosting" in meta.types:
        return Chosen("live", "jsonld")
    times = sum(bool(_CLOCK.match(text)) for text in body)
    if times >= _FEWEST_TIMES and (_LIVE_PATH.search(urlsplit(url).path) or times >= 2 * _FEWEST_TIMES):
        return Chosen("live", "text")
    return None


def _paywall(meta: PageMeta, body: list[str], words: int) -> Chosen[PageKind] | None:
    said = any(_says(_spoken(text), _PAYWALL) for text in body[-6:] if _length(text) < _FEW_WORDS)
    if said and words < 2 * _SHORT_WORDS:
        return Chosen("paywall", "text")
    return Chosen("paywall", "jsonld") if meta.free is False and words < _SHORT_WORDS else None


def _of_media(meta: PageMeta, blocks: tuple[Block, ...], words: int, url: str) -> Chosen[PageKind] | None:
    """A gallery or a video with little text; an article with a video in it has its text."""
    if words >= _SHORT_WORDS:
        return None
    path = urlsplit(url).path
    captions = sum(block.kind == "caption" for block in blocks)
    if meta.types & {"ImageGallery", "MediaGallery"} or (
        _GALLERY_PATH.search(path) and not _is_written(meta)
    ):
        return Chosen("gallery", "jsonld" if meta.types & {"ImageGallery", "MediaGallery"} else "address")
    if captions >= _FEWEST_PICTURES and words < _FEW_WORDS:
        return Chosen("gallery", "captions")
    if words < _FEW_WORDS and not _is_written(meta):
        declared = "VideoObject" in meta.types or meta.og_type.startswith("video")
        if declared or _VIDEO_PATH.search(path):
            return Chosen(
                "video", "jsonld" if "VideoObject" in meta.types else "og:type" if declared else "address"
            )
    return None


def _is_article(meta: PageMeta) -> bool:
    """Whether the page declares an article with a headline and a date."""
    return meta.is_article and bool(meta.published)


def _is_written(meta: PageMeta) -> bool:
    return meta.is_article and "VideoObject" not in meta.types and not meta.og_type.startswith("video")


def _spoken(text: str) -> str:
    return f" {' '.join(_WORD.findall(text[:2000].casefold()))} "


def _says(text: str, phrases: Iterable[str]) -> bool:
    """Whether a text, as `_spoken` gives it, has one of the phrases."""
    return any(_begun(phrase) in text for phrase in phrases)


def _begun(phrase: str) -> str:
    """A phrase as it begins a word; a number is the whole of one, and dense scripts have no words."""
    return f" {phrase} " if phrase.isdecimal() else phrase if _DENSE.match(phrase) else f" {phrase}"


def _length(text: str) -> int:
    return len(text.split()) + (0 if text.isascii() else len(_DENSE.findall(text)) // 2)
