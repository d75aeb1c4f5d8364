"""Waivers: a person takes responsibility for a finding until a day; the finding stays listed as `waived`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase

from eventready.checks.answer import warned
from eventready.checks.finding import Finding, Outcome
from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.core.messages import Bilingual, message
from eventready.core.validation_messages import suggest
from eventready.workspace.files.yaml_document import combine_errors
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.waivers import Waiver

#: The name under which an expired waiver is reported; no check is called so.
WAIVER = "waiver"
#: The name under which a device without any check is reported.
UNCHECKED = "device"


def waive(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> Iterator[Finding]:
    """All findings; bad findings under a valid waiver get the status `waived`."""
    standing = [waiver for waiver in waivers if not waiver.expired(today)]
    if not standing:
        yield from findings
        return
    for finding in findings:
        waiver = None if finding.status is Outcome.PASS else _covering(finding, standing)
        if waiver is None:
            yield finding
        else:
            words = message("checks:waiver.valid", by=waiver.by, until=_day(waiver.until), reason=waiver.reason)
            yield finding.replace(status=Outcome.WAIVED, was=finding.status, waiver=words)


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


def require_known(waivers: Iterable[Waiver], duties: Iterable[Duty] = ()) -> None:
    """Raise WorkspaceError with place and suggestion for a waiver or duty without a matching check."""
    names = [UNCHECKED, *(check.name for check in all_checks())]
    named = [(one, f"inventory/duties.yaml (duty {duty.id})") for duty in duties for one in duty.proof.checks]
    named += [(waiver.check, waiver.origin) for waiver in waivers]
    problems = [
        WorkspaceError(message("checks:unknown", check=one), where=where, do=suggest(one, names, noun="Checks"))
        for one, where in named
        if not any(fnmatchcase(name, one) for name in names)
    ]
    if problems:
        raise combine_errors(problems)
