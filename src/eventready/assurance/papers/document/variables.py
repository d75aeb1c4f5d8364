"""Variables for an office's texts, between double braces."""

from __future__ import annotations

from collections.abc import Mapping

#: In every text of a profile: the variable and its value.
MEANING: Mapping[str, str] = {
    "event": "name of the event",
    "enterprise": "enterprise that signs the reports",
    "organiser": "organiser of the event",
    "recipient": "recipient of the reports",
    "province": "province of the event",
    "place": "place of issue",
    "short": "abbreviation of the enterprise",
    "parent": "superior body of the enterprise",
    "symbol": "symbol after the number of this paper",
    "moment": "event's time, in words",
    "today": "date of the event's time",
    "month": "month of the event's time",
    "year": "year of the event's time",
    "week_first": "Monday of the reported week",
    "week_last": "Sunday of the reported week",
    "next_first": "Monday of the next week",
    "next_last": "Sunday of the next week",
}

GENERAL = frozenset(MEANING)

#: In the texts of one kind of paper only.
OF_PAPER: Mapping[str, frozenset[str]] = {
    "incident": frozenset({"incident", "incident_place", "incident_summary", "police"}),
    "roster": frozenset({"version"}),
}
