"""What the state machine of a device works with: its assignment, the device in its hand, its record, its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from eventready.change.configuration import Configuration
from eventready.change.guard import Applied, Done, Pending
from eventready.change.timing import Patience
from eventready.change.tree import Tree
from eventready.change.verify import Amiss, Findings
from eventready.platforms.model import ChangeSpec
from eventready.store.evidence import Packed


class Outcome(StrEnum):
    """Where a device is after a change. `untouched`: no line was sent to it. `unproven`: a person must look now."""

    NEW = "new"
    OLD = "old"
    UNTOUCHED = "untouched"
    UNPROVEN = "unproven"


@dataclass(frozen=True)
class Ending:
    """What became of one device; `why` is a sentence unless all went as planned.

    `refused`: a rule forbade it, and nothing was done. `held_back`: it was not this device's turn any more. `recorded`:
    it stands in the store, and the lock is given back (not that of an unproven device).
    """

    device: str
    outcome: Outcome
    why: str = ""
    refused: bool = False
    held_back: bool = False
    recorded: bool = True


@dataclass(frozen=True)
class Reading:
    """A running configuration, and the answers that it was read from (command: redacted text)."""

    configuration: Configuration
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Verified:
    """Whether the change may stay, and what was seen, in a line."""

    good: bool
    said: str


@dataclass(frozen=True)
class GuardTerms:
    """What guards this device: the kind, its seconds, and whether the device comes back without us."""

    kind: str
    seconds: int
    by_itself: bool


class Hand(Protocol):
    """A device as the machine handles it. All raise EventreadyError; a lost session is opened anew when needed."""

    def look(self) -> Findings:
        """The audit's checks."""

    def settle(self, before: Findings, limit_s: float, nap: Callable[[float], None]) -> Verified:
        """Look until nothing is worse than before, or the limit."""

    def read(self) -> Reading:
        """The running configuration."""

    def startup(self) -> Configuration | None:
        """What a restart would bring back; None where the device cannot tell."""

    def terms(self, running: Configuration) -> GuardTerms:
        """Choose the guard; the same one again once it is chosen."""

    def pending(self) -> Pending | None:
        """What is armed on the device and not confirmed."""

    def arm(self) -> Done:
        """Arm the guard."""

    def apply(self, lines: Sequence[str]) -> Applied:
        """Send the lines, each once."""

    def confirm(self) -> Done:
        """Let what runs stand."""

    def revert(self) -> Done:
        """Make the device go back at once."""

    def save(self) -> Done:
        """Make what runs what a restart brings back."""

    def let_go(self) -> None:
        """Give up the session; the next call opens another."""


class Log(Protocol):
    """The change's record."""

    def __call__(
        self, step: str, body: Mapping[str, Any], *, evidence: tuple[Packed, ...] = (), gives_back: bool = False
    ) -> None:
        """Record a step of this device; on return it is on the disk. Raises StoreError, and then it is not."""


#: How what becomes of a device begins where a person took the change back under way; it stands on record.
CALLED_BACK = "The change was called back"


@dataclass
class Orders:
    """What the change as a whole tells its devices. Sentences; empty while all is well.

    `no_more`: who has not armed yet does not begin. `back`: who has not been confirmed yet goes back.
    """

    no_more: str = ""
    back: str = ""


@dataclass(frozen=True)
class Assignment:
    """What is to be done on one device. `before` is the SHA-256 of the configuration that the plan was made for, and
    `predicted` the fingerprint of the one that it leads to. `forward` is sent; `backward` is what people were shown.

    `wanted` gives the tree to reach from the tree that is there; `refuse` raises RefusedError for lines that no one may
    send; `moved` says who made the configuration that is found in the place of the plan's. `tolerated` is what was
    amiss before a change that this one takes back (`change.verify.amiss`): it may be so again.
    """

    device: str
    spec: ChangeSpec
    before: str
    predicted: str
    forward: tuple[str, ...]
    backward: tuple[str, ...]
    wanted: Callable[[Tree], Tree]
    refuse: Callable[[Sequence[str], Configuration], None] = lambda _lines, _running: None
    moved: Callable[[Configuration], str] = lambda _found: "Somebody has changed it since; make a new plan."
    tolerated: Amiss = ()
    settle_s: float = 90.0
    patience: Patience = field(default_factory=Patience)
