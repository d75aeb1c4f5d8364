"""Open findings of an audit, split into those mended by the intents of a plan and the others; intents for a finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from eventready.change.document import Basis, MendedFinding, UntouchedFindings
from eventready.change.errors import combine_errors
from eventready.change.intents.participants import takes_part
from eventready.change.intents.render import writes_lines
from eventready.change.plan.standing import standing_parts
from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.core.language import clean
from eventready.core.messages import message
from eventready.core.strings.texts import natural
from eventready.core.validation_messages import suggest
from eventready.facts.equipment import Equipment
from eventready.store.run import Run
from eventready.store.run_records import RunFinding
from eventready.workspace.devices.intents import Intent
from eventready.workspace.settings.intent_folders import IntentFolder
from eventready.workspace.workspace import Workspace

#: Devices of a proposal whose templates are rendered, until one has lines.
_RENDERED = 20
#: Devices named of those with untouched findings of a check.
_FIRST = 12


def refuse_unknown_checks(workspace: Workspace) -> None:
    """Raise WorkspaceError, with place and suggestion, for an intent with an unknown check in `mends`."""
    names = [check.name for check in all_checks()]
    unknown = ((folder, one) for folder in workspace.intents.values() for one in folder.mends if one not in names)
    problems = [
        WorkspaceError(
            message("change:mends.unknown", intent=folder.name, check=one),
            where=folder.mends[one],
            do=suggest(one, names, noun="Checks"),
        )
        for folder, one in unknown
    ]
    if problems:
        raise combine_errors(problems)


def basis_of(
    run: Run | None, changed: Mapping[str, Collection[Intent]], folders: Mapping[str, IntentFolder]
) -> Basis | None:
    """Return the audit behind a plan with its open findings; None without an audit.

    `changed`: the intents of each changed device; `folders`: the intents of the workspace. Raises StoreError.
    """
    if run is None:
        return None

    def mending(finding: RunFinding) -> tuple[Intent, ...]:
        own = changed.get(finding.device, ())
        return tuple(intent for intent in folders if intent in own and finding.check in folders[intent].mends)

    mended: defaultdict[tuple[str, str], list[RunFinding]] = defaultdict(list)
    untouched: defaultdict[str, list[str]] = defaultdict(list)
    for finding in open_findings(run):
        if mending(finding):
            mended[finding.check, finding.device].append(finding)
        else:
            untouched[finding.check].append(clean(finding.device))
    return Basis(
        run=run.id,
        at=run.header.moment,
        mends=_mended(mended, mending),
        untouched=tuple(_untouched(check, untouched[check]) for check in sorted(untouched)),
    )


def open_findings(run: Run) -> Iterator[RunFinding]:
    """Yield the failures and warnings of a run. Raises StoreError."""
    return (finding for finding in run.open_findings() if finding.status in ("fail", "warn"))


def _mended(
    found: Mapping[tuple[str, str], Iterable[RunFinding]], mending: Callable[[RunFinding], tuple[Intent, ...]]
) -> tuple[MendedFinding, ...]:
    return tuple(
        MendedFinding(
            check=check,
            device=clean(device),
            intents=mending(next(iter(findings))),
            subjects=tuple(sorted((clean(one.subject) for one in findings), key=natural)),
        )
        for (check, device), findings in sorted(found.items(), key=lambda one: (one[0][0], natural(one[0][1])))
    )


def _untouched(check: str, devices: list[str]) -> UntouchedFindings:
    names = sorted(set(devices), key=natural)
    return UntouchedFindings(check=check, findings=len(devices), devices=len(names), first=tuple(names[:_FIRST]))


@dataclass(frozen=True)
class IntentProposal:
    """Intent with the open findings of the intent's checks, on the devices open to the intent."""

    intent: Intent
    findings: tuple[RunFinding, ...]

    @property
    def devices(self) -> tuple[str, ...]:
        """Return the devices of the findings, in the order of their numbers."""
        return tuple(sorted({finding.device for finding in self.findings}, key=natural))


def proposals(
    workspace: Workspace,
    equipment: Equipment,
    findings: Iterable[RunFinding],
    standing: Mapping[str, Collection[Intent]],
) -> tuple[IntentProposal, ...]:
    """Return the intents for open findings, by falling number of findings; each writes lines somewhere.

    Findings of devices outside of the equipment do not count. `standing`: the intents whose change a device has
    already: another plan would have no difference.
    """
    mended: dict[Intent, list[RunFinding]] = {name: [] for name, folder in workspace.intents.items() if folder.mends}
    taking: dict[tuple[str, Intent], bool] = {}
    for finding in findings:
        device = equipment.by_name.get(finding.device)
        if device is None:
            continue
        for intent, found in mended.items():
            if finding.check not in workspace.intents[intent].mends or intent in standing.get(device.name, ()):
                continue
            place = device.name, intent
            if place not in taking:
                taking[place] = takes_part(workspace, equipment, device, intent)
            if taking[place]:
                found.append(finding)
    found_any = (IntentProposal(intent, tuple(found)) for intent, found in mended.items() if found)
    made = sorted(found_any, key=lambda one: -len(one.findings))
    return tuple(one for one in made if _writes(workspace, equipment, one))


def standing_intents(workspace: Workspace) -> Mapping[str, frozenset[Intent]]:
    """Return the intents with a standing change, by device. Raises StoreError."""
    parts = standing_parts(workspace)
    return {device: frozenset(intent for one in own for intent in one.intents) for device, own in parts.items()}


def _writes(workspace: Workspace, equipment: Equipment, proposal: IntentProposal) -> bool:
    """Return True if the intent has lines for any of the first devices; of a playbook, its check mode has them."""
    devices = [equipment.by_name[name] for name in proposal.devices[:_RENDERED]]
    return any(one.role == "service_host" or writes_lines(workspace, one, proposal.intent) for one in devices)


def concerns(finding: RunFinding, wanted: str) -> bool:
    """Return True for a finding of a venue, of a check, or with a reference beginning with these words."""
    return wanted in (*finding.venues, finding.check) or f"{finding.reference} ".startswith(f"{wanted} ")
