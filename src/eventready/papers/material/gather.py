"""Gather the material of papers: workspace, store, roster, and records of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from eventready.audit.run_builder import recorded_network, recorded_setting
from eventready.clauses import gather as clauses
from eventready.clauses.applies import applying
from eventready.clauses.attestations.attestation import Attestation
from eventready.clauses.attestations.forms import forms_of
from eventready.core.clock import TZ, Clock
from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.messages import Lang, Text, message
from eventready.drill.record import drill_runs
from eventready.network.graph.export import NetworkGraph
from eventready.network.graph.topology import Topology
from eventready.papers.document.registry import PaperKind
from eventready.papers.material.duty_list import duty_list
from eventready.papers.material.material import AttestedForm, DutyList, Material, Week
from eventready.papers.notes import notes
from eventready.roster.reading.load import workspace_roster
from eventready.roster.rules import check
from eventready.roster.versions import Shelf
from eventready.store.run import Run, Summary, latest_complete
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

#: A Monday's report rests on measurements until noon of that Monday.
_NOON = time(12)


@dataclass(frozen=True)
class PaperRequest:
    """Kind of a paper, the event's time, the week and the run (by name; empty: the last of the week)."""

    kind: PaperKind
    moment: datetime
    week: Week
    lang: Lang = "vi"
    rehearsal: bool = False
    run: str = ""


def gather(
    workspace: Workspace, store: Store | None, request: PaperRequest, clock: Clock
) -> tuple[Material, tuple[str | Text, ...]]:
    """Return the material, and notices of unreadable parts. Without a store there is no run and no record."""
    record = clauses.gather(workspace, clock)
    run, baseline, earlier = _runs(workspace, store, request)
    material = Material(
        event=workspace.event,
        moment=request.moment,
        week=request.week,
        rehearsal=request.rehearsal,
        devices=workspace.devices,
        duties=applying(workspace.duties, workspace.event.operator),
        run=run,
        baseline=baseline,
        earlier=earlier,
        clauses=replace(record, run=run).clauses(workspace, request.moment),
        duty_list=_duty_list(workspace, request),
        incidents=record.incidents,
        watch=record.watch if store else None,
        changes=record.changes,
        forms=_forms(workspace, record.attestations, request.lang),
        notes=notes(store, rehearsal=request.rehearsal) if store else (),
        checkpoint=store.last_checkpoint() if store else None,
        topology=_topology(workspace, run) if "map" in request.kind.needs and run else None,
        drills=drill_runs(store) if "drills" in request.kind.needs and store else (),
    )
    return material, record.notices


def _runs(
    workspace: Workspace, store: Store | None, request: PaperRequest
) -> tuple[Run | None, Run | None, tuple[Summary, ...]]:
    """The run of the paper, the run for comparison, and the summaries of earlier runs."""
    if store is None:
        if request.run:
            raise UsageError(message("papers:error.no_run"))
        return None, None, ()
    run = store.get(request.run, interrupted=True) if request.run else _last_until(workspace, store, request)
    if run is None:
        return None, None, ()
    earlier = store.trend(run)
    last_week = datetime.combine(request.week.first, _NOON, TZ)
    before = [summary for summary in earlier if _moment(summary) < last_week] or list(earlier[-1:])
    return run, store.get(before[-1].id) if before else None, earlier


def _topology(workspace: Workspace, run: Run) -> NetworkGraph | None:
    """Network of a run; None without origins."""
    if not workspace.event.origins:
        return None
    return NetworkGraph.of(Topology(recorded_network(workspace.devices, run), recorded_setting(workspace, run)))


def _last_until(workspace: Workspace, store: Store, request: PaperRequest) -> Run | None:
    """The latest complete run of the event until the noon of the report, or until a later moment.

    Without a complete run the latest.
    """
    due = datetime.combine(request.week.due, _NOON, TZ)
    until = max(due, min(request.moment, datetime.combine(request.week.next_last + timedelta(days=1), time(), TZ)))
    found = [
        summary
        for entry in store.runs()
        if (summary := entry.summary)
        and (request.rehearsal or not summary.rehearsal)
        and summary.event == workspace.event.id
        and _moment(summary) <= until
    ]
    latest = latest_complete(found, len(workspace.devices))
    return store.get(latest.id) if latest else None


def _moment(summary: Summary) -> datetime:
    moment = datetime.fromisoformat(summary.moment)
    return moment if moment.tzinfo else moment.replace(tzinfo=TZ)


def _duty_list(workspace: Workspace, request: PaperRequest) -> DutyList | None:
    """Return the current roster under its version; None without a valid roster, reported by the notices already."""
    try:
        settings, roster = workspace_roster(workspace)
        if roster is None:
            return None
        shelf = Shelf(workspace.path)
        report = check(roster, workspace.event, settings, moment=request.moment, sent=shelf.submission(roster))
    except WorkspaceError:
        return None
    kept = shelf.keep(roster, request.moment) if "version" in request.kind.needs else shelf.latest()
    version = str(kept.number) if kept and kept.roster == roster else ""
    return duty_list(roster, report, shelf, version, request.lang)


def _forms(workspace: Workspace, attestations: Sequence[Attestation], lang: Lang) -> Mapping[str, AttestedForm]:
    """Return the valid rows of every attested form."""
    rows: dict[str, list[Mapping[str, object]]] = {}
    latest: dict[str, datetime] = {}
    for attestation in attestations:
        if attestation.stands and attestation.rows:
            rows.setdefault(attestation.document, []).extend(attestation.rows)
            latest[attestation.document] = max(attestation.at, latest.get(attestation.document, attestation.at))
    forms, found = forms_of(workspace), {}
    for name, recorded in rows.items():
        form = forms.get(name)
        if form is not None:
            current, _unreadable = form.current(recorded)
            words = {
                field: {value: title.text.render(lang) for value, title in spec.choices.items()}
                for field, spec in form.spec.fields.items()
            }
            found[name] = AttestedForm(latest[name], tuple(map(form.shown, current)), words)
    return found
