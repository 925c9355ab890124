"""Lines that outlets set between the paragraphs of any article, in the languages they are known in.

To add a language, add its phrases: `ALONE` for a whole line, `OPENERS` for the beginning of one.
Phrases are compared as tokens, so case, punctuation and spacing do not matter.
"""

from __future__ import annotations

from dedup.text import tokens

ALONE = """
advertisement | advertisment | ad | sponsored | sponsored content | promoted | story continues below
article continues below | story continues below advertisement | article continues after this ad
advertisement continue reading the main story | continue reading | read more | share | share this
share this article | share this story | comments | related | related articles | related stories | print
loading | getty images | ap photo | photo | video | watch | listen | subscribe | sign up | log in
publicité | annonce | annonces | contenu sponsorisé | lire la suite | partager | partager l'article
commentaires | la suite après la publicité | la suite après cette publicité | s'abonner
anzeige | werbung | weiterlesen | teilen | artikel teilen | kommentare | mehr zum thema | drucken
publicidad | anuncio | seguir leyendo | compartir | comentarios | leer más
pubblicità | annuncio | continua a leggere | condividi | commenti | leggi di più
publicidade | anúncio | continua depois da publicidade | compartilhe | comentários | leia mais
advertentie | lees meer | deel dit artikel | reklama | reklam | annons | mainos | annonse | dalej | paylaş
реклама | читать далее | поделиться | комментарии | إعلان | اقرأ أيضا | شارك | إعلانات | פרסומת
広告 | スポンサーリンク | 続きを読む | シェア | 관련기사 | 광고 | 广告 | 廣告 | 分享 | 分享到 | 相关新闻 | quảng cáo | โฆษณา
"""

OPENERS = """
read also | also read | read more | see also | related | recommended | don't miss | more on this
sign up for our newsletter | sign up to our newsletter | subscribe to our newsletter | follow us on
download our app | share this article on | click here to | this website uses cookies
we use cookies | photo credit | image credit | file photo | picture
à lire aussi | lire aussi | voir aussi | à lire | inscrivez-vous à notre newsletter | recevez notre newsletter
abonnez-vous à notre newsletter | suivez-nous sur | partager sur | ce site utilise des cookies | crédit photo
lesen sie auch | lesen sie dazu | mehr zum thema | auch interessant | siehe auch | jetzt newsletter
abonnieren sie unseren newsletter | folgen sie uns | diese website verwendet cookies | foto
lea también | le puede interesar | lee también | suscríbete a | síguenos en
leggi anche | potrebbe interessarti | iscriviti alla newsletter | seguici su
leia também | veja também | assine a newsletter | lees ook | czytaj także | zobacz także | ayrıca okuyun
читайте также | смотрите также | اقرأ أيضا | 関連記事 | あわせて読みたい | 写真 | 相关阅读 | 延伸阅读 | 관련 기사
"""

_LONGEST = 30


def _phrases(table: str) -> frozenset[tuple[str, ...]]:
    lines = table.replace("\n", "|").split("|")
    return frozenset(tuple(tokens(phrase)) for phrase in lines if phrase.strip())


_ALONE, _OPENERS = _phrases(ALONE), _phrases(OPENERS)
_OPENER_LENGTHS = sorted({len(opener) for opener in _OPENERS})
_ENDS = (".", "!", "?", "…", "。", "！", "？", ":", "»", "”", '"', "؟", "।")


def is_marker(text: str) -> bool:
    """Whether a line is an ad marker, a share or newsletter line, a link to other articles, or a credit."""
    found = tuple(tokens(text[:400]))
    if not found or found in _ALONE:
        return True
    if len(found) > _LONGEST or _is_sentence(text, found):
        return False
    return any(found[:length] in _OPENERS for length in _OPENER_LENGTHS)


def _is_sentence(text: str, found: tuple[str, ...]) -> bool:
    """A line of prose that happens to begin like a marker ends like prose, and is longer than a link."""
    return len(found) > 16 and text.rstrip().endswith(_ENDS)


def is_stray(text: str) -> bool:
    """Whether a line is a leftover of the page: one or two short words that end no sentence."""
    found = tokens(text[:80])
    return len(found) <= 2 and sum(map(len, found)) <= 12 and not text.rstrip().endswith(_ENDS)
