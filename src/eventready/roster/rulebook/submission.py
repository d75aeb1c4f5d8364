"""Rule 7: the list is with the department before its deadline, and later changes are sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from eventready.core.messages import message
from eventready.roster import wording
from eventready.roster.finding import RosterFinding, Severity
from eventready.roster.rulebook.case import Case


def submission(case: Case) -> Iterator[RosterFinding]:
    """Yield a finding for a list late, soon due, or changed after sending."""
    deadline, moment, sent = case.event.duty_list_before, case.moment, case.submission
    if deadline is None or moment is None or sent is None:
        return
    limit = wording.at(deadline)
    if sent.first is None:
        late = moment >= deadline
        soon = moment >= deadline - timedelta(days=case.settings.warn_days)
        severity: Severity = "error" if late else "warn" if soon else "info"
        msgid = "roster:submission.late" if late else "roster:submission.not_sent"
        yield RosterFinding(7, severity, message(msgid, limit=limit), end=deadline)
        return
    if sent.first >= deadline:
        found = message("roster:submission.sent_late", at=wording.at(sent.first), limit=limit)
        yield RosterFinding(7, "error", found, (), sent.first, deadline)
    if not sent.same:
        yield _changed(sent.last or sent.first, late=moment >= deadline)


def _changed(last: datetime, *, late: bool) -> RosterFinding:
    return RosterFinding(
        7, "error" if late else "warn", message("roster:submission.changed", at=wording.at(last)), start=last
    )
