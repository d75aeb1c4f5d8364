"""Working days: weekends, public holidays, the days given for them, and the workspace's changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import holidays

from eventready.core.messages import Bilingual, Text, message
from eventready.workspace.settings.event import DaysOff

_SATURDAY, _SUNDAY = 5, 6
_WEEKEND = {day: message(f"terms:weekday.{day}") for day in (_SATURDAY, _SUNDAY)}


@dataclass(frozen=True)
class Calendar:
    """Working days in Vietnam, with the corrections of the workspace."""

    days_off: DaysOff = field(default_factory=DaysOff)

    def off(self, day: date) -> Text | None:
        """The reason for a day off; None for a working day. The workspace's own days take precedence."""
        if day in self.days_off.remove:
            return None
        if day in self.days_off.add:
            return message("clauses:calendar.own_day_off")
        return _public_holidays(day.year).get(day) or _WEEKEND.get(day.weekday())

    def working_day_before(self, day: date, count: int = 1) -> date:
        """Return the last working day before a day, or the `count`th before. A year without a working day ends the
        search."""
        found = day
        for back in range(1, 366):
            found = day - timedelta(days=back)
            if self.off(found) is None:
                count -= 1
            if count == 0:
                break
        return found


@lru_cache(maxsize=16)
def _public_holidays(year: int) -> dict[date, Bilingual]:
    """Return the public holidays of a year, with the substitutes for holidays on a weekend."""
    vietnamese = holidays.country_holidays("VN", years=year, language="vi")
    english = holidays.country_holidays("VN", years=year, language="en_US")
    return {day: Bilingual(name, str(english.get(day, name))) for day, name in vietnamese.items()}
