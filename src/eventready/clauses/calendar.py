"""Working days of the country of an event, with the corrections of the workspace."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import holidays

from eventready.core.country import DEFAULT_COUNTRY
from eventready.core.messages import Bilingual, Message, Text, message
from eventready.workspace.settings.event import DaysOff, Event

_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True)
class Calendar:
    """Working days of a country; of a country without data all but Saturdays and Sundays."""

    days_off: DaysOff = field(default_factory=DaysOff)
    country: str = DEFAULT_COUNTRY

    @classmethod
    def of(cls, event: Event) -> Calendar:
        """Calendar of an event."""
        return cls(event.days_off, event.country)

    def off(self, day: date) -> Text | None:
        """The reason for a day off; None for a working day. The workspace's own days take precedence."""
        if day in self.days_off.remove:
            return None
        if day in self.days_off.add:
            return message("clauses:calendar.own_day_off")
        return _days_off(self.country, day.year).get(day)

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

    @property
    def gap(self) -> Message | None:
        """Sentence about the missing holidays of a country without data."""
        return None if _known(self.country) else message("clauses:calendar.unknown", country=self.country or "-")


@lru_cache(maxsize=16)
def _days_off(country: str, year: int) -> dict[date, Text]:
    """Return the days off of a year: weekends, and public holidays with the substitutes for holidays on a weekend."""
    found: dict[date, Text] = {}
    public = _holidays(country, year, "vi")
    weekend = public.weekend if public is not None else {_SATURDAY, _SUNDAY}
    worked = getattr(public, "weekend_workdays", ())
    day = date(year, 1, 1)
    while day.year == year:
        if day.weekday() in weekend and day not in worked:
            found[day] = message(f"terms:weekday.{day.weekday()}")
        day += timedelta(days=1)
    if public is not None:
        english = _holidays(country, year, "en_US") or public
        found |= {day: Bilingual(name, str(english.get(day, name))) for day, name in public.items()}
    return found


def _known(country: str) -> bool:
    return _holidays(country, 2000, "en_US") is not None


def _holidays(country: str, year: int, language: str) -> holidays.HolidayBase | None:
    """Public holidays in a language, else in English, else in the country's own; None for a country without data."""
    nation, _, part = country.partition("-")
    try:
        languages = getattr(holidays, nation).supported_languages
        spoken = next((one for one in (language, "en_US") if one in languages), None)
        return holidays.country_holidays(nation, subdiv=part or None, years=year, language=spoken)
    except (AttributeError, NotImplementedError):  # of `holidays`: an unknown country, an unknown part of a country
        return None
