"""eventready as ordinary Nornir tasks, for Nornir scripts with their own inventory.

from nornir import InitNornir
from eventready.tasks import apply_plan, open_plan, read_facts, run_checks

nr = InitNornir(...)                       # hosts whose `platform` is one of ours
facts = nr.run(task=read_facts)            # result: tuple[Observation, ...] per host
found = nr.run(task=run_checks)            # result: tuple[Finding, ...] per host

with open_plan("tonight.plan", workspace="my-event") as (nr, change):
    for wave in change.waves:              # the hosts of the workspace; the order is the plan's
        nr.filter(filter_func=lambda host: host.name in wave).run(task=apply_plan, change=change)
change.done.exit                           # result: outcome per host; exit code of the whole change
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import Protocol, TypeVar

from nornir.core.task import Result, Task

from eventready.audit.script_hosts import prepare_host
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Observation
from eventready.facts.observe import commands_for, observe, unreached
from eventready.facts.platform import Platform
from eventready.session.connect import Session
from eventready.session.plugin import CONNECTION, register
from eventready.session.reply import Reply, ReplyStatus, SessionError
from eventready.session.target import Target
from eventready.workspace.inventory import device_of

T = TypeVar("T")

#: Replies of commands that a lost session left unread.
_LOST = (ReplyStatus.DROPPED, ReplyStatus.NOT_SENT)
_NO_ANSWER = (*_LOST, ReplyStatus.TIMEOUT)

register()


def read_facts(
    task: Task, facts: Sequence[str] | None = None, reading: int = 1, platform: Platform | None = None, hold: int = 0
) -> Result:
    """Read `facts` (default: all facts of the platform, without questions) from a host. Result: an Observation each.

    An unreachable device, a refused login and a lost session are results, not failures: the status of the
    observations names them. The session is closed afterwards, or held for the next reading where one device of `hold`
    at the endpoint may have a session so long.
    """
    dirs = prepare_host(task)
    spoken = platform or Equipment((), dirs).named(str(task.host.platform))
    every = (name for name in (*spoken.facts, *spoken.unsupported) if not CATALOGUE[name].per_question)
    wanted = tuple(every) if facts is None else tuple(facts)
    return Result(host=task.host, result=_observations(task, spoken, wanted, reading, hold))


def _observations(
    task: Task, platform: Platform, facts: tuple[str, ...], reading: int, hold: int = 0
) -> tuple[Observation, ...]:
    name = task.host.name
    try:
        replies = read_replies(task, commands_for(platform, facts), hold)
    except SessionError as error:
        return unreached(name, platform, facts, error, reading)
    return tuple(observe(name, platform, facts, lambda _commands: replies, reading))


def read_replies(task: Task, commands: Sequence[str], hold: int = 0) -> Sequence[Reply]:
    """Send read-only commands to a host and return their redacted replies. Raises SessionError.

    The session is closed, or held (see `read_facts`). Commands of a lost session are sent once more in another one, the
    command that lost it last; a held session without all answers is as if there were none.
    """
    until = None
    if CONNECTION in task.host.connections:
        until = _until(task)
        with device_session(task) as held:
            replies = held.send_commands(commands) if held.resume() else []
        if replies and not any(reply.status in _NO_ANSWER for reply in replies):
            return replies
    return with_session(task, lambda session: session.send_commands(commands), _unread, hold, until)


def _unread(replies: Sequence[Reply]) -> Callable[[Session], Sequence[Reply]] | None:
    """Return the reading of the commands left by a lost session; None without any."""
    lost = [reply for reply in replies if reply.status in _LOST and not reply.final]
    if not lost:
        return None
    lost.sort(key=lambda reply: reply.status is ReplyStatus.DROPPED)

    def read(session: Session) -> Sequence[Reply]:
        again = {reply.command: reply for reply in session.send_commands([reply.command for reply in lost])}
        return [again.get(reply.command, reply) for reply in replies]

    return read


def with_session(
    task: Task,
    read: Callable[[Session], T],
    more: Callable[[T], Callable[[Session], T] | None] = lambda _result: None,
    hold: int = 0,
    not_after: float | None = None,
) -> T:
    """Return the result of `read` in a session with a host, after a failed session in a second.

    For reading only. `more` returns the reading that completes a result, if there is one. Both sessions are within the
    time of the device; a refused login, host key or access setting is final. `hold`: see `read_facts`. Raises
    SessionError.
    """
    until = _until(task) if not_after is None else not_after
    try:
        with device_session(task, not_after, hold) as session:
            result = read(session)
    except SessionError as error:
        if error.final or monotonic() >= until:
            raise
        with device_session(task, until) as session:
            return read(session)
    completing = more(result)
    if completing is None or monotonic() >= until:
        return result
    try:
        with device_session(task, until) as session:
            return completing(session)
    except SessionError:
        return result


def _until(task: Task) -> float:
    """Monotonic time of the end of the device's time from now on."""
    extras = task.host.get_connection_parameters(CONNECTION).extras or {}
    timeout_s: float = extras.get("device_timeout_s", Target.device_timeout_s)
    run_ends: float = extras.get("not_after", Target.not_after)
    return min(monotonic() + timeout_s, run_ends)


@contextmanager
def device_session(task: Task, not_after: float | None = None, hold: int = 0) -> Iterator[Session]:
    """Open or take the held session with a host for the block; `not_after`: monotonic time of its end.

    `hold`: see `read_facts`. Raises SessionError.
    """
    host = task.host
    if not_after is not None:
        extras = host.get_connection_parameters(CONNECTION).extras or {}
        host.open_connection(CONNECTION, task.nornir.config, extras={**extras, "not_after": not_after})
    session: Session = host.get_connection(CONNECTION, task.nornir.config)
    held = False
    try:
        yield session
        held = bool(hold) and session.hold(hold)
    finally:
        if not held:
            host.close_connection(CONNECTION)


class _Outcome(Protocol):
    """State of a device after a change (see `eventready.change.execute`)."""

    @property
    def outcome(self) -> str:
        """new, old, untouched or unproven."""


class _Change(Protocol):
    """Change in progress (see `eventready.change.execute`)."""

    def execute(self, device: str) -> _Outcome:
        """Execute the change on a device."""


def apply_plan(task: Task, change: _Change) -> Result:
    """Apply a host's part of a plan: guarded, verified, journalled, then confirmed or reverted.

    The result is the outcome of the device; `changed` is set for the new state, `failed` for any other. After a
    failed host, hosts not yet begun stay untouched.
    """
    ending = change.execute(task.host.name)
    new = str(ending.outcome) == "new"
    return Result(host=task.host, result=ending, changed=new, failed=not new)


def run_checks(task: Task) -> Result:
    """Read the facts for the checks of a host and evaluate them with default limits.

    Checks across devices need the fleet: use `eventready audit` for those.
    """
    dirs = prepare_host(task)
    device = device_of(task.host)
    platform = Equipment((device,), dirs).asking[device.name]
    matrix = build_matrix([device], {platform.name: platform}, fleet=False)
    observations = _observations(task, platform, matrix.facts_for(device.name), 1)
    findings = evaluate([device], matrix, observations, moment=datetime.now(UTC))
    return Result(host=task.host, result=findings)
