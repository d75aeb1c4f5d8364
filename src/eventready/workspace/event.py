"""event.yaml: what happens, where and when, who is told, and by when."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from eventready.clock import TZ
from eventready.workspace.changes import ChangeSettings
from eventready.workspace.complaints import suggest
from eventready.workspace.device import Service
from eventready.workspace.intents import Intents
from eventready.workspace.mail import Mail, Timetable
from eventready.workspace.moments import Moment, TimeOfDay
from eventready.workspace.yaml import load_yaml, several

WindowKind = Literal["event", "protected", "freeze"]
Operator = Literal["telecom", "postal", "both"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Entry(BaseModel):
    """Base of what a workspace file holds: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _identifier(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError(f"{value!r} is not an identifier. Use small letters, digits and single hyphens.")
    return value


class Police(Entry):
    """The police station nearest to a place: an incident there is reported to it too."""

    name: str = Field(min_length=1)
    name_vi: str = ""
    phone: str = ""
    email: str = ""

    @property
    def said(self) -> str:
        """Its name in Vietnamese where there is one."""
        return self.name_vi or self.name


class Venue(Entry):
    """A place of the event, and the services that people are to have there."""

    id: str = Field(description="Short name by which devices and limits refer to it")
    name: str
    name_vi: str = ""
    services: tuple[Service, ...] = Field(min_length=1)
    police: Police | None = Field(default=None, description="The police station nearest to it")

    _id = field_validator("id")(_identifier)


class Window(Entry):
    """A span of time: a night of the event, the time around it that is protected, or one in which nothing changes."""

    kind: WindowKind
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    name: str = ""
    name_vi: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError("the window ends before it begins. Swap `from` and `to`.")
        return self

    def holds(self, moment: datetime) -> bool:
        """True from the start on, and before the end."""
        return self.start <= moment < self.end


class Recipient(Entry):
    """Who receives the reports."""

    name: str
    name_vi: str = ""
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    phone: str = ""


class WeeklyReport(Entry):
    """The report of every week: its day, when it should be and when it must be with the recipient, first and last."""

    day: Weekday = "monday"
    cut_off: TimeOfDay
    latest: TimeOfDay
    first: date
    last: date

    @model_validator(mode="after")
    def _on_its_day(self) -> Self:
        for name, value in (("first", self.first), ("last", self.last)):
            if _WEEKDAYS[value.weekday()] != self.day:
                raise ValueError(f"{name} ({value}) is a {_WEEKDAYS[value.weekday()].capitalize()}, not a {self.day}")
        if self.last < self.first:
            raise ValueError("the last report comes before the first. Swap `first` and `last`.")
        return self

    def deadlines(self) -> tuple[datetime, ...]:
        """The cut-off of each report, in order, local time."""
        weeks = (self.last - self.first).days // 7
        return tuple(
            datetime.combine(self.first + timedelta(weeks=week), self.cut_off, TZ) for week in range(weeks + 1)
        )


class NoticeLimits(Entry):
    """How long after an incident is noticed each notice must have been given, in minutes. The letter says "in time"."""

    first: int = Field(default=30, ge=1, description="Minutes until the first notice, by telephone or in person")
    written: int = Field(default=120, ge=1, description="Minutes until the written report")
    final: int = Field(default=1440, ge=1, description="Minutes until the final report")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.first <= self.written <= self.final:
            raise ValueError("the limits do not rise. The first notice comes before the written and the final report.")
        return self


class DaysOff(Entry):
    """Days off that the calendar of public holidays does not know, and days that it has and people work on."""

    add: tuple[date, ...] = ()
    remove: tuple[date, ...] = ()


class Trial(Entry):
    """Something to be tried out in a span of time; `proved_by` is `audit` (a run in that time) or a clause."""

    id: str
    name: str
    name_vi: str = ""
    start: Moment = Field(alias="from")
    due: Moment
    proved_by: str = Field(default="audit", description="`audit`, or the clause whose being done proves it")

    _id = field_validator("id")(_identifier)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.due <= self.start:
            raise ValueError("the test is due before it may begin. Swap `from` and `due`.")
        return self


class Event(Entry):
    """The event as one frozen value. Times are aware, in Asia/Ho_Chi_Minh unless written with another offset."""

    id: str = Field(description="Short name of the event, which stands in every run")
    name: str
    name_vi: str = ""
    organiser: str = ""
    organiser_vi: str = ""
    enterprise: str = Field(default="", description="Whose network this is, as it signs the reports")
    operator: Operator = Field(default="telecom", description="Which clauses apply: telecom, postal, or both")
    basis: tuple[str, ...] = Field(default=(), description="The documents that the work rests on")
    recipient: Recipient
    venues: tuple[Venue, ...] = Field(min_length=1)
    windows: tuple[Window, ...] = ()
    weekly_report: WeeklyReport | None = None
    duty_list_before: Moment | None = Field(default=None, description="The duty list must be in before this moment")
    tests: tuple[Trial, ...] = Field(default=(), description="What is tried out before the event, and when")
    days_off: DaysOff = Field(default=DaysOff(), description="Changes to the calendar of public holidays")
    notice_limits: NoticeLimits = Field(default=NoticeLimits(), description="When an incident must be reported")
    mail: Mail | None = Field(default=None, description="From whom and over which server papers are mailed")
    schedule: Timetable = Field(default=Timetable(), description="When `eventready schedule` does what")
    changes: ChangeSettings = Field(default=ChangeSettings(), description="How changes are approved and carried out")
    intents: Intents = Field(
        default={}, description="Values for templates that hold everywhere, unless a host or group has its own"
    )
    lab: bool = Field(default=False, description="A rehearsal's copy: passwords may stand in the inventory")

    _id = field_validator("id")(_identifier)

    @property
    def venue_ids(self) -> tuple[str, ...]:
        """The venues' short names, in the order of the file."""
        return tuple(venue.id for venue in self.venues)

    def venue(self, venue_id: str) -> Venue:
        """The venue of that short name. Raises KeyError."""
        return {venue.id: venue for venue in self.venues}[venue_id]

    def windows_at(self, moment: datetime, kind: WindowKind | None = None) -> tuple[Window, ...]:
        """The windows (of one kind) that are open at a moment."""
        return tuple(w for w in self.windows if w.holds(moment) and kind in (None, w.kind))


def load_event(path: Path) -> Event:
    """Read event.yaml. Raises WorkspaceError."""
    document = load_yaml(path)
    event = document.validate(Event)
    ids = event.venue_ids
    twice = [index for index, name in enumerate(ids) if name in ids[:index]]
    if twice:
        raise several(
            document.error(
                f"the venue {ids[index]!r} is defined a second time; the first is in line "
                f"{document.line('venues', ids.index(ids[index]))}",
                "venues", index, "id", do="Give it a name of its own.",
            )
            for index in twice
        )  # fmt: skip
    return event


def unknown_venue(name: str, event: Event) -> tuple[str, str]:
    """What and what to do, for a venue that event.yaml does not define."""
    return f"the venue {name!r} is not in event.yaml", suggest(name, event.venue_ids, noun="Defined")
