"""Which days people work: weekends, public holidays, the days given for them, and what the workspace changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import holidays

from eventready.duty.words import Words
from eventready.workspace.event import DaysOff

_SATURDAY, _SUNDAY = 5, 6
_WEEKEND = {_SATURDAY: Words("thứ Bảy", "Saturday"), _SUNDAY: Words("Chủ nhật", "Sunday")}
_OWN = Words("ngày nghỉ của đơn vị", "a day off of the enterprise")


@dataclass(frozen=True)
class Calendar:
    """The working days in Việt Nam, with the workspace's changes."""

    days_off: DaysOff = field(default_factory=DaysOff)

    def off(self, day: date) -> Words | None:
        """Why nobody works on a day; None when it is a working day. What the workspace says of a day goes first."""
        if day in self.days_off.remove:
            return None
        if day in self.days_off.add:
            return _OWN
        return _public_holidays(day.year).get(day) or _WEEKEND.get(day.weekday())

    def working_day_before(self, day: date, count: int = 1) -> date:
        """The last working day before a day, or the `count`th before it. A year without one ends the search."""
        found = day
        for back in range(1, 366):
            found = day - timedelta(days=back)
            if self.off(found) is None:
                count -= 1
            if count == 0:
                break
        return found


@lru_cache(maxsize=16)
def _public_holidays(year: int) -> dict[date, Words]:
    """The public holidays of a year, the days given for those that fall on a weekend included."""
    vietnamese = holidays.country_holidays("VN", years=year, language="vi")
    english = holidays.country_holidays("VN", years=year, language="en_US")
    return {day: Words(name, str(english.get(day, name))) for day, name in vietnamese.items()}
