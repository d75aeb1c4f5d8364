"""Records of a change: its header, its plan, and its steps.

Steps of a device are recorded before they are taken; the change itself has steps for its begin and its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from eventready.core.messages import Message, message
from eventready.core.records import Kinds, Shape, Stream, Words


@dataclass(frozen=True)
class Emergency:
    """Emergency change: the ticket and the two responsible people."""

    ticket: str
    requested_by: str
    approved_by: str

    @property
    def summary(self) -> Message:
        """Return the people and the ticket."""
        return message("change:emergency", **vars(self))


@dataclass(frozen=True)
class Approval:
    """Signature of a person: name, real time (UTC), key and signature (base64)."""

    by: Annotated[str, Field(min_length=1, max_length=200)]
    key: Annotated[str, Field(max_length=100)]
    at: Annotated[str, Field(max_length=60)]
    signature: Annotated[str, Field(max_length=200)]


@dataclass(frozen=True)
class ChangeHeader:
    """Statements about a change at its beginning: operator, host, plan (id), approvers and mode.

    `rolls_back` is the change that this one rolls back, `removes` the plan (id) of which it removes the lines, or
    empty; `event_time` the event's time (ISO 8601), in a `rehearsal` not the real one. `emergency` and `applied` (the
    signature) are None where there is none.
    `planner_signed`: a key proves the planner; else one person may be planner and approver.
    """

    by: str
    host: str
    plan: str = ""
    mode: str = "apply"
    approved_by: tuple[str, ...] = ()
    rolls_back: str = ""
    removes: str = ""
    event_time: str = ""
    rehearsal: bool = False
    emergency: Emergency | None = None
    applied: Approval | None = None
    planner_signed: bool = False


@dataclass(frozen=True)
class PlanDrill:
    """Drill of a plan."""

    name: str


@dataclass(frozen=True)
class PlanUntil:
    """End of the lines of a plan: event time (ISO 8601), and its window, or empty."""

    at: str
    window: str = ""

    @property
    def moment(self) -> datetime:
        """Return the time, aware."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True)
class PlanSummary:
    """Summary of a plan: id, hash, planner, intents, waves of devices, its drill, and the end of its lines."""

    id: str = ""
    sha256: str = ""
    by: str = ""
    intents: tuple[str, ...] = ()
    waves: tuple[tuple[str, ...], ...] = ()
    drill: PlanDrill | None = None
    until: PlanUntil | None = None


@dataclass(frozen=True)
class RecordedPlan:
    """Plan with its approvals."""

    plan: PlanSummary
    approvals: tuple[Approval, ...] = ()


PLAN_FILE = Shape(RecordedPlan, others="ignore")


#: Lines of a drift named in a sentence.
_NAMED = 5


class DeviceOutcome(StrEnum):
    """Outcome of a device by its plan: `new` is the target of the plan, which in a way back is as before the change.

    `untouched`: no line was sent. `unproven`: a person must look at the device. `by_hand`: an operator released it
    without a proof of its state.
    """

    NEW = "new"
    OLD = "old"
    UNTOUCHED = "untouched"
    UNPROVEN = "unproven"
    BY_HAND = "by_hand"


#: States of a device for people and scripts: the same words forward and back.
WITH_CHANGE, AS_BEFORE = "with_change", "as_before"


def absolute_state(outcome: DeviceOutcome, *, goes_back: bool) -> str:
    """Return the state of a device with an outcome; `goes_back`: of a way back."""
    if outcome in (DeviceOutcome.UNPROVEN, DeviceOutcome.BY_HAND):
        return outcome.value
    return WITH_CHANGE if (outcome is DeviceOutcome.NEW) is not goes_back else AS_BEFORE


#: State of a device, decided by an operator: `new` and `old` must be proven by the configuration; `by-hand` claims
#: nothing.
Claim: TypeAlias = Literal["new", "old", "by-hand"]


@dataclass(frozen=True)
class Drift:
    """Differing sections outside of a plan, by their first lines; `gone`: a count."""

    changed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: int = 0

    @property
    def summary(self) -> Message:
        """Return the drift as a sentence."""
        lines = [*(f"~ {line}" for line in self.changed), *(f"+ {line}" for line in self.new)]
        more = len(lines) - _NAMED
        shown = [*lines[:_NAMED], *([f"(+{more})"] if more > 0 else []), *([f"- ({self.gone})"] if self.gone else [])]
        return message("change:drift.outside", lines="; ".join(shown))


