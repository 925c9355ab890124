"""Pages that are no article are told, an article is not taken for one, and the entry speaks instead."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.extract import extract_page, page_from_entry
from crawler.model import Entry, Page
from pipelines.clean import to_article

URL = "https://www.daily.example/2026/03/flood-cuts-off-aldorf"
NOW = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)
SENTENCE = "The river rose by two metres in the night and cut the lower town off from its bridge. "
ARTICLE = "".join(f"<p>{SENTENCE * 2}Part {number} of the report follows.</p>" for number in range(8))
SHORT = f"<p>{SENTENCE * 2}</p>"
PICTURES = "".join(
    f"<figure><img src=a.jpg><figcaption>Water at number {i}</figcaption></figure>" for i in range(9)
)
DATED = '<meta property="article:published_time" content="2026-03-04T08:00:00Z"><meta property="og:type" content="article">'
SUMMARY = "Two metres of water in the night: the lower town of Aldorf is cut off, and crews are on their way."


def read(body: str, head: str = "", url: str = URL, **entry: str) -> Page:
    page = f"<!DOCTYPE html><html lang='en'><head>{head}</head><body>{body}</body></html>"
    feed = Entry(**{"key": "k", "link": URL, "title": "Flood cuts off Aldorf", "summary": SUMMARY} | entry)  # type: ignore[arg-type]
    return extract_page(page.encode(), url, entry=feed)


def json_ld(kind: str, more: str = "") -> str:
    return f'<script type="application/ld+json">{{"@type": "{kind}", "headline": "Flood cuts off Aldorf"{more}}}</script>'


def listing(number: int) -> str:
    return "".join(
        f'<div><h3><a href="/{i}">Story number {i} of the day</a></h3></div>' for i in range(number)
    )


CONSENT = {
    "en": "We value your privacy. We and our 842 partners store and access information on your device, such as cookies, and process "
    "personal data. You can accept all or manage your privacy choices. Your consent applies to this site only.",
    "de": "Wir benötigen Ihre Zustimmung. Mit Ihrer Einwilligung verwenden wir und unsere Partner Cookies, um Inhalte und Werbung zu "
    "personalisieren. Alle akzeptieren oder das Pur-Abo wählen. Mehr in der Datenschutzerklärung.",
    "fr": "Avec votre consentement, nous et nos partenaires utilisons des cookies pour stocker et accéder à vos données personnelles. "
    "Tout accepter ou continuer sans accepter. Votre vie privée nous tient à cœur.",
    "es": "Tu privacidad es importante. Nosotros y nuestros socios usamos cookies con tu consentimiento. Aceptar y continuar, o "
    "suscríbete para rechazarlas. Puedes cambiar tu consentimiento en cualquier momento.",
}


@pytest.mark.parametrize(
    ("kind", "body", "head", "url"),
    [
        ("article", ARTICLE, "", URL),
        ("article", ARTICLE, DATED, "https://www.daily.example/live/flood"),
        ("article", ARTICLE + f"<p>{CONSENT['en']}</p>", DATED, URL),
        ("article", SHORT, DATED, URL),
        ("article", ARTICLE, "<title>404 days without rain</title>", URL),
        ("article", ARTICLE + listing(20), DATED, URL),
        ("article", ARTICLE, DATED + json_ld("VideoObject"), URL),
        ("article", ARTICLE, json_ld("NewsArticle", ', "isAccessibleForFree": "False"'), URL),
        *(("consent", f"<div><p>{text}</p></div>", "", URL) for text in CONSENT.values()),
        ("consent", f"<div><p>{CONSENT['en']}</p></div>", DATED, URL),
        ("consent", "<h1>Before you continue</h1><p>Sign in or go on.</p>", "<title>Before you continue</title>", URL),
        ("missing", "<h1>Page not found</h1><p>Sorry, it is not here. Try the search.</p>", "<title>Daily</title>", URL),
        ("missing", "<p>Leider wurde diese Seite nicht gefunden.</p>", "<title>Fehler 404 - Daily</title>", URL),
        ("missing", "<h1>ページが見つかりません</h1><p>お探しのページは移動しました。</p>", "", URL),
        ("missing", f"<p>This article is no longer available. {SENTENCE}</p>", "", URL),
        ("index", ARTICLE, "", "https://www.daily.example/"),
        ("index", listing(30), "<title>News</title>", URL),
        ("index", SHORT, json_ld("CollectionPage"), URL),
        ("live", ARTICLE, DATED + json_ld("LiveBlogPosting"), URL),
        ("live", "".join(f"<p>1{i}:30 – {SENTENCE}</p>" for i in range(7)), DATED, "https://x.example/newsblog/flood"),
        ("gallery", SHORT, json_ld("ImageGallery"), URL),
        ("gallery", SHORT, "", "https://www.daily.example/photos/flood"),
        ("gallery", SHORT + PICTURES, DATED, URL),
        ("video", SHORT, json_ld("VideoObject"), URL),
        ("video", SHORT, '<meta property="og:type" content="video.other">', URL),
        ("paywall", SHORT + "<p>Subscribe to continue reading.</p>", DATED, URL),
        ("paywall", SHORT, json_ld("NewsArticle", ', "isAccessibleForFree": false'), URL),
        ("paywall", SHORT + "<p>Il vous reste 57% de cet article à lire. La suite est réservée aux abonnés.</p>", DATED, URL),
    ],
)  # fmt: skip
def test_kinds(kind: str, body: str, head: str, url: str) -> None:
    page = read(body, head, url)
    assert page.kind == kind
    assert page.source == ("page" if kind == "article" else "summary")
    assert kind == "article" or [block.text for block in page.blocks] == [SUMMARY]
    assert kind == "article" or "page" in dict(page.sources)


@pytest.mark.parametrize("text", CONSENT.values())
def test_of_a_wall_nothing_is_believed(text: str) -> None:
    head = '<title>Before you continue</title><meta property="og:image" content="/wall.png"><link rel="canonical" href="/consent-info">'
    page = read(f"<h1>Your privacy</h1><p>{text}</p>", head)
    assert (page.title, page.url, page.image, page.kind) == ("Flood cuts off Aldorf", URL, "", "consent")
    bare = extract_page(f"<html><head>{head}</head><body><p>{text}</p></body></html>".encode(), URL)
    assert (bare.title, bare.blocks, bare.kind) == ("", (), "consent")
    assert to_article(bare, NOW, "daily.example").text == ""


def test_a_live_page_without_an_entry_keeps_its_text() -> None:
    page = read(ARTICLE, json_ld("LiveBlogPosting"), summary="")
    assert (page.kind, page.source) == ("live", "page")
    assert len(page.blocks) >= 8


def test_a_long_preview_is_worth_more_than_a_summary() -> None:
    page = read(ARTICLE[: ARTICLE.index("Part 6")] + "</p><p>Subscribe to continue reading.</p>", DATED)
    assert (page.kind, page.source) == ("paywall", "page")
    article = to_article(page, NOW, "daily.example")
    assert [s.kind for s in article.segments if "Subscribe" in s.text] == ["paywall"]


def test_an_aggregators_item_is_its_sources() -> None:
    entry = Entry(
        key="k", link="https://news.aggregator.example/rss/articles/CBMi", title="Flood cuts off Aldorf - Daily Post",
        summary=SUMMARY, source_url="https://www.dailypost.example/feed", source_title="Daily Post",
    )  # fmt: skip
    shell = extract_page(f"<title>Aggregator</title>{ARTICLE}".encode(), entry.link, entry=entry)
    for page in (shell, page_from_entry(entry)):
        assert (page.outlet, page.title) == ("dailypost.example", "Flood cuts off Aldorf")
        assert (page.source, page.source_url) == ("summary", "https://www.dailypost.example/feed")
    reached = extract_page(
        f"<article>{ARTICLE}</article>".encode(), "https://www.dailypost.example/flood", entry=entry
    )
    assert (reached.outlet, reached.source, reached.url) == (
        "dailypost.example",
        "page",
        "https://www.dailypost.example/flood",
    )


def test_a_reprint_that_names_its_source_stays_its_outlets() -> None:
    page = read(ARTICLE, DATED, source_url="https://agency.example/feed", source_title="Agency")
    assert (page.outlet, page.source, page.source_url) == (
        "daily.example",
        "page",
        "https://agency.example/feed",
    )
