"""eventready as ordinary Nornir tasks, for anyone's own Nornir script with their own inventory.

from nornir import InitNornir
from eventready.tasks import apply_plan, read_facts, run_checks

nr = InitNornir(...)                       # hosts whose `platform` is one of ours
facts = nr.run(task=read_facts)            # result: tuple[Observation, ...] per host
found = nr.run(task=run_checks)            # result: tuple[Finding, ...] per host

with begun(workspace, load_plan(path), store=..., clock=..., options=..., watch=...) as change:   # change.apply
    for wave in change.waves:              # workspace.nornir() has the hosts; the order is the plan's
        nr.filter(filter_func=lambda host: host.name in wave).run(task=apply_plan, change=change)
change.done.exit                           # result: Ending per host, and of all of them together
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from nornir.core.task import Result, Task

from eventready.checks.matrix import build_matrix
from eventready.checks.runner import judge
from eventready.facts.observation import Observation
from eventready.facts.platform import Platform, load_platform
from eventready.facts.read import commands_for, observe, unreached
from eventready.session.connect import Session
from eventready.session.plugin import CONNECTION, register
from eventready.session.reply import SessionError
from eventready.workspace.inventory import device_of

register()


def read_facts(
    task: Task, facts: Sequence[str] | None = None, reading: int = 1, platform: Platform | None = None
) -> Result:
    """Ask one host for `facts` (default: all that its platform can tell) and give one Observation per fact.

    A device that cannot be reached, refuses the login or is lost under way is a result, not a failure: its
    observations say so. The session is closed afterwards.
    """
    spoken = platform or load_platform(str(task.host.platform))
    wanted = tuple(spoken.facts) + tuple(spoken.cannot_tell) if facts is None else tuple(facts)
    return Result(host=task.host, result=_observations(task, spoken, wanted, reading))


def _observations(task: Task, platform: Platform, facts: tuple[str, ...], reading: int) -> tuple[Observation, ...]:
    name = task.host.name
    try:
        session: Session = task.host.get_connection(CONNECTION, task.nornir.config)
    except SessionError as error:
        return unreached(name, platform, facts, error, reading)
    try:
        replies = session.ask(commands_for(platform, facts))
    finally:
        task.host.close_connection(CONNECTION)
    return tuple(observe(name, platform, facts, lambda _commands: replies, reading))


class Ended(Protocol):
    """Where a device is after a change (`change.case.Ending`)."""

    @property
    def outcome(self) -> str:
        """new, old, untouched or unproven."""


class CarriesOut(Protocol):
    """A change that is under way (`change.apply.UnderWay`)."""

    def carry_out(self, device: str) -> Ended:
        """One device's way through it."""


def apply_plan(task: Task, change: CarriesOut) -> Result:
    """Carry one host's part of a plan out: guarded, verified, on record, and confirmed or taken back.

    The result is its ending; `changed` says that it is new, `failed` that it is not. A host that has failed makes all
    that have not begun stay untouched.
    """
    ending = change.carry_out(task.host.name)
    new = str(ending.outcome) == "new"
    return Result(host=task.host, result=ending, changed=new, failed=not new)


def run_checks(task: Task) -> Result:
    """Read what the checks of this host need and judge it alone, with default limits.

    Checks that compare devices need the fleet and are left to `eventready audit`.
    """
    device = device_of(task.host)
    platform = load_platform(device.platform)
    matrix = build_matrix([device], {platform.name: platform}, fleet=False)
    observations = _observations(task, platform, matrix.facts_for(device.name), 1)
    findings = judge([device], matrix, observations, moment=datetime.now(UTC))
    return Result(host=task.host, result=findings)
