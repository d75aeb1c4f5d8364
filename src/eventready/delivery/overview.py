"""The province at a glance: a row per operator, and what each says of every venue and service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eventready.delivery.bundle import Bundle
from eventready.delivery.parts import State, Verdict

#: From bad to good. What was not measured is never better than what is known to be bad.
WORST: tuple[Verdict, ...] = ("NOT_READY", "NOT_MEASURED", "READY_WITH_RISK", "READY")


@dataclass(frozen=True)
class Row:
    """An operator in figures. `verdict` is the worst of its services, None without an audit; `gaps` None: no roster."""

    operator: str
    moment: str
    verdict: Verdict | None
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


def row(bundle: Bundle) -> Row:
    """The row of an operator. What does not apply to it is no clause of its."""
    run, incidents = bundle.run, bundle.incidents.incidents
    ours = [clause for clause in bundle.duties.clauses if clause.state != "not_applicable"]
    said = {judged.verdict for judged in run.verdicts}
    return Row(
        operator=bundle.operator,
        moment=run.moment,
        verdict=next((verdict for verdict in WORST if verdict in said), None) if run.present else None,
        ratio=run.measured / run.needed if run.needed else 0.0,
        fail=run.counts.get("fail", 0),
        unmeasured=run.counts.get("not_measured", 0),
        done=_count(bundle, "done"),
        clauses=len(ours),
        not_done=_count(bundle, "not_done"),
        late=sum(clause.late for clause in ours),
        gaps=sum(bundle.roster.gaps.values()) if bundle.roster.present else None,
        incidents=len(incidents),
        open_incidents=sum(incident.restored is None for incident in incidents),
        overdue=sum(incident.overdue for incident in incidents),
    )


def _count(bundle: Bundle, state: State) -> int:
    return sum(clause.state == state for clause in bundle.duties.clauses)


@dataclass(frozen=True)
class Square:
    """A venue and a service: each operator's verdict, None where it does not offer it or was not checked."""

    venue: str
    service: str
    verdicts: tuple[Verdict | None, ...]


def squares(bundles: Sequence[Bundle], *, vietnamese: bool) -> tuple[Square, ...]:
    """Every venue and service that anybody speaks of, in the order in which they are first named."""
    names: dict[str, str] = {}
    places: dict[tuple[str, str], None] = {}
    for bundle in bundles:
        for venue in bundle.run.venues:
            names.setdefault(venue.id, (venue.name_vi if vietnamese else venue.name) or venue.name or venue.id)
        places.update(dict.fromkeys((judged.venue, judged.service) for judged in bundle.run.verdicts))
    said = [{(judged.venue, judged.service): judged.verdict for judged in bundle.run.verdicts} for bundle in bundles]
    order = {venue: number for number, venue in enumerate(names)}
    ordered = sorted(places, key=lambda place: order.get(place[0], len(order)))
    return tuple(
        Square(names.get(venue, venue), service, tuple(verdicts.get((venue, service)) for verdicts in said))
        for venue, service in ordered
    )
