"""Participants of a plan with their fragments, before the first connection; and excluded devices with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eventready.change.document import LeftOut
from eventready.change.errors import abbreviate, combine_errors, group_by_message, separate_errors
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.intents.ansible_inventory import managed_files
from eventready.change.intents.playbook import is_playbook, missing_package, playbook_of
from eventready.change.intents.render import (
    RenderedIntent,
    has_template,
    intent_variables,
    refuse_misspelt,
    render_intent,
)
from eventready.change.intents.template_values import TemplateVariables
from eventready.change.safety.writable import WritableLines
from eventready.core.errors import EventreadyError, UsageError
from eventready.core.messages import Message, message
from eventready.facts.equipment import Equipment
from eventready.facts.platform import Platform
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.intents import PLAYBOOKS, Intent
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class Participant:
    """Device with intents: templates, fragment, and writable lines.

    `writable` is None for a drill, whose lines make a failure on purpose.
    """

    device: Device
    platform: Platform
    form: ConfigurationForm
    intents: tuple[Intent, ...]
    templates: tuple[str, ...]
    fragment: Fragment
    writable: WritableLines | None = None


def participants(
    workspace: Workspace, equipment: Equipment, intents: Sequence[Intent]
) -> tuple[tuple[Participant, ...], tuple[LeftOut, ...]]:
    """Return the participants, in the order of the equipment, and the excluded devices.

    A service host without Ansible on this machine is excluded. Raises one error for all invalid templates and values,
    and UsageError if there is no participant.
    """
    taking: list[Participant] = []
    silent: list[Participant] = []
    left_out: list[LeftOut] = []
    problems: list[tuple[Device, EventreadyError]] = []
    variables = {intent: intent_variables(workspace, intent) for intent in intents}
    for device in equipment.devices:
        try:
            found = _participant(workspace, equipment, device, variables)
        except EventreadyError as error:
            problems += [(device, one) for one in separate_errors(error)]
            continue
        if isinstance(found, LeftOut):
            left_out.append(found)
        elif found.fragment.empty:
            silent.append(found)
            left_out.append(LeftOut(name=device.name, reason=_reason("change:left_out.empty", found.templates)))
        else:
            taking.append(found)
    if problems:
        raise combine_errors(group_by_message(problems))
    if silent and not taking:
        raise _nothing_wanted(workspace, silent)
    named = {device.name for device in equipment.devices if not variables.keys().isdisjoint(device.intents)}
    if not taking and (barred := next((one for one in left_out if one.name in named), None)):
        raise UsageError(message("change:plan.none", device=barred.name, reason=barred.reason))
    if not taking:
        raise UsageError(message("change:plan.no_intent", intents=intents))
    return tuple(taking), tuple(left_out)


def takes_part(workspace: Workspace, equipment: Equipment, device: Device, intent: Intent) -> bool:
    """Return True for a device open to the intent: declared, of a platform with changes and a template."""
    change = equipment.named(device.platform).spec.change
    if change is None or intent not in device.intents:
        return False
    return form_of(change).by_playbook or has_template(workspace, device, intent)


def _participant(
    workspace: Workspace, equipment: Equipment, device: Device, variables: Mapping[Intent, TemplateVariables]
) -> Participant | LeftOut:
    plays = device.role == "service_host"
    wanted = tuple(i for i in variables if i in device.intents or (plays and is_playbook(workspace.path, i)))
    if not wanted:
        return LeftOut(name=device.name, reason=_reason("change:left_out.intents", variables))
    platform = equipment.named(device.platform)
    if platform.spec.change is None:
        return LeftOut(name=device.name, reason=_reason("change:left_out.read_only", [platform.name]))
    form = form_of(platform.spec.change)
    if form.by_playbook:
        return _service_host(workspace, device, platform, form, wanted)
    for intent in wanted:
        refuse_misspelt(device, intent, variables[intent])
    pieces = _render(workspace, device, wanted)
    fragment = form.join([_fragment(workspace, platform, piece) for piece in pieces])
    writable = WritableLines.of(platform.name, platform.spec, wanted, workspace.writable)
    return Participant(device, platform, form, wanted, tuple(piece.template for piece in pieces), fragment, writable)


def _render(workspace: Workspace, device: Device, intents: Sequence[Intent]) -> list[RenderedIntent]:
    """Render the intents of a device. Raises a single error for all invalid values."""
    pieces: list[RenderedIntent] = []
    problems: list[EventreadyError] = []
    for intent in intents:
        try:
            pieces.append(render_intent(workspace, device, intent))
        except EventreadyError as error:
            problems += separate_errors(error)
    if problems:
        raise combine_errors(problems)
    return pieces


def _fragment(workspace: Workspace, platform: Platform, rendered: RenderedIntent) -> Fragment:
    """Return the fragment of an intent in canonical form. Raises RefusedError for other lines."""
    writable = WritableLines.of(platform.name, platform.spec, (rendered.intent,), workspace.writable)
    text = writable.canonical_text(rendered.text, rendered.origin)
    fragment = writable.form.parse(text, rendered.origin)
    writable.refuse_fragment(fragment, rendered.origin)
    return fragment


def _service_host(
    workspace: Workspace, device: Device, platform: Platform, form: ConfigurationForm, wanted: tuple[Intent, ...]
) -> Participant | LeftOut:
    """Return a service host with its managed files: Ansible's check mode finds their new states later."""
    if missing := missing_package():
        return LeftOut(name=device.name, reason=_reason("change:left_out.missing", [missing]))
    name = playbook_of(workspace.path, wanted)
    files = managed_files(dict(workspace.nornir(1).inventory.hosts[device.name].get("service") or {}))
    if not files:
        return LeftOut(name=device.name, reason=message("change:left_out.service"))
    text = "".join(f"{file.name}\n" for file in files)
    fragment = form.parse(text, device.origin)
    writable = WritableLines.of(platform.name, platform.spec, wanted, workspace.writable)
    return Participant(device, platform, form, wanted, (f"{PLAYBOOKS}/{name}.yml",), fragment, writable)


def _nothing_wanted(workspace: Workspace, silent: Sequence[Participant]) -> UsageError:
    names = [one.device.name for one in silent]
    first, *more = dict.fromkeys(template for one in silent for template in one.templates)
    return UsageError(
        message("change:template.silent_many" if more else "change:template.silent", names=abbreviate(names)),
        where=str(workspace.path / first) + (f" (+{len(more)})" if more else ""),
        do=message("change:template.add_lines"),
    )


def _reason(msgid: str, names: Iterable[str]) -> Message:
    return message(msgid, names=list(names))
