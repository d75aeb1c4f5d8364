"""Diagnose the access to devices: which step of opening a session fails, and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum

from eventready.core.errors import EventreadyError
from eventready.core.messages import Message, message
from eventready.platforms.model import PlatformSpec
from eventready.session.connect import open_session
from eventready.session.reply import SessionError
from eventready.session.steps import ConnectStep, Trace
from eventready.session.target import Target

_WORKERS = 16
#: Families of messages about settings, and the step that needs the setting.
_SETTINGS = {
    "workspace:secret": ConnectStep.LOGIN,
    "session:key": ConnectStep.LOGIN,
    "session:jump_cycle": ConnectStep.JUMP,
    "session:jump_invalid": ConnectStep.JUMP,
}


class StepState(StrEnum):
    """Result of a step."""

    OK = "ok"
    FAILED = "failed"
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class DiagnosisStep:
    """Step with its detail, or with the error and its remedy."""

    step: ConnectStep
    state: StepState
    detail: str | Message = ""
    remedy: str | Message = ""


@dataclass(frozen=True)
class Diagnosis:
    """Steps of a device in order, without steps absent from its protocol and route."""

    device: str
    steps: tuple[DiagnosisStep, ...]

    @property
    def failed(self) -> DiagnosisStep | None:
        """Failed step; None for a reachable device."""
        return next((result for result in self.steps if result.state is StepState.FAILED), None)


#: Returns the target and the platform of a device; raises EventreadyError for an invalid inventory or reference.
Describe = Callable[[], tuple[Target, PlatformSpec]]


def diagnose_all(devices: Iterable[str], diagnose_one: Callable[[str], Diagnosis]) -> Iterator[Diagnosis]:
    """Diagnose devices in parallel; yield the results in the given order."""

    def diagnosed(device: str) -> Diagnosis:
        try:
            return diagnose_one(device)
        except SessionError as error:
            return Diagnosis(device, tuple(_failed_steps(Trace(), error)))

    with ThreadPoolExecutor(max_workers=_WORKERS) as pool:
        yield from pool.map(diagnosed, devices)


def diagnose(device: str, describe: Describe) -> Diagnosis:
    """Open a session with a single attempt, and close the session. No command of an audit is sent."""
    trace = Trace()
    try:
        target, spec = describe()
        target = replace(target, attempts=1)
        if target.jump is not None:
            trace.detail(ConnectStep.ROUTE, target.route)
        open_session(target, spec, trace).close()
    except EventreadyError as error:
        return Diagnosis(device, tuple(_failed_steps(trace, error)))
    return Diagnosis(device, tuple(_ok(step, trace) for step in ConnectStep if step in trace.done))


def _ok(step: ConnectStep, trace: Trace) -> DiagnosisStep:
    return DiagnosisStep(step, StepState.OK, trace.done[step])


def _failed_steps(trace: Trace, error: EventreadyError) -> Iterator[DiagnosisStep]:
    """Yield the completed steps, the failed step, and the later steps."""
    failed = _step_of(error) or trace.current
    failed = failed or next((step for step in ConnectStep if step not in trace.done), ConnectStep.PRIVILEGE)
    for step in ConnectStep:
        if step is failed:
            detail = message("session:at", where=error.place, what=error.cause) if error.where else error.cause
            remedy = error.remedy or message(f"session:check.{step.replace(' ', '_')}")
            yield DiagnosisStep(step, StepState.FAILED, detail, remedy)
        elif step in trace.done:
            yield _ok(step, trace)
        elif list(ConnectStep).index(step) > list(ConnectStep).index(failed):
            yield DiagnosisStep(step, StepState.NOT_REACHED)


def _step_of(error: EventreadyError) -> ConnectStep | None:
    """Return the step of a missing or invalid setting; such a setting is found before the first step."""
    cause: object = error.message
    while isinstance(cause, Message) and "cause" in cause.params:
        cause = cause.params["cause"]
    family = cause.id.partition(".")[0] if isinstance(cause, Message) else ""
    return _SETTINGS.get(family)
