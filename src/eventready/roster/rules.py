"""The check of a roster against the nine rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from eventready.core.messages import Message, message
from eventready.roster import wording
from eventready.roster.finding import RULES, SEVERITIES, Gap, RosterFinding, RosterReport, Severity
from eventready.roster.roster import Roster
from eventready.roster.rulebook.case import Case, Rule, Submission
from eventready.roster.rulebook.people import contact, coverage, reserve, skills, teams, unmanned
from eventready.roster.rulebook.times import handover, hours, overlap
from eventready.roster.settings import RosterSettings
from eventready.workspace.settings.event import Event


def submission(case: Case) -> Iterator[RosterFinding]:
    """Yield a finding for a list late, soon due, or changed after sending."""
    before, moment, sent = case.event.duty_list_before, case.moment, case.submission
    if before is None or moment is None or sent is None or case.event.forgone(before, moment):
        return
    deadline = case.event.owed(before)
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


RULEBOOK: Mapping[int, Rule] = dict(
    zip(RULES, (coverage, overlap, hours, contact, handover, teams, submission, reserve, skills), strict=True)
)


def check(
    roster: Roster,
    event: Event,
    settings: RosterSettings | None = None,
    *,
    moment: datetime | None = None,
    sent: Submission | None = None,
) -> RosterReport:
    """Return every breach of a rule, errors first, then by rule and time. Pure; raises WorkspaceError without a period.

    The deadline (rule 7) is judged when `moment`, the event's clock, and `sent` are given.
    """
    settings = settings or RosterSettings()
    start, end = settings.period(event)
    case = Case(roster, event, settings, start, end, moment, sent)
    found = [item for rule in RULEBOOK.values() for item in rule(case)]
    findings = sorted(
        (item for item in found if isinstance(item, RosterFinding)),
        key=lambda f: (SEVERITIES.index(f.severity), f.rule, f.start or start, f.message.render("en")),
    )
    gaps = sorted((item for item in found if isinstance(item, Gap)), key=lambda g: (g.start, g.role, g.venue, g.branch))
    return RosterReport(start, end, tuple(findings), tuple(gaps), _unchecked(case), unmanned(case))


def _unchecked(case: Case) -> dict[int, Message]:
    """Return the rules without application, with the reason. None of them counts as kept."""
    missing: dict[int, Message] = {}
    if not any(window.kind in case.settings.venue_team.windows for window in case.event.windows):
        missing[6] = message("roster:unchecked.no_window")
    if case.event.duty_list_before is None:
        missing[7] = message("roster:unchecked.no_deadline")
    elif case.moment is None or case.submission is None:
        missing[7] = message("roster:unchecked.not_sent")
    return missing
