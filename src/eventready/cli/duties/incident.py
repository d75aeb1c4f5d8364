"""`eventready incident`: incidents with their effects, actions and notices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from eventready.cli.console import Cell, Listing, styled
from eventready.cli.context import App
from eventready.core.errors import Exit
from eventready.core.messages import joined, message
from eventready.core.redaction.masking import mask_text
from eventready.core.strings.texts import at
from eventready.incidents.incident import Addressee, Demand, How, Incident, Kind, addressee_name
from eventready.incidents.log import Given, Report, find, incidents, open_incident, update_incident
from eventready.incidents.text import incident_lines, incident_plain, open_demands, services_text
from eventready.store.store import Store

_COLUMNS = ("incident", "began", "where", "services", "subscribers", "restored", "overdue", "what")


class IncidentValues(TypedDict):
    """Values of the options of `incident new` and `incident update`."""

    by: str
    summary: str
    began: datetime | None
    noticed: datetime | None
    venue: str | None
    place: str
    services: tuple[str, ...]
    kind: Kind | None
    subscribers: int | None
    cause: str
    actions: tuple[str, ...]
    restored: datetime | None
    notified: tuple[Addressee, ...]
    how: How
    recipient: str
    notice_at: datetime | None
    final: bool
    when: datetime | None


def new(app: App, **details: Unpack[IncidentValues]) -> None:
    """Record a new incident; its name (SC-20330729-01) is printed."""
    event = app.workspace.event
    with Store.of_workspace(app.workspace_path) as store:
        made = open_incident(_report(**details), event, store, app.clock)
    _recorded(app, made)


def update(app: App, *, incident: str, **details: Unpack[IncidentValues]) -> None:
    """Add facts, actions and notices to INCIDENT (its name, `latest`, or the end of the name); nothing is lost."""
    with Store.of_workspace(app.workspace_path) as store:
        made = update_incident(incident, _report(**details), app.workspace.event, store, app.clock)
    _recorded(app, made)


def list_incidents(app: App) -> Exit:
    """List all incidents."""
    known = _known(app)
    limits, now = app.workspace.event.notice_limits, app.clock.now()
    overdue = [incident.overdue(limits, now) if _counts(app, incident) else () for incident in known]
    cells = (_row(app, incident, late) for incident, late in zip(known, overdue, strict=True))
    app.show(
        [incident_plain(incident, incident.demands(limits, now)) for incident in known],
        Listing("cli:incidents_column", _COLUMNS, cells, "cli:incidents.none"),
    )
    return Exit.DEADLINE if any(overdue) else Exit.OK


def show_incident(app: App, *, incident: str) -> Exit:
    """Show an incident."""
    found = find(incident, _known(app))
    demands = found.demands(app.workspace.event.notice_limits, app.clock.now())
    app.show(incident_plain(found, demands), incident_lines(found, app.workspace.event, demands, app.lang))
    late = _counts(app, found) and any(demand.status == "overdue" for demand in demands)
    return Exit.DEADLINE if late else Exit.OK


def _report(
    *,
    notified: tuple[Addressee, ...],
    how: How,
    recipient: str,
    notice_at: datetime | None,
    final: bool,
    when: datetime | None,
    **details: Any,
) -> Report:
    notices = tuple(Given(to, how, recipient, notice_at, final) for to in dict.fromkeys(notified))
    return Report(at=when, notices=notices, **details)


def _counts(app: App, incident: Incident) -> bool:
    """False for a rehearsed incident outside a rehearsal."""
    return app.clock.rehearsal or not incident.rehearsal


def _known(app: App) -> tuple[Incident, ...]:
    if not Store.exists(app.workspace_path):
        return ()
    with Store.of_workspace(app.workspace_path) as store:
        return incidents(store)


def _recorded(app: App, incident: Incident) -> None:
    event, now = app.workspace.event, app.clock.now()
    demands = incident.demands(event.notice_limits, now)
    app.show(incident_plain(incident, demands), incident.id)
    for line in open_demands(incident, event, demands, app.lang):
        app.say(line)


def _row(app: App, incident: Incident, overdue: Iterable[Demand]) -> Sequence[Cell]:
    notices = [
        message("cli:incidents.notice", stage=one.stage, addressee=addressee_name(one.to, app.workspace.event))
        for one in overdue
    ]
    return (
        incident.id,
        at(incident.began),
        mask_text(incident.place),
        services_text(incident.services, app.lang),
        "?" if incident.subscribers is None else str(incident.subscribers),
        at(incident.restored) if incident.restored else "-",
        styled(joined(notices, app.lang, ";"), "bold red"),
        mask_text(incident.summary),
    )
