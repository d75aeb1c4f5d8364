"""Part of a device in a change, from the journal and the inventory, where the plan on record cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.change.document import PlannedDevice, PlannedGuard
from eventready.change.execute.context import ExecutionContext
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.guard import change_spec, gap, protects
from eventready.core.errors import EventreadyError, RefusedError
from eventready.core.messages import message
from eventready.platforms.model import GuardSpec
from eventready.store.change_steps import Arm
from eventready.store.changes import ChangeRecord, last_of

#: Intent in a plan whose intents are not known: the longest soak counts.
_UNREAD = "unread"


def journalled_part(context: ExecutionContext, record: ChangeRecord, name: str) -> PlannedDevice:
    """Return the part of a changed device: its recorded configurations, its guard as armed, its present place.

    Raises RefusedError for a device that left the inventory, or without recorded configurations.
    """
    device, steps = context.equipment.by_name.get(name), record.of(name)
    armed = last_of(steps, Arm)
    if device is None or armed is None:
        raise RefusedError(message("change:store.lost_around", device=name, change=record.entry.id))
    spec = change_spec(context.equipment.named(device.platform))
    form = form_of(spec)
    was, now = context.backups.before(form, steps), context.backups.after(form, steps)
    if was is None or now is None:
        raise RefusedError(message("change:store.lost_around", device=name, change=record.entry.id))
    guard = next((one for one in spec.guards if one.kind == armed.guard), GuardSpec(kind="inverse"))
    saves = bool(spec.save)
    return PlannedDevice(
        name=name,
        platform=device.platform,
        endpoint=device.endpoint,
        role=device.role,
        venues=device.venues,
        intents=(_UNREAD,),
        guard=PlannedGuard(
            kind=guard.kind, protects=protects(guard, armed.seconds, saves=saves), gap=gap(guard, saves=saves)
        ),
        before=was.sha256,
        predicted=form.fingerprint(now.tree),
        forward=form.commands_between(was.tree, now.tree),
        backward=form.commands_between(now.tree, was.tree),
        fragment=_fragment(form, was, now),
        diff=form.diff(was.tree, now.tree),
        risks=(),
        address=device.hostname,
        element=device.element,
    )


def _fragment(form: ConfigurationForm, was: Configuration, now: Configuration) -> str:
    """Return a fragment for the reading of the changed objects; empty where the whole configuration is read."""
    if not form.reads_plan_only:
        return ""
    for text in _candidates(form, was, now):
        try:
            if form.commands_to_read(form.parse(text, "")):
                return text
        except EventreadyError:
            continue
    return ""


def _candidates(form: ConfigurationForm, was: Configuration, now: Configuration) -> Iterator[str]:
    yield "\n".join(form.commands_between(was.tree, now.tree))
    yield "\n".join(now.tree)
