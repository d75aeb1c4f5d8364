"""roster.yaml: the period, the number of people per role, the codes of the shifts, and the limits of the law.

Every figure has a default, so the file may be absent. Their sources: roles and
round-the-clock duty, the letter, part 3; twelve hours of rest before another shift, Labour Code 2019, article 110;
eight hours a day and 48 a week, article 105; twelve hours at most with overtime, article 107; 24 hours of rest a week,
article 111. Handover, minimum teams, reserve and skills are recommendations, to be set by the enterprise.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from eventready.core.errors import InvalidValue, WorkspaceError
from eventready.core.messages import message
from eventready.core.timezone import clock_time
from eventready.roster.roster import ROLES, Branch, Role
from eventready.workspace.files.datetimes import Moment
from eventready.workspace.files.yaml_document import load_optional
from eventready.workspace.model import WorkspaceModel
from eventready.workspace.settings.event import Event, WindowKind

#: Where the roster and its settings lie in a workspace, unless told otherwise.
FILE = "roster.xlsx"
SETTINGS = "roster.yaml"

#: A whole day, as an end: `24:00`.
DAY = timedelta(days=1)


def _clock(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    if value == "24:00":
        return DAY
    if isinstance(value, str):
        try:
            at = time.fromisoformat(value)
        except ValueError:
            pass
        else:
            return timedelta(hours=at.hour, minutes=at.minute)
    raise InvalidValue(message("roster:settings.no_time", value=repr(value)))


#: A time of day, as what has passed since midnight.
ClockTime = Annotated[
    timedelta,
    BeforeValidator(_clock),
    WithJsonSchema({"type": "string", "pattern": r"^\d{2}:\d{2}$", "examples": ["06:00", "24:00"]}),
]


class Code(WorkspaceModel):
    """Meaning of a code in the matrix. A shift with an end not after its begin ends the next day."""

    kind: Literal["work", "on_call", "leave"] = "work"
    start: ClockTime = Field(default=timedelta(), alias="from", json_schema_extra={"default": "00:00"})
    end: ClockTime = Field(default=DAY, alias="to", json_schema_extra={"default": "24:00"})

    def span(self, day: date) -> tuple[datetime, datetime]:
        """Return begin and end on a day."""
        end = self.end if self.end > self.start else self.end + DAY
        return clock_time(day, self.start), clock_time(day, end)


class RoleRule(WorkspaceModel):
    """Requirements of a role at every moment of the period."""

    min: int = Field(default=1, ge=0, le=1000, description="How many people at every moment")
    on_call: bool = Field(default=False, description="Being on call counts as being on duty")
    phones: int = Field(default=1, ge=1, le=9, description="How many numbers each person has")
    skills: tuple[str, ...] = Field(default=(), description="Skills that somebody of the role has at every moment")
    reserve: int = Field(default=1, ge=0, le=1000, description="How many people stand by for the role")


class Roles(WorkspaceModel):
    """The five roles of the letter."""

    LD: RoleRule = RoleRule(on_call=True, phones=2)
    DH: RoleRule = RoleRule(phones=2)
    CA: RoleRule = RoleRule()
    UC: RoleRule = RoleRule(on_call=True)
    VH: RoleRule = RoleRule()

    def of(self, role: Role) -> RoleRule:
        """The rule of a role."""
        rule: RoleRule = getattr(self, role)
        return rule


class VenueTeam(WorkspaceModel):
    """Team at each venue in the windows of these kinds."""

    windows: tuple[WindowKind, ...] = ("event",)
    UC: int = Field(default=1, ge=0, le=1000)
    VH: int = Field(default=1, ge=0, le=1000)


class Hours(WorkspaceModel):
    """Working time, in hours."""

    rest: float = Field(default=12, ge=0, le=72, description="Between two shifts (Labour Code 2019, article 110)")
    day: float = Field(default=8, gt=0, le=24, description="Normal day (article 105)")
    day_with_overtime: float = Field(default=12, gt=0, le=24, description="Never more (article 107)")
    week: float = Field(default=48, gt=0, le=168, description="Normal week (article 105)")
    weekly_rest: float = Field(default=24, ge=0, le=168, description="In one piece in seven days (article 111)")
    twelve_hour_shifts: bool = Field(default=False, description="Shifts up to the longest day are agreed on")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.day_with_overtime < self.day:
            raise InvalidValue(message("roster:settings.overtime"))
        return self


class RosterSettings(WorkspaceModel):
    """roster.yaml"""

    file: str = Field(default=FILE, min_length=1, description="The roster, beside this file")
    start: Moment | None = Field(default=None, alias="from", description="Round-the-clock duty begins")
    end: Moment | None = Field(default=None, alias="to", description="Round-the-clock duty ends")
    branches: tuple[Literal["VT", "BC"], ...] = Field(
        default=("VT",), min_length=1, description="Operations: VT telecommunications, BC postal"
    )
    codes: dict[str, Code] = Field(default_factory=dict, description="Codes of the matrix, beside the usual ones")
    roles: Roles = Roles()
    venue_team: VenueTeam = VenueTeam()
    hours: Hours = Hours()
    handover_minutes: int = Field(default=15, ge=0, le=240, description="Who goes and who comes are there together")
    authorise: tuple[Role, ...] = Field(
        default=("LD", "DH"), description="Roles whose holders may approve an emergency change"
    )
    skills: tuple[str, ...] = Field(
        default=("RAN", "IP", "WiFi", "power"), description="Skills that somebody on duty has at every moment"
    )
    warn_days: int = Field(default=3, ge=0, le=60, description="Days before the deadline from which to warn")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start and self.end and self.end <= self.start:
            raise InvalidValue(message("roster:settings.period"))
        return self

    def period(self, event: Event) -> tuple[datetime, datetime]:
        """Return [start, end) of round-the-clock duty: as configured, else from the first window to the end of the
        last.

        Raises WorkspaceError where neither says it.
        """
        windows = [window for window in event.windows if window.kind not in ("drill", "maintenance")]
        starts = [window.start for window in windows]
        ends = [window.end for window in windows]
        start = self.start or min(starts, default=None)
        end = self.end or max(ends, default=None)
        if start is None or end is None or end <= start:
            raise WorkspaceError(message("roster:settings.no_period"), where=f"inventory/{SETTINGS}")
        return start, end

    def duties(self) -> Iterator[tuple[Role, Branch]]:
        """Yield the roles, operations once per branch if there are several."""
        for role in ROLES:
            branches: tuple[Branch, ...] = self.branches if role == "VH" and len(self.branches) > 1 else ("",)
            yield from ((role, branch) for branch in branches)


def load_settings(inventory: Path) -> RosterSettings:
    """Read roster.yaml of an inventory folder; return the defaults for a missing file. Raises WorkspaceError."""
    path = inventory / SETTINGS
    return load_optional(path).validate(RosterSettings)
