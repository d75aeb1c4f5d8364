"""Plan a device: read its configuration, and compute the commands, the way back, the guard and the risks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import ExitStack
from functools import partial

from eventready.change.document import PlannedDevice, PlannedGuard, placed
from eventready.change.errors import UnreadableConfiguration, answer_to, shown_by
from eventready.change.forms.configuration import Configuration
from eventready.change.guard import Guard, gap, guards_for, protects
from eventready.change.intents.participants import Participant
from eventready.change.plan.restated import recreated_risks, unsaved_risks
from eventready.change.plan.scope import planned_scope
from eventready.change.safety.addresses import NONE_KNOWN, KnownAddresses
from eventready.change.safety.effects import effects_of, refuse_effects
from eventready.change.safety.forbidden import refuse_forbidden
from eventready.change.safety.objects import refuse_altered_objects
from eventready.change.safety.values import check_values
from eventready.change.safety.way_in import read_way_in
from eventready.change.safety.way_in_lines import check_way_in
from eventready.change.safety.writable import addition_risks
from eventready.change.times import soak_of
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import redact
from eventready.core.strings.texts import lines_of
from eventready.platforms.model import GuardSpec
from eventready.session.connect import Session, open_shell

#: The guard's change name while planning; nothing is armed under it.
_PLANNING = "plan"


def plan_device(
    participant: Participant,
    session: Session,
    running: Configuration,
    seconds: int,
    soak_s: float,
    *,
    alone: bool,
    earlier: Iterable[str] = (),
    owns: Collection[str] = (),
    known: KnownAddresses = NONE_KNOWN,
) -> PlannedDevice | None:
    """Return the device's part of the plan; None for a device in compliance. Read-only.

    `running` is its configuration as read now, `seconds` the guard's time, `soak_s` the shortest soak; `alone`: the
    inventory has no redundant partner for the device; `earlier` are the lines of standing changes, `owns` the
    workspace's objects, `known` its addresses. Raises UnreadableConfiguration and GuardStateUnknown if the device does
    not answer, FragmentError for an unusable fragment, RefusedError for a forbidden line or value, or no way back.
    """
    form, device = participant.form, participant.device
    predicted = form.merge(running.tree, participant.fragment)
    try:
        forward, backward = (
            form.commands_between(running.tree, predicted),
            form.commands_between(predicted, running.tree),
        )
    except RefusedError as error:
        raise RefusedError(error.cause, where=device.name, do=error.remedy) from None
    if not forward:
        return None
    if not backward:
        raise RefusedError(message("change:device.no_way_back", device=device.name, line=forward[0]))
    _refuse_lines(participant, running, forward)
    writable = participant.writable
    used = writable.refuse_commands(forward, device.name) if writable else ()
    try:
        _refuse_lines(participant, running, backward)
        if writable:
            writable.restored.refuse_commands(backward, device.name)
    except RefusedError as error:
        raise RefusedError(message("change:device.back_unsendable", reason=error.cause), do=error.remedy) from None
    if writable:
        refuse_effects(device, effects_of(form.spec.effects, running.tree), effects_of(form.spec.effects, predicted))
    way = read_way_in(participant.platform.spec, device, session, running.tree)
    ways = check_way_in(participant.platform.spec, device, way, running.tree, predicted, refuses=writable is not None)
    judged: tuple[Message, ...] = ()
    if writable:
        judged = (
            *refuse_altered_objects(form.spec, device.name, (running.tree, predicted), earlier, owns),
            *check_values(participant.platform.spec, device, way, (running.tree, predicted), known),
        )
    _refuse_secrets(device.name, (*forward, *backward, *lines_of(participant.fragment.text)))
    ask, has_shell = partial(answer_to, session.send_commands), session.target.has_shell
    guards = guards_for(participant.platform, running, ask, has_shell=has_shell)
    planned_guard, unusable = _guard(participant, session, guards, seconds)
    startup = _startup(participant, session)
    risks = [
        *([planned_guard.gap] if planned_guard.kind == "inverse" else []),
        *unusable,
        *addition_risks(used),
        *ways,
        *judged,
        *unsaved_risks(form, running, startup),
        *recreated_risks(form, running.tree, predicted),
        *([message("change:risk.alone")] if alone else []),
    ]
    scope, outside = planned_scope(form, running.tree, predicted, participant.fragment)
    return PlannedDevice(
        **placed(device),
        intents=participant.intents,
        guard=planned_guard,
        before=running.sha256,
        predicted=form.fingerprint(predicted),
        forward=forward,
        backward=backward,
        fragment=participant.fragment.text,
        diff=form.diff(running.tree, predicted),
        risks=tuple(risks),
        startup="" if startup is None else form.fingerprint(startup.tree),
        scope=scope,
        outside=outside,
        soak_s=soak_of(form, running.tree, predicted, soak_s, partial(shown_by, session.send_commands)).seconds,
    )


def read_configuration(participant: Participant, session: Session) -> Configuration:
    """Read the running configuration of a participant. Raises UnreadableConfiguration."""
    name = participant.device.name
    return participant.form.read_running(participant.fragment, session.send_commands, device=name)


def _refuse_lines(participant: Participant, running: Configuration, lines: tuple[str, ...]) -> None:
    device = participant.device
    refuse_forbidden(participant.platform.spec, lines, device=device.name, running=running, address=device.hostname)


def _guard(
    participant: Participant, session: Session, specs: Iterable[GuardSpec], seconds: int
) -> tuple[PlannedGuard, tuple[Message, ...]]:
    """Return the best working guard, and a sentence for each better guard without support.

    Raises UnreadableConfiguration if a change is pending on the device.
    """
    unusable: list[Message] = []
    for spec in specs:
        with ExitStack() as stack:
            shell = stack.enter_context(open_shell(session.target)) if spec.shell else None
            guard = Guard(spec, participant.form.spec, session, shell, _PLANNING, seconds)
            if lacking := guard.lacking():
                unusable.append(message("change:risk.unusable", guard=spec.kind, lacking=lacking))
                continue
            _refuse_pending(guard)
            saves = bool(participant.form.spec.save)
            planned = PlannedGuard(
                kind=spec.kind, protects=protects(spec, seconds, saves=saves), gap=gap(spec, saves=saves)
            )
            return planned, tuple(unusable)
    raise RuntimeError("the inverse guard is always available")


def _refuse_pending(guard: Guard) -> None:
    waiting = guard.pending()
    if waiting is not None:
        raise UnreadableConfiguration(message("change:unread.pending", whose=waiting.owner))


def _startup(participant: Participant, session: Session) -> Configuration | None:
    """Return the startup configuration; None if missing or unreadable."""
    form, spec = participant.form, participant.form.spec
    if not spec.startup or (spec.startup_shell and not session.target.has_shell):
        return None
    with ExitStack() as stack:
        reader = stack.enter_context(open_shell(session.target)) if spec.startup_shell else session
        return form.read_startup(reader.send_commands, device=participant.device.name)


def _refuse_secrets(device: str, lines: tuple[str, ...]) -> None:
    """Raise RefusedError for a line with a secret: plans are passed on."""
    for line in lines:
        clean = redact(line)
        if clean != line:
            raise RefusedError(message("change:device.secret", device=device, line=clean))
