"""Everything on record that clauses and deadlines rest on, gathered from the workspace and its store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from eventready.duty.attestation import Attestation
from eventready.duty.attesting import attestations
from eventready.duty.deadlines import Deadline, deadlines
from eventready.duty.forms import handed_over
from eventready.duty.incident import Incident
from eventready.duty.incident_log import incidents
from eventready.duty.sent import SentDocument
from eventready.duty.state import ClauseState, clauses
from eventready.duty.words import moment_of
from eventready.errors import WorkspaceError
from eventready.roster.finding import RosterReport
from eventready.roster.load import load_roster
from eventready.roster.rules import check
from eventready.roster.settings import load_settings
from eventready.roster.versions import Shelf
from eventready.run import Run
from eventready.store.store import Store
from eventready.workspace.workspace import Workspace


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


def gather(workspace: Workspace, sent: Sequence[SentDocument] = ()) -> OnRecord:
    """Look at the store, where there is one, and at the roster. `sent` are the deliveries on record."""
    roster, version, notices = _roster(workspace)
    papers = (*sent, *_rosters_sent(workspace))
    if not Store.exists(workspace.path):
        return OnRecord(roster=roster, roster_version=version, sent=papers, notices=notices)
    with Store.of_workspace(workspace.path) as store:
        mine = [entry for entry in store.runs() if entry.summary and entry.event == workspace.event.id]
        return OnRecord(
            run=store.get(mine[-1].id) if mine else None,
            audits=tuple(moment_of(entry.summary.moment) for entry in mine if entry.summary),
            attestations=attestations(store, workspace.path),
            incidents=incidents(store),
            roster=roster,
            roster_version=version,
            sent=papers,
            notices=(*store.notices, *notices),
        )


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
