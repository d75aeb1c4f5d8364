"""Records between the process of a change and its terminals: JSON, a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from eventready.change.execute.result import ApplyResult, AssignmentResult
from eventready.core.errors import Exit
from eventready.core.records import Kinds, Moment, Words


@dataclass(frozen=True)
class ProcessOf:
    """First record to a terminal: plan, operator, host and number of the process, and its change once begun."""

    plan: str
    by: str
    host: str
    pid: int
    change: str = ""


@dataclass(frozen=True)
class BeginsAt:
    """The change waits for its begin, by the event's clock and in real time."""

    change: str
    at: Moment
    real: Moment


@dataclass(frozen=True)
class ChangeBegun:
    """The change is recorded, with its number of devices."""

    change: str
    devices: int


@dataclass(frozen=True)
class WaveBegun:
    """A wave begins; numbers count from 1."""

    number: int
    of: int
    devices: tuple[str, ...]


@dataclass(frozen=True)
class StepBegun:
    """A device begins a step."""

    device: str
    step: str


@dataclass(frozen=True)
class DeviceDone:
    """A device has ended."""

    result: AssignmentResult


@dataclass(frozen=True)
class OperatorQuestion:
    """OperatorQuestion to the operator: the word on a wave (`yes`, `no`), or a login's code for a single use.

    `until_s`: monotonic seconds of this machine. `text`: the question of a login.
    """

    number: int
    about: Literal["word", "code"]
    until_s: float
    devices: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True)
class QuestionOver:
    """A question has its answer, or no time left."""

    number: int


@dataclass(frozen=True)
class Finished:
    """Last record: the result of the change."""

    result: ApplyResult


@dataclass(frozen=True)
class NoResult:
    """Last record of a change without a result: the reason, a sentence, and the exit code."""

    reason: Words
    exit: Exit


@dataclass(frozen=True)
class OperatorAnswer:
    """OperatorAnswer of a terminal to a question; the first counts."""

    number: int
    text: str


@dataclass(frozen=True)
class Interrupt:
    """No further device begins, and devices without a confirmation revert."""


ToTerminal: TypeAlias = (
    ProcessOf
    | BeginsAt
    | ChangeBegun
    | WaveBegun
    | StepBegun
    | DeviceDone
    | OperatorQuestion
    | QuestionOver
    | Finished
    | NoResult
)
FromTerminal: TypeAlias = OperatorAnswer | Interrupt
TO_TERMINAL: Kinds[ToTerminal] = Kinds("kind", {
    "process": ProcessOf, "begins_at": BeginsAt, "begun": ChangeBegun, "wave": WaveBegun, "step": StepBegun,
    "done": DeviceDone, "question": OperatorQuestion, "over": QuestionOver, "finished": Finished, "failed": NoResult,
})  # fmt: skip
FROM_TERMINAL: Kinds[FromTerminal] = Kinds("kind", {"answer": OperatorAnswer, "interrupt": Interrupt})
