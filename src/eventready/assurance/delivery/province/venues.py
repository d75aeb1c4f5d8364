"""Venues of the operators' bundles under the identifiers of the department's event, and a conclusion per venue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from eventready.assurance.delivery.bundles.bundle import Bundle
from eventready.assurance.delivery.bundles.parts import IncidentsPart, RunPart, VenueEntry, Verdict, VerdictEntry
from eventready.assurance.delivery.province.overview import worst
from eventready.core.errors import RefusedError
from eventready.core.messages import message
from eventready.workspace.files.yaml_document import load_yaml, raise_errors
from eventready.workspace.model import WorkspaceModel
from eventready.workspace.settings.event import Event, unknown_venue


class VenueFile(WorkspaceModel):
    """File of `consolidate --venues`: operators' venues by operator."""

    venues: dict[str, dict[str, str | None]] = Field(
        description="Per operator its own identifiers, with the department's for each; null: outside the event"
    )


@dataclass(frozen=True)
class VenueNames:
    """The department's venues by identifier, and the mappings of operators with other identifiers."""

    event: Event
    mappings: Mapping[str, Mapping[str, str | None]]

    @classmethod
    def load(cls, event: Event, path: Path | None) -> VenueNames:
        """Read the mappings of a file. Raises WorkspaceError, also for a venue unknown to the department."""
        if path is None:
            return cls(event, {})
        document = load_yaml(path)
        mappings = document.validate(VenueFile).venues
        problems = []
        for operator, names in mappings.items():
            for own, name in names.items():
                if name is not None and name not in event.venue_ids:
                    what, do = unknown_venue(name, event)
                    problems.append(document.error(what, "venues", operator, own, do=do))
        raise_errors(problems)
        return cls(event, mappings)

    def mapped(self, bundle: Bundle) -> Bundle:
        """Return a bundle under the department's identifiers. Raises RefusedError for an unknown venue."""
        run, incidents = bundle.run, bundle.incidents.incidents
        names = {name: name for name in self.event.venue_ids} | dict(self.mappings.get(bundle.operator, {}))
        used = (
            *(venue.id for venue in run.venues),
            *(verdict.venue for verdict in run.verdicts),
            *(incident.venue for incident in incidents if incident.venue),
        )
        if unknown := [venue for venue in dict.fromkeys(used) if venue not in names]:
            known = list(self.event.venue_ids)
            raise RefusedError(
                message("delivery:venues.unknown", operator=bundle.operator, unknown=unknown, known=known)
            )
        return replace(
            bundle,
            run=self._run(run, names),
            incidents=IncidentsPart(
                incidents=tuple(
                    one.model_copy(update={"venue": names.get(one.venue) or one.venue}) for one in incidents
                )
            ),
        )

    def _run(self, run: RunPart, names: Mapping[str, str | None]) -> RunPart:
        venues = dict.fromkeys(name for venue in run.venues if (name := names[venue.id]))
        verdicts: dict[tuple[str, str], Verdict] = {}
        for entry in run.verdicts:
            if name := names[entry.venue]:
                place = name, entry.service
                verdicts[place] = worst((entry.verdict, verdicts.get(place, entry.verdict)))
        titles = {venue.id: venue for venue in self.event.venues}
        return run.model_copy(
            update={
                "venues": tuple(
                    VenueEntry(id=name, name=titles[name].name, name_vi=titles[name].name_vi) for name in venues
                ),
                "verdicts": tuple(
                    VerdictEntry(venue=venue, service=service, verdict=verdict)
                    for (venue, service), verdict in verdicts.items()
                ),
            }
        )


@dataclass(frozen=True)
class OperatorAtVenue:
    """An operator at a venue: its worst verdict, and the services with this verdict.

    `verdict` None: without a service there. `missing`: the absent base of a verdict, an audit or the report.
    """

    operator: str
    verdict: Verdict | None
    services: tuple[str, ...] = ()
    missing: Literal["", "run", "report"] = ""


def at_venue(venue: str, bundles: Sequence[Bundle], silent: Iterable[str]) -> tuple[OperatorAtVenue, ...]:
    """Return every operator at a venue, those without a report last."""
    return (
        *(_at(venue, bundle) for bundle in bundles),
        *(OperatorAtVenue(operator, "NOT_MEASURED", missing="report") for operator in silent),
    )


def _at(venue: str, bundle: Bundle) -> OperatorAtVenue:
    if not bundle.run.present:
        return OperatorAtVenue(bundle.operator, "NOT_MEASURED", missing="run")
    verdicts = {entry.service: entry.verdict for entry in bundle.run.verdicts if entry.venue == venue}
    if not verdicts:
        listed = any(one.id == venue for one in bundle.run.venues)
        return OperatorAtVenue(bundle.operator, "NOT_MEASURED" if listed else None)
    verdict = worst(verdicts.values())
    return OperatorAtVenue(bundle.operator, verdict, tuple(name for name, one in verdicts.items() if one == verdict))
