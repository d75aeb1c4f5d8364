"""`eventready completion`: script of a shell, and the candidates for a command line."""

from __future__ import annotations

import os
import shlex

import click
from click.shell_completion import ShellComplete

from eventready.cli.context import App
from eventready.core.errors import EventreadyError

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
        click.echo(_SCRIPTS[shell], nl=False)
        return
    words, incomplete = split_line(os.environ.get("EVENTREADY_COMPLETE_LINE", ""))
    cut = 0
    if os.environ.get("EVENTREADY_COMPLETE_SHELL") != "fish":  # bash breaks words at these characters
        cut = max(incomplete.rfind("="), incomplete.rfind(":")) + 1
    for candidate in candidates(words, incomplete):
        click.echo(candidate.removeprefix(incomplete[:cut]))


def split_line(line: str) -> tuple[list[str], str]:
    """Complete words after the program's name, and the incomplete last word."""
    try:
        words = shlex.split(line)
    except ValueError:  # an open quotation mark
        words = line.replace('"', " ").replace("'", " ").split()
    if not words or line[-1:].isspace():
        return words[1:], ""
    return words[1:-1], words[-1]


def candidates(words: list[str], incomplete: str) -> list[str]:
    """Candidates for the word `incomplete` after the complete `words` (without the program's name)."""
    from eventready.cli.main import cli  # noqa: PLC0415  it imports the commands

    try:
        found = ShellComplete(cli, {"obj": App()}, "eventready", "").get_completions(words, incomplete)
    except EventreadyError:  # an unknown command
        return []
    if incomplete.startswith("-"):
        found += cli.shell_complete(click.Context(cli), incomplete)
    return sorted({item.value for item in found if item.type == "plain"})
