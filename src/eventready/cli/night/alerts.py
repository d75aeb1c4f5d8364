"""`eventready alerts`: acts of people on the alerts of a watch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.night.duration import seconds_of
from eventready.cli.options import with_options

with deferred():
    from eventready.cli.render.listing import cell, show, translated
    from eventready.cli.signing import current_user
    from eventready.core.messages import term
    from eventready.core.phrases import at
    from eventready.watch.alerts.acts import Act, ActKind, Acts, matchers_of

_COLUMNS = ("id", "kind", "at", "until", "by", "matchers", "text")
_act_options = with_options(
    click.argument("alerts", nargs=-1, required=True, metavar="ALERT..."),
    click.option("--reason", default="", metavar="TEXT", help="Reason, or what is done about it."),
    click.option("--by", default="", metavar="NAME", help="Your name.  [default: the login]"),
)


@click.group("alerts")
def command() -> None:
    """Acknowledge and silence the alerts of the night.

    ALERT is DEVICE, DEVICE/CHECK or DEVICE/CHECK/SUBJECT, or conditions on labels as Alertmanager has them:
    device, check, subject, status, role and venues with =, !=, =~ and !~. All conditions must hold.
    """


@command.command(short_help="Stop the calls about alerts for a time")
@_act_options
@click.option("--for", "seconds", default="1h", show_default=True, metavar="TIME", callback=seconds_of,
              help="How long: 90s, 30m, 8h.")  # fmt: skip
@click.pass_obj
def silence(app: App, *, alerts: Sequence[str], reason: str, by: str, seconds: float) -> None:
    """Send nothing about alerts with these labels for a time, whether they are there or come. The wall shows them."""
    _record(app, "silence", alerts, reason=reason, by=by, seconds=seconds)


@command.command(short_help="Take alerts in hand: no repeats, no escalation")
@_act_options
@click.pass_obj
def acknowledge(app: App, *, alerts: Sequence[str], reason: str, by: str) -> None:
    """Take the present alerts with these labels in hand: no repeats and no escalation.

    An alert of later needs another acknowledgement.
    """
    _record(app, "acknowledgement", alerts, reason=reason, by=by)


@command.command(short_help="End a silence or an acknowledgement")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--by", default="", metavar="NAME", help="Your name.  [default: the login]")
@click.pass_obj
def expire(app: App, *, number: int, by: str) -> None:
    """End the silence or acknowledgement NUMBER of `eventready alerts list`."""
    with app.open_store() as store:
        _show(app, Acts(store, app.workspace.event.id, app.clock).expire(number, by=current_user(by)[0]))


@command.command("list", short_help="List silences, acknowledgements and notes")
@click.option("--all", "ended", is_flag=True, help="Also those that ended.")
@click.pass_obj
def list_acts(app: App, *, ended: bool) -> None:
    """List silences, acknowledgements and notes in force, with name, time and reason."""
    with app.open_store() as store:
        acts = Acts(store, app.workspace.event.id, app.clock)
        found = acts.all() if ended else acts.active()
    if app.output != "table":
        app.emit([act.to_dict() for act in found])
        return
    table = translated("cli:alerts_column", _COLUMNS, app.lang)
    for act in found:
        until = at(act.until) if act.until else "-"
        kind, matchers = term("watch:act", act.kind, app.lang), ", ".join(map(str, act.matchers))
        table.add_row(str(act.id), kind, at(act.at), until, cell(act.by), cell(matchers), cell(act.text))
    show(table)


def _record(
    app: App, kind: ActKind, alerts: Sequence[str], *, reason: str, by: str, seconds: float | None = None
) -> None:
    until = None if seconds is None else app.clock.now() + timedelta(seconds=min(seconds, 10**8))
    with app.open_store() as store:
        acts = Acts(store, app.workspace.event.id, app.clock)
        _show(app, acts.add(kind, matchers_of(alerts), by=current_user(by)[0], text=reason, until=until))


def _show(app: App, act: Act) -> None:
    if app.output != "table":
        app.emit(act.to_dict())
        return
    msgid = "cli:alerts.until" if act.until else "cli:alerts.recorded"
    app.notify(
        msgid, number=act.id, kind=term("watch:act", act.kind, app.lang), until=at(act.until) if act.until else ""
    )
