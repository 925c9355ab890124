"""One ingest from beginning to end, in this process or in several."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from crawler.pool import Extractors
from newsfold.ending import InputEnding
from newsfold.errors import NewsfoldError
from newsfold.intake.crew import Crew
from newsfold.intake.files import Reading, Source
from newsfold.intake.hand import Hand, Office, OwnOffice
from newsfold.intake.ledger import Ledger
from newsfold.logs import configure
from pipelines.desk import Desk, DeskOptions
from storage.errors import StorageError
from storage.failover import failed_over
from storage.positions import Positions

_FAILED_OVER = (
    "Redis has failed over in between, and its new master may lack the last that was stored: run it again; "
    "what is there is not stored twice"
)


@dataclass(frozen=True, slots=True)
class Setup:
    """What every process needs; `extractors` are those of all processes together, 0 for as many as cores."""

    desk: DeskOptions
    extractors: int
    log_level: str
    log_json: bool


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of it: articles by verdict, lines that were none, lines that an earlier run had placed.

    `signal` is what ended it, or 0; `left` whether lines were read that are not stored; `fault` what kept it from being
    whole, or "".
    """

    verdicts: Mapping[str, int]
    skipped: int
    before: int
    signal: int
    left: bool
    fault: str

    def counts(self) -> dict[str, int]:
        """The figures, in the order they are told."""
        read = sum(self.verdicts.values())
        return {"read": read, "skipped": self.skipped, "before": self.before, **self.verdicts}


def ingest(
    setup: Setup,
    sources: Sequence[Source],
    processes: int,
    tell: Callable[[str], None],
    done: Callable[[int], None],
    *,
    again: bool,
) -> Ingested:
    """Place all articles of the sources; `tell` is given sentences, `done` numbers of articles.

    Nothing is raised for what goes wrong after the beginning: what was placed until then is told as well.
    """
    desk = Desk(setup.desk)
    ledger = Ledger(Positions(desk.client, desk.keys, setup.desk.retention), tell, done, again=again)
    ending = InputEnding(desk.give_up)
    reading = Reading(sources, ledger, ending)
    with ending.listening():
        try:
            if processes == 1:
                _alone(desk, setup, reading, ledger)
            else:
                Crew(partial(_beside, setup, processes), reading, ledger, ending).run(processes)
        except (NewsfoldError, StorageError) as error:
            reading.faults.append(str(error))
    if failed_over(desk.client):
        ledger.forget()
        reading.faults.append(_FAILED_OVER)
    return Ingested(
        dict(sorted(ledger.verdicts.items())),
        ledger.skipped,
        ledger.before,
        ending.signal,
        bool(ledger.out),
        "; ".join(reading.faults),
    )


def _alone(desk: Desk, setup: Setup, reading: Reading, ledger: Ledger) -> None:
    with Extractors(setup.extractors or None) as extractors:
        Hand(desk, extractors, OwnOffice(iter(reading), ledger)).work()


def _beside(setup: Setup, processes: int, office: Office) -> None:
    """One of several processes; together they have as many extracting processes as one alone."""
    configure(setup.log_level, as_json=setup.log_json)
    extractors = max(1, (setup.extractors or os.cpu_count() or 1) // processes)
    with Extractors(extractors) as pool:
        Hand(Desk(setup.desk), pool, office).work()
