"""Coverage-guided fuzzing of one target (libFuzzer by Atheris): python tests/fuzz/run.py feed|page|lines [options].

Options are libFuzzer's (`-max_total_time=60`). What it finds is written to .fuzz/ and belongs into tests/data/fuzz/,
where an ordinary test reads it ever after.
"""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]
with atheris.instrument_imports(
    include=["crawler", "dedup", "pipelines.ingest", "pipelines.clean", "feedparser"]
):
    from targets import TARGETS


def main() -> None:
    """Fuzz until the time is up or something is found."""
    name, *options = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    corpus = HERE.parents[1] / ".fuzz" / name
    corpus.mkdir(parents=True, exist_ok=True)
    known = HERE.parent / "data" / "fuzz" / name
    words = HERE / f"{name}.dict"
    given = [
        "-max_len=4096", "-timeout=10", "-rss_limit_mb=1500", "-print_final_stats=1", "-verbosity=1", f"-dict={words}",
        f"-artifact_prefix={corpus.parent}/found-{name}-", *options, str(corpus), str(HERE / "seeds" / name),
        *([str(known)] if known.is_dir() else []),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *given], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
