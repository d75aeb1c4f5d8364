"""Waivers: a person answers for a finding until a day. It stays listed and counted, as `waived`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from eventready.checks.answer import warned
from eventready.checks.finding import Finding, Outcome
from eventready.workspace.waivers import Waiver

#: The name under which an expired waiver is reported; no check is called so.
WAIVER = "waiver"


def waive(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> Iterator[Finding]:
    """Every finding, once: the bad ones that a waiver covers today as waived."""
    standing = [waiver for waiver in waivers if not waiver.expired(today)]
    if not standing:
        yield from findings
        return
    for finding in findings:
        waiver = None if finding.status is Outcome.PASS else _covering(finding, standing)
        yield (
            finding
            if waiver is None
            else finding.but(
                status=Outcome.WAIVED,
                was=finding.status,
                waiver=f"{waiver.by}, until {waiver.until:%Y-%m-%d}: {waiver.reason}",
            )
        )


def _covering(finding: Finding, waivers: Iterable[Waiver]) -> Waiver | None:
    return next((waiver for waiver in waivers if waiver.covers(*finding.identity)), None)


def expired(waivers: Iterable[Waiver], today: date) -> Iterator[Finding]:
    """A warning for every waiver that no longer counts."""
    for waiver in waivers:
        if waiver.expired(today):
            subject = f"{waiver.check} {waiver.device} {waiver.subject}"
            said = warned(
                subject,
                "The waiver for {subject} by {by} ended on {until} and counts no longer",
                by=waiver.by,
                until=f"{waiver.until:%Y-%m-%d}",
            )
            yield said.but(check=WAIVER)
