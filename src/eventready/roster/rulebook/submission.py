"""Rule 7: the list is with the department before its deadline, and what changed afterwards is sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from eventready.roster import say
from eventready.roster.finding import Finding, Severity
from eventready.roster.rulebook.case import Case


def submission(case: Case) -> Iterator[Finding]:
    """Late, soon due, or changed since it was sent."""
    deadline, moment, sent = case.event.duty_list_before, case.moment, case.submission
    if deadline is None or moment is None or sent is None:
        return
    limit = say.at(deadline)
    if sent.first is None:
        late = moment >= deadline
        soon = moment >= deadline - timedelta(days=case.settings.warn_days)
        severity: Severity = "error" if late else "warn" if soon else "info"
        vi = "Danh sách trực chưa gửi" + (" và đã quá hạn" if late else "") + f": hạn trước {limit}."
        en = "The duty list has not been sent" + (" and is late" if late else "") + f": it is due before {limit}."
        yield Finding(7, severity, vi, en, end=deadline)
        return
    if sent.first >= deadline:
        yield Finding(
            7,
            "error",
            f"Danh sách trực gửi lúc {say.at(sent.first)}, sau hạn {limit}.",
            f"The duty list was sent at {say.at(sent.first)}, after the deadline ({limit}).",
            start=sent.first,
            end=deadline,
        )
    if not sent.same:
        yield _changed(sent.last or sent.first, late=moment >= deadline)


def _changed(last: datetime, *, late: bool) -> Finding:
    return Finding(
        7,
        "error" if late else "warn",
        f"Danh sách trực đã thay đổi sau lần gửi {say.at(last)}: gửi lại bản mới.",
        f"The duty list has changed since it was sent at {say.at(last)}: send the new version.",
        start=last,
    )
