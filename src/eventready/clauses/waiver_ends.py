"""Waivers in force after the last window of the event: the deadline of their removal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from eventready.clauses.calendar import Calendar
from eventready.clauses.deadlines import Deadline, ahead, judged
from eventready.clauses.event_configuration import GRACE
from eventready.core.messages import message
from eventready.core.strings.texts import at
from eventready.core.timezone import local_time, moment_at
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.waivers import Waiver


def waiver_ends(waivers: Sequence[Waiver], event: Event, moment: datetime) -> Iterator[Deadline]:
    """Yield a deadline per waiver with a last day after the last window; of alike waivers for the longest.

    A waiver that ends by itself is done from then on; taken out of waivers.yaml, it has no deadline.
    """
    end = max((window.end for window in event.windows), default=None)
    if end is None:
        return
    longest = {(one.check, one.device, one.subject): one for one in sorted(waivers, key=lambda one: one.until)}
    calendar = Calendar.of(event)
    for identity, waiver in longest.items():
        over = moment_at(waiver.until + timedelta(days=1))
        if waiver.until <= local_time(end).date():
            continue
        findings, latest = " ".join(identity), end + GRACE
        title = message("clauses:deadline.waiver", findings=findings)
        note = message("clauses:deadline.waiver_note", until=waiver.until, by=waiver.by, latest=at(latest))
        name = f"waiver-{sha256(findings.encode()).hexdigest()[:8]}"
        one = Deadline(name, "waiver", title, end, latest, ahead(end, calendar), "open", note)
        yield judged(one, event, moment, over if over <= moment else None)
