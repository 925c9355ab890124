"""Lines for cron that a shell can run, blocks in a crontab, and units for systemd."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from newsfold.crontab import Job, can_schedule, cron_line, schedule, systemd_units, with_block, without_block

HOME = Path("/var/lib/news fold")
JOB = Job(("/opt/newsfold", "--home", str(HOME), "crawl"), 10, HOME)


def test_schedules() -> None:
    assert [schedule(n) for n in (1, 10, 60, 120, 1440)] == [
        "* * * * *", "*/10 * * * *", "0 * * * *", "0 */2 * * *", "0 0 * * *",
    ]  # fmt: skip
    assert [n for n in range(1, 61) if can_schedule(n)] == [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]
    assert not can_schedule(90)


def test_a_block_is_replaced_and_others_stay() -> None:
    others = "MAILTO=me\n0 4 * * * backup"
    once = with_block(others, JOB)
    assert once.startswith(others + "\n# newsfold ")
    other_home = Job(JOB.command, 10, Path("/var/lib/news"))
    twice = with_block(with_block(once, other_home), Job(JOB.command, 30, HOME))
    assert twice.count("*/10") == twice.count("*/30") == 1
    assert without_block(without_block(twice, HOME), other_home.home) == others + "\n"
    assert without_block(others, HOME) == others


@pytest.mark.parametrize(("code", "mailed"), [(0, ""), (1, ""), (2, "it went wrong\n")])
def test_the_line_is_quiet_unless_the_crawl_failed(tmp_path: Path, code: int, mailed: str) -> None:
    home = tmp_path / "a home's"
    home.mkdir()
    words = ("sh", "-c", 'echo "$SAID"; exit "$0"', str(code))
    line = cron_line(Job(words, 10, home, (("SAID", "it went wrong"),)))
    command = line.split(" ", 5)[5].replace("\\%", "%")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (mailed, "")
    assert (home / "cron.log").read_text() == "it went wrong\n"


def test_of_two_runs_one_works(tmp_path: Path) -> None:
    end, log = tmp_path / "end", tmp_path / "cron.log"
    words = ("sh", "-c", f"echo run; until test -e {end}; do sleep 0.01; done")
    command = cron_line(Job(words, 10, tmp_path)).split(" ", 5)[5]
    with subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE) as first:
        while "run" not in (log.read_text() if log.exists() else ""):
            time.sleep(0.01)
        others = [subprocess.run(["sh", "-c", command], capture_output=True, check=False) for _ in range(2)]
        end.touch()
        assert [first.communicate()[0], *(other.stdout for other in others)] == [b"", b"", b""]
    assert log.read_text() == "run\n"


def test_units(tmp_path: Path) -> None:
    variables = (("NEWSFOLD_REDIS_URL", "redis://u:p%$w@h/0"),)
    units = systemd_units(Job(JOB.command, 15, HOME, variables))
    assert 'ExecStart=/opt/newsfold --home "/var/lib/news fold" crawl\n' in units["newsfold.service"]
    assert 'Environment="NEWSFOLD_REDIS_URL=redis://u:p%%$w@h/0"\n' in units["newsfold.service"]
    assert "OnUnitInactiveSec=15min" in units["newsfold.timer"]
    if shutil.which("systemd-analyze"):
        plain = systemd_units(Job(("/bin/true", "%", "$x y"), 15, HOME, variables))
        paths = [tmp_path / name for name in plain]
        for path in paths:
            path.write_text(plain[path.name])
        subprocess.run(["systemd-analyze", "verify", *map(str, paths)], check=True, capture_output=True)


@pytest.mark.skipif(
    not shutil.which("systemctl"), reason="systemctl is not installed (Debian package systemd)"
)
def test_systemctl_enables_the_timer(tmp_path: Path) -> None:
    folder = tmp_path / "etc" / "systemd" / "user"
    folder.mkdir(parents=True)
    for name, text in systemd_units(JOB).items():
        (folder / name).write_text(text)
    words = ["systemctl", f"--root={tmp_path}", "--global", "enable", "newsfold.timer"]
    subprocess.run(words, check=True, capture_output=True)
    assert (folder / "timers.target.wants" / "newsfold.timer").is_symlink()


@pytest.mark.skipif(not shutil.which("crontab") or os.geteuid() != 0, reason="no crontab to write to")
def test_a_real_crontab_takes_it() -> None:
    before = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
    job = Job(("/opt/100% news/newsfold", "crawl"), 10, Path("/var/lib/newsfold-test"))
    try:
        text = with_block(before.stdout if not before.returncode else "", job)
        subprocess.run(["crontab", "-"], input=text, text=True, check=True)
        listed = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=True).stdout
        assert cron_line(job) in listed
    finally:
        if before.returncode:
            subprocess.run(["crontab", "-r"], check=False, capture_output=True)
        else:
            subprocess.run(["crontab", "-"], input=before.stdout, text=True, check=True)
