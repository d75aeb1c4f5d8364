"""Modes and results of a change: of each device, and of the whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from eventready.core.errors import Exit, most_severe
from eventready.core.records import Words
from eventready.store.change_steps import DeviceOutcome, Done
from eventready.store.changes import ChangeRecord


class ChangeMode(StrEnum):
    """Mode of a change, recorded in its header.

    `apply`: forward; a device without the new state stops the others. `atomic`: as `apply`; new devices stay locked,
    and a partial change is taken back. `rollback`: an operator's way back, which goes on past devices that do not
    answer. `fast_rollback`: the same without checks and soak. `take_back`: the way back of a partial atomic change,
    which no device stops. `drill`: forward, kept for a time, and back.
    """

    APPLY = "apply"
    ATOMIC = "atomic"
    ROLLBACK = "rollback"
    FAST_ROLLBACK = "fast_rollback"
    TAKE_BACK = "take_back"
    DRILL = "drill"

    @property
    def goes_back(self) -> bool:
        """Return True for a way back: its lines were judged with the change, and are never refused."""
        return self in (ChangeMode.ROLLBACK, ChangeMode.FAST_ROLLBACK, ChangeMode.TAKE_BACK)

    @property
    def verifies(self) -> bool:
        """Return True if checks and a soak precede the confirmation; the configuration is always compared."""
        return self is not ChangeMode.FAST_ROLLBACK


@dataclass(frozen=True)
class AssignmentResult:
    """Result of a device; `why` is a sentence unless the outcome is as planned.

    `refused`: a rule forbade the change, and no line was sent. `held_back`: the change stopped before this device.
    `recorded`: the result is in the store and the lock is released (not for an unproven device, and not for a new
    device while an atomic change lasts). `released`: an operator decided the outcome. `unfit`: a line was refused for
    its content, or a check is worse. `goes_back`: of a way back.
    """

    device: str
    outcome: DeviceOutcome
    why: Words = ""
    refused: bool = False
    held_back: bool = False
    recorded: bool = True
    released: bool = False
    unfit: bool = field(default=False, compare=False)
    goes_back: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class ApplyResult:
    """The result of a change: its id, every device's result in the order of the waves, and the exit code.

    `trouble` is empty, or names the records that could not be written: the change then stays open. `partial`: the
    change is atomic, and its confirmed devices are not taken back yet.
    """

    change: str
    results: tuple[AssignmentResult, ...]
    exit: Exit
    trouble: Words = ""
    partial: bool = False


def is_partial(results: Iterable[AssignmentResult]) -> bool:
    """Return True if some devices are new and others not. A released device does not count as new."""
    results = tuple(results)
    new = [result for result in results if result.outcome is DeviceOutcome.NEW]
    return len(new) < len(results) and any(not result.released for result in new)


def exit_code(results: Iterable[AssignmentResult], mode: ChangeMode) -> Exit:
    """Return 6 for an unproven device, and for a device out of reach of a way back; 5 for an unfinished change, 7
    for a change refused before any device was touched.
    """
    results = tuple(results)
    codes = set()
    touched = any(result.outcome is not DeviceOutcome.UNTOUCHED for result in results)
    held_back = False
    for result in results:
        unreached = result.outcome is DeviceOutcome.UNTOUCHED and not (result.refused or result.held_back)
        if result.outcome is DeviceOutcome.UNPROVEN or (unreached and mode.goes_back):
            codes.add(Exit.REVERT_FAILED)
        elif unreached or result.outcome in (DeviceOutcome.OLD, DeviceOutcome.BY_HAND):
            codes.add(Exit.CHANGE_REVERTED)
        elif result.refused:
            codes.add(Exit.CHANGE_REVERTED if touched else Exit.REFUSED)
        held_back = held_back or result.held_back
    return most_severe(codes or ({Exit.CHANGE_REVERTED} if held_back else set()))


def recorded_result(record: ChangeRecord, device: str) -> AssignmentResult | None:
    """Return the recorded result of a finished device; None for an unproven or unfinished device."""
    result = last_result(record, device)
    return None if result.outcome is DeviceOutcome.UNPROVEN else result


def last_result(record: ChangeRecord, device: str) -> AssignmentResult:
    """Return the last recorded result of a device; a device without a result is unproven."""
    steps = record.of(device)
    end = steps[-1].body if steps else None
    if not isinstance(end, Done):
        return AssignmentResult(device, DeviceOutcome.UNPROVEN, "It has no recorded result.", recorded=False)
    return AssignmentResult(device, end.outcome, end.why, end.refused, end.held_back, released=end.released)
