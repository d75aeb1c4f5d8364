"""Gather the records of an event from its workspace and its store."""

from __future__ import annotations

from collections.abc import Iterable

from eventready.clauses.attestations.attestation import Attestation
from eventready.clauses.attesting import attestations
from eventready.clauses.changes import ChangeOnRecord, changes_on_record
from eventready.clauses.event_record import EventRecord
from eventready.clauses.example_data import example_data
from eventready.core.clock import Clock
from eventready.core.errors import StoreError, WorkspaceError
from eventready.core.messages import Message, Text, message
from eventready.core.strings.texts import moment_of
from eventready.delivery.mail.delivery_log import DeliveryLog, SentDocument
from eventready.drill.record import DrillRun, drill_runs
from eventready.incidents.incident import Incident
from eventready.incidents.log import incidents
from eventready.roster.finding import RosterReport
from eventready.roster.reading.load import workspace_roster
from eventready.roster.roster import Roster
from eventready.roster.rules import check
from eventready.roster.settings import load_settings
from eventready.roster.versions import Shelf
from eventready.store.run import Summary, latest_complete
from eventready.store.store import Store
from eventready.store.watch_log import watch_log
from eventready.workspace.examples.example_data import Datum
from eventready.workspace.workspace import Workspace


def gather(workspace: Workspace, clock: Clock) -> EventRecord:
    """Load the records of the store, if any, and the roster.

    Records of rehearsals and data of the example count in rehearsals only.
    """
    rehearsal = clock.rehearsal
    roster, notices = _roster(workspace)
    example = () if rehearsal else example_data(workspace, roster=roster)
    report, version, about_roster = _checked(workspace, roster, example)
    notices += about_roster
    rosters = _rosters_sent(workspace)
    if not Store.exists(workspace.path):
        return EventRecord(roster=report, roster_version=version, sent=rosters, notices=notices, example=example)
    with Store.of_workspace(workspace.path) as store:
        mine = [entry.summary for entry in store.runs() if entry.summary and entry.event == workspace.event.id]
        signed, happened = attestations(store, workspace.path), incidents(store)
        changed, altered = _changes(store, workspace.event.id)
        records: list[Summary | Attestation | Incident | ChangeOnRecord] = [*mine, *signed, *happened, *changed]
        rehearsed = sum(record.rehearsal for record in records)
        if rehearsed and not rehearsal:
            notices += (message("clauses:record.rehearsals_left_out", n=rehearsed),)
        runs = [summary for summary in mine if rehearsal or not summary.rehearsal]
        latest = latest_complete(runs, len(workspace.devices))
        own, by_example = _own(signed, example)
        return EventRecord(
            run=store.get(latest.id) if latest else None,
            audits=tuple(moment_of(one.moment) for one in runs if _tests(one, len(workspace.devices))),
            attestations=tuple(one for one in own if rehearsal or not one.rehearsal),
            incidents=tuple(one for one in happened if rehearsal or not one.rehearsal),
            roster=report,
            roster_version=version,
            sent=(*DeliveryLog(store, clock).sent(workspace.event.recipient.email), *rosters),
            changes=tuple(one for one in changed if rehearsal or not one.rehearsal),
            notices=(*store.notices, *notices, *altered, *by_example),
            example=example,
            drills=drills_that_count(store, rehearsal=rehearsal),
            watch=watch_log(store, workspace.event.id, rehearsal=rehearsal),
        )


def _tests(audit: Summary, devices: int) -> bool:
    """Return True for an audit of all devices with a measurement, which stands for a test of the network."""
    return audit.full(devices) and audit.anything


def drills_that_count(store: Store, *, rehearsal: bool) -> tuple[DrillRun, ...]:
    """Drills on record, oldest first; those on a lab count in rehearsals only."""
    return tuple(run for run in drill_runs(store) if rehearsal or not run.opened.rehearsal)


def _own(signed: Iterable[Attestation], example: Iterable[Datum]) -> tuple[list[Attestation], tuple[Message, ...]]:
    """Return the attestations by people outside the example, and a notice of the others."""
    names = {datum.name.en.casefold() for datum in example if datum.kind in ("person", "contact")}
    found = list(signed)
    own = [one for one in found if not any(name in one.by.casefold() for name in names)]
    left_out = len(found) - len(own)
    return own, (message("clauses:example.attestations", n=left_out),) if left_out else ()


def _changes(store: Store, event: str) -> tuple[tuple[ChangeOnRecord, ...], tuple[Message, ...]]:
    """The event's changes; none, and a notice, for an altered record."""
    try:
        return changes_on_record(store.changes, event), ()
    except StoreError as error:
        return (), (message("clauses:record.changes_invalid", error=str(error)),)


def _roster(workspace: Workspace) -> tuple[Roster | None, tuple[str | Text, ...]]:
    """Return the roster; None without a file, and with a notice for an invalid file."""
    try:
        return workspace_roster(workspace)[1], ()
    except WorkspaceError as error:
        return None, (message("clauses:record.roster_invalid", error=str(error)),)


def _checked(
    workspace: Workspace, roster: Roster | None, example: Iterable[Datum]
) -> tuple[RosterReport | None, str, tuple[Message, ...]]:
    """The report on the roster and its file; a notice instead for a roster with people of the example.

    The rule on submission is left out: the submission is a deadline of its own.
    """
    if roster is None:
        return None, "", ()
    settings = load_settings(workspace.path / "inventory")
    people = sum(datum.kind == "person" for datum in example)
    if people:
        return None, "", (message("clauses:example.roster", n=people, file=f"inventory/{settings.file}"),)
    return check(roster, workspace.event, settings), settings.file, ()


def _rosters_sent(workspace: Workspace) -> tuple[SentDocument, ...]:
    return tuple(
        SentDocument("duty-list", sending.at, version=str(sending.number), recipients=sending.to,
                     reference=sending.message_id or f"roster version {sending.number}")
        for sending in Shelf(workspace.path).sendings()
    )  # fmt: skip
