"""Every example of docs/cli.md is run over a crawled newsroom, exits as documented and says what it should."""

from __future__ import annotations

import gzip
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from newsfold.demo.newsroom import Newsroom, running_newsroom
from storage.connect import connect
from storage.embedded import EmbeddedServer
from tests.browsing import free_port
from tests.running import Done, environment, run, told

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")

# What each says, as patterns; of a file that it wrote, what is in there. Names are those of the examples: an id or an
# address stands for one of the newsroom (`_meant`).
SAYS: dict[str, tuple[str, ...]] = {
    "newsfold crawl --feeds feeds.opml": (r"feeds +3 polled, 0 unchanged, 0 failed", r"articles +[1-9]\d* new"),
    "newsfold demo": (r"feeds +13 polled, 0 unchanged, 0 failed", r"answered \d\d × 200", r"\ts?\w+\t.*Ferry aground"),
    "newsfold ingest news.jsonl.gz": (r"^2 read, 0 skipped, 1 contained, 1 new$",),
    "newsfold export --text": (r'"id": "a1b2c".*"text": "', r'"id": "a3d4e".*"text": "'),
    "newsfold feeds --broken": (r"http 500.*https://example.org/broken", r"^.+$"),
    "newsfold feeds show https://example.org/rss": (r"^url +https://example.org/rss$", r"^last poll .*HTTP 200"),
    "newsfold feeds add https://example.org/ --folder Local": (r"^(added|listed already)  f\w{12}  https://example.org/\S+$",),
    "newsfold feeds remove https://example.org/rss": (r"^removed  f\w{12}$",),
    "newsfold feeds enable https://example.org/rss": (r"^enabled  f\w{12}$",),
    "newsfold feeds import feeds.opml": (r"^0 added, 3 listed already$",),
    "newsfold feeds export > feeds.opml": (r"<opml version", r'xmlUrl="https://example.org/rss"'),
    "newsfold feeds check https://example.org/rss": (r"https://example.org/rss", r", [1-9] entries, newest ", r"next poll"),
    "newsfold stories --since 24h --min-outlets 2 --sort outlets": (r"^s1a2b\t8\t7\t3\ten\t",),
    "newsfold story s1a2b": (r"^s1a2b · en · 8 articles, 7 outlets", r"^g1a2b ", r"^  origin +a1b2c ", r"^  reprint +a3d4e "),
    "newsfold group g1a2b": (r"^g1a2b ", r"^  origin +a1b2c ", r"^  reprint +a3d4e "),
    "newsfold article https://example.org/news/1": (r"^url +https://example.org/news/1 ", r"^group +g1a2b$"),
    "newsfold why a1b2c a3d4e": (r"^One text: ", r"^A .*\n.*\na1b2c · ", r"^B .*\n.*\na3d4e · ", r"words in common"),
    "newsfold outlet lemonde.fr": (r"^en\tat the end\t.*the daily lantern prints agency reports",),
    "newsfold search ferry 'Northern Pearl' --since 7d": (r"\tfr\t.*Northern Pearl", r"\ten\ta3d4e\ts1a2b\t"),
    "newsfold timeline s1a2b": (r"^s1a2b · en · 8 articles", r"^\d{4}-\d\d-\d\d \d\d:\d\d .*└ "),
    "newsfold watch --since 24h --min-outlets 3": (r"\tstory\.created\t.*Ferry", r"\tstory\.updated\t"),
    "newsfold report -o front.html --since 2d --min-outlets 2": (r"^front.html: \d of \d stories$", r"<!doctype html>", r"Ferry aground"),
    "newsfold merge s1a2b s3c4d --reason 'one strike, two towns'": (r"s3c4d", r"^  s1a2b +2 articles"),
    "newsfold split s1a2b a3d4e --reason 'another ferry'": (r"parted off s1a2b", r"^  s1a2b +6 articles"),
    "newsfold pin s1a2b": (r"s1a2b is pinned",),
    "newsfold hide s1a2b --reason horoscopes": (r"s1a2b is hidden",),
    "newsfold undo 3": (r"^correction 3 \(pin\) is undone$",),
    "newsfold corrections --json": (r'"number": 3, "kind": "pin"', r'"number": 1, '),
    "newsfold doctor": (r"^ok +redis ", r"^ok +schema ", r"^note +contact "),
    "newsfold stats --json": (r'^{"articles": \d\d, "stories": \d\d, "feeds": \d\d, ',),
    "newsfold prune --before 14d --dry-run": (r"^would go: 0 articles",),
    "newsfold backup newsfold.backup": (r"^[4-9]\d\d keys, 0\.\d MB in newsfold\.backup$",),
    "newsfold restore newsfold.backup": (r"^[4-9]\d\d keys, as they were at 2",),
    "newsfold config --json": (r'"crawl.delay": {"value": 0.0, "from": "environment NEWSFOLD_CRAWL_DELAY"}',),
    "newsfold serve --port 8080": (r"^http://127.0.0.1:8080/$", r"<title>", r"Ferry aground"),
    "newsfold rebuild": (r"^\d\d articles indexed$",),
    "newsfold notify --url https://example.org/hook --min-outlets 3 --lang fr": (r'"story\.reached".*"lang": ?"fr"', r"^1 sent$"),
    "newsfold cron install --feeds feeds.opml": (r"^installed  \*/10 \* \* \* \* .*newsfold.* crawl --feeds .*feeds\.opml",),
    "newsfold cron show --feeds feeds.opml --every 15": (r"^\*/15 \* \* \* \* .*newsfold.* crawl --feeds .*feeds\.opml",),
    "newsfold cron remove": (r"^removed$",),
    "newsfold redis status": (r"^running +True$", r"^flavour +\w+$"),
    "newsfold redis start": (r"^unix:///.*redis\.sock$",),
    "newsfold redis stop": (r"^stopped$",),
    "newsfold redis status --json": (r'^{"running": true, "loading": false, "pid": \d+, ',),
}  # fmt: skip
# What must have been done before; the folder of those that want an empty one.
BEFORE = {
    "newsfold restore newsfold.backup": "backup newsfold.backup",
    "newsfold cron remove": "cron install --feeds feeds.opml",
    "newsfold redis stop": "redis start",
    "newsfold redis status": "redis start",
    "newsfold redis status --json": "redis start",
}
HOMES = {"newsfold crawl": "crawled", "newsfold restore": "restored"}
# In a process of their own: those that fetch (which a process can do once), those that stay, and those for a shell.
APART = ("crawl", "feeds add", "feeds check", "feeds export")
CRONTAB = """#!/bin/sh
if [ "$1" = -l ]; then cat '{0}' 2>/dev/null || {{ echo "no crontab for you" >&2; exit 1; }}; else cat >'{0}'; fi
"""


