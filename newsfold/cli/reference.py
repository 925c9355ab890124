"""The reference of all commands in Markdown, from what the commands say of themselves.

`python -m newsfold.cli.reference > docs/cli.md` writes it; a test compares the two.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import typer

_HEAD = """# Commands

Made from the program by `python -m newsfold.cli.reference > docs/cli.md`; a test compares the two.

The options under [newsfold](#newsfold) may stand before or after any command. Every command has `--help`; `--json` writes JSON
for programs. At a terminal output is in columns and cut to its width; into a pipe it goes whole, without header, colour and frames, a
line a row, parted by tabs. Errors are one sentence on stderr.

| exit code | means |
|---|---|
| 0 | done |
| 1 | `crawl`: some feeds failed; `feeds check`: it is no feed; `doctor`: something is wrong; `notify --once`: some wait for another try |
| 2 | it could not be done, or was asked wrongly |

`newsfold --install-completion` teaches the shell (bash, zsh, fish, PowerShell) to complete commands and options.
"""


def reference() -> str:
    """The whole document."""
    from newsfold.cli import app

    root: Any = typer.main.get_command(app)
    parts = [_HEAD, *_section("newsfold", root)]
    for panel, commands in _panels(root).items():
        parts.append(f"## {panel}\n")
        for name, command in commands.items():
            parts += _section(f"newsfold {name}", command)
            for inner, below in getattr(command, "commands", {}).items():
                parts += _section(f"newsfold {name} {inner}", below)
    return "\n".join(parts)


def _panels(root: Any) -> Mapping[str, dict[str, Any]]:
    """The commands under the headings of `--help`."""
    panels: dict[str, dict[str, Any]] = {}
    for name, command in root.commands.items():
        panels.setdefault(getattr(command, "rich_help_panel", None) or "Others", {})[name] = command
    return panels


def _section(name: str, command: Any) -> Iterator[str]:
    level = "##" if name == "newsfold" else "###"
    yield f"{level} {name}\n"
    yield inspect.cleandoc(command.help or "") + "\n"
    params = [param for param in command.params if not _is_own(param)]
    arguments = [param for param in params if param.param_type_name == "argument"]
    usage = " ".join([name, *map(_usage, arguments), *(["COMMAND"] if hasattr(command, "commands") else [])])
    yield f"```\n{usage} [OPTIONS]\n```\n"
    if rows := [_row(param) for param in params]:
        yield "\n".join(["| | |", "|---|---|", *rows]) + "\n"
    if command.epilog:
        yield f"{command.epilog.replace('Example: ', 'Example: `', 1)}`\n"


def _is_own(param: Any) -> bool:
    """Options of the library, which every command has."""
    return bool({"--help", "--install-completion", "--show-completion"} & set(param.opts))


def _usage(param: Any) -> str:
    name = _value(param).strip("[]")
    name = name if name.endswith("...") or param.nargs == 1 else f"{name}..."
    return name if param.required else f"[{name}]"


def _value(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _row(param: Any) -> str:
    if param.param_type_name == "argument":
        name = _usage(param)
    else:
        name = ", ".join(param.opts) + ("" if param.is_flag else f" {_value(param)}")
    told = (param.help or "").rstrip(".") + "."
    is_flag = getattr(param, "is_flag", False)
    if not (is_flag or param.required or param.default in (None, "", (), 0)):
        told += f" Default: {getattr(param.default, 'value', param.default)}."
    return "| `{}` | {} |".format(*(text.replace("|", "\\|") for text in (name, told.lstrip("."))))


if __name__ == "__main__":
    typer.echo(reference(), nl=False)
