"""Context of an execution: workspace, store, clock, options, progress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol

from eventready.change.document import Plan, PlannedDevice
from eventready.change.execute.device.assignment import Word
from eventready.change.execute.device.driver import DeviceDriver
from eventready.change.execute.recorded import Backups
from eventready.change.execute.result import AssignmentResult
from eventready.change.plan.order import MAX_PARTNERS
from eventready.change.plan.places import windows_of_change
from eventready.change.times import RetryTiming, Timer
from eventready.core.clock import Clock
from eventready.facts.equipment import Equipment
from eventready.store.change_steps import Emergency
from eventready.store.store import Store
from eventready.workspace.keys.signing_keys import PrivateKey
from eventready.workspace.settings.event import Event
from eventready.workspace.workspace import Workspace


class ChangeProgress(Protocol):
    """Progress of a change; exceptions of the methods are ignored. Calls come from any thread."""

    def waits(self, change: str, at: datetime, real: datetime) -> None:
        """The change waits for its begin, recorded under this id; by the event's clock and in real time."""

    def begun(self, change: str, devices: int) -> None:
        """The change is recorded under this id."""

    def wave(self, number: int, of: int, devices: Sequence[str]) -> None:
        """A wave begins; numbers count from 1."""

    def step(self, device: str, step: str) -> None:
        """A device begins a step: precheck, read, backup, arm, apply, compare, verify, confirm, verify_state, save,
        revert, ...
        """

    def done(self, result: AssignmentResult) -> None:
        """Report a finished device."""


class NoChangeProgress:
    """Progress of a change without a display."""

    def begun(self, *_: object) -> None:
        """See ChangeProgress."""

    waits = wave = step = done = begun


@dataclass(frozen=True)
class Options:
    """Options of execution; times default to event.yaml. `soak_s` is a minimum; in a lab, the exact soak. `partners`
    limits the number of devices read beside the changed device. `way_in`: read the route back before the first line;
    the routes of a twin are not those of the device.

    `word` asks the operator before each confirmation.

    `by` is the operator. `unattended`: begun at a time without a person at the keys, within an approval; in a
    maintenance `window`, if named, and no wave begins outside of it. An
    `emergency` permits execution in a closed window, and is recorded. `atomic`: all devices or
    none; a plan can require the same. `fast`: a rollback without checks and
    soak. `key` signs the change, where the workspace has keys of appliers.
    """

    by: str
    host: str
    workers: int = 32
    confirm_within_s: int | None = None
    settle_s: float | None = None
    soak_s: float | None = None
    emergency: Emergency | None = None
    atomic: bool = False
    fast: bool = False
    unattended: bool = False
    window: str = ""
    word: Word | None = None
    key: PrivateKey | None = field(default=None, repr=False)
    partners: int = MAX_PARTNERS
    way_in: bool = True
    timing: RetryTiming = field(default_factory=RetryTiming)
    timer: Timer = field(default_factory=Timer)


@dataclass(frozen=True)
class ExecutionContext:
    """Workspace, store, clock, options and progress of an execution. `driver_for` replaces the driver in tests."""

    workspace: Workspace
    store: Store
    clock: Clock
    options: Options
    progress: ChangeProgress
    driver_for: Callable[[PlannedDevice], DeviceDriver] | None = None

    @cached_property
    def equipment(self) -> Equipment:
        """Devices of the workspace with their platforms."""
        return Equipment.of(self.workspace)

    def event_of(self, plan: Plan) -> Event:
        """Return the event with the windows in force for the devices of a plan. Raises StoreError."""
        return windows_of_change(self.workspace, self.store, self.clock, [one.name for one in plan.devices])

    @cached_property
    def backups(self) -> Backups:
        """Recorded configurations in the store, with the key of the workspace. Raises UsageError, RefusedError."""
        return Backups.of(self.workspace, self.store)
