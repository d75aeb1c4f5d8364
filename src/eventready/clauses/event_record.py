"""Records of an event: the states of its clauses and its deadlines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from eventready.clauses.attestations.attestation import Attestation
from eventready.clauses.attestations.forms import document_titles, forms_of, handed_over
from eventready.clauses.changes import ChangeOnRecord
from eventready.clauses.deadlines import Deadline, applying, deadlines
from eventready.clauses.documents import Records, of_attestation, of_documents
from eventready.clauses.event_configuration import configuration_ends
from eventready.clauses.objections import harmful, objections
from eventready.clauses.proof import (
    ClauseState,
    ProofResult,
    index_findings,
    of_changes,
    of_checks,
    of_drills,
    of_roster,
    of_watch,
    state_of,
)
from eventready.clauses.waiver_ends import waiver_ends
from eventready.core.messages import Text
from eventready.delivery.mail.delivery_log import SentDocument
from eventready.drill.record import DrillRun
from eventready.incidents.incident import Incident
from eventready.roster.finding import RosterReport
from eventready.store.run import Run
from eventready.store.watch_log import WatchLog
from eventready.workspace.examples.example_data import Datum
from eventready.workspace.settings.duties import Duty
from eventready.workspace.workspace import Workspace


@dataclass(frozen=True)
class EventRecord:
    """Records of an event. `run`: the latest; `audits`: event times of those of all devices; `notices`: sentences for
    people.

    `example`: data of the example, which prove nothing; empty in a rehearsal.
    """

    run: Run | None = None
    audits: tuple[datetime, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    incidents: tuple[Incident, ...] = ()
    roster: RosterReport | None = None
    roster_version: str = ""
    sent: tuple[SentDocument, ...] = ()
    changes: tuple[ChangeOnRecord, ...] = ()
    notices: tuple[str | Text, ...] = ()
    example: tuple[Datum, ...] = ()
    drills: tuple[DrillRun, ...] = ()
    watch: WatchLog = field(default_factory=WatchLog)

    def clauses(self, workspace: Workspace, moment: datetime) -> tuple[ClauseState, ...]:
        """Return the state of every clause of this operator at a moment, in the order of duties.yaml.

        A run of another event proves nothing.
        """
        event = workspace.event
        has_devices = bool(workspace.devices) or event.operator != "postal"
        run = self.run if self.run and self.run.header.event == event.id else None
        findings = index_findings(run) if run and has_devices else {}
        records = Records(self.attestations, self.sent, self.incidents, forms_of(workspace), document_titles(workspace))
        found = []
        for duty in applying(workspace.duties, event.operator):
            results = [
                of_checks(duty, run, workspace.devices, findings) if has_devices else ProofResult(),
                of_changes(duty, self.changes) if has_devices else ProofResult(),
                of_roster(duty, self.roster, self.roster_version),
                of_drills(duty, self.drills),
                of_watch(duty, event.windows, self.watch, len(workspace.devices), moment)
                if has_devices
                else ProofResult(),
                *of_documents(duty, event, records, moment),
                of_attestation(duty, event, records, moment),
                self._owner(duty),
            ]
            found.append(state_of(duty, results, event, moment))
        return tuple(found)

    def _owner(self, duty: Duty) -> ProofResult:
        of_example = any(datum.kind == "owner" and datum.name.en == duty.id for datum in self.example)
        return ProofResult.lacking("clauses:proof.example_owner") if of_example else ProofResult()

    def deadlines(self, workspace: Workspace, moment: datetime) -> tuple[Deadline, ...]:
        """Return the deadlines at a moment."""
        states = self.clauses(workspace, moment)
        return deadlines(
            workspace.event,
            workspace.duties,
            (*self.sent, *handed_over(self.attestations)),
            moment,
            done=[state.duty.id for state in states if state.state in ("done", "not_applicable")],
            audits=self.audits,
            incidents=self.incidents,
            more=(
                *objections(workspace, harmful(workspace, self.run), moment),
                *configuration_ends(self.changes, workspace.event, moment, self.run),
                *waiver_ends(workspace.waivers, workspace.event, moment),
            ),
        )
