"""`plan`: intents rendered, devices read side by side, the change and its way back worked out, all of it sealed."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from nornir.core.task import Result, Task
from pydantic import ValidationError

from eventready import __version__
from eventready.change.draft import draft
from eventready.change.errors import UnreadableConfiguration, said_once, together
from eventready.change.guard import GuardUnknown
from eventready.change.participants import Participant, participants
from eventready.change.plan import Created, Plan, PlannedDevice, seal
from eventready.change.waves import Member, members_of, waves
from eventready.clock import Clock
from eventready.collector import calm
from eventready.errors import EventreadyError, Exit, UsageError
from eventready.pace import PacedRunner
from eventready.session.connect import Session
from eventready.session.hostkeys import known_hosts
from eventready.session.plugin import CONNECTION, register
from eventready.session.reply import SessionError
from eventready.store.names import new_id
from eventready.workspace.device import Device
from eventready.workspace.intents import INTENTS, Intent
from eventready.workspace.workspace import Workspace


class Watch(Protocol):
    """Somebody who follows along. What it raises is ignored.

    It is told no trouble: a plan that cannot be made says all that stands against it in the end.
    """

    def stage(self, name: str, total: int) -> None:
        """A stage over `total` devices begins."""

    def done(self, device: str, trouble: str) -> None:
        """One device has been read; `trouble` is empty or a sentence."""


class IncompletePlan(EventreadyError):
    """Devices could not be read, and a plan without them would look like one for all."""

    exit = Exit.INCOMPLETE


@dataclass(frozen=True)
class _Found:
    """What became of one device: its part, nothing (it complies), or the error."""

    part: PlannedDevice | None = None
    error: EventreadyError | None = None


def make_plan(
    workspace: Workspace,
    devices: Sequence[Device],
    intents: Sequence[Intent],
    *,
    clock: Clock,
    by: str,
    watch: Watch,
    workers: int = 32,
) -> Plan:
    """Plan `intents` for those of `devices` that take part in them; the devices are only read.

    Raises WorkspaceError and FragmentError for what does not hold before the first connection, IncompletePlan when a
    device cannot be read, FragmentError and RefusedError for what a device cannot be told or may not be told.
    """
    asked = tuple(intent for intent in INTENTS if intent in intents)
    settings = workspace.event.changes
    with calm():
        taking, left_out = participants(workspace, devices, asked)
        members = _members(workspace, taking)
        found = _read(workspace, taking, _alone(workspace, members), workers, watch)
        _raise_problems(found, {one.device.name: one.device for one in taking})
    parts = {name: one.part for name, one in found.items() if one.part is not None}
    order = waves([members[name] for name in parts], settings.batch)
    created = Created(real=clock.real().isoformat(timespec="seconds"), event=clock.now().isoformat(timespec="seconds"))
    return _sealed(
        {
            "schema": "eventready.plan/1",
            "id": f"p-{new_id(clock.now())}",
            "event": workspace.event.id,
            "intents": asked,
            "created": created.model_dump(),
            "by": by,
            "host": socket.gethostname(),
            "tool": f"eventready {__version__}",
            "approvals_needed": settings.approvals,
            "waves": order,
            "devices": [parts[one.device.name].model_dump() for one in taking if one.device.name in parts],
            "unchanged": tuple(one.device.name for one in taking if one.device.name not in parts),
            "left_out": [one.model_dump() for one in left_out],
            "rolls_back": None,
        }
    )


def _sealed(document: dict[str, Any]) -> Plan:
    try:
        return seal(document)
    except ValidationError as error:
        raise _unfit(error) from None


def _unfit(error: ValidationError, device: str = "") -> UsageError:
    """What stands in the inventory and cannot stand in a plan."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, (*([device] if device else []), *first["loc"])))
    what = f"this cannot stand in a plan ({place}: {first['msg'].removeprefix('Value error, ')})"
    return UsageError(what, do="Correct it in the inventory.")


def _members(workspace: Workspace, taking: Sequence[Participant]) -> dict[str, Member]:
    groups = {name: (raw or {}).get("groups") or () for name, raw in workspace.files.hosts.items()}
    return {member.name: member for member in members_of((one.device for one in taking), groups)}


def _alone(workspace: Workspace, members: dict[str, Member]) -> frozenset[str]:
    """Those for which nothing in the whole inventory stands in."""
    groups = {name: (raw or {}).get("groups") or () for name, raw in workspace.files.hosts.items()}
    shared = Counter(pair for member in members_of(workspace.devices, groups) for pair in member.pairs)
    return frozenset(name for name, member in members.items() if not any(shared[pair] > 1 for pair in member.pairs))


def _read(
    workspace: Workspace, taking: Sequence[Participant], alone: frozenset[str], workers: int, watch: Watch
) -> dict[str, _Found]:
    """What became of each, read through Nornir with up to `workers` threads."""
    register()
    by_name = {one.device.name: one for one in taking}
    workspace.check_secrets(by_name)
    known_hosts(workspace.known_hosts)
    seconds = workspace.event.changes.confirm_within_s

    def look(task: Task) -> Result:
        name = task.host.name
        try:
            session: Session = task.host.get_connection(CONNECTION, task.nornir.config)
            try:
                found = _Found(draft(by_name[name], session, seconds, alone=name in alone))
            finally:
                task.host.close_connection(CONNECTION)
        except EventreadyError as error:
            found = _Found(error=error)
        except ValidationError as error:
            found = _Found(error=_unfit(error, name))
        with suppress(Exception):
            watch.done(name, "")
        return Result(host=task.host, result=found)

    with suppress(Exception):
        watch.stage("planning", len(by_name))
    chosen = workspace.nornir(workers).filter(filter_func=lambda host: host.name in by_name)
    outcome = chosen.with_runner(PacedRunner(workers)).run(task=look)
    for name, results in sorted(outcome.items()):
        if results.exception:
            raise RuntimeError(f"planning {name} failed") from results.exception
    return {name: outcome[name].result for name in by_name}


def _raise_problems(found: Mapping[str, _Found], devices: Mapping[str, Device]) -> None:
    """Raise everything that stands against the plan."""
    errors = {name: one.error for name, one in found.items() if one.error is not None}
    unread = {n: e for n, e in errors.items() if isinstance(e, SessionError | UnreadableConfiguration | GuardUnknown)}
    problems = said_once((devices[name], error) for name, error in errors.items() if name not in unread)
    if unread:
        problems.append(_incomplete(unread))
    if problems:
        raise together(problems)


def _incomplete(unread: Mapping[str, EventreadyError]) -> IncompletePlan:
    without = ",".join(f"!{name}" for name in unread)
    do = f"Make readable what cannot be read, or leave it out: -l '{without}'."
    said = [str(error) if name in error.what else f"{name}: {error}" for name, error in unread.items()]
    if len(said) == 1:
        return IncompletePlan(f"there is no plan, because a device could not be read: {said[0]}", do=do)
    listed = "\n".join(said)
    return IncompletePlan(f"there is no plan, because {len(said)} devices could not be read:\n{listed}\n{do}")
