"""Part of a device in a change, from the journal and the inventory, where the plan on record cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from eventready.change.document import PlannedDevice, PlannedGuard, placed
from eventready.change.execute.context import ExecutionContext
from eventready.change.forms.configuration import Configuration
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.guard import change_spec, gap, protects
from eventready.core.errors import EventreadyError, RefusedError
from eventready.core.messages import message
from eventready.platforms.model import ChangeSpec, GuardSpec
from eventready.store.change_steps import Arm
from eventready.store.changes import ChangeRecord, last_of
from eventready.workspace.devices.device import Device

#: Intent in a plan whose intents are not known: the longest soak counts.
UNREAD = "unread"


def journalled_part(context: ExecutionContext, record: ChangeRecord, name: str) -> PlannedDevice:
    """Return the part of a changed device: its recorded configurations, its guard as armed, its present place.

    Raises RefusedError for a device that left the inventory, or without recorded configurations.
    """
    found = _Journalled.of(context, record, name)
    form, was, now = found.form, found.before, found.after
    if now is None:
        raise _lost(record, name)
    lines = form.commands_between(was.tree, now.tree), form.commands_between(now.tree, was.tree)
    return found.part(now, lines, form.diff(was.tree, now.tree))


def interrupted_part(context: ExecutionContext, record: ChangeRecord, name: str) -> PlannedDevice:
    """Return the part of a device with an armed guard; the lines are those of the recorded way back.

    Raises RefusedError as `journalled_part` does, and without a recorded way back.
    """
    found = _Journalled.of(context, record, name)
    way_back = found.armed.way_back
    if not way_back:
        raise _lost(record, name)
    return found.part(found.after or found.before, (way_back, way_back), ())


def _lost(record: ChangeRecord, name: str) -> RefusedError:
    return RefusedError(message("change:store.lost_around", device=name, change=record.entry.id))


@dataclass(frozen=True)
class _Journalled:
    """Device of a change by its journal: configuration before, configuration after if saved, guard as armed."""

    device: Device
    spec: ChangeSpec
    form: ConfigurationForm
    armed: Arm
    before: Configuration
    after: Configuration | None

    @classmethod
    def of(cls, context: ExecutionContext, record: ChangeRecord, name: str) -> Self:
        """Read the journal of a device. Raises RefusedError."""
        device, steps = context.equipment.by_name.get(name), record.of(name)
        armed = last_of(steps, Arm)
        if device is None or armed is None:
            raise _lost(record, name)
        spec = change_spec(context.equipment.named(device.platform))
        form = form_of(spec)
        before = context.backups.before(form, steps)
        if before is None:
            raise _lost(record, name)
        return cls(device, spec, form, armed, before, context.backups.after(form, steps))

    def part(
        self, now: Configuration, lines: tuple[Sequence[str], Sequence[str]], diff: Sequence[str]
    ) -> PlannedDevice:
        """Return the part of the device with the configuration after the change, the lines there and back."""
        armed, saves = self.armed, bool(self.spec.save)
        guard = next((one for one in self.spec.guards if one.kind == armed.guard), GuardSpec(kind="inverse"))
        return PlannedDevice(
            **placed(self.device),
            intents=(UNREAD,),
            guard=PlannedGuard(
                kind=guard.kind, protects=protects(guard, armed.seconds, saves=saves), gap=gap(guard, saves=saves)
            ),
            before=self.before.sha256,
            predicted=self.form.fingerprint(now.tree),
            forward=tuple(lines[0]),
            backward=tuple(lines[1]),
            fragment=_fragment(self.form, now, lines[0]),
            diff=tuple(diff),
            risks=(),
        )


def _fragment(form: ConfigurationForm, now: Configuration, lines: Sequence[str]) -> str:
    """Return a fragment for the reading of the recorded objects; empty where the whole configuration is read."""
    if not form.reads_plan_only:
        return ""
    for text in (now.text, "\n".join(lines), "\n".join(now.tree)):
        try:
            if form.commands_to_read(form.parse(text, "")):
                return text
        except EventreadyError:
            continue
    return ""
