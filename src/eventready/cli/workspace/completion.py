"""`eventready completion`: script of a shell, and the candidates for a command line."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from typing import Any

import click

from eventready.cli.commands import COMMANDS, load_command
from eventready.cli.context import App
from eventready.cli.workspace.completion_index import KINDS, Index, complete, index_file, load_index

_BASH = """\
_eventready() {
    local IFS=$'\\n'
    COMPREPLY=($(EVENTREADY_COMPLETE_LINE="${COMP_LINE:0:COMP_POINT}" eventready completion words 2>/dev/null))
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -o default -F _eventready eventready
"""
_SCRIPTS = {
    "bash": _BASH,
    "zsh": f"autoload -Uz bashcompinit && bashcompinit\n{_BASH}",
    "fish": (
        "complete -c eventready -f -a "
        "'(EVENTREADY_COMPLETE_SHELL=fish EVENTREADY_COMPLETE_LINE=(commandline -cp) eventready completion words)'\n"
    ),
}


def command(_app: App, *, shell: str) -> None:
    """Print the completion script of a shell: commands, options, devices, runs, clauses, venues and faults."""
    if shell != "words":
        index_file().unlink(missing_ok=True)
        load_index(build_index)
        click.echo(_SCRIPTS[shell], nl=False)
        return
    words, incomplete = split_line(os.environ.get("EVENTREADY_COMPLETE_LINE", ""))
    cut = 0
    if os.environ.get("EVENTREADY_COMPLETE_SHELL") != "fish":  # bash breaks words at these characters
        cut = max(incomplete.rfind("="), incomplete.rfind(":")) + 1
    for candidate in complete(load_index(build_index), words, incomplete):
        click.echo(candidate[cut:])


def split_line(line: str) -> tuple[list[str], str]:
    """Complete words after the program's name, and the incomplete last word."""
    try:
        words = shlex.split(line)
    except ValueError:  # an open quotation mark
        words = line.replace('"', " ").replace("'", " ").split()
    if not words or line[-1:].isspace():
        return words[1:], ""
    return words[1:-1], words[-1]


def build_index() -> Index:
    """Index of all commands; imports every command."""
    from eventready.cli.main import cli  # noqa: PLC0415  for a new index only
    from eventready.cli.workspace.docs import pages, pages_folder  # noqa: PLC0415  completion words need none of these
    from eventready.platforms.loader import platform_names  # noqa: PLC0415  for a new index only

    index: dict[str, dict[str, Any]] = {"": _entry(cli, list(COMMANDS))}
    for name in COMMANDS:
        index.update(_entries(name, load_command(name)))
    index[""] |= {"faults": fault_names(), "platforms": list(platform_names()), "pages": list(pages(pages_folder()))}
    return index


def fault_names() -> list[str]:
    """Names of the faults of the lab, empty without the lab."""
    from importlib.metadata import entry_points  # noqa: PLC0415  for a new index only

    for point in entry_points(group="eventready.completions", name="faults"):
        try:
            return sorted(point.load())
        except ImportError:
            return []
    return []


def _entries(path: str, command: click.Command) -> Iterator[tuple[str, dict[str, Any]]]:
    children = command.commands if isinstance(command, click.Group) else {}
    yield path, _entry(command, list(children))
    for name, child in children.items():
        yield from _entries(f"{path} {name}", child)


def _entry(command: click.Command, children: list[str]) -> dict[str, Any]:
    options: dict[str, dict[str, Any]] = {"--help": {"value": False, "choices": [], "kind": ""}}
    arguments = []
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            spec = {"value": not (parameter.is_flag or parameter.count), **_values(parameter, parameter.metavar)}
            options |= dict.fromkeys(parameter.opts, spec)
        else:
            arguments.append(_values(parameter, parameter.metavar))
    return {"commands": children, "options": options, "arguments": arguments}


def _values(parameter: click.Parameter, metavar: str | None) -> dict[str, Any]:
    choices = list(parameter.type.choices) if isinstance(parameter.type, click.Choice) else []
    names = [(metavar or "").strip("[].").split("=")[0].split("|")[0], (parameter.name or "").upper()]
    return {"choices": choices, "kind": next((KINDS[name] for name in names if name in KINDS), "")}
