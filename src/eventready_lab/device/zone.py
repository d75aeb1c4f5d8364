"""Zone of the devices, as their outputs write the zone of the event."""

from __future__ import annotations

from datetime import datetime

from eventready.core.timezone import DEFAULT, zone


def abbreviation(moment: datetime) -> str:
    """Abbreviation of the zone at a moment, such as ICT or CET; an offset where the zone has none."""
    return "ICT" if zone().key == DEFAULT else moment.tzname() or "UTC"


def offset(moment: datetime) -> str:
    """Offset at a moment, such as +07:00."""
    return moment.isoformat()[-6:]
