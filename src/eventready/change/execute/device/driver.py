"""Types of the device machine: assignment, device driver, step log, stop signals, result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from eventready.change.execute.device.checks import Findings
from eventready.change.execute.device.verify import OpenIssues
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.tree import Tree
from eventready.change.guard.guard import PendingChange, SendResult, StepResult
from eventready.change.guard.soak import Soak
from eventready.change.guard.window import RetryTiming
from eventready.change.plan.scope import Drift
from eventready.change.safety.way_in import WayIn
from eventready.core.messages import Message, message, rendered
from eventready.store.evidence import PackedEvidence


class DeviceOutcome(StrEnum):
    """State of a device after a change. `untouched`: no line was sent. `unproven`: a person must look at the device.

    `by_hand`: an operator released it without a proof of its state.
    """

    NEW = "new"
    OLD = "old"
    UNTOUCHED = "untouched"
    UNPROVEN = "unproven"
    BY_HAND = "by_hand"


@dataclass(frozen=True)
class AssignmentResult:
    """Result of a device; `why` is a sentence unless the outcome is as planned.

    `refused`: a rule forbade the change, and no line was sent. `held_back`: the change stopped before this device.
    `recorded`: the result is in the store and the lock is released (not for an unproven device, and not for a new
    device while an atomic change lasts). `released`: an operator decided the outcome.
    """

    device: str
    outcome: DeviceOutcome
    why: str = ""
    refused: bool = False
    held_back: bool = False
    recorded: bool = True
    released: bool = False


@dataclass(frozen=True)
class ConfigurationReading:
    """A running configuration, and the parsed answers (command: redacted text)."""

    configuration: Configuration
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Verification:
    """Verdict on the change (`good`), and the measurement in a single line."""

    good: bool
    summary: str


@dataclass(frozen=True)
class VerifyTimes:
    """Seconds: `limit_s` until no check is worse, then `soak_s` in which none becomes worse again."""

    limit_s: float
    soak_s: float


@dataclass(frozen=True)
class GuardTerms:
    """The guard of this device: kind, seconds, and whether the device reverts without eventready."""

    kind: str
    seconds: int
    device_side: bool


class DeviceDriver(Protocol):
    """Operations on a device. All raise EventreadyError; a lost session is opened again when needed."""

    def precheck(self) -> Findings:
        """Run the audit's checks."""

    def verify(self, before: Findings, times: VerifyTimes, sleep: Callable[[float], None]) -> Verification:
        """Run the checks until none is worse than before, observe the device for the soak, and run them again."""

    def read(self) -> ConfigurationReading:
        """Read the running configuration."""

    def startup(self) -> Configuration | None:
        """Read the startup configuration; None for a device without a command for this."""

    def way_in(self, running: Configuration) -> WayIn:
        """Read the route from the device back to this machine."""

    def terms(self, running: Configuration) -> GuardTerms:
        """Choose the guard; later calls return the same guard."""

    def probe_guard(self) -> None:
        """Check the tools, rights and disk space of the chosen guard. Raises RefusedError if the guard cannot work."""

    def pending(self) -> PendingChange | None:
        """Return the armed and unconfirmed change on the device."""

    def arm(self) -> StepResult:
        """Arm the guard."""

    def apply(self, lines: Sequence[str]) -> SendResult:
        """Send the lines, each once."""

    def confirm(self) -> StepResult:
        """Confirm the change."""

    def revert(self) -> StepResult:
        """Make the device revert at once."""

    def save(self) -> StepResult:
        """Save the running configuration as the startup configuration."""

    def login_again(self) -> None:
        """Log in on a new connection, and reach the prompt; raises SessionError. The present session stays open."""

    def disconnect(self) -> None:
        """Close the session; the next call opens a new session."""


class StepLog(Protocol):
    """Journal of a single device."""

    def __call__(
        self,
        step: str,
        body: Mapping[str, Any],
        *,
        evidence: tuple[PackedEvidence, ...] = (),
        releases_lock: bool = False,
    ) -> None:
        """Record a step of this device durably. Raises StoreError if the write failed."""


#: Keeps a device in the new state: longest time in seconds, and a sleep that an interruption ends.
Hold: TypeAlias = Callable[[float, Callable[[float], None]], None]
#: Reason on record for a device whose temporary change has ended.
HOLD_OVER = rendered("change:why.hold_over")

#: Reasons for devices of an interrupted change.
INTERRUPTIONS = frozenset(
    {
        "change:why.interrupted",
        "change:why.interrupted_at",
        "change:why.interrupted_before",
        "change:why.interrupted_turn",
    }
)


@dataclass
class StopSignals:
    """Signals from the change to its devices: sentences, empty while there is none.

    `hold`: devices that have not armed a guard do not start. `abort`: devices that are not confirmed revert.
    """

    hold: str = ""
    abort: str = ""


@dataclass(frozen=True)
class Assignment:
    """Work on a device. `before` is the SHA-256 of the planned running configuration, `predicted` the fingerprint of
    the configuration after the change. `forward` is sent; `backward` is the way back as read by approvers.

    `target` computes the target tree from the present one; `refuse` raises RefusedError for forbidden lines;
    `unrelated` returns the drift outside of the plan's sections, from the present tree and its target, None for a drift
    in a section of the plan; `explain_drift` names the change that altered the running configuration; `soak` gives the
    observation time of a change from the old to the new tree; `startup` is the fingerprint of the planned startup
    configuration, None if it does not matter. `tolerated` are the issues before a change that this one rolls back: they
    may occur again. `hold` keeps the new state for a drill, up to so many seconds and with a sleep that an interruption
    ends; the way back follows instead of verification and confirmation. `check_way_in` judges the change from the
    present to the target tree by the route back as read now: it returns the risks that the plan does not state, or
    raises RefusedError; None where the route back is not read.
    """

    device: str
    form: ConfigurationForm
    before: str
    predicted: str
    forward: tuple[str, ...]
    backward: tuple[str, ...]
    target: Callable[[Tree], Tree]
    refuse: Callable[[Sequence[str], Configuration], None] = lambda _lines, _running: None
    unrelated: Callable[[Tree, Tree], Drift | None] = lambda _before, _target: None
    explain_drift: Callable[[Configuration], str | Message] = lambda _found: message("change:drift.changed")
    startup: str | None = None
    tolerated: OpenIssues = ()
    hold: Hold | None = None
    check_way_in: Callable[[WayIn, Tree, Tree], tuple[str, ...]] | None = None
    settle_s: float = 90.0
    soak: Callable[[Tree, Tree], Soak] = lambda _before, _target: Soak(0.0, "none")
    timing: RetryTiming = field(default_factory=RetryTiming)
