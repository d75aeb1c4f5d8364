"""Rule 3: the Labour Code's hours. Being on call at home is not working time; breaks within a shift are not planned.

That overtime stays below 300 hours a year cannot be told from one roster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

from eventready.core.clock import TZ
from eventready.core.messages import Message, message
from eventready.roster import wording
from eventready.roster.finding import RosterFinding, Severity
from eventready.roster.intervals import Interval
from eventready.roster.reading.when import midnight
from eventready.roster.rulebook.case import Case


def hours(case: Case) -> Iterator[RosterFinding]:
    """Rest between shifts, the length of a shift, the hours of a day and a week, and the weekly rest, per person."""
    for person, blocks in case.working.items():
        name = case.roster.name(person)
        yield from _rest(case, name, blocks)
        yield from _length(case, name, blocks)
        yield from _days(case, name, blocks)
        yield from _weeks(case, name, blocks)
        yield from _weekly_rest(case, name, blocks)


def _finding(severity: Severity, found: Message, span: Interval) -> RosterFinding:
    return RosterFinding(3, severity, found, who=(str(found.params["name"]),), start=span[0], end=span[1])


def _rest(case: Case, name: str, blocks: list[Interval]) -> Iterator[RosterFinding]:
    wanted = timedelta(hours=case.settings.hours.rest)
    for (_, ended), (begins, _) in pairwise(blocks):
        if begins - ended < wanted:
            rest, between = wording.duration(begins - ended), wording.span(ended, begins)
            found = message("roster:hours.rest", name=name, rest=rest, span=between, wanted=wording.duration(wanted))
            yield _finding("error", found, (ended, begins))


def _length(case: Case, name: str, blocks: list[Interval]) -> Iterator[RosterFinding]:
    rules = case.settings.hours
    for start, end in blocks:
        worked = end - start
        severity: Severity
        if worked > timedelta(hours=rules.day_with_overtime):
            most, severity = rules.day_with_overtime, "error"
        elif worked > timedelta(hours=rules.day) and not rules.twelve_hour_shifts:
            most, severity = rules.day, "warn"
        else:
            continue
        worked_for, when = wording.duration(worked), wording.span(start, end)
        found = message("roster:hours.shift", name=name, worked=worked_for, span=when, most=most)
        yield _finding(severity, found, (start, end))


def _per_day(blocks: list[Interval]) -> dict[date, timedelta]:
    """Working time by calendar day, local."""
    worked: dict[date, timedelta] = defaultdict(timedelta)
    for start, end in blocks:
        at = start.astimezone(TZ)
        while at < end:
            following = midnight(at.date() + timedelta(days=1))
            worked[at.date()] += min(following, end) - at
            at = following
    return worked


def _days(case: Case, name: str, blocks: list[Interval]) -> Iterator[RosterFinding]:
    """Yield too long days without a single too long shift."""
    most = timedelta(hours=case.settings.hours.day_with_overtime)
    longest = {start.astimezone(TZ).date() for start, end in blocks if end - start > most}
    for day, worked in _per_day(blocks).items():
        if worked > most and day not in longest:
            begin = midnight(day)
            length, longest_day = wording.duration(worked), wording.duration(most)
            found = message("roster:hours.day", name=name, worked=length, day=day, most=longest_day)
            yield _finding("error", found, (begin, begin + timedelta(days=1)))


def _weeks(case: Case, name: str, blocks: list[Interval]) -> Iterator[RosterFinding]:
    """Calendar weeks above the normal hours: overtime, to be agreed on and paid."""
    most = timedelta(hours=case.settings.hours.week)
    weeks: dict[date, timedelta] = defaultdict(timedelta)
    for day, worked in _per_day(blocks).items():
        weeks[day - timedelta(days=day.weekday())] += worked
    for monday, worked in weeks.items():
        if worked > most:
            begin = midnight(monday)
            end = begin + timedelta(days=7)
            length, overtime = wording.duration(worked), wording.duration(worked - most)
            found = message("roster:hours.week", name=name, worked=length, monday=monday, overtime=overtime)
            yield _finding("warn", found, (begin, end))


def _weekly_rest(case: Case, name: str, blocks: list[Interval]) -> Iterator[RosterFinding]:
    """Yield runs of shifts without a long rest, and without room for such a rest within seven days."""
    rest = timedelta(hours=case.settings.hours.weekly_rest)
    if not rest:
        return
    longest = timedelta(days=7) - rest
    since: datetime = blocks[0][0]
    for index, (_, end) in enumerate(blocks):
        last = index + 1 == len(blocks)
        if last or blocks[index + 1][0] - end >= rest:
            if end - since > longest:
                found = message(
                    "roster:hours.weekly_rest", name=name, rest=wording.duration(rest), span=wording.span(since, end)
                )
                yield _finding("warn", found, (since, end))
            since = end if last else blocks[index + 1][0]
