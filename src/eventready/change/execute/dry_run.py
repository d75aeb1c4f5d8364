"""`apply --dry-run`: check the lines of a plan on its devices without a commit, and prove the devices unchanged."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from nornir.core.task import Task

from eventready.audit.runner import ReadProgress, run_on_each
from eventready.change.document import Plan, PlannedDevice
from eventready.change.errors import answer_to
from eventready.change.execute.device.assignment import DeviceRules
from eventready.change.execute.recorded import Backups
from eventready.change.forms.configuration import Configuration
from eventready.change.guard import Guard, enter_configuration, guards_for
from eventready.change.plan.restated import refuse_mismatch
from eventready.change.safety.approval import refuse_unsendable
from eventready.change.safety.way_in import read_way_in
from eventready.core.errors import EventreadyError, Exit, RefusedError, most_severe
from eventready.core.messages import Message, message
from eventready.core.strings.pattern import find_in_answer
from eventready.facts.equipment import Equipment
from eventready.facts.platform import Platform
from eventready.platforms.model import ChangeSpec, LineCheck
from eventready.session.connect import Session, open_session, open_shell
from eventready.session.hostkeys import known_hosts
from eventready.session.plugin import host_target
from eventready.session.reply import Reply, ReplyStatus, first_unanswered
from eventready.session.target import Target
from eventready.store.change_steps import Drift
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

#: Seconds for a line, and for the check of the whole configuration.
_LINE_S, _CHECK_S = 30.0, 120.0


@dataclass(frozen=True)
class CheckResult:
    """Judgement of the device. `accepted` counts the accepted lines; `reason` is its answer to the refused line."""

    ok: bool
    accepted: int = 0
    reason: str | Message = ""


def check_for(spec: ChangeSpec, ask: Callable[[str], str], *, has_shell: bool) -> LineCheck | None:
    """Return the platform's check supported by this device, if any. `ask` returns the answer to a command."""
    for check in spec.checks:
        if (has_shell or not check.shell) and (not check.ask or find_in_answer(check.when, ask(check.ask))):
            return check
    return None


def check_lines(
    check: LineCheck, spec: ChangeSpec, session: Session, lines: Sequence[str], *, change: str
) -> CheckResult:
    """Enter the lines, have them checked, and discard them in any case. `session` is the shell's for a shell check.

    Nothing is committed; the caller proves the device unchanged.
    """
    try:
        return _judged(check, spec, session, lines, change)
    finally:
        with suppress(Exception):
            _send(session, spec, check.discard, change, _LINE_S)


def _judged(check: LineCheck, spec: ChangeSpec, session: Session, lines: Sequence[str], change: str) -> CheckResult:
    if check.shell:
        bad = first_unanswered(_send(session, spec, check.enter, change, _LINE_S))
        reason = message("change:unread.reply", command=bad.command, reason=bad.cause) if bad else ""
    else:
        lines_in = [line.replace("{change}", change) for line in check.enter or spec.enter]
        reason = enter_configuration(session, spec, lines_in, _LINE_S)[1].reason
    if reason:
        return CheckResult(False, 0, reason)
    typed = [check.line.replace("{line}", shlex.quote(line) if check.shell else line) for line in lines]
    replies = _send(session, spec, typed, change, _LINE_S)
    accepted = sum(reply.status is ReplyStatus.ANSWERED for reply in replies)
    if accepted < len(lines):
        reason = message("change:unread.reply", command=lines[accepted], reason=replies[accepted].cause)
        return CheckResult(False, accepted, reason)
    replies = _send(session, spec, check.check, change, _CHECK_S)
    if bad := first_unanswered(replies):
        return CheckResult(False, 0 if check.shell else accepted, " ".join(bad.text.split()) or bad.reason)
    if check.accepted and not (replies and find_in_answer(check.accepted, replies[-1].text)):
        return CheckResult(False, accepted, message("change:dry_run.no_acknowledgement"))
    return CheckResult(True, accepted)


def _send(session: Session, spec: ChangeSpec, lines: Sequence[str], change: str, timeout_s: float) -> list[Reply]:
    named = [line.replace("{change}", change) for line in lines]
    return session.send_config(named, spec=spec, timeout_s=timeout_s) if named else []


class DryRunOutcome(StrEnum):
    """Outcome on a device. `lines`: each line is accepted, `commit`: the whole configuration. `changed`: the device
    differs after the check, and a person must look at it."""

    COMMIT = "commit"
    LINES = "lines"
    REJECTED = "rejected"
    OUTDATED = "outdated"
    UNCHECKED = "unchecked"
    CHANGED = "changed"


@dataclass(frozen=True)
class DryRunResult:
    """Result of a device; `why` is empty for accepted lines."""

    device: str
    outcome: DryRunOutcome
    why: Message | str = ""


_EXITS = {
    DryRunOutcome.CHANGED: Exit.REVERT_FAILED,
    DryRunOutcome.REJECTED: Exit.REFUSED,
    DryRunOutcome.OUTDATED: Exit.REFUSED,
    DryRunOutcome.UNCHECKED: Exit.INCOMPLETE,
}


