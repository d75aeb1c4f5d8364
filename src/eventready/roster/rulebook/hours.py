"""Rule 3: the Labour Code's hours. Being on call at home is not working time; breaks within a shift are not planned.

That overtime stays below 300 hours a year cannot be told from one roster.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

from eventready.clock import TZ
from eventready.roster import say
from eventready.roster.finding import Finding, Severity
from eventready.roster.intervals import Interval
from eventready.roster.rulebook.case import Case
from eventready.roster.when import midnight


def hours(case: Case) -> Iterator[Finding]:
    """Rest between shifts, the length of a shift, the hours of a day and a week, and the weekly rest, per person."""
    for person, blocks in case.working.items():
        name = case.roster.name(person)
        yield from _rest(case, name, blocks)
        yield from _length(case, name, blocks)
        yield from _days(case, name, blocks)
        yield from _weeks(case, name, blocks)
        yield from _weekly_rest(case, name, blocks)


def _finding(severity: Severity, name: str, vi: str, en: str, span: Interval) -> Finding:
    return Finding(3, severity, f"{name}: {vi}.", f"{name}: {en}.", who=(name,), start=span[0], end=span[1])


def _rest(case: Case, name: str, blocks: list[Interval]) -> Iterator[Finding]:
    wanted = timedelta(hours=case.settings.hours.rest)
    for (_, ended), (begins, _) in pairwise(blocks):
        if begins - ended < wanted:
            vi = (
                f"chỉ nghỉ {say.length(begins - ended, 'vi')} giữa hai ca ({say.span(ended, begins)}), "
                f"ít hơn {say.length(wanted, 'vi')}"
            )
            en = (
                f"rests only {say.length(begins - ended, 'en')} between two shifts ({say.span(ended, begins)}), "
                f"less than {say.length(wanted, 'en')}"
            )
            yield _finding("error", name, vi, en, (ended, begins))


def _length(case: Case, name: str, blocks: list[Interval]) -> Iterator[Finding]:
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
        vi = f"trực liền {say.length(worked, 'vi')} ({say.span(start, end)}), hơn {say.number(most, 'vi')} giờ"
        en = f"works {say.length(worked, 'en')} on end ({say.span(start, end)}), over {say.number(most, 'en')} hours"
        yield _finding(severity, name, vi, en, (start, end))


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


def _days(case: Case, name: str, blocks: list[Interval]) -> Iterator[Finding]:
    """Days that are too long although no single shift is."""
    most = timedelta(hours=case.settings.hours.day_with_overtime)
    longest = {start.astimezone(TZ).date() for start, end in blocks if end - start > most}
    for day, worked in _per_day(blocks).items():
        if worked > most and day not in longest:
            begin = midnight(day)
            vi = f"làm {say.length(worked, 'vi')} trong ngày {say.day(begin)}, hơn {say.length(most, 'vi')}"
            en = f"works {say.length(worked, 'en')} on {say.day(begin)}, more than {say.length(most, 'en')}"
            yield _finding("error", name, vi, en, (begin, begin + timedelta(days=1)))


def _weeks(case: Case, name: str, blocks: list[Interval]) -> Iterator[Finding]:
    """Calendar weeks above the normal hours: overtime, to be agreed on and paid."""
    most = timedelta(hours=case.settings.hours.week)
    weeks: dict[date, timedelta] = defaultdict(timedelta)
    for day, worked in _per_day(blocks).items():
        weeks[day - timedelta(days=day.weekday())] += worked
    for monday, worked in weeks.items():
        if worked > most:
            begin = midnight(monday)
            end = begin + timedelta(days=7)
            over = worked - most
            vi = f"làm {say.length(worked, 'vi')} trong tuần từ {say.day(begin)}, thêm giờ {say.length(over, 'vi')}"
            en = f"works {say.length(worked, 'en')} in the week of {say.day(begin)}, {say.length(over, 'en')} overtime"
            yield _finding("warn", name, vi, en, (begin, end))


def _weekly_rest(case: Case, name: str, blocks: list[Interval]) -> Iterator[Finding]:
    """Runs of shifts without a long rest that leave no room for one within seven days."""
    rest = timedelta(hours=case.settings.hours.weekly_rest)
    if not rest:
        return
    longest = timedelta(days=7) - rest
    since: datetime = blocks[0][0]
    for index, (_, end) in enumerate(blocks):
        last = index + 1 == len(blocks)
        if last or blocks[index + 1][0] - end >= rest:
            if end - since > longest:
                vi = f"không có {say.length(rest, 'vi')} nghỉ liền trong bảy ngày ({say.span(since, end)})"
                en = f"has no {say.length(rest, 'en')} of rest in one piece in seven days ({say.span(since, end)})"
                yield _finding("warn", name, vi, en, (since, end))
            since = end if last else blocks[index + 1][0]
