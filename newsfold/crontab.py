"""Lines for cron and units for systemd that run the crawl: one at a time, logged, and heard of only when it failed."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

# A crawl that some feeds failed in ends with 1, which is every day's news; only 2 asks for somebody.
_FAILED = 2


@dataclass(frozen=True, slots=True)
class Job:
    """What to run: the program with its options, how many minutes apart, where its lock and log are, and the variables
    that cron and systemd would not give it."""

    command: tuple[str, ...]
    minutes: int
    home: Path
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.home / "cron.log"

    @property
    def lock(self) -> Path:
        """What a run holds while it lasts."""
        return self.home / "cron.lock"


def schedule(minutes: int) -> str:
    """The five fields of a crontab line for every so many minutes: a divisor of an hour, or whole hours up to a day."""
    if minutes < 60:
        return f"*/{minutes} * * * *" if minutes > 1 else "* * * * *"
    hours = minutes // 60
    return "0 0 * * *" if hours == 24 else f"0 */{hours} * * *" if hours > 1 else "0 * * * *"


def can_schedule(minutes: int) -> bool:
    """Whether cron can count so."""
    return 60 % minutes == 0 if minutes < 60 else minutes % 60 == 0 and 24 % (minutes // 60) == 0


def cron_line(job: Job) -> str:
    """The line: silent while all is well, the end of the log where the crawl could not do its work."""
    # -o: nothing that the crawl starts may hold the lock after it.
    words = ("flock", "-n", "-o", "-E", "0", str(job.lock), *job.command)
    variables = [f"{name}={shlex.quote(value)}" for name, value in job.variables]
    command = " ".join([*variables, *map(shlex.quote, words)])
    log = shlex.quote(str(job.log))
    line = f"{command} >>{log} 2>&1; [ $? -lt {_FAILED} ] || tail -n 20 {log}"
    # cron takes a percent sign for the end of the line.
    return f"{schedule(job.minutes)} {line.replace('%', chr(92) + '%')}"


def _marks(home: Path) -> tuple[str, str]:
    return f"# newsfold {home} begin", f"# newsfold {home} end"


def without_block(crontab: str, home: Path) -> str:
    """A crontab without the lines of this data folder."""
    begin, end = map(re.escape, _marks(home))
    return re.sub(rf"^{begin}\n.*?^{end}(?:\n|\Z)", "", crontab, flags=re.M | re.S)


def with_block(crontab: str, job: Job) -> str:
    """A crontab with the line of this data folder, in the place of what it was before."""
    begin, end = _marks(job.home)
    rest = without_block(crontab, job.home)
    if rest and not rest.endswith("\n"):
        rest += "\n"
    return f"{rest}{begin}\n{cron_line(job)}\n{end}\n"


def _quoted(word: str, dollar: str = "$$") -> str:
    """A word as systemd reads it."""
    plain = re.fullmatch(r"[\w@+=:,./-]+", word)
    escaped = re.sub(r'(["\\])', r"\\\1", word).replace("%", "%%").replace("$", dollar)
    return word if plain else f'"{escaped}"'


def systemd_units(job: Job) -> dict[str, str]:
    """The two units by the names of their files."""
    variables = "".join(f"Environment={_quoted(f'{name}={value}', '$')}\n" for name, value in job.variables)
    service = f"""[Unit]
Description=newsfold: poll the due feeds and fold what is new
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
{variables}ExecStart={" ".join(map(_quoted, job.command))}
# 1 says that some feeds failed, which newsfold feeds --broken tells.
SuccessExitStatus=1
# The private Redis that a run starts stays for the next one.
KillMode=process
Nice=5
"""
    timer = f"""[Unit]
Description=newsfold: crawl every {job.minutes} minutes

[Timer]
OnBootSec=2min
OnUnitInactiveSec={job.minutes}min
RandomizedDelaySec=30

[Install]
WantedBy=timers.target
"""
    return {"newsfold.service": service, "newsfold.timer": timer}
