"""Networks for drills: a lab, reached by entry point, or the production network."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from eventready.core.errors import UsageError
from eventready.core.messages import Message, message
from eventready.drill.spec import Failure, Probe
from eventready.session.probes.stream import StreamTarget

#: Simulated devices, real software on one machine, or the network in service.
Network: TypeAlias = Literal["embedded", "real", "production"]

#: Entry points of functions from a workspace folder to its `DrillTarget`, or None when the folder is not theirs.
GROUP = "eventready.drill_targets"


class DrillTarget(Protocol):
    """A network on which failures can be made and repaired. Every method may raise UsageError."""

    @property
    def description(self) -> str | Message:
        """The network in a few words, for the record: `embedded lab`, `FRR 10.3, OsmoBSC 1.13`."""

    @property
    def network(self) -> Network:
        """The kind of network."""

    @property
    def rehearsal(self) -> bool:
        """False on the production network only."""

    def fail(self, failure: Failure) -> None:
        """Make the failure and return at once; the probes measure the consequences."""

    def repair(self, failure: Failure) -> None:
        """Repair the failure; without a failure do nothing."""

    def stands(self, failure: Failure) -> bool:
        """True while the failure is there."""

    def stream(self, probe: Probe) -> StreamTarget:
        """Where a probe stream goes."""


class TargetFactory(Protocol):
    """An entry point of `GROUP`."""

    def __call__(self, workspace: Path) -> DrillTarget | None:
        """The target of a workspace folder; None when the folder is not a lab of this kind."""


def target_of(workspace: Path) -> DrillTarget:
    """The lab of a workspace folder. Raises UsageError when no lab runs there."""
    for point in entry_points(group=GROUP):
        factory: TargetFactory = point.load()
        target = factory(workspace)
        if target is not None:
            return target
    raise UsageError(message("drill:target.no_lab", workspace=str(workspace.resolve())))
