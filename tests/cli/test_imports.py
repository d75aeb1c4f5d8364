"""Imports of the command line: help, version and completion load no command's body."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from eventready.cli.commands import COMMANDS, load_command
from eventready.cli.workspace.schema import KINDS, schema_models

#: Modules of a process that prints help.
MOST = 250
COUNTED = """
import os, sys
from eventready.cli.main import main
for words in {lines!r}:
    if not (pid := os.fork()):
        sys.stdout = open(os.devnull, "w")
        try:
            main(words)
        except SystemExit:
            pass
        os.write(2, (str(len(sys.modules)) + " " + " ".join(words) + "\\n").encode())
        os._exit(0)
    os.waitpid(pid, 0)
"""


def paths(command: click.Command, *words: str) -> Iterator[list[str]]:
    """Words of a command and of its subcommands."""
    yield list(words)
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from paths(child, *words, name)


@pytest.mark.slow
def test_help_version_and_completion_load_few_modules(tmp_path: Path) -> None:
    commands = [words for name in COMMANDS for words in paths(load_command(name), name)]
    lines = [
        ["completion", "bash"],
        ["completion", "words"],
        ["--version"],
        ["--help"],
        ["--lang", "vi", "audit", "--help"],
    ]
    lines += [[*words, "--help"] for words in commands]
    done = subprocess.run(
        [sys.executable, "-c", COUNTED.format(lines=lines)],
        check=True, capture_output=True, text=True, env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
    )  # fmt: skip
    counts = done.stderr.splitlines()
    assert len(counts) == len(lines)
    index_is_made_once = counts[1:]
    assert not [line for line in index_is_made_once if int(line.split()[0]) > MOST]


def test_names_of_schemas_are_those_of_the_models() -> None:
    assert sorted(KINDS) == sorted([*schema_models(), "limits"])


@pytest.mark.slow
def test_a_body_runs_with_the_names_that_its_module_left(tmp_path: Path) -> None:
    script = f"from eventready.cli.main import main; main(['-w', {str(tmp_path)!r}, 'runs', 'list'])"
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
