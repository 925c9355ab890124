"""The figures on pages as Markdown tables, with the targets beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.harness import table
from benchmarks.page_systems import BARE, NEWSPAPER, NOTES, OURS

PAGE_KINDS = ("article", "live", "gallery", "video", "paywall", "consent", "missing", "index")
BODY_TARGETS = {"scrapinghub": 0.965, "fundus": 0.955}
LEAST_TITLES, LEAST_DATES, LEAST_RIGHT, MOST_LOST = 0.9, 0.97, 0.99, 0.005
LEAST_TRAFILATURA, LEAST_NEWSPAPER = 0.9, 1.0
_NOTHING = "–"

Row = Mapping[str, Any]


def targets(found: Row) -> list[dict[str, Any]]:
    """What is aimed at, and what was measured; None, and not met or missed, where nothing was."""
    return [
        {"what": what, "measured": got, "target": f"{sign} {aim}", "met": reached(got, sign, aim)}
        for what, got, sign, aim in _aims(found)
    ]


def _aims(found: Row) -> list[tuple[str, float | None, str, float]]:
    scores = {line["pages_from"]: line for line in found["body"] if line["system"] == OURS}
    fundus, headlines = scores.get("fundus", {}), found["headlines"]
    speed = {name: found["speed"].get(name, {}).get("ours_is") for name in (BARE, NEWSPAPER)}
    right = headlines["set_apart_as_headline"]["right"]
    return [
        *(
            (f"page F1, {name}", scores.get(name, {}).get("page_f1"), ">=", least)
            for name, least in BODY_TARGETS.items()
        ),
        ("titles right, from the page alone, fundus", fundus.get("title"), ">=", LEAST_TITLES),
        ("dates right, from the page alone, fundus", fundus.get("date"), ">=", LEAST_DATES),
        ("pages that keep the headline said again", headlines["keep_it"][OURS], "<=", 0),
        ("rightly set apart as headline said again", right, ">=", LEAST_RIGHT),
        ("share of pages with a paragraph lost to furniture", found["furniture"]["share"], "<=", MOST_LOST),
        (f"speed, times {BARE}", speed[BARE], ">=", LEAST_TRAFILATURA),
        (f"speed, times {NEWSPAPER}", speed[NEWSPAPER], ">", LEAST_NEWSPAPER),
    ]


def reached(got: float | None, sign: str, aim: float) -> bool | None:
    """Whether a target is met, None where nothing was measured; never by rounding."""
    if got is None:
        return None
    return {">=": got >= aim, ">": got > aim, "<=": got <= aim}[sign]


def report(found: Row, *, verbose: bool = False) -> str:
    """Everything; `verbose` adds each line that was judged wrong."""
    parts = [
        _conditions(found),
        *(f"{peer} is not installed: nothing of it was measured." for peer in found["not_installed"]),
        _body(found["body"]),
        "\n".join(f"{name}: {NOTES[name]}." for name in NOTES if name not in found["not_installed"]),
        _headlines(found["headlines"]),
        _furniture(found["furniture"]),
        _kinds(found["kinds"]),
        _speed(found["speed"], found["rounds"]),
        _targets(found["targets"]),
    ]
    return "\n\n".join([*parts, _details(found)] if verbose else parts)


def _conditions(found: Row) -> str:
    about = found["machine"]
    numbers = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return (
        f"{found['pages']} recorded pages; {about['cpu']}, {about['cores']} cores, "
        f"Python {about['python']}, {numbers}"
    )


def _body(scores: Sequence[Row]) -> str:
    heads = ["body", "set", "pages", "with text", "raised", "precision", "recall", "F1 of means", "page F1"]
    rows = [
        [
            line["system"],
            line["pages_from"],
            *(str(line[name]) for name in ("pages", "with_body", "failed")),
            *(f"{line[name]:.4f}" for name in ("precision", "recall", "f1", "page_f1")),
            *(_percent(line[name]) for name in ("title", "date")),
        ]
        for line in scores
    ]
    return table([*heads, "title", "date"], rows)


def _percent(share: float | None) -> str:
    return _NOTHING if share is None else f"{share:.1%}"


def _headlines(found: Row) -> str:
    heads = ["headline said again", "pages that keep it", f"of {found['pages']}"]
    most = max(1, found["pages"] - found["headline_unknown"])
    rows = [[name, str(count), f"{count / most:.1%}"] for name, count in found["keep_it"].items()]
    return "\n".join(
        [
            table(heads, rows),
            f"Headline not known on {found['headline_unknown']} of them.",
            f"Gold texts say the headline in {found['in_gold_text']} lines; the text lacks "
            f"{len(found['missing_from_text'])} of them.",
            *(
                f"Set apart as {what} said again: {one['segments']} segments, "
                f"rightly {_percent(one['right'])}; wrongly on {one['pages_with_wrong']} pages."
                for what in ("headline", "paragraph")
                for one in [found[f"set_apart_as_{what}"]]
            ),
        ]
    )


def _furniture(found: Row) -> str:
    return (
        f"Furniture: {found['segments']} segments; a paragraph of the gold text lost on "
        f"{found['pages_with_loss']} of {found['pages']} pages ({found['share']:.2%}), {len(found['lost'])} in all."
    )


def _kinds(found: Row) -> str:
    told = ", ".join(f"{kind} {len(files)}" for kind, files in found["files"].items() if files)
    return (
        f"Kinds: {found['told_otherwise']} of {found['pages']} articles told to be something else"
        f"{': ' if told else ''}{told}."
    )


def _speed(found: Row, rounds: int) -> str:
    if not found:
        return "Speed: not measured, this process may use one core only."
    heads = [
        "two processes",
        f"pages/s, median of {rounds}",
        "ours is",
        "CPU ms/page",
        "ours is",
        "rounds",
        "raised",
    ]
    rows = [
        [
            name,
            f"{line['pages_per_s']:.1f}",
            f"× {line['ours_is']:.2f}",
            f"{line['cpu_ms_a_page']:.1f}",
            f"× {line['ours_is_in_cpu']:.2f}",
            " ".join(f"{rate:.0f}" for rate in line["rounds"]),
            str(line["failed"]),
        ]
        for name, line in found.items()
    ]
    return table(heads, rows)


def _targets(aims: Sequence[Row]) -> str:
    said = {True: "met", False: "missed", None: "not measured"}
    rows = [
        [aim["what"], _NOTHING if aim["measured"] is None else f"{aim['measured']:.4f}", aim["target"], said[aim["met"]]]
        for aim in aims
    ]  # fmt: skip
    return table(["target", "measured", "wanted", "result"], rows)


def _details(found: Row) -> str:
    lists = {
        "headline kept": found["headlines"]["kept"],
        "headline of the gold text missing": found["headlines"]["missing_from_text"],
        "wrongly a headline": found["headlines"]["set_apart_as_headline"]["wrong"],
        "wrongly a paragraph said again": found["headlines"]["set_apart_as_paragraph"]["wrong"],
        "lost to furniture": found["furniture"]["lost"],
    }
    told = [f"told to be {kind}: {file}" for kind, files in found["kinds"]["files"].items() for file in files]
    return "\n".join(
        [
            *(
                f"{what}: {one['file']}: {one['kind']}, {one['place']}: {one['text']}"
                for what, some in lists.items()
                for one in some
            ),
            *told,
        ]
    )
