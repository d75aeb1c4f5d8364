"""Lines of applied plans for a past event, compared with the configurations of their devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from nornir.core.task import Task

from eventready.audit.runner import run_on_each
from eventready.audit.tasks import with_session
from eventready.change.document import PlannedDevice, Until, recorded_plan
from eventready.change.execute.recorded import Backups, planned_form, planned_fragment
from eventready.change.execute.removal_plan import removal_of
from eventready.change.forms.form import ConfigurationForm
from eventready.change.plan.removal import Removal
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError
from eventready.core.messages import message
from eventready.facts.equipment import Equipment
from eventready.facts.observation import Observation, Status, Unread
from eventready.facts.records import EventConfiguration
from eventready.session.connect import Session
from eventready.session.plugin import register
from eventready.store.standing import MAYBE, standing_devices
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

_FACT = "event_configuration"
_WORKERS = 8


@dataclass(frozen=True)
class _EndedLines:
    """Lines of a plan on a device after their end; `removal` is None without the recorded configurations."""

    plan: str
    until: Until
    planned: PlannedDevice
    form: ConfigurationForm
    removal: Removal | None


def observe_event_lines(
    workspace: Workspace, equipment: Equipment, store: Store, clock: Clock
) -> tuple[Observation, ...]:
    """Read the devices with lines of a past event, and count the lines of each plan; no other device is read.

    A device that does not answer, or of which the recorded configurations are lost, is not measured. No line is in an
    observation.
    """
    ended = _ended(workspace, equipment, store, clock.now())
    if not ended:
        return ()
    register()
    workspace.check_secrets(ended)
    read = run_on_each(
        workspace, ended, lambda task: _read(task, ended[task.host.name]), workers=min(_WORKERS, len(ended))
    )
    return tuple(read[name] for name in sorted(read))


def _ended(
    workspace: Workspace, equipment: Equipment, store: Store, now: datetime
) -> Mapping[str, Sequence[_EndedLines]]:
    """Return the lines on record by device. A damaged record, and a device of another platform since, have none."""
    found: defaultdict[str, list[_EndedLines]] = defaultdict(list)
    for change, devices in standing_devices(store.changes.entries(), MAYBE).items():
        if devices.isdisjoint(equipment.by_name):
            continue
        record = store.changes.get(change)
        if record.planned.plan.until is None:
            continue
        plan = recorded_plan(record.plan, change)
        if plan.until is None or plan.until.moment > now:
            continue
        for name in sorted(devices & equipment.by_name.keys()):
            planned = plan.device(name)
            if equipment.by_name[name].platform != planned.platform:
                continue
            form, removal = planned_form(equipment, planned), None
            with suppress(EventreadyError):  # the key or the texts are lost
                removal = removal_of(Backups.of(workspace, store), form, planned, record)
            found[name].append(_EndedLines(plan.id, plan.until, planned, form, removal))
    return found


def _read(task: Task, lines: Sequence[_EndedLines]) -> Observation:
    name = task.host.name
    try:
        return with_session(task, lambda session: _observed(name, lines, session))
    except EventreadyError as error:
        return Observation(name, _FACT, Status.UNREACHABLE, reason=error.whole.render("en"), message=error.whole)


def _observed(name: str, lines: Sequence[_EndedLines], session: Session) -> Observation:
    rows: list[EventConfiguration] = []
    unread: list[Unread] = []
    for one in lines:
        if one.removal is None:
            unread.append(Unread(one.plan, message("change:event_lines.lost", device=name)))
            continue
        fragment = planned_fragment(one.form, one.planned)
        running = one.form.read_running(fragment, session.send_commands, device=name).tree
        whole = sum(one.removal.count(one.form, one.removal.new))
        present, changed = one.removal.count(one.form, running)
        absent = max(0, whole - present - changed)
        rows.append(
            EventConfiguration(plan=one.plan, ended=one.until.moment, present=present, changed=changed, absent=absent)
        )
    return Observation(name, _FACT, Status.PARSED, rows=tuple(rows), unread=tuple(unread))
