"""`eventready incident`: what happened, whom it touches, what was done, and who was told when and how."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

import click

from eventready.cli.context import App
from eventready.cli.listing import cell, listing, show
from eventready.clock import parse_moment
from eventready.duty.incident import (
    ADDRESSEE_WORDS,
    ADDRESSEES,
    HOWS,
    KINDS,
    STAGE_WORDS,
    Addressee,
    Demand,
    How,
    Incident,
)
from eventready.duty.incident_log import (
    SERVICES,
    Given,
    Report,
    find,
    incidents,
    open_incident,
    update_incident,
)
from eventready.duty.incident_text import incident_lines, incident_plain, still_to_tell
from eventready.duty.privacy import mask_text
from eventready.duty.words import LANGS, Lang, at
from eventready.errors import Exit
from eventready.store.store import Store

F = TypeVar("F", bound=Callable[..., Any])

_LANG = click.option("--lang", type=click.Choice(LANGS), default="vi", show_default=True, help="Language.")


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    return None if value is None else parse_moment(value)


def _details(function: F) -> F:
    """The options that both `new` and `update` take."""
    options = [
        click.option("--by", default="", help="Who reports it."),
        click.option("--summary", default="", help="What happened, in a sentence."),
        click.option("--began", metavar="TIME", callback=_moment, help="When it began."),
        click.option("--noticed", metavar="TIME", callback=_moment, help="When it was noticed: limits run from then."),
        click.option("--venue", help="The venue in event.yaml where it is."),
        click.option("--place", default="", help="Where exactly, in words."),
        click.option("--service", "services", type=click.Choice(SERVICES), multiple=True, help="What fails; repeat."),
        click.option("--kind", type=click.Choice(KINDS), help="What kind of incident it is.  [default: outage]"),
        click.option("--subscribers", type=int, help="How many subscribers are touched."),
        click.option("--cause", default="", help="What caused it."),
        click.option("--action", "actions", multiple=True, help="What was done; repeat."),
        click.option("--restored", metavar="TIME", callback=_moment, help="When service was restored."),
        click.option("--notice", "told", type=click.Choice(ADDRESSEES), multiple=True, help="Who was told; repeat."),
        click.option("--how", type=click.Choice(HOWS), default="phone", show_default=True, help="How they were told."),
        click.option("--to", "recipient", default="", help="Who took the notice.  [default: as in event.yaml]"),
        click.option("--notice-at", metavar="TIME", callback=_moment, help="When they were told.  [default: --at]"),
        click.option("--final", is_flag=True, help="What they were told is the final report."),
        click.option("--at", "when", metavar="TIME", callback=_moment, help="When this was.  [default: now]"),
        _LANG,
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.group("incident", help="Record incidents and the notices that they demand.")
def command() -> None:
    """The group."""


@command.command("new", short_help="Record a new incident")
@_details
@click.pass_obj
def new(app: App, /, lang: Lang, **said: Any) -> None:
    """Record a new incident; its name (SC-20220429-01) is printed.

    The Department and the police nearest to the venue must both be told. The limits are in event.yaml
    (`notice_limits`): by telephone within 30 minutes, in writing within 2 hours, finally within 24.
    """
    event = app.workspace.event
    with Store.of_workspace(app.workspace_path) as store:
        made = open_incident(_report(**said), event, store, app.clock)
    _recorded(app, made, lang)


@command.command("update", short_help="Record what has become known, was done, or was told to whom")
@click.argument("incident")
@_details
@click.pass_obj
def update(app: App, /, incident: str, lang: Lang, **said: Any) -> None:
    """Record what has become known of INCIDENT (its name, `latest`, or the end of its name). Nothing is overwritten.

    \b
      eventready incident update latest --by "Trực ca" --notice department --notice police
      eventready incident update latest --by "Trực ca" --cause "Đứt cáp" --restored "2022-04-29 20:10"
      eventready incident update latest --by "Trực ca" --notice department --how email --final
    """
    with Store.of_workspace(app.workspace_path) as store:
        made = update_incident(incident, _report(**said), app.workspace.event, store, app.clock)
    _recorded(app, made, lang)


@command.command("list", short_help="All incidents, with notices that are overdue")
@_LANG
@click.pass_obj
def list_incidents(app: App, lang: Lang) -> Exit:
    """All incidents. Leaves with 8 when a notice is overdue."""
    known = _known(app)
    limits, now = app.workspace.event.notice_limits, app.clock.now()
    if app.output != "table":
        app.emit([incident_plain(incident, incident.demands(limits, now)) for incident in known])
    elif not known:
        app.say("No incident is on record." if lang == "en" else "Chưa ghi nhận sự cố nào.")
    else:
        _table(known, [incident.overdue(limits, now) if _counts(app, incident) else () for incident in known], lang)
    late = any(incident.overdue(limits, now) for incident in known if _counts(app, incident))
    return Exit.DEADLINE if late else Exit.OK


@command.command("show", short_help="One incident whole, with every notice that it demands")
@click.argument("incident", default="latest")
@_LANG
@click.pass_obj
def show_incident(app: App, incident: str, lang: Lang) -> Exit:
    """One incident whole. Leaves with 8 when one of its notices is overdue."""
    found = find(incident, _known(app))
    demands = found.demands(app.workspace.event.notice_limits, app.clock.now())
    if app.output != "table":
        app.emit(incident_plain(found, demands))
    else:
        for line in incident_lines(found, demands, lang):
            click.echo(line)
    late = _counts(app, found) and any(demand.standing == "overdue" for demand in demands)
    return Exit.DEADLINE if late else Exit.OK


def _report(
    *,
    told: tuple[Addressee, ...],
    how: How,
    recipient: str,
    notice_at: datetime | None,
    final: bool,
    when: datetime | None,
    **said: Any,
) -> Report:
    notices = tuple(Given(to, how, recipient, notice_at, final) for to in dict.fromkeys(told))
    return Report(at=when, notices=notices, **said)


def _counts(app: App, incident: Incident) -> bool:
    """False for what was only rehearsed, when this is no rehearsal."""
    return app.clock.rehearsal or not incident.rehearsal


def _known(app: App) -> tuple[Incident, ...]:
    if not Store.exists(app.workspace_path):
        return ()
    with Store.of_workspace(app.workspace_path) as store:
        return incidents(store)


def _recorded(app: App, incident: Incident, lang: Lang) -> None:
    event, now = app.workspace.event, app.clock.now()
    demands = incident.demands(event.notice_limits, now)
    if app.output != "table":
        app.emit(incident_plain(incident, demands))
    else:
        click.echo(incident.id)
    for line in still_to_tell(incident, event, demands, lang):
        app.say(line)


def _table(known: Iterable[Incident], overdue: Iterable[tuple[Demand, ...]], lang: Lang) -> None:
    head = ("Sự cố", "Bắt đầu", "Nơi", "Dịch vụ", "Thuê bao", "Khắc phục", "Thông báo quá hạn", "Nội dung")
    if lang == "en":
        head = ("Incident", "Began", "Where", "Services", "Subscribers", "Restored", "Overdue notices", "What")
    table = listing(*head)
    for incident, late in zip(known, overdue, strict=True):
        said = "; ".join(f"{STAGE_WORDS[d.stage].said(lang)}, {ADDRESSEE_WORDS[d.to].said(lang)}" for d in late)
        table.add_row(
            incident.id,
            at(incident.began),
            cell(mask_text(incident.place)),
            cell(", ".join(incident.services)),
            "?" if incident.subscribers is None else str(incident.subscribers),
            at(incident.restored) if incident.restored else "-",
            cell(said, "bold red"),
            cell(mask_text(incident.summary)),
        )
    show(table)
