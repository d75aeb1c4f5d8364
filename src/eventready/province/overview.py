"""Figures of each operator, and the verdicts of all operators by venue and service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from eventready.province.bundles.bundle import Bundle
from eventready.province.bundles.parts import RunPart, State, Verdict, VerdictEntry
from eventready.workspace.settings.event import Event

#: Verdicts from the worst to the best. An unmeasured service is never better than one that is known to be bad.
WORST: tuple[Verdict, ...] = ("NOT_READY", "NOT_MEASURED", "READY_WITH_RISK", "READY")


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Worst of some verdicts."""
    return min(verdicts, key=WORST.index)


@dataclass(frozen=True)
class OperatorRow:
    """Figures of an operator. `verdict`: the worst of its services for the event. `gaps` None: no roster.

    `missing`: the absent base of a verdict: an audit, a venue of the event, or a service offered there.
    """

    operator: str
    verdict: Verdict | None
    missing: Literal["", "run", "venue", "offered"]
    ratio: float
    fail: int
    unmeasured: int
    done: int
    clauses: int
    not_done: int
    late: int
    gaps: int | None
    incidents: int
    open_incidents: int
    overdue: int


def _needed(run: RunPart, event: Event) -> tuple[VerdictEntry, ...]:
    services = {venue.id: venue.services for venue in event.venues}
    return tuple(entry for entry in run.verdicts if entry.service in services.get(entry.venue, ()))


def _missing(run: RunPart) -> Literal["run", "venue", "offered"]:
    if not run.present:
        return "run"
    return "offered" if run.venues or run.verdicts else "venue"


def row(bundle: Bundle, event: Event) -> OperatorRow:
    """Return the figures of an operator; inapplicable clauses are not counted."""
    run, incidents = bundle.run, bundle.incidents.incidents
    applying = [clause for clause in bundle.duties.clauses if clause.state != "not_applicable"]
    verdicts: set[Verdict] = {entry.verdict for entry in _needed(run, event)}
    if {venue.id for venue in run.venues} - {entry.venue for entry in run.verdicts}:
        verdicts.add("NOT_MEASURED")  # every venue has a service
    verdict = worst(verdicts) if verdicts and run.present else None
    return OperatorRow(
        operator=bundle.operator,
        verdict=verdict,
        missing="" if verdict else _missing(run),
        ratio=run.measured / run.needed if run.needed else 0.0,
        fail=run.counts.get("fail", 0),
        unmeasured=run.counts.get("not_measured", 0),
        done=_count(bundle, "done"),
        clauses=len(applying),
        not_done=_count(bundle, "not_done"),
        late=sum(clause.late for clause in applying),
        gaps=sum(bundle.roster.gaps.values()) if bundle.roster.present else None,
        incidents=len(incidents),
        open_incidents=sum(incident.restored is None for incident in incidents),
        overdue=sum(incident.overdue for incident in incidents),
    )


def _count(bundle: Bundle, state: State) -> int:
    return sum(clause.state == state for clause in bundle.duties.clauses)


@dataclass(frozen=True)
class ServiceVerdicts:
    """Verdicts of the operators for a service at a venue; None: not offered, or not audited.

    `beyond`: the event does not need the service there.
    """

    venue: str
    service: str
    verdicts: tuple[Verdict | None, ...]
    beyond: bool


def service_verdicts(bundles: Sequence[Bundle], event: Event, *, vietnamese: bool) -> tuple[ServiceVerdicts, ...]:
    """Verdicts by venue and service of the department's event, and by further services of the operators there."""
    by_place = [{(entry.venue, entry.service): entry.verdict for entry in bundle.run.verdicts} for bundle in bundles]
    rows = []
    for venue in event.venues:
        named = [service for known in by_place for place, service in known if place == venue.id]
        title = (venue.name_vi if vietnamese else venue.name) or venue.name
        rows += [
            ServiceVerdicts(
                title, service, tuple(known.get((venue.id, service)) for known in by_place),
                beyond=service not in venue.services,
            )
            for service in dict.fromkeys((*venue.services, *named))
        ]  # fmt: skip
    return tuple(rows)