@dataclass(frozen=True)
class StoredConfiguration:
    """Configuration with its hash; `answers`: each command with the name of its evidence, encrypted with `key`."""

    sha256: str
    answers: tuple[tuple[str, str], ...]
    key: str = ""


@dataclass(frozen=True)
class ChangeStep:
    """Step of a device; the device is empty for a step of the change itself."""

    device: str


@dataclass(frozen=True)
class Begun(ChangeStep):
    """The change begins: its header, and the hash of its plan."""

    plan: str
    header: ChangeHeader


@dataclass(frozen=True)
class Precheck(ChangeStep):
    """The checks are run."""


@dataclass(frozen=True)
class Read(ChangeStep):
    """Reading of the configuration. `issues`: checks, subjects and states without a pass before."""

    issues: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Drifted(ChangeStep):
    """Sections outside of the plan have changed."""

    drift: Drift


@dataclass(frozen=True)
class WayInRisks(ChangeStep):
    """Risks of the way in, missing in the plan."""

    risks: tuple[Words, ...]


@dataclass(frozen=True)
class Backup(ChangeStep):
    """The configuration before the change is kept."""

    kept: StoredConfiguration


@dataclass(frozen=True)
class Arm(ChangeStep):
    """The guard is armed; `seconds` of a guard on the device."""

    guard: str
    seconds: int = 0
    device_side: bool = False
    way_back: tuple[str, ...] = ()
    route_back: str = ""


@dataclass(frozen=True)
class Apply(ChangeStep):
    """A number of lines is sent; `again`: lost lines."""

    lines: int
    again: bool = False


@dataclass(frozen=True)
class Compare(ChangeStep):
    """The configuration is compared with the target."""


@dataclass(frozen=True)
class Verify(ChangeStep):
    """The checks are run again, and the device is observed; `held`: by a drill."""

    soak_s: float = 0.0
    soak_reason: str = ""
    held: bool = False


@dataclass(frozen=True)
class AskWord(ChangeStep):
    """Question to the operator."""


@dataclass(frozen=True)
class Confirm(ChangeStep):
    """The change is confirmed; `verified`: the measurement."""

    verified: Words = ""


@dataclass(frozen=True)
class VerifyState(ChangeStep):
    """The new state is read after the confirmation."""


@dataclass(frozen=True)
class Save(ChangeStep):
    """The new configuration is kept, and saved on the device."""

    kept: StoredConfiguration


@dataclass(frozen=True)
class GoBack(ChangeStep):
    """The device reverts."""

    why: Words = ""


@dataclass(frozen=True)
class Rollback(ChangeStep):
    """The inverse lines are sent."""

    lines: tuple[str, ...]
    risks: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Release(ChangeStep):
    """An operator ends the device's part; `unread`: why the device was not read."""

    claim: Claim
    by: str
    host: str
    why: str
    unread: Words = ""
    difference: tuple[str, ...] = ()
    kept: StoredConfiguration | None = None


@dataclass(frozen=True)
class Done(ChangeStep):
    """The device has an outcome. The booleans are those of `AssignmentResult`; `sha256`: of the read configuration."""

    outcome: DeviceOutcome
    why: Words = ""
    sha256: str = ""
    refused: bool = False
    held_back: bool = False
    released: bool = False


@dataclass(frozen=True)
class Ended(ChangeStep):
    """The process of the change ends: outcome by device and exit code; `partial`: confirmed devices to take back."""

    exit: int
    all_proven: bool
    outcomes: dict[str, DeviceOutcome] = field(default_factory=dict)
    partial: bool = False


STEPS: Kinds[ChangeStep] = Kinds("step", {
    "begun": Begun, "precheck": Precheck, "read": Read, "drift": Drifted, "way_in": WayInRisks, "backup": Backup,
    "arm": Arm, "apply": Apply, "compare": Compare, "verify": Verify, "word": AskWord, "confirm": Confirm,
    "verify_state": VerifyState, "save": Save, "revert": GoBack, "rollback": Rollback, "release": Release,
    "done": Done, "ended": Ended,
})  # fmt: skip
STREAM = Stream("change step", STEPS)
