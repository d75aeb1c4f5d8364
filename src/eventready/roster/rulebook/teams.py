"""Rule 6: on the nights of the event every venue has its emergency team and its operations, and at every moment
somebody on duty may approve an emergency change."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.core.messages import message
from eventready.roster import wording
from eventready.roster.finding import Gap, RosterFinding
from eventready.roster.intervals import counted, joined, merged
from eventready.roster.roster import Role
from eventready.roster.rulebook.case import Case, claims
from eventready.roster.rulebook.coverage import gaps_of

_TEAM: tuple[Role, ...] = ("UC", "VH")


def teams(case: Case) -> Iterator[RosterFinding | Gap]:
    """Yield a finding per venue, window and role with too few people; a further finding for the time without an
    approver."""
    wanted = case.settings.venue_team
    for window in (w for w in case.event.windows if w.kind in wanted.windows):
        for venue in case.event.venues:
            for role in _TEAM:
                need: int = getattr(wanted, role)
                shifts = [s for s in case.on_duty if s.role == role and s.venue == venue.id]
                gaps = gaps_of(shifts, role, need, window.start, window.end, venue=venue.id)
                yield from gaps
                if gaps:
                    spans = merged((gap.start, gap.end) for gap in gaps)
                    named = window.name or window.name_vi
                    found = message(
                        "roster:teams.short",
                        n=sum(gap.minutes for gap in gaps),
                        venue=venue.title,
                        role=role,
                        window=window.title if named else message("roster:event"),
                        spans=wording.spans(spans),
                    )
                    yield RosterFinding.over(6, "error", found, spans, where=venue.id)
    yield from _approvers(case)


def _approvers(case: Case) -> Iterator[RosterFinding]:
    by_id = case.roster.by_id
    roles = case.settings.authorise
    may = [s for s in case.on_duty if s.role in roles or (s.person in by_id and by_id[s.person].may_authorise)]
    missing = joined(s for s in counted(claims(may), case.start, case.end) if not s.people)
    if missing:
        found = message("roster:teams.no_approver", n=wording.minutes(missing), spans=wording.spans(missing))
        yield RosterFinding.over(6, "error", found, missing)
