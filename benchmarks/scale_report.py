"""The tables of `benchmarks.scale`, and the projection with its arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.harness import table

# A day has hours in which three times the mean arrives; a core, and a node's one thread, is planned to be busy for 60 %.
PEAK, BUSY = 3.0, 0.6
# What fetching brings besides: processor time of reading a page (benchmarks.pages), new articles a day of a feed.
PAGE_US, FEED_ARTICLES = 20_900, 20
MILLIONS, RETENTIONS = (1, 10, 100), (30, 14, 7)


def report(found: Mapping[str, Any]) -> str:
    """Everything that was measured, in Markdown."""
    made = found["machine"]
    parts = [
        f"{made['cores']} cores ({made['cpu']}), Python {made['python']}; {found['memory']['articles']:,} articles indexed.",
        *(f"Workers on {where}:\n\n{workers_table(rows)}" for where, rows in found["workers"].items()),
        f"`newsfold ingest`:\n\n{ingest_table(found['ingest'])}",
        ingest_sentence(found["ingest"], int(made["cores"])),
        memory_table(found["memory"]),
        "Projection from the first table's single worker:\n\n" + projection_table(*costs(found)),
    ]
    return "\n\n".join(parts)


def workers_table(rows: Sequence[Mapping[str, float]]) -> str:
    """Rates and costs by workers."""
    heads = ["workers", "articles/s", "of one worker's", "worker µs", "server µs", "cores busy"]
    return table(
        heads,
        [
            [
                f"{row['workers']:.0f}",
                f"{row['articles_per_s']:,.0f}",
                f"× {row['articles_per_s'] / rows[0]['articles_per_s']:.2f}",
                f"{row['worker_us']:,.0f}",
                f"{row['server_us']:,.0f}",
                f"{row['articles_per_s'] * (row['worker_us'] + row['server_us']) / 1e6:.2f}",
            ]
            for row in rows
        ],
    )


def ingest_table(rows: Sequence[Mapping[str, float]]) -> str:
    """Rates and costs by processes."""
    heads = ["processes", "articles/s", "of one process's", "processes µs", "server µs", "to start, s"]
    return table(
        heads,
        [
            [
                f"{row['processes']:.0f}",
                f"{row['articles_per_s']:,.0f}",
                f"× {row['articles_per_s'] / rows[0]['articles_per_s']:.2f}",
                f"{row['processes_us']:,.0f}",
                f"{row['server_us']:,.0f}",
                f"{row['start_s']:.1f}",
            ]
            for row in rows
        ],
    )


def ingest_sentence(rows: Sequence[Mapping[str, float]], cores: int) -> str:
    """What is asked of several processes on two cores, and the most that the cores could give."""
    one, best = rows[0], max(rows[1:], key=lambda row: row["articles_per_s"])
    ratio = best["articles_per_s"] / one["articles_per_s"]
    most = cores * 1e6 / (one["processes_us"] + one["server_us"]) / one["articles_per_s"]
    met = "met" if ratio >= 1.6 else "missed"
    return (
        f"The best of several, {best['processes']:.0f} processes, against twice one's rate: {ratio / 2:.0%} (80 % asked on two "
        f"cores: {met}). {cores} cores that did nothing but the work of one process and its server could do × {most:.2f}."
    )


def memory_table(memory: Mapping[str, Any]) -> str:
    """Bytes an article by kind of key, and of a million articles."""
    count, whole = memory["articles"], memory["article_bytes"]
    kinds = sorted(memory["kinds"].items(), key=lambda item: -item[1]["bytes"])
    rows = [[kind, f"{one['keys']:,}", one["bytes"] / count] for kind, one in kinds]
    rows.append(["tables of keys and expiries, allocator", "", whole - sum(float(row[2]) for row in rows)])
    rows.append(["all that the server allocated", "", whole])
    told = [[kind, keys, f"{size:,.0f}", f"{size / 1e3:,.2f}"] for kind, keys, size in rows]
    return table(["memory", "keys", "B an article", "GB a million"], told)


def costs(found: Mapping[str, Any]) -> tuple[float, float, float]:
    """Microseconds of an article in a worker and in the server, and its bytes."""
    one = next(iter(found["workers"].values()))[0]
    return one["worker_us"], one["server_us"], found["memory"]["article_bytes"]


def projection_table(worker_us: float, server_us: float, article_bytes: float) -> str:
    """What so many articles a day take."""
    heads = ["million articles a day", *(f"{millions:,}" for millions in MILLIONS)]
    columns = [dict(projected(millions, worker_us, server_us, article_bytes)) for millions in MILLIONS]
    return table(heads, [[name, *(column[name] for column in columns)] for name in columns[0]])


def projected(
    millions: float, worker_us: float, server_us: float, article_bytes: float
) -> Iterator[tuple[str, str]]:
    """One column of it, a row a step of the arithmetic."""
    mean = millions * 1e6 / 86_400
    peak = PEAK * mean
    yield "articles/s: mean", f"{mean:,.1f}"
    yield f"at the peak (× {PEAK:g})", f"{peak:,.0f}"
    yield f"cores that place (peak × {worker_us:,.0f} µs ÷ {BUSY:g})", f"{peak * worker_us / 1e6 / BUSY:,.1f}"
    yield f"cores that read pages (peak × {PAGE_US:,} µs ÷ {BUSY:g})", f"{peak * PAGE_US / 1e6 / BUSY:,.1f}"
    nodes = peak * server_us / 1e6 / BUSY
    yield f"Redis for time, nodes' worth (peak × {server_us:,.0f} µs ÷ {BUSY:g})", f"{nodes:,.2f}"
    for days in RETENTIONS:
        yield f"GB for {days} days", f"{millions * article_bytes * days / 1e3:,.0f}"
    yield f"feeds ({FEED_ARTICLES} new articles a day each)", f"{millions * 1e6 / FEED_ARTICLES:,.0f}"
