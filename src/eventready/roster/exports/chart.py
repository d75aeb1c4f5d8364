"""A chart of coverage in characters: a line per day, half an hour per character."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from eventready.core.messages import term, text
from eventready.core.timezone import local_time
from eventready.roster import wording
from eventready.roster.finding import plain_times
from eventready.roster.intervals import Stretch, counted
from eventready.roster.reading.when import midnight
from eventready.roster.roster import Branch, Role, Roster
from eventready.roster.rulebook.case import Case, claims
from eventready.roster.rulebook.people import standing
from eventready.roster.settings import RosterSettings
from eventready.workspace.settings.event import Event

_CELL = timedelta(minutes=30)
_CELLS = 48

#: Enough people, too few for a part, nobody for a part, nobody at all, outside the period.
FULL, FEW, PARTLY, NONE, OUTSIDE = "█", "▓", "▒", "·", " "
_WORSE = (OUTSIDE, FULL, FEW, PARTLY, NONE)


class Lane:
    """Coverage of a duty over the period."""

    def __init__(self, case: Case, role: Role, branch: Branch) -> None:
        self.role, self.branch = role, branch
        self.need = case.settings.roles.of(role).min
        self.start, self.end = case.start, case.end
        self.stretches = tuple(counted(claims(standing(case, role, branch)), case.start, case.end))

    @property
    def full(self) -> bool:
        """True when there are enough people at every moment."""
        return all(stretch.people >= self.need for stretch in self.stretches)

    def to_dict(self) -> dict[str, object]:
        """Return the number of people at every moment as plain JSON types."""
        return {
            "role": self.role,
            "branch": self.branch or None,
            "need": self.need,
            "full": self.full,
            "stretches": [{**plain_times(one), "have": one.people} for one in self.stretches],
        }


def lanes(roster: Roster, event: Event, settings: RosterSettings) -> list[Lane]:
    """A lane per role."""
    start, end = settings.period(event)
    case = Case(roster, event, settings, start, end)
    return [Lane(case, role, branch) for role, branch in settings.duties()]


def chart(all_lanes: Sequence[Lane], lang: str, *, every_day: bool = False) -> Iterator[str]:
    """The lines of the chart: for each role the days with a gap, or all days."""
    for lane in all_lanes:
        role = wording.role_name(lane.role, lane.branch)
        if lane.full:
            period = wording.span(lane.start, lane.end)
            yield text("roster:chart.complete", lang, role=role, code=lane.role, period=period)
            if not every_day:
                continue
        else:
            yield text("roster:chart.gaps", lang, role=role, code=lane.role)
        yield " " * 11 + "0     3     6     9     12    15    18    21    24"
        yield from _days(lane, lang, every_day=every_day)


def _days(lane: Lane, lang: str, *, every_day: bool) -> Iterator[str]:
    day = local_time(lane.start).date()
    index = 0
    while midnight(day) < lane.end:
        cells, index = _cells(lane, day, index)
        if every_day or set(cells) & {FEW, PARTLY, NONE}:
            yield f"{term('roster:weekday', str(day.weekday()), lang)} {day:%d/%m}   {cells}"
        day += timedelta(days=1)


def _cells(lane: Lane, day: date, index: int) -> tuple[str, int]:
    """The characters of a day by the wall clock, and the stretch from which to go on.

    A repeated half hour shows its worse coverage; one that the clock leaves out is outside.
    """
    cells = [OUTSIDE] * _CELLS
    start, midnight_after = midnight(day), midnight(day + timedelta(days=1))
    while start < midnight_after:
        end = start + _CELL
        while index + 1 < len(lane.stretches) and lane.stretches[index].end <= start:
            index += 1
        inside = []
        for stretch in lane.stretches[index:]:
            if stretch.start >= end:
                break
            if stretch.end > start:
                inside.append(stretch)
        shown = local_time(start)
        number = (shown.hour * 60 + shown.minute) * 60 // int(_CELL.total_seconds())
        cells[number] = max(cells[number], _mark(inside, lane.need, start, end), key=_WORSE.index)
        start = end
    return "".join(cells), index


def _mark(inside: Sequence[Stretch], need: int, start: datetime, end: datetime) -> str:
    if not inside:
        return OUTSIDE
    fewest = min(stretch.people for stretch in inside)
    if fewest >= need:
        return FULL
    if all(stretch.people == 0 for stretch in inside) and inside[0].start <= start and inside[-1].end >= end:
        return NONE
    return PARTLY if fewest == 0 else FEW
