"""Commands on ingested articles, as a script and as a person use them."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.embedded import EmbeddedServer
from tests import running

pytestmark = pytest.mark.slow

FERRY = "The ferry Northern Pearl ran aground off Harrowmouth in thick fog on Monday. Rescue boats took all 214 passengers ashore within three hours. Coastguard commander Edda Lorring praised the crews and the calm of those on board."
ROWS: list[dict[str, Any]] = [
    {"id": "one#1", "title": "Ferry aground off Harrowmouth", "text": FERRY, "url": "https://www.a.example/1?utm_source=x", "lang": "en", "published": "2026-11-23T08:00:00Z"},
    {"id": "two", "title": "214 saved from ferry", "text": FERRY + " Printed with additions.", "outlet": "b.example", "lang": "en", "published": "2026-11-23T09:00:00+01:00"},
    {"id": "three", "title": "Commander Lorring on the night of the Northern Pearl", "text": "Edda Lorring's coastguard crews reached the Northern Pearl near Harrowmouth at five. Passengers, 214 of them, sang in the fog.", "outlet": "c.example", "lang": "en", "published": "2026-11-23T12:00:00Z", "unknown": 1},
    {"title": "Bakers bring back the farthing loaf", "text": "The queue went round the market square of Castlegate by noon, and the loaf was gone by one.", "lang": "en"},
    {"text": "Nur ein Text ohne Titel, der lang genug ist, um als Deutsch erkannt zu werden, und der von einem Deich und seinen Schafen handelt."},
    {"html": "<html lang='fr'><head><title>Le pont fermé</title></head><body><nav>menu</nav><article><h1>Le pont fermé</h1><p>Le pont de Valbrune a été fermé lundi après la découverte de fissures dans deux de ses piles, a annoncé la préfecture dans la matinée.</p><p>Les habitants devront faire un détour de vingt kilomètres pendant plusieurs semaines, selon les services techniques du département.</p></article></body></html>", "url": "https://d.example/pont"},
]  # fmt: skip


def run(home: Path, *words: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    """As a process gives it, without one; those of `test_terminal.py` and `test_escapes.py` are."""
    done = running.run(home, *words, stdin=stdin, **env)
    return subprocess.CompletedProcess(words, done.returncode, done.stdout.encode(), done.stderr.encode())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with the rows above, two bad lines among them."""
    home = tmp_path_factory.mktemp("cli") / "home"
    lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    lines[2:2] = ["{not json", '{"url": "https://x.example/"}', ""]
    done = run(home, "ingest", "-", "--json", stdin=gzip.compress("\n".join(lines).encode()))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["read"] == 6
    assert json.loads(done.stdout)["skipped"] == 2
    assert b"line 3" in done.stderr
    assert b"line 4" in done.stderr
    yield home
    EmbeddedServer(home).stop()


def listed(home: Path, *words: str) -> Any:
    done = run(home, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(home, "export", "--text").stdout.splitlines()]


def test_export_gives_ids_back_and_groups_reprints(filled: Path) -> None:
    by_id = {row["id"]: row for row in rows(filled)}
    assert {"one#1", "two", "three"} <= by_id.keys()
    assert by_id["one#1"]["group"] == by_id["two"]["group"] != by_id["three"]["group"]
    assert by_id["one#1"]["story"] == by_id["three"]["story"]
    assert by_id["one#1"]["url"] == "https://www.a.example/1"
    assert by_id["one#1"]["outlet"] == "a.example"
    assert by_id["two"]["published"] == "2026-11-23T08:00:00Z"
    assert {row["lang"] for row in by_id.values()} == {"en", "de", "fr"}
    bridge = next(row for row in by_id.values() if row["lang"] == "fr")
    assert bridge["title"] == "Le pont fermé"
    assert "menu" not in bridge["text"]
    assert {"id", "url", "outlet", "lang", "title", "published", "group", "story", "repeats"} <= bridge.keys()


def test_the_same_file_again_gives_the_same(filled: Path) -> None:
    before = rows(filled)
    lines = "\n".join(json.dumps(row) for row in ROWS).encode()
    assert json.loads(run(filled, "ingest", "-", "--json", stdin=lines).stdout)["unchanged"] == 6
    assert rows(filled) == before


def test_stories_and_filters(filled: Path) -> None:
    found = listed(filled, "stories", "--since", "24h", "--min-outlets", "2", "--sort", "outlets")
    assert [(s["articles"], s["outlets"], s["groups"]) for s in found] == [(3, 3, 2)]
    assert [s["lang"] for s in listed(filled, "stories", "--lang", "fr")] == ["fr"]
    assert listed(filled, "stories", "--since", "2030-01-01") == []
    assert run(filled, "stories", "--since", "soon").returncode == 2
    assert run(filled, "stories", "--sort", "colour").returncode == 2


