"""Gathering what papers are made of: the workspace, the store, the roster, and what people recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from eventready.clock import TZ
from eventready.duty import incident as incidents
from eventready.duty import on_record
from eventready.duty.applies import applying
from eventready.duty.on_record import SentOf
from eventready.duty.sent import SentDocument
from eventready.errors import UsageError, WorkspaceError
from eventready.report.material import Clause, DutyList, DutyRow, Incident, Material, Notice, Week
from eventready.report.words import Lang
from eventready.roster.changes import changes
from eventready.roster.load import load_roster
from eventready.roster.roster import ROLES, Roster
from eventready.roster.rules import check
from eventready.roster.settings import load_settings
from eventready.roster.table import Row, rows
from eventready.roster.versions import Shelf
from eventready.run import Run, Summary
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

#: A Monday's report rests on what was measured until noon of that Monday.
_NOON = time(12)


@dataclass(frozen=True)
class Asked:
    """What a paper is asked for: the event's clock, the week, and the run by name (empty: the last of the week).

    `keep_roster`: the roster is about to be handed over, and gets a version of its own.
    """

    moment: datetime
    week: Week
    lang: Lang = "vi"
    rehearsal: bool = False
    run: str = ""
    keep_roster: bool = False


def nothing_sent(_store: Store) -> Sequence[SentDocument]:
    """For papers that do not ask what was sent before."""
    return ()


def gather(
    workspace: Workspace, store: Store | None, asked: Asked, sent: SentOf = nothing_sent
) -> tuple[Material, tuple[str, ...]]:
    """The material, and notices of what could not be read. Without a store there is no run and no record.

    `sent` tells which deliveries a store has on record.
    """
    record = on_record.gather(workspace, sent, rehearsal=asked.rehearsal)
    run, baseline, earlier = _runs(workspace, store, asked)
    states = replace(record, run=run).clauses(workspace, asked.moment)
    told = tuple(
        Clause(
            state.duty,
            state.state,
            "; ".join(words.said(asked.lang) for words in (*state.against, *state.missing))
            or (state.reason.said(asked.lang) if state.state == "not_applicable" else ""),
            tuple(piece.words.said(asked.lang) for piece in state.evidence),
        )
        for state in states
    )
    material = Material(
        event=workspace.event,
        moment=asked.moment,
        week=asked.week,
        rehearsal=asked.rehearsal,
        devices=workspace.devices,
        duties=applying(workspace.duties, workspace.event.operator),
        run=run,
        baseline=baseline,
        earlier=earlier,
        clauses=told,
        duty_list=_duty_list(workspace, asked),
        incidents=tuple(_incident(incident, workspace, asked) for incident in record.incidents),
        changes=record.changes,
    )
    return material, record.notices


def _runs(
    workspace: Workspace, store: Store | None, asked: Asked
) -> tuple[Run | None, Run | None, tuple[Summary, ...]]:
    """The run that the paper rests on, the one that it is compared with, and the course until then."""
    if store is None:
        if asked.run:
            raise UsageError("no run is stored yet", do="Run `eventready audit`.")
        return None, None, ()
    run = store.get(asked.run) if asked.run else _last_until(workspace, store, asked)
    if run is None:
        return None, None, ()
    earlier = store.trend(run)
    last_week = datetime.combine(asked.week.first, _NOON, TZ)
    before = [summary for summary in earlier if _moment(summary) < last_week] or list(earlier[-1:])
    return run, store.get(before[-1].id) if before else None, earlier


def _last_until(workspace: Workspace, store: Store, asked: Asked) -> Run | None:
    """The last finished run of this event before the report's own noon (or, for a later moment, before that)."""
    until = max(datetime.combine(asked.week.due, _NOON, TZ), min(asked.moment, _end(asked.week)))
    for entry in reversed(store.runs()):
        summary = entry.summary
        if summary and summary.event == workspace.event.id and _moment(summary) <= until:
            return store.get(entry.id)
    return None


def _end(week: Week) -> datetime:
    return datetime.combine(week.next_last + timedelta(days=1), time(), TZ)


def _moment(summary: Summary) -> datetime:
    moment = datetime.fromisoformat(summary.moment)
    return moment if moment.tzinfo else moment.replace(tzinfo=TZ)


def _duty_list(workspace: Workspace, asked: Asked) -> DutyList | None:
    """The roster as the engineers have it now, under its version; None where there is none, or where it does not hold.

    What does not hold is among the notices already.
    """
    try:
        settings = load_settings(workspace.path / "inventory")
        path = workspace.path / "inventory" / settings.file
        if not path.is_file():
            return None
        roster = load_roster(path, workspace.event, settings)
        shelf = Shelf(workspace.path)
        report = check(roster, workspace.event, settings, moment=asked.moment, sent=shelf.submission(roster))
    except WorkspaceError:
        return None
    kept = shelf.keep(roster, asked.moment) if asked.keep_roster else shelf.latest()
    version = str(kept.number) if kept and kept.roster == roster else ""
    return DutyList(
        version=version,
        rows=tuple(_row(row) for row in rows(roster, asked.lang)),
        gaps={role: report.gap_minutes(role) for role in ROLES},
        broken=tuple(finding.said(asked.lang) for finding in report.findings if finding.severity == "error"),
        since=_since(shelf, roster, asked.lang),
    )


def _row(row: Row) -> DutyRow:
    return DutyRow(
        role=row["role"],
        name=row["name"],
        title=row["title"],
        unit=row["unit"],
        task=row["task"],
        time=row["time"],
        place=row["place"],
        phones=row["phones"],
        note=row["note"],
    )


def _since(shelf: Shelf, roster: Roster, lang: Lang) -> str:
    """What changed since the version that was sent last; nothing where none was, or where it says the same."""
    sendings = shelf.sendings()
    if not sendings:
        return ""
    before = shelf.get(str(sendings[-1].number)).roster
    return " ".join(change.said(lang) for change in changes(before, roster))


def _incident(record: incidents.Incident, workspace: Workspace, asked: Asked) -> Incident:
    event = workspace.event
    demands = record.demands(event.notice_limits, asked.moment)
    named = {venue.id: (venue.name_vi if asked.lang == "vi" else venue.name) or venue.name for venue in event.venues}
    return Incident(
        id=record.id,
        began=record.began,
        place=record.place or named.get(record.venue, record.venue),
        services=record.services,
        summary=record.summary,
        subscribers=record.subscribers,
        cause=record.cause,
        actions=tuple((action.at, action.text) for action in record.actions),
        restored=record.restored,
        notices=tuple(_notice(to, record, demands, asked.lang) for to in incidents.ADDRESSEES),
        kind=incidents.KIND_WORDS[record.kind].said(asked.lang),
    )


def _notice(
    to: incidents.Addressee, record: incidents.Incident, demands: Sequence[incidents.Demand], lang: Lang
) -> Notice:
    """The first notice to an addressee; where there is none, whether it is overdue."""
    given = min((notice for notice in record.notices if notice.to == to), key=lambda n: n.at, default=None)
    overdue = any(demand.to == to and demand.standing == "overdue" for demand in demands)
    if given is None:
        return Notice(to, overdue=overdue)
    how = incidents.HOW_WORDS[given.how].said(lang)
    return replace(Notice(to, given.recipient, given.by, given.at, how), overdue=overdue)
