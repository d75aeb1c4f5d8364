"""Gather the material of papers: workspace, store, roster, and records of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from eventready.audit.run_builder import recorded_network, recorded_setting
from eventready.clauses import gather as clauses
from eventready.clauses.attestations.attestation import Attestation
from eventready.clauses.attestations.forms import forms_of
from eventready.clauses.deadlines import applying
from eventready.core.clock import Clock
from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.messages import Lang, Text, message, term, text
from eventready.core.timezone import aware, local_time, moment_at
from eventready.drill.record import drill_runs
from eventready.network.graph.export import NetworkGraph
from eventready.network.graph.topology import Topology
from eventready.papers.document.registry import PaperKind
from eventready.papers.material.material import AttestedForm, DutyList, DutyPerson, Material, Week, notes
from eventready.roster.changes import changes
from eventready.roster.exports.table import rows
from eventready.roster.finding import RosterReport
from eventready.roster.reading.load import workspace_roster
from eventready.roster.roster import ROLES, Person, Roster, Shift
from eventready.roster.rules import check
from eventready.roster.versions import Shelf
from eventready.store.run import Run, Summary, latest_complete
from eventready.store.store import Store
from eventready.watch.alerts.acts import Act, Acts
from eventready.workspace.workspace import Workspace

#: After a code: on call at home.
_ON_CALL = "*"


def duty_list(roster: Roster, report: RosterReport, shelf: Shelf, version: str, lang: Lang) -> DutyList:
    """The duty list of a roster under a version."""
    days = sorted({_day(shift) for shift in roster.shifts})
    return DutyList(
        version=version,
        rows=tuple(rows(roster, lang)),
        people=tuple(_people(roster)),
        days=tuple(days),
        legend=tuple(_legend(roster.shifts, lang)),
        gaps={role: report.gap_minutes(role) for role in ROLES},
        broken=tuple(finding.message.render(lang) for finding in report.findings if finding.severity == "error"),
        since=_since(shelf, roster, lang),
    )


def _people(roster: Roster) -> Iterable[DutyPerson]:
    """The people on duty, in the order of their roles and of the roster."""
    codes: dict[str, dict[date, list[str]]] = {}
    first: dict[str, int] = {}
    for shift in roster.shifts:
        of_day = codes.setdefault(shift.person, {}).setdefault(_day(shift), [])
        if _code(shift) not in of_day:
            of_day.append(_code(shift))
        first[shift.person] = min(first.get(shift.person, len(ROLES)), ROLES.index(shift.role))
    order = [person.id for person in roster.people]
    known = sorted(codes, key=lambda name: (first[name], order.index(name) if name in order else len(order), name))
    for name in known:
        person = roster.by_id.get(name) or Person(name, name)
        days = {day: tuple(found) for day, found in codes[name].items()}
        yield DutyPerson(person.name, person.title, person.unit, " / ".join(person.phones), days)


def _code(shift: Shift) -> str:
    """`CA-C1`, `UC*`: role, code of the shift, on call."""
    code = f"{shift.role}-{shift.code}" if shift.code and shift.code != shift.role else shift.role
    return code + (_ON_CALL if shift.on_call else "")


def _legend(shifts: Iterable[Shift], lang: Lang) -> Iterable[tuple[str, str]]:
    """The roles, the hours of shift codes, and the sign for on call."""
    listed = tuple(shifts)
    for role in ROLES:
        if any(shift.role == role for shift in listed):
            yield role, term("papers:role", role, lang)
    hours: dict[str, set[str]] = {}
    for shift in listed:
        if shift.code and shift.code != shift.role:
            start, end = local_time(shift.start), local_time(shift.end)
            whole = end == moment_at(start.date() + timedelta(days=1), start.time())
            span = text("papers:whole_day", lang, at=f"{start:%H:%M}") if whole else f"{start:%H:%M}-{end:%H:%M}"
            hours.setdefault(shift.code, set()).add(span)
    for code in sorted(hours):
        yield code, ", ".join(sorted(hours[code]))
    if any(shift.on_call for shift in listed):
        yield _ON_CALL, text("papers:on_call", lang)


def _day(shift: Shift) -> date:
    return local_time(shift.start).date()


def _since(shelf: Shelf, roster: Roster, lang: Lang) -> str:
    """Return the changes after the last sent version; empty without any."""
    sendings = shelf.sendings()
    if not sendings:
        return ""
    before = shelf.get(str(sendings[-1].number)).roster
    return " ".join(change.message.render(lang) for change in changes(before, roster))


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
        waivers=workspace.waivers,
        silences=_silences(workspace, store, clock) if store else (),
    )
    return material, record.notices


def _silences(workspace: Workspace, store: Store, clock: Clock) -> tuple[Act, ...]:
    return tuple(act for act in Acts(store, workspace.event.id, clock).all() if act.kind == "silence")


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
    last_week = moment_at(request.week.first, _NOON)
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
    due = moment_at(request.week.due, _NOON)
    until = max(due, min(request.moment, moment_at(request.week.next_last + timedelta(days=1))))
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
    return aware(datetime.fromisoformat(summary.moment))


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