def test_story_article_group_by_prefix_and_url(filled: Path) -> None:
    (story,) = listed(filled, "stories", "--min-outlets", "2")
    whole = listed(filled, "story", story["id"][:6])
    assert [len(text["articles"]) for text in whole["texts"]] == [2, 1]
    assert [row["time"] for row in whole["timeline"]] == sorted(row["time"] for row in whole["timeline"])
    assert listed(filled, "group", whole["texts"][0]["id"])["origin"] in ("one#1", "two")
    assert listed(filled, "article", "https://www.a.example/1?utm_medium=y")["id"] == "one#1"
    assert listed(filled, "article", "thr")["id"] == "three"
    assert b"could be any of" in run(filled, "article", "").stderr
    assert b"there is no story" in run(filled, "story", "nothing").stderr
    shown = run(filled, "story", story["id"]).stdout.decode()
    assert "Timeline" in shown
    assert "\x1b" not in shown


def test_why(filled: Path) -> None:
    same = listed(filled, "why", "one#1", "two")
    assert same["same_group"]
    assert same["containment"] == 1.0
    (passage,) = same["passages"]
    assert passage["words"] == len(FERRY.split())
    assert passage["a"] == {"start": 0, "end": len(FERRY) - 1, "text": FERRY[:-1]}
    assert same["shared_bands"] == len(same["bands"]["shared"]) <= same["bands"]["of"]
    related = listed(filled, "why", "one#1", "three")
    assert related["same_story"]
    assert not related["same_group"]
    assert "harrowmouth" in dict(related["terms"])
    shown = run(filled, "why", "one#1", "two").stdout.decode()
    assert "One text" in shown
    assert f"A  [{FERRY[:-1]}]." in shown


def test_config_and_its_origins(filled: Path, tmp_path: Path) -> None:
    file = tmp_path / "newsfold.toml"
    file.write_text(
        "retention_days = 7\n[crawl]\ndelay = 2\n[outlets.families]\nBig = ['a.example', 'b.example']\n"
    )
    done = run(filled, "config", "--json", NEWSFOLD_CONFIG=str(file), NEWSFOLD_CRAWL_DELAY="0.5")
    shown = json.loads(done.stdout)
    assert shown["retention_days"] == {"value": 7, "from": f"file {file}"}
    assert shown["crawl.delay"] == {"value": 0.5, "from": "environment NEWSFOLD_CRAWL_DELAY"}
    assert shown["crawl.robots"]["from"] == "default"


def test_stats_and_redis_commands(filled: Path) -> None:
    assert listed(filled, "stats")["articles"] == 6
    assert listed(filled, "redis", "status")["running"]
    assert b"unix://" in run(filled, "redis", "start").stdout


def test_hostile_titles_do_not_reach_the_terminal(tmp_path: Path) -> None:
    home = tmp_path / "h"
    row = {
        "id": "x\u202e",
        "title": "[bold]red[/bold] \x1b[31mred\x1b[0m <script>alert(1)</script> \u202etxt",
        "text": FERRY,
    }
    assert b"printable" in run(home, "ingest", "-", stdin=json.dumps(row).encode()).stderr
    run(home, "ingest", "-", stdin=json.dumps({**row, "id": "x"}).encode())
    try:
        shown = run(home, "stories").stdout.decode() + run(home, "article", "x").stdout.decode()
    finally:
        EmbeddedServer(home).stop()
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]" in shown


def test_seed_article(data: Path, tmp_path: Path) -> None:
    home = tmp_path / "seed"
    seed = (data / "seed" / "seed_article_fr.txt").read_text(encoding="utf-8")
    run(home, "ingest", "-", stdin=json.dumps({"text": seed}).encode())
    try:
        (row,) = rows(home)
    finally:
        EmbeddedServer(home).stop()
    assert row["title"] == "Kim Jong Un se rendra « bientôt » en Russie à l'invitation de Vladimir Poutine"
    assert (row["lang"], row["repeats"]) == ("fr", 1)
    paragraphs = row["text"].split("\n\n")
    assert paragraphs[0].startswith("La Corée du Nord a confirmé lundi")
    assert paragraphs[-1] == "Kim s’est rendu pour la dernière fois en Russie en 2019."
    assert not {"in", "Publicité"} & set(paragraphs)
    assert row["title"] not in row["text"]


def test_the_report_is_written_whole_or_not_at_all(filled: Path, tmp_path: Path) -> None:
    file = tmp_path / "front.html"
    said = listed(filled, "report", "-o", str(file), "--outlet", "B.example")
    text = file.read_text(encoding="utf-8")
    assert said == {"file": str(file), "stories": 1, "bytes": len(text.encode())}
    assert "Ferry aground off Harrowmouth" in text
    assert "farthing loaf" not in text
    assert list(tmp_path.iterdir()) == [file]
    done = run(filled, "report", "-o", str(tmp_path))
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert run(filled, "report", "--since", "often").returncode == 2
    assert run(filled, "report").stdout.startswith(b"<!doctype html>")
