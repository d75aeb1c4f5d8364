"""A small workspace, and the commands of `eventready lab` in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from eventready.cli.context import App
from eventready.cli.main import cli
from eventready.core.errors import UsageError
from eventready_lab.cli import command

EVENT = """
id: rehearsal
name: Rehearsal
recipient: {name: Department, email: someone@example.org}
venues:
  - {id: hall, name: Hall, services: [mobile, wifi]}
"""
GROUPS = """
bsc:
  platform: osmocom_bsc
  port: 4242
  password: env:SOME_PASSWORD
  data: {role: bts_controller, venues: [hall], allow_cleartext: true}
"""
HOSTS = """
bsc-1:
  hostname: 192.0.2.51
  groups: [bsc]
  data:
    expect:
      sites: [{name: S1, venue: hall}]
      cells: [{name: S1, site: S1, venue: hall}]
      core_links: ["0"]
    x_note: the old one
enb-1:
  hostname: 192.0.2.61
  platform: huawei_enb
  data: {role: bts_controller, venues: [hall], endpoint: mae-1, element: ENB1, allow_cleartext: true,
         expect: {cells: [{name: C1, venue: hall}]}}
enb-2:
  hostname: 192.0.2.61
  platform: huawei_enb
  data: {role: bts_controller, venues: [hall], endpoint: mae-1, element: ENB2, allow_cleartext: true,
         expect: {cells: [{name: C2, venue: hall}]}}
odd-1:
  hostname: 192.0.2.99
  platform: something_else
  data: {role: bts_controller, venues: [hall]}
"""


@contextmanager
def small_workspace(folder: Path) -> Iterator[Path]:
    """A workspace below `folder`; its lab is stopped at the end."""
    inventory = folder / "ws" / "inventory"
    inventory.mkdir(parents=True)
    for name, text in (("event", EVENT), ("groups", GROUPS), ("hosts", HOSTS)):
        (inventory / f"{name}.yaml").write_text(text, encoding="utf-8")
    (inventory / "limits.yaml").write_text("", encoding="utf-8")
    yield inventory.parent
    invoke(inventory.parent, "down")


def invoke(workspace: Path, *args: str, output: Any = "table") -> Result:
    """Run a lab command, with the settings of the whole command line: click keeps the help option of a command."""
    return CliRunner().invoke(command, args, obj=App(workspace, output), **cli.context_settings)


def json_of(workspace: Path, *args: str) -> Any:
    """The JSON output of a lab command that succeeds."""
    result = invoke(workspace, *args, output="json")
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


def refusal(result: Result) -> str:
    """The error message of a refused command."""
    assert isinstance(result.exception, UsageError), result.exception
    return str(result.exception)
