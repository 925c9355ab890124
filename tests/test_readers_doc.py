"""docs/readers.md: every block is run, against the Redis of a crawl, its server and a receiver of webhooks."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from newsfold.notify import DELAYS
from newsfold.web.query import LIMIT, MOST, PARAMETERS, SORTS
from newsfold.webhook import Message, signed

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "readers.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.M | re.S)


class _Taken(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def env(crawled: Any) -> Iterator[Mapping[str, str]]:
    """What the blocks need: the Redis, a server over it, a receiver, and `newsfold` on the path."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    env = {
        **os.environ,
        "NEWSFOLD_REDIS_URL": crawled.url,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    hook = HTTPServer(("127.0.0.1", 0), _Taken)
    threading.Thread(target=hook.serve_forever, args=(0.01,), daemon=True).start()
    command = [sys.executable, "-m", "newsfold", "serve", "--port", port]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as server:
        base = f"http://127.0.0.1:{port}"
        try:
            _wait_for(f"{base}/healthz")
            yield {**env, "NEWSFOLD": base, "HOOK": f"http://127.0.0.1:{hook.server_port}/"}
        finally:
            server.terminate()
    hook.shutdown()
    hook.server_close()


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            urlopen(url).close()
        except URLError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} does not answer")


def ran(command: list[str], env: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=dict(env), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python_blocks_run(number: int, env: Mapping[str, str]) -> None:
    block = blocks("python")[number]
    out = ran([sys.executable, "-W", "error", "-c", block], env)
    assert out or "def is_ours" in block


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(blocks("sh"))))
def test_shell_blocks_run(number: int, env: Mapping[str, str]) -> None:
    for tool in ("curl", "openssl"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed (Debian package {tool})")
    assert ran(["bash", "-euo", "pipefail", "-c", blocks("sh")[number]], env)


@pytest.mark.slow
def test_the_first_block_tells_of_stories(env: Mapping[str, str]) -> None:
    lines = ran([sys.executable, "-c", blocks("python")[0]], env).splitlines()
    assert len(lines) > 2
    assert all(re.match(r"\d+ outlets, \d+ independent texts: .+ \(\w\w\)$", line) for line in lines)


def test_the_check_of_a_webhook_is_right() -> None:
    (block,) = (b for b in blocks("python") if "def is_ours" in b)
    known: dict[str, Any] = {}
    exec(block, known)
    headers = signed(Message("msg_1", b"{}"), b"k" * 24, int(time.time()))
    secret = "whsec_a2tra2tra2tra2tra2tra2tra2tra2tr"
    assert known["is_ours"](secret, headers, b"{}")
    assert not known["is_ours"](secret, headers, b"{ }")
    assert not known["is_ours"](secret, {**headers, "webhook-timestamp": "1"}, b"{}")


def test_the_document_says_what_the_code_does() -> None:
    for parameter in PARAMETERS:
        assert f"`{parameter.name}`" in DOCUMENT
    assert all(f"`{sort}`" in DOCUMENT for sort in SORTS)
    assert f"({LIMIT}, at most {MOST})" in DOCUMENT
    assert DELAYS == (2, 10, 60, 300, 1_800, 2 * 3_600, 6 * 3_600, 12 * 3_600, 18 * 3_600, 86_400)
    (payload,) = blocks("json")
    assert set(json.loads(payload)) == {"type", "timestamp", "data"}
