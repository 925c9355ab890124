"""An outlet's HTML: article pages in the outlet's own design, and a front page that lists them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from newsfold.demo.outlets import Article, Outlet, published

RELATED = 3


def article_page(outlet: Outlet, article: Article, now: datetime) -> str:
    """The article's page, furniture and all."""
    return _render(
        f"{outlet.design}.html",
        outlet=outlet,
        article=article,
        furniture=outlet.furniture,
        url=outlet.url(article),
        published=published(article, now),
        byline=outlet.furniture.byline.format(author=article.author or article.agency or outlet.name),
        related=_neighbours(outlet, article),
        json_ld=_json_ld(outlet, article, now),
    )


def front_page(outlet: Outlet, now: datetime) -> str:
    """The outlet's front page: everything it has printed, newest first."""
    newest_first = sorted(outlet.articles, key=lambda article: article.hours_ago)
    dated = [(article, outlet.path(article), published(article, now)) for article in newest_first]
    return _render("front.html", outlet=outlet, furniture=outlet.furniture, dated=dated)


def body_html(article: Article) -> str:
    """The article's paragraphs as markup, for a feed that carries full content."""
    return _render("content.html", article=article)


@cache
def _environment() -> Environment:
    loader = PackageLoader("newsfold.demo", "templates")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


def _neighbours(outlet: Outlet, article: Article) -> list[tuple[str, str]]:
    """Headline and path of the articles after this one, in a circle: the "read also" of the page."""
    at = outlet.articles.index(article)
    others = outlet.articles[at + 1 :] + outlet.articles[:at]
    return [(other.headline, outlet.path(other)) for other in others[:RELATED]]


def _json_ld(outlet: Outlet, article: Article, now: datetime) -> dict[str, object]:
    author = {"@type": "Person", "name": article.author}
    if not article.author:
        author = {"@type": "Organization", "name": article.agency or outlet.name}
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.headline,
        "description": article.summary,
        "datePublished": published(article, now).isoformat(),
        "inLanguage": outlet.language,
        "author": author,
        "publisher": {"@type": "NewsMediaOrganization", "name": outlet.name},
        "mainEntityOfPage": outlet.url(article),
    }
