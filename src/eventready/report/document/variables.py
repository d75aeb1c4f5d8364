"""What the office may write between double braces, and what stands there in the paper."""

from __future__ import annotations

from collections.abc import Mapping

#: In every text of a profile.
MEANING: Mapping[str, str] = {
    "event": "the event's name",
    "enterprise": "whose network it is",
    "organiser": "who organises the event",
    "recipient": "who receives the reports",
    "place": "where the papers are issued",
    "short": "the office's short name",
    "parent": "the body above the office",
    "symbol": "what follows the number of this paper",
    "moment": "the time of the event's clock, in words",
    "today": "its date",
    "month": "its month",
    "year": "its year",
    "week_first": "Monday of the week reported on",
    "week_last": "Sunday of the week reported on",
    "next_first": "Monday of the week to come",
    "next_last": "Sunday of the week to come",
}

GENERAL = frozenset(MEANING)

#: In the texts of one kind of paper only.
OF_PAPER: Mapping[str, frozenset[str]] = {
    "incident": frozenset({"incident", "incident_place", "incident_summary"}),
    "roster": frozenset({"version"}),
}
