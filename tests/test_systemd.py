"""What docs/operations.md says of systemd, typed to a real user manager and a real logind, in a room of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
OWN = ("unshare", "--mount", "--net", "--pid", "--fork", "--mount-proc", "--kill-child")
# A machine that systemd booted, as far as these programs look, of which nothing is left when the shell ends.
BOOT = """
mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib/systemd
mkdir -p /run/systemd/system /run/dbus "$XDG_RUNTIME_DIR"
dbus-daemon --system --fork --nopidfile
/lib/systemd/systemd-logind 2>/run/logind.log &
/lib/systemd/systemd --user 2>/run/user.log &
for i in $(seq 200); do
  loginctl list-users >/run/asked 2>&1 && systemctl --user list-units >/run/asked 2>&1 && break
  test $i != 200 || { cat /run/*.log >&2; exit 99; }
  sleep 0.05
done
"""
# What the units hold: one feed that nobody serves, which ends the crawl with 1.
FEEDS = "http://127.0.0.1:9/rss\n"
PROGRAM = f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom newsfold.cli import main\nmain()\n"


def typed() -> list[str]:
    """The commands of the document in their order."""
    return re.findall(r"`((?:systemctl|loginctl) [^`]+)`", OPERATIONS)


@pytest.fixture
def person() -> Iterator[Path]:
    """A home with a feed list and the program, by a name short enough for a socket; or a skip that says what is missing."""
    for program, package in (("systemctl", "systemd"), ("dbus-daemon", "dbus")):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed (Debian package {package})")
    if os.geteuid() != 0 or subprocess.run([*OWN, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a room of its own, for systemd to believe itself booted, needs root and unshare")
    folder = Path(tempfile.mkdtemp(prefix="nf"))
    (folder / "feeds.txt").write_text(FEEDS)
    (folder / "newsfold").write_text(PROGRAM)
    (folder / "newsfold").chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def said(person: Path, script: str) -> str:
    """What a shell prints in such a room, where each command must succeed."""
    env = {"HOME": str(person), "USER": "root", "XDG_RUNTIME_DIR": "/run/user/0", "PATH": f"{person}:{os.environ['PATH']}"}  # fmt: skip
    words = [*OWN, "sh", "-ec", BOOT + script]
    done = subprocess.run(
        words, cwd=person, env=env, capture_output=True, text=True, timeout=100, check=False
    )
    if done.returncode == 99:
        pytest.skip(
            f"neither logind nor a user manager comes up in a room of this machine: {done.stderr[-500:]}"
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


UNITS = """
mkdir -p .config/systemd/user
newsfold cron show --systemd --feeds feeds.txt >units
awk '/^# newsfold\\.(service|timer)$/ { file = ".config/systemd/user/" $2; next } { print >file }' units
"""
AFTERWARDS = """
systemctl --user is-enabled newsfold.timer
systemctl --user show --property=ActiveState newsfold.timer
loginctl show-user root --property=Linger
systemctl --user start newsfold.service
systemctl --user show --property=Result --property=ExecMainStatus newsfold.service
newsfold redis status
"""


@pytest.mark.slow
def test_the_timer_is_enabled_and_runs_while_logged_out(person: Path) -> None:
    """A crawl that some feeds failed in counts as success, and the private Redis that it started stays."""
    assert [line.split()[0] for line in typed()] == ["systemctl", "loginctl"]
    lines = said(person, UNITS + "\n".join(typed()) + AFTERWARDS).splitlines()
    assert {"enabled", "ActiveState=active", "Linger=yes"} <= set(lines)
    assert {"Result=success", "ExecMainStatus=1"} <= set(lines)
    assert any(re.fullmatch(r"running\s+True", line) for line in lines)
