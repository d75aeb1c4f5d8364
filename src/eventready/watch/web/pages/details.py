"""Pages of a venue, a device, a check and a finding: the state of now, the last full audit, evidence and runbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from eventready.checks.registry import all_checks, audit_checks
from eventready.checks.runbook import runbook
from eventready.core.errors import WorkspaceError
from eventready.drill.spec import Drill, load_drills
from eventready.evaluation.alike import Row, about, rows
from eventready.evaluation.causes import causes
from eventready.store.run import Run
from eventready.store.run_records import RunFinding
from eventready.watch.alerts.acts import is_check
from eventready.watch.kpi import UNITS
from eventready.watch.snapshot_record import OpenEntry
from eventready.watch.states import Key
from eventready.watch.web.page import html, model_of, viewer_of
from eventready.watch.web.pages.timeline import changes_of
from eventready.watch.web.pages.wall import Wall, open_rows, wall_of
from eventready.watch.web.read_model import ReadModel
from eventready.workspace.workspace import Workspace

#: Characters of an evidence on a page; findings of a list, the worst first.
_TEXT, _LIST = 20_000, 300
#: Minutes of a silence to choose from.
SILENCES = (15, 30, 60, 120, 240, 480)
_ORDER = ("fail", "not_measured", "warn", "waived", "pass")


@dataclass(frozen=True)
class Raw:
    """Stored output behind a finding: command and text, redacted as stored. `more`: characters left out."""

    command: str
    text: str
    more: int


def present(request: Request) -> Wall:
    """Return the state of now."""
    model = model_of(request)
    return wall_of(model.night(), model.workspace)


def opened(now: Wall, chosen: Callable[[OpenEntry], object]) -> list[OpenEntry]:
    """Return the open findings of a choice, the worst first."""
    return [one for one in now.open if chosen(one)]


def _audited_rows(found: Sequence[RunFinding], audit: Run | None) -> Sequence[Row[RunFinding]]:
    """Return findings of an audit in rows; consequences of a lost element stand behind its finding."""
    return rows(found, about, causes(found, audit.header.below if audit else {}))


def venue(request: Request) -> Response:
    """Page of a venue: verdicts, open findings, findings of the last full audit about the network, devices."""
    now, name = present(request), request.path_params["name"]
    place = next((one for one in now.event.venues if one.id == name), None)
    if place is None:
        raise HTTPException(404)
    devices = [device for device in now.devices.values() if name in device.venues]
    serving = {device.name for device in devices}

    def here(venues: Sequence[str], device: str) -> bool:
        return name in venues if venues else device in serving

    audit, snapshot = model_of(request).last_audit(), now.night.snapshot
    known = [one for one in (audit.open_findings() if audit else ())
             if one.check in audit_checks() and here(one.venues, one.device)]  # fmt: skip
    verdicts = [one for one in (snapshot.verdicts if snapshot else ()) if one.venue == name]
    return html(
        request, "venue.html", wall=now, place=place, devices=devices,
        found=open_rows(opened(now, lambda one: here(one.venues, one.device)), now.below), verdicts=verdicts,
        audit=audit, known=_audited_rows(_sorted(known), audit)[:_LIST],
    )  # fmt: skip


def device(request: Request) -> Response:
    """Page of a device: age, open findings, all checks of the last full audit, changes of state."""
    now, name = present(request), request.path_params["name"]
    if name not in now.devices:
        raise HTTPException(404)
    audit, found = model_of(request).last_audit(), opened(now, lambda one: one.device == name)
    own = _sorted(one for one in (audit.findings() if audit else ()) if one.device == name)
    known = _audited_rows(own, audit)
    return html(
        request, "device.html", wall=now, device=now.devices[name], audit=audit,
        found=open_rows(found, now.below),
        known=known[:_LIST], more=sum(row.count for row in known[_LIST:]), units=UNITS,
        figures=model_of(request).figures_of(name),
        history=changes_of(model_of(request), viewer_of(request).lang, device=name),
    )  # fmt: skip


def check(request: Request) -> Response:
    """Page of a check: runbook, open findings, findings of the last full audit by status, drills."""
    now, name = present(request), request.path_params["name"]
    guide = runbook(name, viewer_of(request).lang)
    if not is_check(name):
        raise HTTPException(404)
    audit = model_of(request).last_audit()
    known = [one for one in (audit.findings() if audit else ()) if one.check == name]
    return html(
        request, "check.html", wall=now, name=name, guide=guide, audit=audit,
        found=open_rows(opened(now, lambda one: one.check == name), now.below),
        drills=drills_of(request, name),
        counts=Counter(one.status for one in known),
        known=_audited_rows([one for one in _sorted(known) if one.status != "pass"], audit)[:_LIST],
    )  # fmt: skip


def finding(request: Request) -> Response:
    """Page of a finding: sentence, state, acts, evidence of the last full audit, runbook, history."""
    now, identity = present(request), identity_of(request.query_params)
    model, lang = model_of(request), viewer_of(request).lang
    audit = model.last_audit()
    found = next(iter(opened(now, lambda one: one.identity == identity)), None)
    audited = next((one for one in (audit.findings() if audit else ())
                    if (one.device, one.check, one.subject) == identity), None)  # fmt: skip
    history = changes_of(model, lang, **Key(*identity)._asdict())
    if found is None and audited is None and not history:
        raise HTTPException(404)
    return html(
        request, "finding.html", wall=now, one=found, audited=audited, audit=audit, history=history,
        name=identity[1], device=identity[0], subject=identity[2], guide=runbook(identity[1], lang),
        drills=drills_of(request, identity[1]), silences=SILENCES, unwatched=identity[1] in audit_checks(),
        watched=_watched(now, identity[0]),
        evidence=evidence_of(model, audit, audited) if audit and audited else (),
    )  # fmt: skip


def _watched(now: Wall, device: str) -> bool:
    """True with present readings of a device; of none, with a present watch."""
    return not now.night.gone and (not device or now.ages.get(device) is not None)


def identity_of(one: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the identity of a finding: device, check, subject."""
    return one.get("device", ""), one.get("check", ""), one.get("subject", "")


def drills_of(request: Request, name: str) -> list[Drill]:
    """Return the drills of the workspace predicted or allowed by a check."""
    return [one for one in _drills(model_of(request).workspace)
            if name in one.predicted_by or name in {need.check for need in one.requires}]  # fmt: skip


def _drills(workspace: Workspace) -> Sequence[Drill]:
    try:
        names = ([device.name for device in workspace.devices], [one.name for one in all_checks()])
        return list(load_drills(workspace.path / "inventory" / "drills", devices=names[0], checks=names[1]).values())
    except WorkspaceError:
        return ()


def evidence_of(model: ReadModel, audit: Run, one: RunFinding) -> list[Raw]:
    """Return the stored outputs behind a finding of an audit."""
    texts = model.store.texts(one.evidence)
    commands = {seen.evidence: seen.command for seen in audit.observations()
                if seen.evidence in texts and seen.device == one.device}  # fmt: skip
    return [Raw(commands.get(key, ""), texts[key][:_TEXT], max(0, len(texts[key]) - _TEXT))
            for key in one.evidence[:8] if key in texts]  # fmt: skip


def _sorted(findings: Iterable[RunFinding]) -> list[RunFinding]:
    return sorted(findings, key=lambda one: (_ORDER.index(one.status), one.check, one.subject))
