"""Plan against its own lines and the present workspace: other words, and another network, are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from eventready.change.document import Plan, PlannedDevice
from eventready.change.errors import abbreviate
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Path, Tree
from eventready.change.guard import gap, protects
from eventready.change.plan.mends import basis_of
from eventready.change.plan.order import Member, Wave, WaveLimits, members_of, radio_of, takes_all
from eventready.change.safety.addresses import NONE_KNOWN, KnownAddresses
from eventready.change.safety.values import check_values
from eventready.change.safety.way_in import WayIn
from eventready.change.safety.writable import PlanLines, addition_risks
from eventready.core.errors import EventreadyError, RefusedError
from eventready.core.messages import Message, in_english, message, to_stored
from eventready.core.redaction.redaction import redact
from eventready.facts.equipment import Equipment
from eventready.platforms.model import ChangeSpec, GuardSpec, PlatformSpec
from eventready.store.store import Store
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.intent_folders import IntentFolder, WritableAddition
from eventready.workspace.workspace import Workspace

_RISK = "change:risk."


def refuse_restated(plan: Plan, equipment: Equipment, additions: Sequence[WritableAddition]) -> None:
    """Raise RefusedError for a plan with other words than those of its lines, as far as they show offline.

    `additions`: writable lines of the workspace. The intents of the plan, by which it is observed and taken back, are
    those of its devices, and each device has them in the inventory; the devices of a removal may have lost them.
    """
    for device in plan.devices if plan.drill is None else ():
        own = None if plan.removes else equipment.by_name.get(device.name)
        if not frozenset(device.intents) <= frozenset(plan.intents) & frozenset(own.intents if own else device.intents):
            raise RefusedError(message("change:restated.intents", plan=plan.id, device=device.name))
    shared = PlanLines(equipment, additions)
    for device in plan.devices:
        spec = equipment.named(device.platform).spec
        if spec.change is None or not _has_own_guard(spec.change, device) or not _states_risks(device):
            raise RefusedError(message("change:restated.words", plan=plan.id, device=device.name))
        if plan.drill is not None:
            continue
        writable = shared.of(device.platform, device.intents)
        lines = writable.restored if plan.removes else writable
        needed = set(addition_risks(lines.refuse_commands(device.forward, device.name)))
        if not needed <= set(device.risks):
            raise RefusedError(message("change:restated.words", plan=plan.id, device=device.name))


def refuse_other_basis(plan: Plan, folders: Mapping[str, IntentFolder], store: Store | None) -> Message | None:
    """Return the sentence for a plan with an audit unreadable here; None for a proven basis, and for no basis.

    Raises RefusedError for other findings than those of the audit and of the intents, and for a drill, a removal or a
    way back with a basis.
    """
    stated = plan.basis
    if stated is None:
        return None
    own = None
    if plan.drill is None and plan.rolls_back is None and not plan.removes:
        try:
            run = store.get(stated.run) if store else None
            own = basis_of(run, {one.name: one.intents for one in plan.devices}, folders)
        except EventreadyError:  # pruned, damaged, or of another store
            run = None
        if run is None:
            return message("change:restated.basis_unproven", plan=plan.id, run=stated.run)
        own = own if run.header.event == plan.event else None
    if own != stated:
        raise RefusedError(message("change:restated.basis", plan=plan.id, run=stated.run))
    return None


def _has_own_guard(spec: ChangeSpec, planned: PlannedDevice) -> bool:
    """Return True for a guard of the platform, with the sentences of this guard."""
    kind, saves = planned.guard.kind, bool(spec.save)
    always = [GuardSpec(kind="inverse")] if kind == "inverse" else []
    stated = (to_stored(planned.guard.gap), _id_of(planned.guard.protects))
    guards = [*(one for one in spec.guards if one.kind == kind), *always]
    return any(stated == (to_stored(gap(one, saves=saves)), _id_of(protects(one, 600, saves=saves))) for one in guards)


def _states_risks(planned: PlannedDevice) -> bool:
    """Return True for risks in the words of the catalogue, with the gap of an `inverse` guard."""
    own = planned.guard.gap
    worded = all(risk == own or _is_risk(risk) for risk in planned.risks)
    return worded and (planned.guard.kind != "inverse" or own in planned.risks)


def _is_risk(text: str | Message) -> bool:
    if not isinstance(text, Message) or not text.id.startswith(_RISK):
        return False
    return in_english(text) == replace(text, english="").render("en")


def _id_of(text: str | Message) -> str:
    return text.id if isinstance(text, Message) else ""


def refuse_other_words(
    platform: PlatformSpec,
    device: Device,
    planned: PlannedDevice,
    trees: tuple[Tree, Tree],
    known: KnownAddresses = NONE_KNOWN,
) -> None:
    """Raise RefusedError if the difference or a risk of a plan is not computed from its configuration.

    `trees` are the planned configuration as read now, and the configuration after the change; `known` the addresses of
    the workspace.
    """
    if platform.change is None:
        return
    form, (running, target) = form_of(platform.change), trees
    shown = form.diff(running, target)
    if planned.diff[: len(shown)] != shown or (len(planned.diff) > len(shown) and not form.by_playbook):
        raise RefusedError(message("change:restated.diff", device=device.name))
    risks: tuple[Message, ...] = (
        *check_values(platform, device, WayIn(), trees, known),
        *recreated_risks(form, running, target),
    )
    stated = [to_stored(risk) for risk in planned.risks]
    if missing := next((risk for risk in risks if to_stored(risk) not in stated), None):
        raise RefusedError(message("change:restated.risk", device=device.name, risk=missing))


def unsaved_risks(form: ConfigurationForm, running: Configuration, startup: Configuration | None) -> Iterator[Message]:
    """Yield risks if the startup configuration is unreadable or differs from the running configuration."""
    if startup is None and form.spec.startup:
        yield message("change:risk.startup")
    elif startup is not None and not form.equivalent(startup.tree, running.tree):
        lines = [line for line in form.diff(startup.tree, running.tree) if line.startswith(("+", "-"))]
        first = redact(" ".join(lines[0].split())) if lines else ""
        if len(lines) < 2:
            yield message("change:risk.unsaved_one", first=first) if first else message("change:risk.unsaved_order")
        else:
            yield message("change:risk.unsaved", lines=len(lines), first=first)


def refuse_new_risks(planned: PlannedDevice, risks: Iterable[str | Message]) -> None:
    """Raise RefusedError for a new risk, not stated in the plan and without consent.

    The same lines are the same risk, also for another operator's machine and another route to it.
    """
    stated = set(map(_matter, planned.risks))
    if new := next((risk for risk in risks if _matter(risk) not in stated), None):
        raise RefusedError(message("change:restated.new_risk", device=planned.name, risk=new))


def _matter(risk: str | Message) -> tuple[str, str]:
    """Return the kind of a risk, and its lines."""
    if not isinstance(risk, Message):
        return "", risk
    lines = risk.params.get("lines") or risk.params.get("line")
    return risk.id, repr(lines)


def recreated_risks(form: ConfigurationForm, running: Tree, target: Tree) -> Iterator[Message]:
    """Yield a sentence for each section removed and created again by a change."""
    yield from map(_recreated, form.recreated(running, target))


def _recreated(path: Path) -> Message:
    line, above = path[-1], path[:-1]
    if above:
        return message("change:risk.recreated_of", line=line, above=above[-1])
    return message("change:risk.recreated", line=line)


def refuse_mismatch(plan: Plan, workspace: Workspace, *, fresh: bool) -> None:
    """Raise RefusedError if the plan does not match the present workspace.

    Role, venues and redundant partners count for a `fresh` plan only: a change that has begun must be finished or
    rolled back anyway.
    """
    if plan.event != workspace.event.id:
        raise RefusedError(
            message("change:mismatch.event", plan=plan.id, event=plan.event, workspace=workspace.event.id)
        )
    do = message("change:mismatch.plan_again" if fresh else "change:mismatch.restore")
    devices = {device.name: device for device in workspace.devices}
    for planned in plan.devices:
        device = devices.get(planned.name)
        if device is None:
            raise RefusedError(message("change:mismatch.gone", device=planned.name), do=do)
        venues = (", ".join(planned.venues) or "-", ", ".join(device.venues) or "-")
        then_and_now = (
            ("platform", planned.platform, device.platform),
            ("address", planned.endpoint, device.endpoint),
            ("address", planned.address, device.hostname),  # of an element behind its manager
            ("element", planned.element, device.element),
            ("role", planned.role if fresh else "", device.role),
            ("venue", *(venues if fresh else ("", ""))),
        )
        for what, then, now in then_and_now:
            if then and then != now:
                changed = message(
                    "change:mismatch.changed", device=planned.name, what=what, then=_or_none(then), now=_or_none(now)
                )
                raise RefusedError(changed, where=device.origin, do=do)
    if fresh:
        _refuse_pairs(plan, workspace, [devices[planned.name] for planned in plan.devices])


def _or_none(value: str) -> str | Message:
    return message("change:mismatch.none") if value in ("", "-") else value


def _refuse_pairs(plan: Plan, workspace: Workspace, devices: Sequence[Device]) -> None:
    """Raise RefusedError if the inventory has redundant partners in a single wave, or in waves with a common soak."""
    members = {member.name: member for member in members_of(devices, workspace.files.groups_of)}
    for group in _at_once(plan):
        for one, other in combinations(group, 2):
            if members[one].pairs & members[other].pairs:
                raise RefusedError(message("change:mismatch.pair", one=one, other=other))
    _refuse_large_waves(plan, workspace, members)


def _at_once(plan: Plan) -> Iterator[tuple[str, ...]]:
    """Yield the devices of each wave and those possibly in their soak at its begin, in the order of the plan."""
    for number, wave in enumerate(plan.waves):
        beside = plan.beside(number)
        yield (*(name for name in plan.order if name in beside), *wave)


def _refuse_large_waves(plan: Plan, workspace: Workspace, members: Mapping[str, Member]) -> None:
    """Raise RefusedError for waves beyond the limits of the workspace; the measured paths are those of planning."""
    settings, inverse = workspace.event.changes, {one.name for one in plan.devices if one.guard.kind == "inverse"}
    limits = WaveLimits(len(members), settings.share, radio_of(workspace.devices))
    rooms = [1, *[settings.batch] * len(plan.waves)][: len(plan.waves)]
    large = [wave for wave, room in zip(plan.waves, rooms, strict=True) if len(wave) > room]
    for group in _at_once(plan):
        every = [replace(members[name], inverse=name in inverse) for name in group]
        if not takes_all(Wave(limits, room=len(every)), every):
            large.append(tuple(member.name for member in every))
    if large:
        raise RefusedError(message("change:mismatch.large", devices=abbreviate(large[0])))
