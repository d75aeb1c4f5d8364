"""`eventready init`: a workspace from the example."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.cli.context import App
from eventready.workspace.example import copy_example

_NEXT = """The Trà Vinh example is in {folder}. Make it yours:
  inventory/event.yaml    what happens, where and when
  inventory/hosts.yaml    the devices, and what must be there
  inventory/duties.yaml   who answers for which clause
Next:
  cd {folder}
  eventready doctor       what is missing on this machine
  eventready lab up       rehearse on simulated devices before the real ones"""


@click.command(short_help="Make a workspace from the Trà Vinh example")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.pass_obj
def command(app: App, folder: Path) -> None:
    """Copy the Trà Vinh example into DIR, which must not exist or be empty."""
    written = copy_example(folder)
    if app.output == "table":
        app.say(_NEXT.format(folder=folder))
    else:
        app.emit({"workspace": str(folder), "files": [path.as_posix() for path in written]})
