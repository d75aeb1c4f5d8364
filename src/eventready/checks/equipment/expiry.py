"""End of the validity of a certificate, as a finding."""

from __future__ import annotations

from datetime import datetime, timedelta

from eventready.checks.answer import answered, graded, tidy
from eventready.checks.finding import Finding, Outcome

_DAY = timedelta(days=1)


def expiry(subject: str, not_after: datetime, moment: datetime, *, warn: float, fail: float) -> Finding:
    """Grade the days until the end; an ended certificate is a failure with the days since."""
    days = (not_after - moment) / _DAY
    if days < 0:
        return answered(
            Outcome.FAIL, "checks:host.certificate_ended", subject=subject,
            value=tidy(days, 0), limit=tidy(fail, 3), unit="d", days=max(1, round(-days)),
        )  # fmt: skip
    return graded(
        subject, "checks:host.certificate_days", days, warn=warn, fail=fail, unit="d", worse="lower", digits=0
    )