def examples() -> list[str]:
    return list(dict.fromkeys(re.findall(r"^Example: `(newsfold.*)`$", DOCUMENT, re.M)))


def test_every_example_is_run() -> None:
    """With `test_every_command_has_help_an_example_and_json`, which asks for the examples, and the document's own test."""
    sections = re.split(r"^###? newsfold", DOCUMENT, flags=re.M)[1:]
    assert [section[:30] for section in sections if section.count("\nExample: `newsfold ") != 1] == []
    assert set(SAYS) == set(examples())


@dataclass
class Place:
    """A folder with a crawled newsroom and the files of the examples in it, and what their words stand for there."""

    folder: Path
    env: Mapping[str, str]
    filled: Done
    heard: list[str]
    general: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def meant(self, example: str, text: str) -> str:
        """A text with the words of an example replaced by those of the newsroom."""
        own = next((own for start, own in self.own.items() if example.startswith(start)), {})
        words = {**self.general, **own}
        # Nothing that merely stands for something is left: no id, no address, no name.
        pattern = "|".join(sorted((rf"{re.escape(word)}(?![\w.])" for word in words), key=len, reverse=True))
        return re.sub(pattern, lambda found: words[found[0]], text)

    def home(self, example: str) -> Path:
        named = (name for start, name in HOMES.items() if example.startswith(start))
        return self.folder / next(named, "demo")

    def apart(self, line: str, home: Path) -> subprocess.Popen[str]:
        """A command line as a shell runs it."""
        return subprocess.Popen(
            ["bash", "-c", f"exec {line}"], cwd=self.folder, env=environment(home, **self.env), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("ex")
    with running_newsroom() as room, _hook() as (hook, heard):
        env = {**_programs(folder), "NEWSFOLD_CRAWL_PROXY": room.proxy, "NEWSFOLD_CRAWL_DELAY": "0", "NEWSFOLD_CRAWL_EXTRACTORS": "1",
               "NEWSFOLD_NOTIFY_SECRET": "whsec_a2tra2tra2tra2tra2tra2tra2tra2tr"}  # fmt: skip
        made = Place(folder, env, Done(0, "", ""), heard)
        filling = made.apart("newsfold demo", folder)
        out, err = filling.communicate()
        made.filled = Done(filling.returncode, out, err)
        try:
            made.general, made.own = _meant(folder / "demo", room, hook)
            yield made
        finally:
            for name in ("demo", *HOMES.values()):
                EmbeddedServer(folder / name).stop()


def _programs(folder: Path) -> dict[str, str]:
    """`newsfold` on the path, and a crontab that is a file."""
    programs = folder / "bin"
    programs.mkdir()
    texts = {
        "newsfold": f'#!/bin/sh\nexec "{sys.executable}" -m newsfold "$@"\n',
        "crontab": CRONTAB.format(folder / "tab"),
    }
    for name, text in texts.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


@contextmanager
def _hook() -> Iterator[tuple[str, list[str]]]:
    """A receiver of webhooks, and what it has been told."""
    heard: list[str] = []

    class Taken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Taken) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", heard
        server.shutdown()


