"""Figures of each operator, and the verdicts of all operators by venue and service."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from eventready.core.errors import RefusedError, WorkspaceError
from eventready.core.messages import message
from eventready.core.validation_messages import suggest
from eventready.province.bundles.bundle import Bundle
from eventready.province.bundles.parts import IncidentsPart, RunPart, State, VenueEntry, Verdict, VerdictEntry
from eventready.workspace.files.yaml_document import YamlDocument, load_yaml, raise_errors
from eventready.workspace.model import WorkspaceModel
from eventready.workspace.settings.event import Event, Venue, unknown_venue

#: Verdicts from the worst to the best. An unmeasured service is never better than one that is known to be bad.
WORST: tuple[Verdict, ...] = ("NOT_READY", "NOT_MEASURED", "READY_WITH_RISK", "READY")


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Worst of some verdicts."""
    return min(verdicts, key=WORST.index)


@dataclass(frozen=True)
class OperatorRow:
    """Figures of an operator. `verdict`: the worst of its services for the event. `gaps` None: no roster.
    `ratio`: measured share of the needed observations, from 0 to 1.

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


class VenueFile(WorkspaceModel):
    """File of `department consolidate --venues`: operators' venues by operator."""

    venues: dict[str, dict[str, str | None]] = Field(
        description="Per operator its own identifiers, with the department's for each; null: outside the event"
    )


@dataclass(frozen=True)
class VenueNames:
    """The department's venues by identifier, and the mappings of operators with other identifiers.

    `unused`: by operator an error for each mapped identifier that is missing from its audit.
    """

    event: Event
    mappings: Mapping[str, Mapping[str, str | None]]
    document: YamlDocument | None = None
    unused: dict[str, list[WorkspaceError]] = field(default_factory=dict)

    @classmethod
    def load(cls, event: Event, path: Path | None, operators: Collection[str]) -> VenueNames:
        """Read the mappings of a file. Raises WorkspaceError, also for an operator without a key and a venue unknown
        to the department."""
        if path is None:
            return cls(event, {})
        document = load_yaml(path)
        mappings = document.validate(VenueFile).venues
        problems = []
        for operator, names in mappings.items():
            if operator not in operators:
                unknown = message("delivery:venues.operator", operator=operator)
                problems.append(document.error(unknown, "venues", operator, do=suggest(operator, operators)))
            for own, name in names.items():
                if name is not None and name not in event.venue_ids:
                    what, do = unknown_venue(name, event)
                    problems.append(document.error(what, "venues", operator, own, do=do))
        raise_errors(problems)
        return cls(event, mappings, document)

    def mapped(self, bundle: Bundle) -> Bundle:
        """Return a bundle under the department's identifiers. Raises RefusedError for an unknown venue."""
        run, incidents = bundle.run, bundle.incidents.incidents
        mapping = self.mappings.get(bundle.operator, {})
        names = {name: name for name in self.event.venue_ids} | dict(mapping)
        used = venues_of(bundle)
        self.unused[bundle.operator] = [
            self.document.error(
                message("delivery:venues.unused", operator=bundle.operator, venue=own),
                "venues", bundle.operator, own, do=suggest(own, used),
            )
            for own in mapping if self.document and run.present and own not in used
        ]  # fmt: skip
        if unknown := [venue for venue in used if venue not in names]:
            known = list(self.event.venue_ids)
            raise RefusedError(
                message("delivery:venues.unknown", operator=bundle.operator, unknown=unknown, known=known)
            )
        return replace(
            bundle,
            run=self._run(run, names),
            incidents=IncidentsPart(
                incidents=tuple(replace(one, venue=names.get(one.venue) or one.venue) for one in incidents)
            ),
        )

    def _run(self, run: RunPart, names: Mapping[str, str | None]) -> RunPart:
        """Leave out findings of dropped venues alone; without a venue of the event, all results."""
        own = [venue.id for venue in run.venues] or [entry.venue for entry in run.verdicts]
        if own and not any(names[venue] for venue in own):
            return RunPart(**{name: getattr(run, name) for name in _IDENTITY})
        findings = tuple(one for one in run.findings if not one.venues or any(names[venue] for venue in one.venues))
        left_out = Counter[str](one.status for one in run.findings) - Counter[str](one.status for one in findings)
        venues = dict.fromkeys(name for venue in run.venues if (name := names[venue.id]))
        verdicts: dict[tuple[str, str], Verdict] = {}
        for entry in run.verdicts:
            if name := names[entry.venue]:
                place = name, entry.service
                verdicts[place] = worst((entry.verdict, verdicts.get(place, entry.verdict)))
        titles = {venue.id: venue for venue in self.event.venues}
        return replace(
            run,
            counts={status: count - left_out[status] for status, count in run.counts.items()},
            findings=findings,
            venues=tuple(VenueEntry(name, titles[name].name, titles[name].name_vi) for name in venues),
            verdicts=tuple(VerdictEntry(*place, verdict) for place, verdict in verdicts.items()),
        )


#: Fields of a run beside its results.
_IDENTITY = {"present", "id", "event_vi", "event_en", "moment", "sha256"}


def venues_of(bundle: Bundle) -> tuple[str, ...]:
    """Venues named in a bundle."""
    run = bundle.run
    named = (
        *(venue.id for venue in run.venues),
        *(verdict.venue for verdict in run.verdicts),
        *(venue for found in run.findings for venue in found.venues),
        *(incident.venue for incident in bundle.incidents.incidents if incident.venue),
    )
    return tuple(dict.fromkeys(named))


@dataclass(frozen=True)
class OperatorAtVenue:
    """An operator at a venue: its worst verdict, and the services with this verdict.

    `verdict` None: without a service there. `missing`: the absent base of a verdict, an audit or the report.
    """

    operator: str
    verdict: Verdict | None
    services: tuple[str, ...] = ()
    missing: Literal["", "run", "report"] = ""


def at_venue(venue: Venue, bundles: Sequence[Bundle], silent: Iterable[str]) -> tuple[OperatorAtVenue, ...]:
    """Return every operator at a venue, those without a report last."""
    return (
        *(_at(venue, bundle) for bundle in bundles),
        *(OperatorAtVenue(operator, "NOT_MEASURED", missing="report") for operator in silent),
    )


def _at(venue: Venue, bundle: Bundle) -> OperatorAtVenue:
    if not bundle.run.present:
        return OperatorAtVenue(bundle.operator, "NOT_MEASURED", missing="run")
    offered = {entry.service: entry.verdict for entry in bundle.run.verdicts if entry.venue == venue.id}
    verdicts = {service: verdict for service, verdict in offered.items() if service in venue.services}
    if not verdicts:
        unmeasured = not offered and any(one.id == venue.id for one in bundle.run.venues)
        return OperatorAtVenue(bundle.operator, "NOT_MEASURED" if unmeasured else None)
    verdict = worst(verdicts.values())
    return OperatorAtVenue(bundle.operator, verdict, tuple(name for name, one in verdicts.items() if one == verdict))
