"""`eventready incident`: incidents with their effects, actions and notices."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import with_options
from eventready.core.clock import parse_moment
from eventready.core.errors import Exit
from eventready.core.messages import joined, message
from eventready.core.strings.texts import at
from eventready.incidents.incident import ADDRESSEES, HOWS, KINDS, SERVICES, Addressee, How

with deferred():
    from eventready.cli.render.listing import cell, show, translated
    from eventready.core.redaction.masking import mask_text
    from eventready.incidents.incident import (
        Demand,
        Incident,
        addressee_name,
    )
    from eventready.incidents.log import Given, Report, find, incidents, open_incident, update_incident
    from eventready.incidents.text import incident_lines, incident_plain, open_demands, services_text
    from eventready.store.store import Store

_COLUMNS = ("incident", "began", "where", "services", "subscribers", "restored", "overdue", "what")


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    return None if value is None else parse_moment(value)


#: Options common to `new` and `update`.
_details = with_options(
    click.option("--by", default="", help="Person who reports."),
    click.option("--summary", default="", help="Summary, in a sentence."),
    click.option("--began", metavar="TIME", callback=_moment, help="Time of the beginning."),
    click.option("--noticed", metavar="TIME", callback=_moment, help="Time of the discovery; limits run from here."),
    click.option("--venue", help="Venue of event.yaml."),
    click.option("--place", default="", help="Exact place, in words."),
    click.option("--service", "services", type=click.Choice(SERVICES), multiple=True, help="Failed service; repeat."),
    click.option("--kind", type=click.Choice(KINDS), help="Kind of incident.  [default: outage]"),
    click.option("--subscribers", type=int, help="Number of affected subscribers."),
    click.option("--cause", default="", help="Cause."),
    click.option("--action", "actions", multiple=True, help="Action taken; repeat."),
    click.option("--restored", metavar="TIME", callback=_moment, help="Time of the restoration."),
    click.option(
        "--notice", "notified", type=click.Choice(ADDRESSEES), multiple=True, help="Notified recipient; repeat."
    ),
    click.option("--how", type=click.Choice(HOWS), default="phone", show_default=True, help="Way of the notice."),
    click.option("--to", "recipient", default="", help="Person who took the notice.  [default: as in event.yaml]"),
    click.option("--notice-at", metavar="TIME", callback=_moment, help="Time of the notice.  [default: --at]"),
    click.option("--final", is_flag=True, help="The notice is the final report."),
    click.option("--at", "when", metavar="TIME", callback=_moment, help="Time of this entry.  [default: now]"),
)


@click.group("incident", help="Record incidents and their notices.")
def command() -> None:
    """The group."""


@command.command("new", short_help="Record a new incident")
@_details
@click.pass_obj
def new(app: App, /, **details: Any) -> None:
    """Record a new incident; its name (SC-20330729-01) is printed.

    Notices go to the recipient of the reports and to the police nearest to the venue. The limits are in event.yaml
    (`notice_limits`); by default 30 minutes by telephone, 2 hours in writing, 24 hours for the final report.
    """
    event = app.workspace.event
    with Store.of_workspace(app.workspace_path) as store:
        made = open_incident(_report(**details), event, store, app.clock)
    _recorded(app, made)


@command.command("update", short_help="Add facts, actions and notices to an incident")
@click.argument("incident")
@_details
@click.pass_obj
def update(app: App, /, incident: str, **details: Any) -> None:
    """Add facts, actions and notices to INCIDENT (its name, `latest`, or the end of the name); nothing is lost."""
    with Store.of_workspace(app.workspace_path) as store:
        made = update_incident(incident, _report(**details), app.workspace.event, store, app.clock)
    _recorded(app, made)


@command.command("list", short_help="List all incidents, with overdue notices")
@click.pass_obj
def list_incidents(app: App) -> Exit:
    """List all incidents. Exit code 8 with an overdue notice."""
    known = _known(app)
    limits, now = app.workspace.event.notice_limits, app.clock.now()
    if app.output != "table":
        app.emit([incident_plain(incident, incident.demands(limits, now)) for incident in known])
    elif not known:
        app.notify("cli:incidents.none")
    else:
        _table(app, known, [incident.overdue(limits, now) if _counts(app, incident) else () for incident in known])
    late = any(incident.overdue(limits, now) for incident in known if _counts(app, incident))
    return Exit.DEADLINE if late else Exit.OK


@command.command("show", short_help="Show an incident with its required notices")
@click.argument("incident", default="latest")
@click.pass_obj
def show_incident(app: App, incident: str) -> Exit:
    """Show an incident. Exit code 8 with an overdue notice."""
    found = find(incident, _known(app))
    demands = found.demands(app.workspace.event.notice_limits, app.clock.now())
    if app.output != "table":
        app.emit(incident_plain(found, demands))
    else:
        for line in incident_lines(found, app.workspace.event, demands, app.lang):
            click.echo(line)
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
    if app.output != "table":
        app.emit(incident_plain(incident, demands))
    else:
        click.echo(incident.id)
    for line in open_demands(incident, event, demands, app.lang):
        app.say(line)


def _table(app: App, known: Iterable[Incident], overdue: Iterable[tuple[Demand, ...]]) -> None:
    table = translated("cli:incidents_column", _COLUMNS, app.lang)
    for incident, late in zip(known, overdue, strict=True):
        notices = [
            message("cli:incidents.notice", stage=d.stage, addressee=addressee_name(d.to, app.workspace.event))
            for d in late
        ]
        table.add_row(
            incident.id,
            at(incident.began),
            cell(mask_text(incident.place)),
            cell(services_text(incident.services, app.lang)),
            "?" if incident.subscribers is None else str(incident.subscribers),
            at(incident.restored) if incident.restored else "-",
            cell(joined(notices, app.lang, ";"), "bold red"),
            cell(mask_text(incident.summary)),
        )
    show(table)
