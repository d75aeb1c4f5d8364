"""How devices are read: values of event.yaml, and options in their place."""

from __future__ import annotations

import json
from typing import Any

import click
import pytest
from click.testing import CliRunner

from eventready.cli.audit import audit as work
from eventready.cli.commands import COMMANDS, load_command, subcommands
from eventready.cli.context import App
from eventready.cli.declare.audit import audit
from eventready.cli.main import cli
from eventready.core.errors import WorkspaceError
from eventready.workspace.workspace import load_workspace
from tests.workspace.conftest import EVENT, Make

READING = EVENT + "reading: {workers: 64, interval_s: 2.5, time_limit_s: 600}\n"
OF_A_FLEET = ("workers", "interval", "time_limit")


@pytest.mark.parametrize(
    ("reading", "says"),
    [
        ("workers: 0", "at least 1"),
        ("workers: many", "number"),
        ("interval_s: -1", "at least 0"),
        ("time_limit_s: 0.5", "at least 1"),
        ("worker: 64", "workers"),
    ],
)
def test_a_setting_that_does_not_hold_is_named_with_its_line(make: Make, reading: str, says: str) -> None:
    with pytest.raises(WorkspaceError) as error:
        load_workspace(make(event=EVENT + f"reading: {{{reading}}}\n"))
    assert says in str(error.value)
    assert f"event.yaml:{EVENT.count(chr(10)) + 1}" in str(error.value)


@pytest.mark.parametrize(
    ("event", "arguments", "used"),
    [
        (EVENT, [], (32, 10.0, 7200.0)),
        (READING, [], (64, 2.5, 600.0)),
        (READING, ["--interval", "0", "--workers", "1"], (1, 0.0, 600.0)),
    ],
    ids=["neither", "workspace", "option"],
)
def test_an_option_wins_over_the_workspace(
    make: Make, monkeypatch: pytest.MonkeyPatch, event: str, arguments: list[str], used: tuple[float, ...]
) -> None:
    taken: list[Any] = []

    def noted(*_: object, options: Any, **_more: object) -> None:
        taken.append((options.workers, options.interval_s, options.time_limit_s))
        raise KeyboardInterrupt

    monkeypatch.setattr(work, "audit", noted)
    folder = make(event=event)
    (folder / "saved").mkdir()
    CliRunner().invoke(audit, ["--from", str(folder / "saved"), *arguments], obj=App(folder))
    assert taken == [used]


def test_doctor_shows_them(make: Make) -> None:
    shown = CliRunner().invoke(cli, ["-w", str(make(event=READING)), "-o", "json", "doctor"])
    details = {one["name"]: one["detail"] for one in json.loads(shown.stdout)}
    assert "64 devices at once, 2.5 s" in details["reading"]


def test_every_command_with_such_an_option_has_its_value_from_the_workspace() -> None:
    commands = [one for name in COMMANDS for one in _with_children(name)]
    options = [one for command in commands for one in command.params if one.name in OF_A_FLEET]
    own = [one for one in options if "event.yaml" not in (getattr(one, "help", "") or "")]
    assert len(options) > 8
    assert len(own) == 1, "a worker of a cluster has no workspace of the event"


def _with_children(name: str) -> list[click.Command]:
    command = load_command(name)
    return [command, *(child for _, child in subcommands(command, name))]