def _meant(home: Path, room: Newsroom, hook: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Fill the rest of the folder, and say what the words of the examples stand for: all, and those of a command."""
    folder, stories = home.parent, told(home, "stories")
    large, bank = (told(home, "story", story["id"]) for story in stories[:2])
    single = [story["id"] for story in stories if story["lang"] == "en" and story["articles"] == 1]
    lists = room.opml().splitlines(keepends=True)
    (folder / "feeds.opml").write_text("".join(lists[:7] + lists[-2:]), encoding="utf-8")
    lines = (
        f'{{"title": "Regatta {n}", "text": "{f"The {n} boats of the regatta came home. " * 9}"}}\n'
        for n in range(2)
    )
    (folder / "news.jsonl.gz").write_bytes(gzip.compress("".join(lines).encode()))
    for story in single[4:7]:
        assert run(home, "pin", story).returncode == 0
    broken = next(feed for feed in told(home, "feeds") if feed["url"] == room.feeds[3])
    with connect(None, home) as client:
        client.hset(
            f"newsfold:feed:{broken['id']}", mapping={"result": "failed", "streak": 1, "error": "http 500"}
        )
    first, second = large["texts"][0]["articles"][:2]
    general = {
        "s1a2b": large["id"], "g1a2b": large["texts"][0]["id"], "a1b2c": first["id"], "a3d4e": second["id"],
        "https://example.org/": f"http://{urlsplit(room.feeds[1]).netloc}/", "https://example.org/rss": room.feeds[0],
        "https://example.org/broken": room.feeds[3], "https://example.org/news/1": first["url"],
        "https://example.org/hook": hook, "lemonde.fr": "dailylantern.example", "8080": str(free_port()),
    }  # fmt: skip
    own = {
        "newsfold merge": {"s1a2b": single[0], "s3c4d": single[1]},
        "newsfold split": {"s1a2b": bank["id"], "a3d4e": bank["texts"][1]["articles"][0]["id"]},
        "newsfold pin": {"s1a2b": single[2]},
        "newsfold hide": {"s1a2b": single[3]},
        "newsfold feeds remove": {"https://example.org/rss": room.feeds[-1]},
    }
    return general, own


def _lines(process: subprocess.Popen[str], last: str) -> str:
    """What is printed, as far as a line with those words."""
    assert process.stdout
    read = [""]
    while last not in read[-1]:
        read.append(process.stdout.readline())
        assert read[-1], "".join(read)
    return "".join(read)


def _page(place: Place, process: subprocess.Popen[str]) -> str:
    address = _lines(process, "http").strip()
    until = time.monotonic() + 30
    while True:
        try:
            with urlopen(address, timeout=10) as answer:
                return f"{address}\n{answer.read().decode()}"
        except URLError:
            assert time.monotonic() < until
            time.sleep(0.05)


def _notice(place: Place, process: subprocess.Popen[str]) -> str:
    until = time.monotonic() + 30
    while not place.heard:
        assert time.monotonic() < until
        time.sleep(0.05)
    return "".join(place.heard) + "\n"


STAYS: dict[str, Callable[[Place, subprocess.Popen[str]], str]] = {
    "newsfold serve": _page,
    "newsfold watch": lambda place, process: _lines(process, "story.updated"),
    "newsfold notify": _notice,
}


def _ran(place: Place, example: str) -> Done:
    line, home = place.meant(example, example), place.home(example)
    assert not re.search(r"example\.org|\b[sag]\d\w\d\w\b|lemonde", line), (
        f"{line} has words that stand for something"
    )
    if example == "newsfold demo":
        return place.filled
    stays = next((see for start, see in STAYS.items() if example.startswith(start)), None)
    if not stays and not example.removeprefix("newsfold ").startswith(APART):
        assert not re.search(r"[|<>;&$*]", line)
        return run(home, *shlex.split(line)[1:], **place.env)
    with place.apart(line, home) as process:
        seen = ""
        if stays:
            try:
                seen = stays(place, process)
            finally:
                process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    return Done(process.returncode, seen + out, err)


@pytest.mark.slow
@pytest.mark.parametrize("example", examples())
def test_an_example_does_what_it_says(example: str, place: Place) -> None:
    if example in BEFORE:
        assert run(place.folder / "demo", *shlex.split(BEFORE[example]), **place.env).returncode == 0
    files = {path: path.stat().st_mtime_ns for path in place.folder.iterdir()}
    done = _ran(place, example)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    written = [
        place.folder / word
        for word in shlex.split(example)
        if "." in word and (place.folder / word).is_file()
    ]
    texts = [
        path.read_text("utf-8", "replace") for path in written if path.stat().st_mtime_ns != files.get(path)
    ]
    said = "\n".join([done.stdout, *texts])
    for pattern in SAYS[example]:
        assert re.search(place.meant(example, pattern), said, re.M), f"{pattern!r} is not in {said[:2000]}"
