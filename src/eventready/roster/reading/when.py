"""Days and hours as they stand in spreadsheets: real dates, dd/mm/yyyy as text, 7h30, 07:00-19:00."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeGuard

from openpyxl.utils.datetime import from_excel

from eventready.core.messages import Message, known, message
from eventready.core.timezone import local_time, moment_at
from eventready.roster.reading.text import fold, tidy
from eventready.roster.settings import DAY
from eventready.workspace.sheets.sheet import CellError

_DMY = re.compile(
    r"(?<!\d)(?P<day>\d{1,2})(?P<between>\s*[/.]\s*|-)(?P<month>\d{1,2})(?:(?P=between)(?P<year>\d{4}|\d{2}))?(?!\d)"
)
_YMD = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
#: `6h 29/4` is six o'clock on the 29th, `6h 29` is 6:29, and so is the beginning of `6h 29-7h`.
_NO_DATE = r"(?!\s*[/.]\s*\d{1,2}(?![\dhHgG:])|-\d{1,2}(?![\dhHgG:]))"
_HOUR = re.compile(rf"(?<![\d:])(\d{{1,2}})\s*[:hHgG](\d{{2}}|\s+\d{{2}}{_NO_DATE})?(?::\d{{2}})?(?!\d)")
_MONTH = re.compile(r"\bthang (\d{1,2})(?: (?:nam )?(\d{4}))?\b")
_WEEKDAY = re.compile(r"\b(ngay|t ?[2-7]|thu ?[2-7]|thu [a-z]+|cn|chu nhat|mon|tue|wed|thu|fri|sat|sun)\b")
_LUNAR = re.compile(r"\b(al|am lich|lunar)\b")

#: How it should be written, for messages.
DAY_FORM = message("roster:form.day")
HOUR_FORM = message("roster:form.hours")

#: A date as a bare number: spreadsheets count days since 1900; these are 2009 to 2064.
_SERIALS = range(40000, 60200)


class NotADay(CellError):
    """Error of a date; the remedy is the form of a date unless the message has a remedy of its own."""

    def __init__(self, what: Message, do: str | Message = "") -> None:
        super().__init__(what, do or ("" if known(f"{what.id}.do") else DAY_FORM))


@dataclass(frozen=True)
class Calendar:
    """Days allowed in a roster of the event: with a month before and after."""

    first: date
    last: date

    @classmethod
    def around(cls, start: datetime, end: datetime, *more: date) -> Calendar:
        """The days from a month before the first to a month after the last of these."""
        days = (local_time(start).date(), local_time(end).date(), *more)
        return cls(min(days) - timedelta(days=31), max(days) + timedelta(days=31))

    def day(self, value: object, *, month: tuple[int, int | None] | None = None) -> date:
        """Return the day of a cell; `month` (month, year) is the heading above a bare number. Raises NotADay."""
        return self._within(self._read(value, month), value)

    def _read(self, value: object, month: tuple[int, int | None] | None) -> date:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value, month)
        text = tidy(value)
        if _LUNAR.search(fold(text)):
            raise NotADay(message("roster:day.lunar", text=text))
        found = _YMD.search(text)
        if found:
            return _date(int(found[1]), int(found[2]), int(found[3]), text)
        found = _DMY.search(text)
        if found:
            return self._dmy(int(found["day"]), int(found["month"]), found["year"], text)
        number = bare_day(text)
        if month and number is not None:
            return self._number(number, month)
        raise NotADay(message("roster:day.none", value=text))

    def _number(self, value: float, month: tuple[int, int | None] | None) -> date:
        if month and value in range(1, 32):
            number, year = month
            return self._dmy(int(value), number, str(year) if year else None, f"{int(value)}/{number}")
        if is_serial(value):
            converted = from_excel(int(value))
            if isinstance(converted, datetime):
                return converted.date()
        raise NotADay(message("roster:day.no_number", value=value))

    def _dmy(self, day: int, month: int, year: str | None, text: str) -> date:
        if year is not None:
            return _date(int(year) + (2000 if len(year) == 2 else 0), month, day, text)
        years = range(self.first.year, self.last.year + 1)
        dates = [_date(number, month, day, text) for number in years]
        return next((d for d in dates if self.first <= d <= self.last), dates[0])

    def _within(self, day: date, value: object) -> date:
        if self.first <= day <= self.last:
            return day
        shown = f"{day:%d/%m/%Y}"
        for years, msgid in ((543, "roster:day.buddhist"), (-1911, "roster:day.taiwanese")):
            if self.first.year <= day.year - years <= self.last.year:
                raise NotADay(message(msgid, shown=shown), message("roster:day.year", year=day.year - years))
        if isinstance(value, datetime | date) and day.year in (1899, 1900):
            raise NotADay(message("roster:day.number", shown=shown), DAY_FORM)
        raise NotADay(message("roster:day.outside", shown=shown, first=self.first, last=self.last))


def _date(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        msgid = "roster:day.month_first" if day <= 12 < month <= 31 else "roster:day.no_calendar"
        raise NotADay(message(msgid, text=text)) from None


def looks_like_day(value: object) -> bool:
    """Return True for a cell with the form of a date, valid or not; False for a bare number."""
    if isinstance(value, datetime | date):
        return True
    if not isinstance(value, str) or len(value) > 40 or "24/24" in value:
        return False
    text = tidy(value)
    return bool(_DMY.search(text) or _YMD.search(text)) and not _HOUR.search(text)


def is_serial(value: object) -> TypeGuard[float]:
    """Return True for a date as the bare number of a spreadsheet."""
    return isinstance(value, int | float) and not isinstance(value, bool) and int(value) in _SERIALS


def bare_day(text: str) -> int | None:
    """The day of the month in `29`, `T6 29` or `Thứ sáu 29`; None for a weekday alone and for anything longer."""
    left = _WEEKDAY.sub("", fold(text)).split()
    return int(left[0]) if len(left) == 1 and re.fullmatch(r"\d{1,2}", left[0]) else None


def month_named(value: object) -> tuple[int, int | None] | None:
    """Return month and year of `Tháng 7/2033` or `Tháng 7 năm 2033`; None for text without a month."""
    found = _MONTH.search(fold(value)) if isinstance(value, str) else None
    if found is None or not 1 <= int(found[1]) <= 12:
        return None
    return int(found[1]), int(found[2]) if found[2] else None


def hour(value: object) -> timedelta | None:
    """Return the time since midnight: 07:00, 7h, 7h30, 24:00, a time, a fraction of a day; None for anything else."""
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, time):
        return timedelta(hours=value.hour, minutes=value.minute)
    if isinstance(value, timedelta):
        return value if timedelta() <= value <= DAY else None
    if isinstance(value, float | int) and not isinstance(value, bool):
        return timedelta(minutes=round(value * 24 * 60)) if 0 <= value <= 1 else None
    found = hours(str(value))
    return found[0] if len(found) == 1 else None


def hours(text: str) -> list[timedelta]:
    """All times of day in a text, in order."""
    times = [timedelta(hours=int(h), minutes=int(m or 0)) for h, m in _HOUR.findall(text)]
    return [at for at in times if at <= DAY]


def days(text: str, calendar: Calendar) -> list[date]:
    """All days in a text, in order; the middle of `22h30-4h` is none. Raises NotADay."""
    left = _HOUR.sub(" ", text)
    return [calendar.day(found[0]) for found in re.finditer(f"{_YMD.pattern}|{_DMY.pattern}", left)]


def moment(value: object) -> datetime | None:
    """Return day and time of a cell with a spreadsheet's serial number; None for anything else."""
    if is_serial(value):
        value = from_excel(round(value * 24 * 60) / (24 * 60))
    return value if isinstance(value, datetime) else None


def bare_hours(text: str) -> list[timedelta]:
    """The two ends of `06-14` or `6 - 14`, where a legend leaves the minutes out."""
    found = re.fullmatch(r"(\d{1,2})\s*[-\u2013]\s*(\d{1,2})", text.strip())
    ends = [timedelta(hours=int(part)) for part in found.groups()] if found else []
    return ends if all(end <= DAY for end in ends) else []


def midnight(day: date) -> datetime:
    """The beginning of a day, local time."""
    return moment_at(day)
