"""Imports of the command line: help, version and completion load no command's body."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import get_args

import click
import pytest

from eventready.clauses.proof import State
from eventready.cli.declare.work import PLACE, function
from eventready.cli.declare.workspace import SCHEMAS
from eventready.cli.workspace.schema import schema_models
from eventready.incidents.incident import ADDRESSEES, HOWS, KINDS, SERVICES
from tests.declared import declared

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


@pytest.mark.slow
def test_help_version_and_completion_load_few_modules() -> None:
    lines = [
        ["completion", "bash"],
        ["completion", "words"],
        ["--version"],
        ["--help"],
        ["--lang", "vi", "audit", "--help"],
    ]
    lines += [[*words.split(), "--help"] for words in declared()]
    done = subprocess.run(
        [sys.executable, "-c", COUNTED.format(lines=lines)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    counts = done.stderr.splitlines()
    assert len(counts) == len(lines)
    assert not [line for line in counts if int(line.split()[0]) > MOST]


def test_names_of_schemas_are_those_of_the_models() -> None:
    assert sorted(SCHEMAS) == sorted([*schema_models(), "limits"])


@pytest.mark.parametrize(
    ("words", "parameter", "choices"),
    [
        ("duties", "states", get_args(State)),
        ("incident new", "kind", KINDS),
        ("incident new", "how", HOWS),
        ("incident new", "notified", ADDRESSEES),
        ("incident new", "services", SERVICES),
    ],
)
def test_choices_are_those_of_the_records(words: str, parameter: str, choices: tuple[str, ...]) -> None:
    (found,) = [one.type for one in declared()[words].params if one.name == parameter]
    assert isinstance(found, click.Choice)
    assert set(found.choices) == set(choices)


@pytest.mark.parametrize("words", [words for words, one in declared().items() if hasattr(one.callback, PLACE)])
def test_a_command_declares_the_parameters_of_its_work(words: str) -> None:
    command = declared()[words]
    declares = {str(one.name) for one in command.params if one.expose_value}
    done = function(getattr(command.callback, PLACE))
    context, *others = inspect.signature(done).parameters.values()
    assert context.name in ("app", "_app")
    assert {one.kind for one in others} <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}
    takes = {one.name for one in others if one.kind is one.KEYWORD_ONLY}
    if values := next((one.annotation for one in others if one.kind is one.VAR_KEYWORD), None):
        if values == "Any":  # the options of a kind of paper
            assert takes - {"kind"} <= declares
            return
        (record,) = get_args(eval(values, inspect.unwrap(done).__globals__))
        takes |= record.__annotations__.keys()
    assert declares == takes
