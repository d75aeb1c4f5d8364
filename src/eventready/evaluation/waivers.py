"""Waivers: a person takes responsibility for a finding until a day; the finding stays listed as `waived`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from eventready.checks.answer import warned
from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import Bilingual, rendered
from eventready.workspace.settings.waivers import Waiver

#: The name under which an expired waiver is reported; no check is called so.
WAIVER = "waiver"


def waive(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> Iterator[Finding]:
    """All findings; bad findings under a valid waiver get the status `waived`."""
    standing = [waiver for waiver in waivers if not waiver.expired(today)]
    if not standing:
        yield from findings
        return
    for finding in findings:
        waiver = None if finding.status is Outcome.PASS else _covering(finding, standing)
        yield (
            finding
            if waiver is None
            else finding.replace(
                status=Outcome.WAIVED,
                was=finding.status,
                waiver=rendered("checks:waiver.valid", by=waiver.by, until=_day(waiver.until), reason=waiver.reason),
            )
        )


def _day(day: date) -> Bilingual:
    return Bilingual(vi=f"{day:%d/%m/%Y}", en=f"{day:%Y-%m-%d}")


def _covering(finding: Finding, waivers: Iterable[Waiver]) -> Waiver | None:
    return next((waiver for waiver in waivers if waiver.covers(*finding.identity)), None)


def expired(waivers: Iterable[Waiver], today: date) -> Iterator[Finding]:
    """Warnings for expired waivers."""
    for waiver in waivers:
        if waiver.expired(today):
            subject = f"{waiver.check} {waiver.device} {waiver.subject}"
            finding = warned(subject, "checks:waiver.expired", by=waiver.by, until=_day(waiver.until))
            yield finding.replace(check=WAIVER)
