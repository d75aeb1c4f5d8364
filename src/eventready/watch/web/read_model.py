"""Read model of the pages: snapshot of the watch, record, incidents, changes and roster. Nothing is written.

A failed reading is no empty answer: `Night.broken` has the reason, and the page is red.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from eventready.assurance.incidents.incident import Incident
from eventready.assurance.incidents.log import incidents
from eventready.assurance.roster.reading.load import load_roster
from eventready.assurance.roster.roster import Person, Roster, Shift
from eventready.assurance.roster.settings import load_settings
from eventready.core.clock import Clock
from eventready.core.errors import EventreadyError, StoreError
from eventready.store.changes import LockHolder
from eventready.store.run import Run
from eventready.store.store import Store
from eventready.watch.record import WatchRecord
from eventready.watch.snapshot import SNAPSHOT_S, Snapshots, age_of
from eventready.workspace.workspace import Workspace

#: Age of a snapshot from which the watch counts as gone, in seconds.
GONE_S = 3 * SNAPSHOT_S
#: The roster is read again after so many seconds.
_ROSTER_S = 60.0


@dataclass(frozen=True)
class OnDuty:
    """Person on duty, with the shift."""

    person: Person
    shift: Shift


@dataclass(frozen=True)
class Night:
    """State of the night at a moment of the event's clock.

    `snapshot`: as kept by the watch, None before the first. `age_s`: its age. `broken`: reason of a failed reading.
    """

    moment: datetime
    snapshot: Mapping[str, Any] | None = None
    age_s: float | None = None
    broken: EventreadyError | None = None
    incidents: Sequence[Incident] = ()
    changes: Sequence[LockHolder] = ()
    on_duty: Sequence[OnDuty] = ()
    roster_broken: EventreadyError | None = None

    @property
    def gone(self) -> bool:
        """True without data of the present: no watch, an ended watch, or no database."""
        return self.broken is not None or self.age_s is None or self.age_s > GONE_S

    @property
    def since(self) -> datetime | None:
        """Time of the data, on the event's clock."""
        return datetime.fromisoformat(self.snapshot["at"]) if self.snapshot else None


@dataclass
class ReadModel:
    """Reader of the store and the roster of a workspace. Safe for several threads."""

    workspace: Workspace
    store: Store
    clock: Clock
    _last: Night | None = None
    _roster: Roster | EventreadyError = field(default_factory=lambda: Roster((), ()))
    _roster_at: float = float("-inf")

    @property
    def record(self) -> WatchRecord:
        """Record of the watch."""
        return WatchRecord(self.store, self.workspace.event.id, self.clock)

    def night(self) -> Night:
        """Return the present state; with the last known data where the store cannot be read."""
        moment, event = self.clock.now(), self.workspace.event
        roster = self._current_roster()
        duty = on_duty(roster, moment) if isinstance(roster, Roster) else ()
        problem = None if isinstance(roster, Roster) else roster
        try:
            snapshot = Snapshots(self.store, event.id, self.clock).latest()
            age = age_of(snapshot) if snapshot else None
            own = [one for one in incidents(self.store) if one.rehearsal == self.clock.rehearsal and not one.restored]
            self._last = Night(moment, snapshot, age, None, own, self.store.changes.locks(), duty, problem)
        except StoreError as error:
            last = self._last.snapshot if self._last else None
            age = age_of(last) if last else None
            return Night(moment, last, age, error, on_duty=duty, roster_broken=problem)
        return self._last

    def last_audit(self) -> Run | None:
        """Return the last full audit; None without an audit. Raises StoreError."""
        full = self.store.full_runs(self.workspace.event.id, len(self.workspace.devices))
        return self.store.get(full[-1]) if full else None

    def _current_roster(self) -> Roster | EventreadyError:
        if time.monotonic() - self._roster_at >= _ROSTER_S:
            self._roster_at = time.monotonic()
            folder = self.workspace.path / "inventory"
            try:
                settings = load_settings(folder)
                self._roster = load_roster(folder / settings.file, self.workspace.event, settings)
            except EventreadyError as error:
                self._roster = error
        return self._roster


def on_duty(roster: Roster, moment: datetime) -> list[OnDuty]:
    """Return the people on duty at a moment, in the order of roles and places."""
    shifts = [shift for shift in roster.shifts if shift.start <= moment < shift.end]
    return [
        OnDuty(roster.by_id.get(one.person) or Person(one.person, one.person), one)
        for one in sorted(shifts, key=lambda one: (one.role, one.place, one.person))
    ]
