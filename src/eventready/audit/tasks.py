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

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Protocol, TypeVar

from nornir.core.configuration import Config
from nornir.core.inventory import Host
from nornir.core.task import Result, Task

from eventready.core.errors import raise_defect
from eventready.evaluation.matrix import build_matrix
from eventready.evaluation.runner import evaluate
from eventready.facts.catalogue import CATALOGUE
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Observation
from eventready.facts.observe import commands_for, observe, unreached
from eventready.facts.platform import Platform
from eventready.facts.questions import with_questions
from eventready.facts.records import Fact
from eventready.facts.rows import FactRows
from eventready.session.connect import Session
from eventready.session.plugin import CONNECTION, register
from eventready.session.reply import Reply, ReplyStatus, SessionError
from eventready.session.target import Target
from eventready.workspace.devices.answers import ExpectedAnswer
from eventready.workspace.inventory import connection_data, device_of
from eventready.workspace.permission import require_allowed
from eventready.workspace.workspace import Workspace, load_workspace

_LOADING = Lock()


def prepare_host(task: Task) -> tuple[Path, ...]:
    """Complete the extras of the host's connection; return the folders of its workspace's own platforms.

    A host with a `workspace` among its extras is complete. For hosts of a workspace's hosts.yaml the workspace is
    loaded: host keys, jump hosts, `access` and `allow_cleartext` are those of the commands. Other hosts have the values
    of their data. Raises WorkspaceError for an invalid workspace, RefusedError for a workspace without permission.
    """
    host = task.host
    options = host.get_connection_parameters(CONNECTION)
    extras: dict[str, Any] = options.extras or {}
    if not extras.get("workspace"):
        extras = {**_found(host, task.nornir.config), **extras}
        options.extras = dict(extras)
        host.connection_options[CONNECTION] = options
    own = Path(extras["workspace"]) / "inventory" / "platforms" if extras.get("workspace") else None
    return (own,) if own is not None and own.is_dir() else ()


def _found(host: Host, config: Config) -> dict[str, Any]:
    folder = _workspace_folder(config)
    workspace = _load(folder) if folder is not None else None
    if workspace is not None and host.name in {device.name for device in workspace.devices}:
        return workspace.connection_extras(workspace.device(host.name))
    return {"name": host.name, **connection_data(host)}


def _workspace_folder(config: Config) -> Path | None:
    """Return the workspace of Nornir's SimpleInventory; None for another inventory."""
    if config.inventory.plugin != "SimpleInventory":
        return None
    hosts = Path(config.inventory.options.get("host_file", "hosts.yaml")).expanduser().resolve()
    folder = hosts.parent.parent
    return folder if hosts == folder / "inventory" / "hosts.yaml" and (hosts.parent / "event.yaml").is_file() else None


def _load(folder: Path) -> Workspace:
    with _LOADING:  # once for all threads
        return _loaded(folder)


@lru_cache(maxsize=4)
def _loaded(folder: Path) -> Workspace:
    require_allowed(folder)
    return load_workspace(folder)


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


def ask(
    workspace: Workspace, equipment: Equipment, questions: Mapping[str, Sequence[ExpectedAnswer]], workers: int
) -> dict[str, dict[str, FactRows[Fact]]]:
    """Have devices ask, and return their answers by device and fact. Raises EventreadyError before any connection."""
    asking = {name: _asking(equipment, name, answers) for name, answers in questions.items()}
    facts = {name: tuple({answer.fact: None for answer in answers}) for name, answers in questions.items()}
    workspace.check_secrets(asking)
    nornir = workspace.nornir(workers).filter(filter_func=lambda host: host.name in asking)

    def read(task: Task) -> Result:
        return read_facts(task, facts[task.host.name], platform=asking[task.host.name])

    outcome = nornir.run(task=read)
    return {name: {one.fact: FactRows.of(one) for one in _observed(results[0])} for name, results in outcome.items()}


def _observed(result: Result) -> Sequence[Observation]:
    """Measured answers of a device. Raises RuntimeError for an exception in the task: a defect."""
    raise_defect(result.exception, "asking failed")
    return [one for one in result.result if one.status.measured]


def _asking(equipment: Equipment, name: str, answers: Sequence[ExpectedAnswer]) -> Platform:
    """Platform of a device with its questions, of kinds known to the platform."""
    device, platform = equipment.by_name[name], equipment.platform(name)
    possible = tuple(answer for answer in answers if answer.fact in platform.facts)
    alone = replace(device, expect=device.expect.model_copy(update={"answers": possible}), event_questions=())
    return with_questions(platform, alone)
