"""Driver of a device: the operations of a change, and their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from eventready.change.execute.device.verify import Findings
from eventready.change.forms.configuration import Configuration
from eventready.change.guard import PendingChange, SendResult, StepResult
from eventready.change.safety.way_in import WayIn
from eventready.core.messages import Message
from eventready.store.change_steps import ChangeStep
from eventready.store.evidence import PackedEvidence


@dataclass(frozen=True)
class ConfigurationReading:
    """A running configuration, and the parsed answers (command: redacted text)."""

    configuration: Configuration
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Verification:
    """Verdict on the change (`good`), and the measurement in a single line.

    `unmeasured`: no check became worse, but some have no measurement any more.
    """

    good: bool
    summary: str | Message
    unmeasured: bool = False


@dataclass(frozen=True)
class VerifyTimes:
    """Seconds: `limit_s` until no check is worse, then `soak_s` in which none becomes worse again.

    `soaking` is called when the soak begins.
    """

    limit_s: float
    soak_s: float
    soaking: Callable[[], None] = lambda: None


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

    def shown(self, command: str) -> str:
        """Return the answer to a read-only command; empty without an answer."""

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
        step: ChangeStep,
        *,
        evidence: tuple[PackedEvidence, ...] = (),
        releases_lock: bool = False,
    ) -> None:
        """Record a step of this device durably. Raises StoreError if the write failed."""
