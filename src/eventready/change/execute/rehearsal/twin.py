"""Simulated twin of the devices of a plan, reached by entry point."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from eventready.core.clock import Clock
from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.workspace.workspace import Workspace

#: Entry points of functions that simulate the devices of a workspace; see `TwinFactory`.
GROUP = "eventready.twins"


@dataclass(frozen=True)
class TwinFault:
    """Fault of a device of the twin, with its arguments."""

    device: str
    fault: str
    arguments: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> TwinFault:
        """Parse `DEVICE FAULT [NAME=VALUE ...]`. Raises UsageError."""
        try:
            words = shlex.split(text)
        except ValueError:
            words = []
        pairs = [word.partition("=") for word in words[2:]]
        if len(words) < 2 or not all(name and equals for name, equals, _value in pairs):
            raise UsageError(message("change:rehearsal.fault", text=text))
        return cls(words[0], words[1], {name: value for name, _equals, value in pairs})


class Twin(Protocol):
    """Simulated devices; their addresses and logins are in the workspace copy."""

    @property
    def not_loaded(self) -> Mapping[str, Message]:
        """Devices without their configuration, each with the reason."""

    def inject(self, device: str, fault: str, arguments: Mapping[str, str]) -> None:
        """Inject a fault. Raises UsageError."""


class TwinFactory(Protocol):
    """An entry point of `GROUP`."""

    def __call__(
        self, workspace: Workspace, configurations: Mapping[str, str], folder: Path, clock: Clock
    ) -> AbstractContextManager[Twin]:
        """Simulate the devices for the block, with these configurations, and write a workspace copy to `folder`."""


def twin_factory() -> TwinFactory:
    """Return the installed simulation. Raises UsageError if there is none."""
    for point in entry_points(group=GROUP):
        try:
            factory: TwinFactory = point.load()
        except ImportError:
            continue
        return factory
    raise UsageError(message("change:rehearsal.no_lab"))
