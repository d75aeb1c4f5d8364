"""Rule 6: on the nights of the event every venue has its emergency team and its operations, and at every moment
somebody on duty may approve an emergency change."""

from __future__ import annotations

from collections.abc import Iterator

from eventready.roster import say
from eventready.roster.finding import Finding, Gap
from eventready.roster.intervals import Stretch, counted, joined
from eventready.roster.roster import ROLE_NAMES, Role
from eventready.roster.rulebook.case import Case, claims
from eventready.roster.rulebook.coverage import gaps_of

_TEAM: tuple[Role, ...] = ("UC", "VH")


def teams(case: Case) -> Iterator[Finding | Gap]:
    """A finding per venue, window and role that is short; one for the time without an approver."""
    wanted = case.settings.venue_team
    for window in (w for w in case.event.windows if w.kind in wanted.windows):
        for venue in case.event.venues:
            for role in _TEAM:
                need: int = getattr(wanted, role)
                shifts = [s for s in case.on_duty if s.role == role and s.venue == venue.id]
                gaps = gaps_of(shifts, role, need, window.start, window.end, venue=venue.id)
                yield from gaps
                if gaps:
                    spans = joined(Stretch(gap.start, gap.end, gap.have) for gap in gaps)
                    minutes = sum(gap.minutes for gap in gaps)
                    name = ROLE_NAMES[role]
                    yield Finding(
                        6,
                        "error",
                        f"{venue.name_vi or venue.name}: {name.vi.lower()} thiếu người trong {minutes} phút "
                        f"({window.name_vi or window.name or 'sự kiện'}): {say.spans(spans, 'vi')}.",
                        f"{venue.name}: {name.en.lower()} is short for {minutes} minutes "
                        f"({window.name or 'event'}): {say.spans(spans, 'en')}.",
                        start=spans[0][0],
                        end=spans[-1][1],
                        where=venue.id,
                    )
    yield from _approvers(case)


def _approvers(case: Case) -> Iterator[Finding]:
    by_id = case.roster.by_id
    roles = case.settings.authorise
    may = [s for s in case.on_duty if s.role in roles or (s.person in by_id and by_id[s.person].may_authorise)]
    missing = joined(s for s in counted(claims(may), case.start, case.end) if not s.people)
    if missing:
        minutes = say.minutes(missing)
        yield Finding(
            6,
            "error",
            f"Không có người được duyệt thay đổi khẩn cấp trong {minutes} phút: {say.spans(missing, 'vi')}.",
            f"Nobody on duty may approve an emergency change for {minutes} minutes: {say.spans(missing, 'en')}.",
            start=missing[0][0],
            end=missing[-1][1],
        )
