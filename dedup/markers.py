"""Lines that outlets set between the paragraphs of any article, in the languages they are known in.

To add a language, add its phrases: `ALONE` for a whole line, `OPENERS` for the beginning of one, each under
the kind of line it is. Phrases are compared as tokens, so case, punctuation and spacing do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from dedup.text import tokens

MarkerKind = Literal["ad", "share", "newsletter", "related", "credit", "cookie", "paywall"]

ALONE: Mapping[MarkerKind, str] = {
    "ad": """
        advertisement | advertisment | ad | ads | sponsored | sponsored content | promoted | story continues below
        article continues below | story continues below advertisement | article continues after this ad
        article continues after ad | advertisement continue reading the main story | scroll to continue
        skip advertisement | continue reading the main story
        publicité | annonce | annonces | contenu sponsorisé | la suite après la publicité | passer la publicité
        la suite après cette publicité | publicité suite de l'article | anzeige | werbung | werbung wird geladen
        ende der werbung | artikel wird nach der anzeige fortgesetzt | publicidad | anuncio | publicidade
        continúa después de la publicidad | continua após a publicidade | continua depois da publicidade
        pubblicità | annuncio | anúncio | continua dopo la pubblicità | advertentie | reklama | reklam | annons
        mainos | annonse | reklame | oglas | reclamă | hirdetés | διαφήμιση | реклама | إعلان | إعلانات | פרסומת
        تبلیغات | विज्ञापन | 広告 | スポンサーリンク | 광고 | 广告 | 廣告 | quảng cáo | โฆษณา | iklan
        advertisement scroll to continue with content | scroll to continue with content | advertorial
    """,
    "share": """
        share | share this | share this article | share this story | share on facebook | share on twitter | tweet
        comments | print | print article | loading | watch | listen | log in | sign in | copy link | email | save
        listen to this article | read aloud | whatsapp | facebook | twitter | partager | partager l'article
        commentaires | copier le lien | écouter l'article | écouter cet article | teilen | artikel teilen
        kommentare | drucken | merken | zum kopieren klicken | artikel anhören | compartir | comentarios | imprimir
        escuchar | condividi | commenti | stampa | compartilhe | compartilhar | comentários | ouvir | deel dit artikel
        delen | paylaş | dela | del | jaa | udostępnij | поделиться | комментарии | شارك | شاركها | שתפו | シェア
        シェアする | ツイート | 공유 | 공유하기 | 分享 | 分享到 | 打印 | 字号 | chia sẻ | แชร์ | bagikan
    """,
    "newsletter": """
        subscribe | sign up | newsletter | subscribe now | sign up now | s'abonner | je m'abonne | s'inscrire
        abonnieren | jetzt abonnieren | newsletter abonnieren | suscríbete | suscribirse | iscriviti | abbonati
        assine | inscreva-se | abonneer | zapisz się | prenumerera | подписаться | اشترك | 구독 | 구독하기 | 订阅 | 登録する
    """,
    "related": """
        related | related articles | related stories | related content | more stories | read more | continue reading
        you may also like | you might also like | most read | trending | recommended | recommended stories | keep reading
        more from this section | more on this story | lire la suite | à lire aussi | lire aussi | sur le même sujet
        articles liés | à voir également | voir aussi | les plus lus | mehr zum thema | weiterlesen | lesen sie auch
        auch interessant | das könnte sie auch interessieren | meistgelesen | das könnte dich auch interessieren
        seguir leyendo | leer más | más información | noticias relacionadas | te puede interesar | le puede interesar
        lo más leído | continua a leggere | leggi di più | leggi anche | leia mais | leia também | veja também
        saiba mais | lees meer | lees ook | dalej | czytaj także | czytaj więcej | läs mer | läs också | les også | læs også
        filed under | related topics | tags | topics in this article | mehr zu diesem thema | themen | tags relacionadas
        lue myös | ayrıca okuyun | ilgili haberler | читать далее | читайте также | по теме | اقرأ أيضا | اقرأ المزيد
        קראו עוד | 関連記事 | あわせて読みたい | 続きを読む | 관련기사 | 관련 기사 | 相关新闻 | 相关阅读 | 延伸阅读 | 延伸閱讀
        đọc thêm | tin liên quan | อ่านเพิ่มเติม | baca juga
    """,
    "credit": """
        getty images | ap photo | photo | file photo | video | image | picture | foto | photos | reuters file photo
        写真 | 資料写真 | 사진 | 图片 | imago images | picture alliance
    """,
    "cookie": """
        accept all cookies | cookie settings | accept cookies | manage cookies | tout accepter | alle akzeptieren
        aceptar todo | accetta tutto | aceitar todos | externer inhalt | empfohlener redaktioneller inhalt
        empfohlener externer inhalt | ein klick für den datenschutz | contenu externe | external content
    """,
    "paywall": """
        subscribe to continue reading | subscribe to read | already a subscriber | subscriber only | log in to continue
        this article is for subscribers only | to continue reading subscribe now | réservé aux abonnés | déjà abonné
        article réservé aux abonnés | cet article est réservé aux abonnés | nur für abonnenten | exklusiv für abonnenten
        solo para suscriptores | ya soy suscriptor | contenuto riservato agli abbonati | exclusivo para assinantes
        alleen voor abonnees | 会員限定記事 | この記事は会員限定です
    """,
}

OPENERS: Mapping[MarkerKind, str] = {
    "related": """
        filed under | read also | also read | read more | read next | see also | related | recommended | don't miss | more on this
        à lire aussi | lire aussi | voir aussi | lisez aussi | lire également | à lire également | sur le même sujet
        lesen sie auch | lesen sie dazu | lesen sie mehr | mehr zum thema | auch interessant | siehe auch
        lea también | lee también | le puede interesar | te puede interesar | leggi anche | potrebbe interessarti
        leia também | veja também | leia mais | lees ook | czytaj także | czytaj też | zobacz także | zobacz też | les også
        läs också | läs även | læs også | lue myös | ayrıca okuyun | читайте также | смотрите также | اقرأ أيضا | اقرأ أيضًا
        関連記事 | あわせて読みたい | 相关阅读 | 延伸阅读 | 延伸閱讀 | 관련 기사 | baca juga | đọc thêm | xem thêm
    """,
    "newsletter": """
        sign up for our newsletter | sign up to our newsletter | sign up for our free | sign up here for | sign up to receive
        subscribe to our newsletter | subscribe to the newsletter | get our newsletter | get the latest updates right in
        get daily | get the day's top | download our app | start your day with
        inscrivez-vous à notre newsletter | inscrivez-vous à la newsletter | recevez notre newsletter | recevez chaque
        abonnez-vous à notre newsletter | téléchargez notre application | jetzt newsletter | abonnieren sie unseren newsletter
        melden sie sich für unseren newsletter | suscríbete a | suscríbase a | apúntate a | regístrate para recibir
        iscriviti alla newsletter | iscriviti alla nostra newsletter | assine a newsletter | assine nossa newsletter
        cadastre-se | schrijf je in voor | zapisz się na newsletter | anmäl dig till | подпишитесь на | подписывайтесь на
        اشترك في نشرتنا | 購読はこちら
    """,
    "share": """
        follow us on | follow us at | share this article on | like us on facebook | suivez-nous sur | partager sur
        retrouvez-nous sur | folgen sie uns | folge uns auf | síguenos en | seguici su | siga-nos | siga o nosso | volg ons op
        like this story | join the conversation | follow him on twitter | follow her on twitter | follow them on twitter
        reading time | tempo de leitura | lesedauer | temps de lecture | tiempo de lectura | tempo di lettura | min read
    """,
    "credit": """
        photo credit | image credit | photo by | photos by | photograph by | crédit photo | photo d'illustration
        photo credits | fotocredit | bildquelle | foto de archivo | 写真提供 | 사진 제공
    """,
    "cookie": """
        this website uses cookies | this site uses cookies | we use cookies | we and our partners | ce site utilise des cookies
        nous utilisons des cookies | diese website verwendet cookies | wir verwenden cookies | utilizamos cookies
        este sitio utiliza cookies | questo sito utilizza cookie | este site usa cookies | wij gebruiken cookies
        an dieser stelle finden sie | für die darstellung von | wir benötigen ihre zustimmung | we need your consent to load
        to view this content you need to | this content is provided by | pour afficher ce contenu
        para ver este contenido | per visualizzare questo contenuto | om deze inhoud te
        мы используем cookie | bu site çerez | 本サイトではcookie
    """,
    "paywall": """
        subscribe to continue | to continue reading | to read the full | to read this article in full | sign in to read
        log in or create an account to continue | enjoying our latest content | il vous reste | la suite est réservée
        cet article est réservé | la lecture de ce contenu est réservée | weiterlesen mit | diesen artikel weiterlesen mit
        um diesen artikel zu lesen | jetzt weiterlesen mit | para seguir leyendo | suscríbete para seguir
        per continuare a leggere | para continuar lendo | conteúdo exclusivo para | om verder te lezen
    """,
}

_LONGEST = 30
_LONGEST_PROSE = 16
_LONGEST_LINK = 200
_LONGEST_STRAY = 80
# "Photo: Ann Lee / Agency", "© Agency", "Image: …": the word and what sets it off from prose.
_CREDIT = re.compile(
    r"(?i)\s*(?:(?:file |stock )?(?:photo(?:graph|s)?|image|picture|pic|foto|bild|crédits?|credits?|kredit|"
    r"imagen|immagine|imagem|фото|写真|撮影|사진|图|图片)\s*(?:[:：/|©]|\((?:c|©)\))|<?(?:[©ⓒ]|\(c\)|copyright [©ⓒ]?)\s*\S)"
)
_LONGEST_CREDIT = 14
# A clock, a date in figures, or a day and a year with a word between them.
_WHEN = re.compile(
    r"\b\d{1,2}\s?[:hH時시]\s?\d{2}\b|\b\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b|\d年\d"
    r"|\b\d{1,2}\W{1,3}(?:de )?[^\W\d]+,?(?: de)? (?:19|20)\d\d\b|[^\W\d] \d{1,2}, (?:19|20)\d\d\b"
)
_LONGEST_STAMP = 80
_MOST_STAMP_WORDS = 6
_BY = re.compile(
    r"(?:[Bb]y|[Vv]on|[Pp]ar|[Pp]or|[Dd]oor|[Tt]ext|BY|VON|PAR|POR)[: ]\s*"
    r"(?:(?:[A-ZÀ-Þ][\w.'’-]+|and|und|et|y|e|en|de|van|von|&|[,/])\s*){2,7}"
)
_ENDS = (".", "!", "?", "…", "。", "！", "？", ":", "»", "”", '"', "“", "؟", "।", "」", "』")

_Table = dict[tuple[str, ...], MarkerKind]


def _table(phrases: Mapping[MarkerKind, str]) -> _Table:
    table: _Table = {}
    for kind, text in phrases.items():
        for phrase in text.replace("\n", "|").split("|"):
            if words := tuple(tokens(phrase)):
                table.setdefault(words, kind)
    return table


_ALONE, _OPENERS = _table(ALONE), _table(OPENERS)
_OPENER_LENGTHS = sorted({len(opener) for opener in _OPENERS})


def marker(text: str, words: list[str] | None = None) -> MarkerKind | None:
    """What kind of marker a line is, None for prose; `words` are its tokens where they are known."""
    found = tuple(tokens(text[:400]) if words is None else words)
    if (kind := _ALONE.get(found)) is not None:
        return kind
    if len(found) > _LONGEST or _is_sentence(text, found):
        return None
    kinds = (_OPENERS.get(found[:length]) for length in _OPENER_LENGTHS)
    opened = next((kind for kind in kinds if kind), None)
    if opened is None and len(found) <= _LONGEST_CREDIT and _CREDIT.match(text):
        return "credit"
    return opened


def _is_sentence(text: str, found: tuple[str, ...]) -> bool:
    """A line of prose that happens to begin like a marker ends like prose, and is longer than a link."""
    return len(found) > _LONGEST_PROSE and text.rstrip().endswith(_ENDS)


def is_stray(text: str, words: list[str] | None = None) -> bool:
    """Whether a line is no more than a short word that ends no sentence: a leftover of the page, at its edges at least."""
    if len(text) > _LONGEST_STRAY:
        return False
    found = tokens(text) if words is None else words
    if not found:
        return True
    return len(found) == 1 and len(found[0]) <= 12 and not text.rstrip().endswith(_ENDS)


def signs(text: str, words: list[str]) -> bool:
    """Whether a line above a text says when it was printed, or by whom, and no more."""
    if len(text) > _LONGEST_STAMP:
        return False
    spelt = sum(not any(map(str.isdigit, word)) for word in words)
    return bool(_BY.fullmatch(text) or (spelt <= _MOST_STAMP_WORDS and _WHEN.search(text)))


def looks_like_headline(text: str) -> bool:
    """Whether a line could name another article: no longer than a headline, and no sentence of prose."""
    return len(text) <= _LONGEST_LINK and not text.rstrip().endswith((".", "。"))
