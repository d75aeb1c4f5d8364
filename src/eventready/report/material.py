"""Material: everything that a paper is made of, frozen. Every paper is a pure function of it and the office's profile.

What is not there yet is None or empty, and the paper says so in words; nothing is taken for good because it is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

from eventready.duty.carried import ChangeOnRecord
from eventready.run import Run, Summary
from eventready.workspace.device import Device
from eventready.workspace.duties import Duty
from eventready.workspace.event import Event

State: TypeAlias = Literal["done", "in_progress", "not_done", "not_applicable"]
RoleCode: TypeAlias = Literal["LD", "DH", "CA", "UC", "VH"]


@dataclass(frozen=True)
class Week:
    """The seven days that a Monday's report looks back on; `due` is that Monday."""

    due: date

    @classmethod
    def at(cls, moment: datetime | date) -> Week:
        """The week whose report is due on the Monday of `moment`'s week: on Monday itself, the week just past."""
        day = moment.date() if isinstance(moment, datetime) else moment
        return cls(day - timedelta(days=day.weekday()))

    @property
    def first(self) -> date:
        """Monday of the week reported on."""
        return self.due - timedelta(days=7)

    @property
    def last(self) -> date:
        """Sunday of the week reported on."""
        return self.due - timedelta(days=1)

    @property
    def next_last(self) -> date:
        """Sunday of the week to come, which begins on `due`."""
        return self.due + timedelta(days=6)


@dataclass(frozen=True)
class Clause:
    """A clause of the letter as it stands: why, and the evidence named in words or as links."""

    duty: Duty
    state: State
    reason: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class DutyRow:
    """A row of the duty list, ready to be printed; the numbers are whole, for this list is meant to carry them."""

    role: RoleCode
    name: str
    title: str
    unit: str
    task: str
    time: str
    place: str
    phones: str
    note: str = ""


@dataclass(frozen=True)
class DutyList:
    """The roster: its version and rows, minutes without anybody by role, and what breaks a rule (already said)."""

    version: str
    rows: tuple[DutyRow, ...]
    gaps: Mapping[str, int] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    since: str = ""


@dataclass(frozen=True)
class Notice:
    """A notice that an incident demands: to the department or the police, by whom, when, how; `at` None: not given."""

    to: Literal["department", "police"]
    recipient: str = ""
    by: str = ""
    at: datetime | None = None
    how: str = ""
    overdue: bool = False


@dataclass(frozen=True)
class Incident:
    """An incident as recorded; `restored` None: it is not over. `subscribers` None: not known yet."""

    id: str
    began: datetime
    place: str
    services: tuple[str, ...]
    summary: str
    subscribers: int | None = None
    cause: str = ""
    actions: tuple[tuple[datetime, str], ...] = ()
    restored: datetime | None = None
    notices: tuple[Notice, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class Material:
    """`moment` is the event's clock; `baseline` the last run of the week before, which the week is compared with.

    `duties` are the clauses that address this operator.
    """

    event: Event
    moment: datetime
    week: Week
    rehearsal: bool = False
    devices: tuple[Device, ...] = ()
    duties: tuple[Duty, ...] = ()
    run: Run | None = None
    baseline: Run | None = None
    earlier: tuple[Summary, ...] = ()
    clauses: tuple[Clause, ...] | None = None
    duty_list: DutyList | None = None
    incidents: tuple[Incident, ...] | None = None
    changes: tuple[ChangeOnRecord, ...] | None = None
