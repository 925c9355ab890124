"""What stands on the pages: choosing, ordering, folding, drawing, comparing; over a real server where stories are read."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import redis

from dedup.model import Article
from newsfold.web.against import matrix, pair
from newsfold.web.asked import FRONT, Asked, asked
from newsfold.web.front import MOST_PAGES, Front, front, variants
from newsfold.web.health import feeds_page
from newsfold.web.lanes import MOST_LANES, lanes
from newsfold.web.recent import Recent, everything
from newsfold.web.render import Served, calm, lead, link, render, short_clock, style
from newsfold.web.report import report
from newsfold.web.spread import duration, spread, ticks
from newsfold.web.whole import story_page
from pipelines.placing import Placer, Rules, Submission
from storage.index import Index
from storage.keys import Keys
from storage.outlines import StoryOutline
from storage.reader import Reader

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FERRY = (
    "The ferry Northern Pearl ran aground off Harrowmouth in thick fog before dawn on Monday. Rescue boats took all "
    "214 passengers ashore within three hours, and the coastguard praised the crews for their calm."
)
SONG = (
    "Passengers of the Northern Pearl sang in the fog off Harrowmouth until the rescue boats came. Rescue boats took all "
    "214 passengers ashore within three hours, and nobody was hurt, said Wenna Strake, who had led the singing."
)
GERMAN = (
    "Die Fähre Northern Pearl lief vor Harrowmouth im Nebel auf Grund, Boote brachten 214 Fahrgäste an Land."
)
BREAD = "Thirty bakeries between Orme and the coast have agreed to bake a small plain loaf each morning for a farthing."
Write = Callable[..., Article]


def hours(count: float) -> datetime:
    return NOW - timedelta(hours=count)


@pytest.fixture
def reader(client: redis.Redis, write: Write) -> Reader:
    """A ferry in two texts, one of them printed three times and told in German too, and a loaf of two days ago."""
    articles = [
        write("a", FERRY, "Ferry aground", outlet="a.example", url="http://a.example/1", published=hours(9)),
        write("b", FERRY, "Ferry aground", outlet="b.example", url="http://b.example/1", published=hours(8)),
        write("c", FERRY, "214 saved in fog", outlet="c.example", url="http://c.example/1", published=hours(5)),
        write("d", SONG, "They sang in the fog", outlet="d.example", url="http://d.example/1", published=hours(3)),
        write("e", BREAD, "Bakers bring back the farthing loaf", outlet="a.example", url="http://a.example/2", published=hours(50)),
        write("f", GERMAN, "Fähre vor Harrowmouth", lang="de", outlet="f.example", url="http://f.example/1", published=hours(4)),
    ]  # fmt: skip
    Placer(Index(client, Keys()), Rules()).place([Submission(a) for a in articles], NOW)
    found = Reader(client)
    by_id = {article.id: article for article in found.articles(list("adf"))}
    # Whatever the rules of the day make of it, these two are one event here, and it is told in two languages.
    client.zadd(f"newsfold:group:{by_id['a'].group}:related", {by_id["f"].group: 0.5})
    client.zadd(f"newsfold:group:{by_id['f'].group}:related", {by_id["a"].group: 0.5})
    return found


def shown(reader: Reader, choice: Asked | None = None, size: int = 30) -> Front:
    return front(reader, everything(reader), choice or Asked(), NOW, size)


def headlines(found: Front) -> list[str]:
    return [story.summary.headline for story in found.stories]


def ferry(reader: Reader) -> StoryOutline:
    return next(s for s in shown(reader).stories if s.summary.headline == "Ferry aground")


# --- choosing


def test_a_query_that_makes_no_sense_asks_for_nothing() -> None:
    query = {
        "words": "  fog \n bank ",
        "since": "yesterday",
        "min_outlets": "²",
        "page": "-1",
        "sort": "x",
        "lang": "FR",
    }
    assert asked(query) == Asked(words="fog bank", lang="fr")
    assert asked({"page": "9" * 30, "since": "9" * 30 + "d"}) == Asked()
    assert asked({"page": "7", "since": "24h"}).after(NOW) == hours(24)


def test_a_choice_is_written_as_it_is_read() -> None:
    choice = Asked(words="a&b ü", lang="de", outlet="x.example", since="6h", outlets=3, sort="latest", page=4)
    query = dict(re.findall(r"[?&](\w+)=([^&]*)", choice.query()))
    assert query == {"words": "a%26b+%C3%BC", "lang": "de", "outlet": "x.example", "since": "6h", "min_outlets": "3", "sort": "latest"}  # fmt: skip
    assert choice.query(page=5).endswith("&page=5")
    assert Asked().query() == ""


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Asked(words="wenna FOG"), ["Ferry aground"]),
        (Asked(words="wenna loaf"), []),
        (Asked(words="praised harrowmouth"), ["Ferry aground"]),
        (Asked(words="farthing"), ["Bakers bring back the farthing loaf"]),
        (Asked(lang="de"), ["Fähre vor Harrowmouth"]),
        (Asked(outlet="C.Example"), ["Ferry aground"]),
        (Asked(words="ＦＡＨＲＧÄSTE"), ["Fähre vor Harrowmouth"]),
        (Asked(since="24h", lang="en", outlets=2), ["Ferry aground"]),
        (Asked(since="1h"), []),
    ],
)
def test_filters(reader: Reader, choice: Asked, expected: list[str]) -> None:
    assert headlines(shown(reader, choice)) == expected


def test_a_day_counts_for_half_of_the_outlets(reader: Reader, client: redis.Redis) -> None:
    loaf = next(story for story in reader.stories() if "loaf" in story.headline)
    assert headlines(shown(reader))[0] == "Ferry aground"
    client.hset(f"newsfold:story:{loaf.id}", "outlets", 3)
    assert headlines(shown(reader))[0] == "Ferry aground"
    client.hset(f"newsfold:story:{loaf.id}", "outlets", 30)
    assert headlines(shown(reader))[0] == loaf.headline
    assert headlines(shown(reader, Asked(sort="latest")))[0] == "Ferry aground"


def test_pinned_stories_stand_first_and_hidden_ones_nowhere(reader: Reader, client: redis.Redis) -> None:
    ids = {story.headline: story.id for story in reader.stories()}
    client.hset(
        f"newsfold:story:{ids['Bakers bring back the farthing loaf']}", "pinned", "2026-11-24T10:00:00Z"
    )
    client.hset(f"newsfold:story:{ids['Fähre vor Harrowmouth']}", "hidden", "2026-11-24T10:00:00Z")
    found = shown(reader)
    assert headlines(found)[0] == "Bakers bring back the farthing loaf"
    assert "Fähre vor Harrowmouth" not in headlines(found)
    assert all(story.related == () for story in found.stories)
    assert "Fähre" not in render(
        "front.html", at=Served(), now=NOW, front=found, asked=Asked(), spans=(), sorts=()
    )


def test_languages_stand_under_the_story_that_comes_first(reader: Reader) -> None:
    found = shown(reader)
    assert "Fähre vor Harrowmouth" not in headlines(found)
    assert [other.headline for other, _ in ferry(reader).related] == ["Fähre vor Harrowmouth"]
    assert headlines(shown(reader, Asked(lang="de"))) == ["Fähre vor Harrowmouth"]


def test_pages_follow_each_other_without_a_story_twice(reader: Reader) -> None:
    whole = headlines(shown(reader))
    pages = [shown(reader, Asked(page=n), size=1) for n in range(1, len(whole) + 1)]
    assert [headline for page in pages for headline in headlines(page)] == whole
    assert [page.has_more for page in pages] == [True] * (len(whole) - 1) + [False]
    assert shown(reader, Asked(page=100_000)).stories == ()
    assert MOST_PAGES < 100


def test_everything_is_read_once_for_many(reader: Reader, client: redis.Redis) -> None:
    recent = Recent(reader)
    assert len(recent.get().stories) == len(reader.stories())
    client.flushall()
    assert recent.get().stories
    assert recent.get().outlets[0] == "a.example"


# --- what is shown of a story


def test_an_outline_has_texts_with_reprints_under_their_origin(reader: Reader) -> None:
    text = ferry(reader).texts[0]
    assert [article.id for article in text.group.articles] == ["a", "b", "c"]
    assert (text.size, text.group.origin) == (3, "a")
    assert all(article.text == "" for article in ferry(reader).articles)
    assert ferry(reader).lead.startswith("The ferry Northern Pearl")


def test_an_outline_of_a_large_story_knows_how_much_is_left_out(reader: Reader) -> None:
    (story,) = (one for one in reader.stories() if one.headline == "Ferry aground")
    (outline,) = reader.outlines([story], 2)
    assert [article.id for article in outline.articles] == ["a", "b"]
    assert outline.texts[0].size == 3


def test_variants_are_other_headlines_with_who_chose_them(reader: Reader) -> None:
    assert ("214 saved in fog", ("c.example",)) in [(v.title, v.outlets) for v in variants(ferry(reader))]
    assert "Ferry aground" not in [v.title for v in variants(ferry(reader))]


def test_the_spread_rises_with_each_outlet_and_says_so(reader: Reader) -> None:
    drawn = spread(ferry(reader))
    assert drawn is not None
    heights = [step.height for step in drawn.steps]
    assert heights == sorted(heights)
    assert heights[0] < heights[-1] == 30
    assert abs(sum(step.width for step in drawn.steps) + drawn.steps[0].x - 100) < 0.1
    assert drawn.sentence.startswith("a.example first, at 24 Nov 2026, 03:00 UTC")
    loaf = next(story for story in shown(reader).stories if "loaf" in story.summary.headline)
    assert spread(loaf) is None
    assert lanes(loaf) is None


def test_lanes_have_a_mark_for_each_article_within_the_width(reader: Reader) -> None:
    drawn = lanes(ferry(reader))
    assert drawn is not None
    assert len(drawn.lanes) <= MOST_LANES + 1
    assert sum(len(lane.dots) for lane in drawn.lanes) == len(ferry(reader).articles)
    assert all(0 <= dot.x <= 97 for lane in drawn.lanes for dot in lane.dots)
    assert drawn.lanes[0].name == "a.example and 2 reprints"


@pytest.mark.parametrize("minutes", [1, 7, 59, 60, 600, 1_440, 9_000, 40_000, 1_000_000, 30_000_000])
def test_ticks_are_few_and_between_their_ends(minutes: int) -> None:
    first = datetime(2026, 2, 26, 23, 17, tzinfo=UTC)
    found = ticks(first, first + timedelta(minutes=minutes))
    assert len(found) <= (6 if minutes < 2_000_000 else 60)
    assert all(0 <= place <= 97 for place, _ in found)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "less than a minute"),
        (1, "1 minute"),
        (60, "1 hour"),
        (100, "2 hours"),
        (1_500, "25 hours"),
        (3_000, "2 days"),
    ],
)
def test_durations(minutes: int, words: str) -> None:
    assert duration(timedelta(minutes=minutes)) == words


def test_two_texts_against_each_other(write: Write, reader: Reader) -> None:
    one, other = reader.articles(["a", "d"])
    compared = pair(one, other)
    assert [p.a.text for p in compared.passages] == [
        "Rescue boats took all 214 passengers ashore within three hours, and"
    ]
    assert compared.words == 11
    for side in (compared.one, compared.other):
        assert (
            "".join(piece.text for paragraph in side.paragraphs for piece in paragraph) == side.article.body
        )
        marked = [piece.text for paragraph in side.paragraphs for piece in paragraph if piece.number]
        assert marked == ["Rescue boats took all 214 passengers ashore within three hours, and"]
    assert matrix([one, other]) == {(0, 1): 11, (1, 0): 11}


def test_a_story_compares_what_is_asked_for_and_nothing_of_others(reader: Reader) -> None:
    (story,) = (one for one in reader.stories() if one.headline == "Ferry aground")
    assert story_page(reader, story, ["a", "c"]).is_shown("c", "a")
    for wanted in (["a", "e"], ["a", "a"], ["a", ""], ["", "nothing"]):
        page = story_page(reader, story, wanted)
        assert page.pair is not None
        assert not page.is_shown("a", "e")


def test_a_table_tells_which_texts_share_words(reader: Reader) -> None:
    (story,) = (one for one in reader.stories() if one.headline == "Ferry aground")
    texts = reader.articles(["a", "d", "e"])
    page = replace(story_page(reader, story, ["a", "d"]), compared=texts, shared=matrix(texts))
    text = render("story.html", at=Served("../"), now=NOW, page=page)
    assert re.search(r'<a href="\?a=a&amp;b=d#against" aria-current="true">11<', text)
    assert re.search(r'<a href="\?a=d&amp;b=e#against">0<', text)
    none = render("story.html", at=Served("../"), now=NOW, page=replace(page, shared={(0, 1): 0, (1, 0): 0}))
    assert "no two have a passage of six words or more in common" in none


# --- pages as text


def test_the_empty_page_says_what_to_do(client: redis.Redis) -> None:
    found = shown(Reader(client))
    text = render("front.html", at=Served(), now=NOW, front=found, asked=Asked(), spans=(), sorts=())
    assert "No stories yet" in text
    assert "newsfold crawl --feeds" in text
    assert "No feeds yet" in render("feeds.html", at=Served(), now=NOW, page=feeds_page([]))


def test_the_report_needs_nothing_but_itself(reader: Reader) -> None:
    text, found = report(reader, Asked(sort=FRONT), NOW, 30)
    assert len(found.stories) > 1
    (sheet,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in text
    assert "url(" not in style()
    assert not re.search(r"<(script|img|iframe|link|form|object)\b|\bsrc=|\bstyle=|\bon\w+=", text)
    anchors = set(re.findall(r'href="#([^"]+)"', text))
    assert anchors - set(re.findall(r'\bid="([^"]+)"', text)) == set()


def test_text_from_outside_is_made_calm() -> None:
    assert calm("\x1b[31mred\x1b[0m \u202eevil\u202c\n  two") == "[31mred [0m evil two"
    assert len(calm("word " * 400)) <= 240
    assert lead("\n\n\nFirst.\n\nSecond.") == "First."
    assert link("https://[bad") == ""


def test_a_time_beside_another_of_its_day_leaves_the_day_out() -> None:
    assert short_clock(hours(1), hours(2)) == "11:00"
    assert short_clock(hours(1), hours(30)) == "24 Nov, 11:00"
