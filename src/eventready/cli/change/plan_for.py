"""`eventready plan --for`: intents for the open findings of a venue, a check or a device; no device is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote
from typing import Any

from eventready.change.plan.mends import (
    IntentProposal,
    concerns,
    open_findings,
    proposals,
    refuse_unknown_checks,
    standing_intents,
)
from eventready.change.plan.paths import last_audit
from eventready.checks.registry import all_checks
from eventready.cli.change.plan_text import audit_age, few_names
from eventready.cli.context import App
from eventready.cli.folding import fold
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Lang, message, text
from eventready.core.validation_messages import suggest
from eventready.store.run import Run
from eventready.store.run_records import RunFinding
from eventready.workspace.devices.select import select


def propose(app: App, wanted: str, limit: str | None) -> Exit:
    """Show the intents for the open findings of the last audit about `wanted`. Raises UsageError.

    `limit`: selection of the devices of the findings.
    """
    workspace, wanted = app.allowed_workspace, " ".join(wanted.split())
    refuse_unknown_checks(workspace)
    chosen = app.equipment.only(select(workspace.devices, limit))
    run = last_audit(workspace, app.clock)
    if run is None:
        raise UsageError(message("cli:plan.no_audit"))
    every = [one for one in open_findings(run) if limit is None or one.device in chosen.by_name]
    findings = [one for one in every if concerns(one, wanted)]
    if not findings:
        known = [
            *workspace.event.venue_ids,
            *(one.name for one in all_checks()),
            *(one.name for one in workspace.devices),
        ]
        if wanted.split(" ")[0] not in known:
            raise UsageError(message("cli:plan.no_finding", name=wanted), do=suggest(wanted, known))
    made = proposals(workspace, chosen, findings, standing_intents(workspace))
    mended, standing = _identities(made), _identities(proposals(workspace, chosen, findings, {}))
    applied = [one for one in findings if one.identity in standing - mended]
    left = [one for one in findings if one.identity not in standing | mended]
    document = {
        "for": wanted, "run": run.id, "at": run.header.moment,
        "proposals": [
            {"intent": one.intent, "devices": one.devices, "findings": list(map(_plain, one.findings)),
             "command": _command(one)} for one in made
        ],
        "applied": list(map(_plain, applied)),
        "left": list(map(_plain, left)),
    }  # fmt: skip
    closing = [*_others("cli:plan.applied", applied, app.lang), *_others("cli:plan.unproposed", left, app.lang)]
    app.show(document, fold([*_lines(app, wanted, run, findings, made), *closing]))
    return Exit.OK


def _identities(made: Iterable[IntentProposal]) -> frozenset[tuple[str, str, str]]:
    return frozenset(finding.identity for one in made for finding in one.findings)


def _plain(finding: RunFinding) -> dict[str, Any]:
    return {key: getattr(finding, key) for key in ("check", "device", "subject", "status")}


def _command(proposal: IntentProposal) -> str:
    return f"eventready plan {proposal.intent} -l {quote(','.join(proposal.devices))}"


def _lines(
    app: App, wanted: str, run: Run, findings: Sequence[RunFinding], made: Sequence[IntentProposal]
) -> Iterator[str]:
    """Yield the audit with its age, and each intent with its findings and its command."""
    lang = app.lang
    shown, age = audit_age(run.header.moment, app.clock.now())
    yield text("cli:plan.open", lang, wanted=wanted, run=run.id, at=shown, age=age, n=len(findings))
    for one in made:
        yield text("cli:plan.proposal", lang, intent=one.intent, n=len(one.findings), checks=_checks(one.findings))
        yield app.hint(f"  {_command(one)}")


def _others(msgid: str, findings: Sequence[RunFinding], lang: Lang) -> Iterator[str]:
    if findings:
        yield text(msgid, lang, n=len(findings), checks=_checks(findings))


def _checks(findings: Iterable[RunFinding]) -> list[str]:
    """Return each check with its devices."""
    found: dict[str, dict[str, None]] = {}
    for one in findings:
        found.setdefault(one.check, {})[one.device] = None
    return [f"{check} ({few_names([*devices], len(devices))})" for check, devices in sorted(found.items())]
