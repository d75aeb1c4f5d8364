"""Everything on record that clauses and deadlines rest on, gathered from the workspace and its store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from eventready.duty.attestation import Attestation
from eventready.duty.attesting import attestations
from eventready.duty.carried import ChangeOnRecord, carried, changes_on_record
from eventready.duty.deadlines import Deadline, deadlines
from eventready.duty.forms import handed_over
from eventready.duty.incident import Incident
from eventready.duty.incident_log import incidents
from eventready.duty.sent import SentDocument
from eventready.duty.state import ClauseState, clauses
from eventready.duty.words import moment_of
from eventready.errors import StoreError, WorkspaceError
from eventready.roster.finding import RosterReport
from eventready.roster.load import load_roster
from eventready.roster.rules import check
from eventready.roster.settings import load_settings
from eventready.roster.versions import Shelf
from eventready.run import Run
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace

#: The deliveries that a store has on record.
SentOf = Callable[[Store], Sequence[SentDocument]]


@dataclass(frozen=True)
class OnRecord:
    """`run` is the latest of this event, `audits` the event's times of all of them, `notices` sentences for people."""

    run: Run | None = None
    audits: tuple[datetime, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    incidents: tuple[Incident, ...] = ()
    roster: RosterReport | None = None
    roster_version: str = ""
    sent: tuple[SentDocument, ...] = ()
    changes: tuple[ChangeOnRecord, ...] = ()
    notices: tuple[str, ...] = ()

    def clauses(self, workspace: Workspace, moment: datetime) -> tuple[ClauseState, ...]:
        """How every clause of this operator stands."""
        return clauses(
            workspace,
            self.run,
            self.attestations,
            self.roster,
            self.sent,
            self.incidents,
            moment,
            changes=carried(self.changes),
            roster_version=self.roster_version,
        )

    def deadlines(self, workspace: Workspace, moment: datetime) -> tuple[Deadline, ...]:
        """What is due when."""
        states = self.clauses(workspace, moment)
        return deadlines(
            workspace.event,
            workspace.duties,
            (*self.sent, *handed_over(self.attestations)),
            moment,
            done=[state.duty.id for state in states if state.state in ("done", "not_applicable")],
            audits=self.audits,
            incidents=self.incidents,
        )


def gather(workspace: Workspace, sent: SentOf, *, rehearsal: bool) -> OnRecord:
    """Look at the store, where there is one, and at the roster. `sent` tells which deliveries are on record there.

    What was recorded in a rehearsal counts in rehearsals only.
    """
    roster, version, notices = _roster(workspace)
    rosters = _rosters_sent(workspace)
    if not Store.exists(workspace.path):
        return OnRecord(roster=roster, roster_version=version, sent=rosters, notices=notices)
    with Store.of_workspace(workspace.path) as store:
        mine = [(e, e.summary) for e in store.runs() if e.summary and e.event == workspace.event.id]
        signed, happened = attestations(store, workspace.path), incidents(store)
        changed, altered = _changes(store, workspace.event.id)
        notices += altered
        rehearsed = [s.rehearsal for _, s in mine] + [a.rehearsal for a in signed] + [i.rehearsal for i in happened]
        rehearsed += [c.rehearsal for c in changed]
        left_out = 0 if rehearsal else sum(rehearsed)
        if left_out:
            notices += (f"{left_out} records of rehearsals do not count now. With --now you rehearse.",)
        runs = [(entry, summary) for entry, summary in mine if rehearsal or not summary.rehearsal]
        return OnRecord(
            run=store.get(runs[-1][0].id) if runs else None,
            audits=tuple(moment_of(summary.moment) for _, summary in runs),
            attestations=tuple(one for one in signed if rehearsal or not one.rehearsal),
            incidents=tuple(one for one in happened if rehearsal or not one.rehearsal),
            roster=roster,
            roster_version=version,
            sent=(*sent(store), *rosters),
            changes=tuple(one for one in changed if rehearsal or not one.rehearsal),
            notices=(*store.notices, *notices),
        )


def _changes(store: Store, event: str) -> tuple[tuple[ChangeOnRecord, ...], tuple[str, ...]]:
    """The event's changes; none, and a sentence, where one of them was altered."""
    try:
        return changes_on_record(store.changes, event), ()
    except StoreError as error:
        return (), (f"The changes on record prove nothing: {error}",)


def _roster(workspace: Workspace) -> tuple[RosterReport | None, str, tuple[str, ...]]:
    """The roster held against its rules, but the one on submission: that is a deadline of its own."""
    folder = workspace.path / "inventory"
    try:
        settings = load_settings(folder)
        path = folder / settings.file
        if not path.is_file():
            return None, "", ()
        roster = load_roster(path, workspace.event, settings)
        return check(roster, workspace.event, settings), settings.file, ()
    except WorkspaceError as error:
        return None, "", (f"The roster does not hold and proves nothing: {error}",)


def _rosters_sent(workspace: Workspace) -> tuple[SentDocument, ...]:
    return tuple(
        SentDocument("duty-list", sending.at, version=str(sending.number), recipients=sending.to,
                     reference=sending.message_id or f"roster version {sending.number}")
        for sending in Shelf(workspace.path).sendings()
    )  # fmt: skip
