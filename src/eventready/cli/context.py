"""What every command is given: where the workspace is, the event's clock, and how to print."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from eventready.clock import Clock

if TYPE_CHECKING:
    from eventready.workspace.workspace import Workspace

Output = Literal["table", "json", "ndjson"]


@dataclass
class App:
    """Made once by `main`, handed to commands by `@click.pass_obj`."""

    workspace_path: Path = Path()
    output: Output = "table"
    clock: Clock = field(default_factory=Clock)

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace, loaded and validated on first use."""
        from eventready.workspace.workspace import load_workspace  # noqa: PLC0415  commands without one start faster

        return load_workspace(self.workspace_path)

    def emit(self, document: Any) -> None:
        """Print data on stdout: one JSON document, or one line per item of a list with ndjson."""
        if self.output == "ndjson" and isinstance(document, Iterable) and not isinstance(document, str | Mapping):
            for item in document:
                click.echo(json.dumps(item, ensure_ascii=False))
            return
        indent = None if self.output == "ndjson" else 1
        click.echo(json.dumps(document, ensure_ascii=False, indent=indent))

    def say(self, message: str) -> None:
        """A message for the person, on stderr."""
        click.echo(message, err=True)

    @staticmethod
    @contextmanager
    def perhaps_unread() -> Iterator[None]:
        """Printing whose reader (`head`, a pager) may go away: what comes after stays the same, the exit code too."""
        try:
            yield
            sys.stdout.flush()
        except (BrokenPipeError, SystemExit):  # rich leaves by SystemExit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    @property
    def interactive(self) -> bool:
        """True when a person watches stderr."""
        return sys.stderr.isatty()