def dry_run(
    workspace: Workspace,
    plan: Plan,
    *,
    locked: Mapping[str, str],
    progress: ReadProgress,
    workers: int,
    store: Store | None = None,
) -> tuple[DryRunResult, ...]:
    """Have the lines of a plan checked by its devices, and discarded. Nothing is committed.

    `locked` are the devices in other changes, with the change: they are not checked. `store` has the change that the
    plan rolls back. Raises RefusedError for a plan that does not match the workspace, or with a forbidden line.
    """
    equipment = Equipment.of(workspace)
    refuse_mismatch(plan, workspace, fresh=not plan.rolls_back)
    if not plan.rolls_back:
        refuse_unsendable(plan, equipment, workspace.writable)
    workspace.check_secrets(device.name for device in plan.devices)
    known_hosts(workspace.known_hosts)
    names = frozenset(device.name for device in plan.devices)
    rolls_back = store.changes.get(plan.rolls_back) if store is not None and plan.rolls_back else None
    backups = Backups.of(workspace, store) if store is not None and rolls_back else None
    forward = not plan.rolls_back and plan.drill is None
    rules = {
        one.name: DeviceRules.of(equipment, plan, one, backups, rolls_back, forward=forward) for one in plan.devices
    }

    def check_device(task: Task) -> DryRunResult:
        planned = plan.device(task.host.name)
        if change := locked.get(planned.name):
            return _unchecked(planned, message("change:dry_run.locked", change=change))
        target = host_target(task.nornir, planned.name)
        return _checked(rules[planned.name], equipment.named(planned.platform), target, plan.id)

    with suppress(Exception):
        progress.stage("planning", len(names))
    done = run_on_each(workspace, names, check_device, workers=workers, progress=progress)
    return tuple(done[name] for wave in plan.waves for name in wave)


def exit_code(results: Sequence[DryRunResult]) -> Exit:
    """Return 6 for a changed device, 7 for rejected lines or an outdated plan, 4 for an unchecked device."""
    return most_severe({_EXITS.get(result.outcome, Exit.OK) for result in results} or {Exit.OK})


def _unchecked(planned: PlannedDevice, why: Message | str) -> DryRunResult:
    return DryRunResult(planned.name, DryRunOutcome.UNCHECKED, why)


def _checked(rules: DeviceRules, platform: Platform, target: Target, change: str) -> DryRunResult:
    planned = rules.planned
    if not rules.form.spec.checks and not (platform.spec.way_in and platform.spec.way_in.routed):
        return _unchecked(planned, message("change:dry_run.unsupported", platform=planned.platform))
    try:
        with ExitStack() as stack:
            return _Device(rules, platform, target, stack).check(change)
    except RefusedError as error:
        return DryRunResult(planned.name, DryRunOutcome.REJECTED, error.whole)
    except EventreadyError as error:
        return _unchecked(planned, error.whole)


class _Device:
    """Sessions with a device in a dry run."""

    def __init__(self, rules: DeviceRules, platform: Platform, target: Target, stack: ExitStack) -> None:
        self._rules, self._planned, self._form = rules, rules.planned, rules.form
        self._platform, self._target, self._stack = platform, target, stack
        self._session = stack.enter_context(open_session(target, platform.spec))
        self._shell: Session | None = stack.enter_context(open_shell(target)) if target.has_shell else None

    def check(self, change: str) -> DryRunResult:
        """Check the lines on a device in the planned state without a pending change, and the way in on any device."""
        planned, spec = self._planned, self._form.spec
        check = check_for(spec, partial(answer_to, self._session.send_commands), has_shell=self._target.has_shell)
        before = self._read()
        drift = self._rules.drift(before)
        if drift is None:
            return DryRunResult(planned.name, DryRunOutcome.OUTDATED, message("change:dry_run.outdated"))
        if self._is_pending(before):
            return _unchecked(planned, message("change:dry_run.pending"))
        lines = planned.forward
        self._rules.refuse(lines, before)
        risks = self._way_in_risks(before)
        if check is None:
            why = message("change:dry_run.unsupported", platform=planned.platform)
            return _unchecked(planned, message("change:dry_run.notes", notes=[why, *risks]))
        session = self._shell if check.shell and self._shell else self._session
        judged = check_lines(check, spec, session, lines, change=change)
        if not self._is_unchanged(before):
            return DryRunResult(planned.name, DryRunOutcome.CHANGED, message("change:dry_run.changed"))
        if judged.ok:
            notes: list[str | Message] = [*([drift.summary] if drift != Drift() else []), *risks]
            shown = message("change:dry_run.notes", notes=notes) if notes else ""
            return DryRunResult(planned.name, DryRunOutcome(check.checks), shown)
        why = message("change:dry_run.rejected", accepted=judged.accepted, lines=len(lines), reason=judged.reason)
        return DryRunResult(planned.name, DryRunOutcome.REJECTED, why)

    def _way_in_risks(self, running: Configuration) -> tuple[str | Message, ...]:
        """Read the route back, and return the risks missing in the plan. Raises RefusedError."""
        way = read_way_in(self._platform.spec, self._rules.device, self._session, running.tree)
        return self._rules.check_way_in(way, running.tree, self._rules.target(running.tree))

    def _is_pending(self, running: Configuration) -> bool:
        """Return True for an unconfirmed change on the device, which a check of the whole might confirm."""
        ask, has_shell = partial(answer_to, self._session.send_commands), self._shell is not None
        for guard in guards_for(self._platform, running, ask, has_shell=has_shell):
            used = Guard(guard, self._form.spec, self._session, self._shell, "dry-run", guard.least_s)
            if used.pending() is not None:
                return True
        return False

    def _is_unchanged(self, before: Configuration) -> bool:
        """Read the device again, on a new session after a lost session."""
        if self._session.over:
            self._session = self._stack.enter_context(open_session(self._target, self._platform.spec))
        try:
            return self._form.equivalent(self._read().tree, before.tree)
        except EventreadyError:
            return False

    def _read(self) -> Configuration:
        return self._form.read_running(self._rules.fragment, self._session.send_commands, device=self._planned.name)
