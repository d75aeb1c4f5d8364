"""Open findings of an audit: those that the intents of a plan mend, and the others; and the intents for a finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from eventready.change.document import Basis, MendedFinding, UntouchedFindings
from eventready.change.errors import combine_errors
from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.core.language import clean
from eventready.core.messages import message
from eventready.core.strings.texts import natural
from eventready.core.validation_messages import suggest
from eventready.store.run import Run
from eventready.store.run_records import RunFinding
from eventready.workspace.devices.intents import Intent
from eventready.workspace.settings.intent_folders import IntentFolder
from eventready.workspace.workspace import Workspace

#: Devices named of those with untouched findings of a check.
_FIRST = 12


def refuse_unknown_checks(workspace: Workspace) -> None:
    """Raise WorkspaceError, with place and suggestion, for an intent that mends an unknown check."""
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
