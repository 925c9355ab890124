"""The article that the project was asked for with: French, its headline said again, an ad marker, a stray line."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.extract import extract_page
from crawler.model import Entry
from dedup.model import Article
from pipelines.clean import to_article
from pipelines.ingest import read_rows

TITLE = "Kim Jong Un se rendra « bientôt » en Russie à l'invitation de Vladimir Poutine"
NOW = datetime(2023, 9, 11, tzinfo=UTC)
VARIANTS = {
    "as it is": TITLE,
    "quoted differently": TITLE.replace("« ", "“").replace(" »", "”").replace("'", "’"),
    "in upper case": TITLE.upper(),
    "cut": TITLE[:52] + "…",
    "cut in a word": TITLE[:45] + "...",
    "with the outlet": f"{TITLE} - RFI",
    "after the outlet": f"RFI | {TITLE}",
}


@pytest.fixture(scope="module")
def seed(data: Path) -> str:
    return (data / "seed" / "seed_article_fr.txt").read_text(encoding="utf-8")


def varied(seed: str, variant: str) -> str:
    """The article with the second of its two headlines written otherwise."""
    first, second, third = seed.split(TITLE)
    return f"{first}{TITLE}{second}{variant}{third}"


def check(article: Article) -> None:
    assert (article.title, article.lang) == (TITLE, "fr")
    (repeat,) = article.repeats
    assert repeat.of == "headline"
    paragraphs = article.text.split("\n\n")
    assert paragraphs[0].startswith("La Corée du Nord a confirmé lundi")
    assert paragraphs[-1] == "Kim s’est rendu pour la dernière fois en Russie en 2019."
    assert len(paragraphs) == 22
    assert not {"in", "Publicité", repeat.text} & set(paragraphs)


def ingested(**line: str) -> Article:
    (row,) = read_rows([json.dumps(line).encode()], lambda number, reason: pytest.fail(f"{number}: {reason}"))
    return to_article(row.page, NOW, row.page.outlet)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_as_text(seed: str, variant: str) -> None:
    check(ingested(text=varied(seed, variant)))
    check(ingested(title=TITLE, text=varied(seed, variant)))


@pytest.mark.parametrize("variant", ["in upper case", "cut", "cut in a word", "with the outlet"])
def test_under_a_title_that_the_text_prints_better(seed: str, variant: str) -> None:
    check(ingested(title=VARIANTS[variant], text=varied(seed, TITLE)))


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("tag", ["p", "h3", "blockquote"])
def test_as_a_page(seed: str, variant: str, tag: str) -> None:
    lines = [line for line in varied(seed, variant).splitlines() if line.strip()]
    body = "".join(
        f"<h1>{html.escape(line)}</h1>"
        if i == 1
        else f"<{tag if line == variant else 'p'}>{html.escape(line)}</p>"
        for i, line in enumerate(lines)
    )
    page = f"<html lang=fr><head><title>{html.escape(TITLE)} - RFI</title></head><body><article>{body}</article></body></html>"
    url = "https://www.rfi.example/kim-se-rendra-en-russie"
    check(to_article(extract_page(page.encode(), url), NOW, "rfi.example"))
    entry = Entry(key="k", link=url, title=f"{TITLE} - RFI", source_title="RFI")
    check(to_article(extract_page(page.encode(), url, entry=entry), NOW, "rfi.example"))


def test_the_full_repeat_is_one(seed: str) -> None:
    (repeat,) = ingested(text=seed).repeats
    assert (repeat.text, repeat.similarity, repeat.place) == (TITLE, 1.0, "paragraph")
