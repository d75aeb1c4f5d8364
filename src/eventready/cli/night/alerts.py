"""`eventready alerts`: acts of people on the alerts of a watch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.night.duration import seconds_of
from eventready.cli.options import really_options, with_options
from eventready.core.errors import Exit, UsageError

with deferred():
    from eventready.checks.registry import all_checks
    from eventready.cli.render.alerts import explanation_lines
    from eventready.cli.render.listing import cell, show, translated
    from eventready.cli.signing import current_user
    from eventready.core.clock import Clock
    from eventready.core.messages import in_language, message, term
    from eventready.core.strings.matchers import Matcher, all_match
    from eventready.core.strings.texts import at
    from eventready.core.validation_messages import suggest
    from eventready.store.records import Shape
    from eventready.store.store import Store
    from eventready.watch.alerts.acts import Act, ActKind, Acts, is_check, matchers_of
    from eventready.watch.alerts.alert import Alerts
    from eventready.watch.alerts.calls import AlertCalls
    from eventready.watch.alerts.explain import AlertExplanation, impossible
    from eventready.watch.alerts.explain import explain as explanations
    from eventready.watch.record import WatchRecord
    from eventready.watch.snapshot import Snapshots
    from eventready.watch.states import DEVICE, Key
    from eventready.workspace.settings.alerts import AlertsFile, load_alerts

_COLUMNS = ("id", "kind", "at", "until", "by", "matchers", "text")
_act_options = with_options(
    click.argument("alerts", nargs=-1, required=True, metavar="ALERT..."),
    click.option("--reason", default="", metavar="TEXT", help="Reason, or what is done about it."),
    click.option("--by", default="", metavar="NAME", help="Your name.  [default: the login]"),
)


@click.group("alerts")
def command() -> None:
    """Acknowledge, silence and explain the alerts of the night, and test their receivers.

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


@command.command(short_help="Send a test message to a receiver")
@click.argument("receiver", default="")
@really_options
@click.pass_obj
def test(app: App, *, receiver: str, really: bool, rehearsal: bool) -> int:
    """Send a test message to RECEIVER of alerts.yaml, or to the receiver of its first route.

    \b
    Exit codes:
      0  sent, or printed without --really
      4  not delivered to an address
    """
    clock = app.outgoing_clock(rehearsal=rehearsal) if really else app.clock
    with _calls(app, clock, really=really) as calls:
        if not isinstance(settings := calls.settings, AlertsFile):
            raise UsageError(message("watch:call.no_receivers"))
        names = [one.name for one in settings.receivers]
        if receiver and receiver not in names:
            raise UsageError(message("workspace:alerts.receiver", receiver=receiver), do=suggest(receiver, names))
        calls.receivers.test(receiver or settings.route.receiver, settings)
        attempts = calls.send() if really else []
    for one in attempts if app.output == "table" else ():
        click.echo(f"{one.delivery.address}: {in_language(one.outcome, app.lang)}")
    if app.output != "table":
        app.emit([{"address": a.delivery.address, "failed": a.failed, "outcome": str(a.outcome)} for a in attempts])
    return Exit.INCOMPLETE if any(one.failed for one in attempts) or (really and not attempts) else Exit.OK


@command.command(short_help="Show receivers, times and reasons of an alert")
@click.argument("alerts", nargs=-1, required=True, metavar="ALERT...")
@click.pass_obj
def explain(app: App, *, alerts: Sequence[str]) -> None:
    """Show for ALERT its receivers at this minute, the times of their messages, and why there is none.

    Without such an alert in force, of a failed finding with these labels.
    """
    with _calls(app, app.clock) as calls:
        names = [device.name for device in app.workspace.devices]
        record = WatchRecord(calls.store, app.workspace.event.id, app.clock)
        calls.begin(names, record)
        for note in _notes(app, calls.store):
            app.notify(note)
        found = explanations(calls, calls.situation(record.resting(app.clock.now())), _matchers(app, alerts))
    if app.output != "table":
        app.emit([*map(Shape(AlertExplanation).plain, found)])
        return
    for one in found:
        for line in explanation_lines(one, app.lang):
            click.echo(line)


def _notes(app: App, store: Store) -> Sequence[str]:
    """Ids of sentences about the calls of the watch at work, or about none at work."""
    snapshot = Snapshots(store, app.workspace.event.id, app.clock).latest()
    if snapshot is None or snapshot.is_old(snapshot.age_s):
        return ("watch:call.note_gone",)
    return [note for note in snapshot.notes if note.startswith("watch:call.")]


@contextmanager
def _calls(app: App, clock: Clock, *, really: bool = False) -> Iterator[AlertCalls]:
    workspace = app.allowed_workspace if really else app.workspace
    settings = load_alerts(workspace.path)
    if settings is None:
        raise UsageError(message("watch:call.no_file"), where=str(workspace.path / "inventory" / "alerts.yaml"))
    for one in impossible(settings, workspace):
        app.say(one.whole)
    with app.open_store() as store:
        yield AlertCalls(workspace, settings, store, clock, app.say, really=really)


def _matchers(app: App, alerts: Sequence[str]) -> tuple[Matcher, ...]:
    """Parse ALERT. Raises UsageError, also for an unknown device or check: no alert would ever fit."""
    found, names = matchers_of(alerts), [device.name for device in app.workspace.devices]
    for label, operator, value in found:
        if operator == "=" and label == "device" and value and value not in names:
            raise UsageError(message("watch:pause.unknown", device=value), do=suggest(value, names))
        if operator == "=" and label == "check" and value != DEVICE and not is_check(value):
            known = [DEVICE, *(one.name for one in all_checks())]
            raise UsageError(message("watch:act.check", check=value), do=suggest(value, known))
    return found


def _record(
    app: App, kind: ActKind, alerts: Sequence[str], *, reason: str, by: str, seconds: float | None = None
) -> None:
    until = None if seconds is None else app.clock.now() + timedelta(seconds=min(seconds, 10**8))
    with app.open_store() as store:
        acts, matchers = Acts(store, app.workspace.event.id, app.clock), _matchers(app, alerts)
        _show(app, acts.add(kind, matchers, by=current_user(by)[0], text=reason, until=until))
        if kind == "acknowledgement" and not _open(app, store, matchers):
            app.notify("cli:alerts.none_open")


def _open(app: App, store: Store, matchers: Sequence[Matcher]) -> bool:
    """True with an open finding or a lost device of these labels in the latest state of a watch."""
    state = Snapshots(store, app.workspace.event.id, app.clock).latest()
    found = [(Key(*one.identity), one.status) for one in (state.open if state else ())]
    found += [
        (Key(one.name, DEVICE, ""), "not_measured") for one in (state.devices if state else ()) if one.age is None
    ]
    labels = Alerts({device.name: device for device in app.workspace.devices}).labels
    return any(all_match(matchers, labels(key, status)) for key, status in found)


def _show(app: App, act: Act) -> None:
    if app.output != "table":
        app.emit(act.to_dict())
        return
    msgid = "cli:alerts.until" if act.until else "cli:alerts.recorded"
    app.notify(
        msgid, number=act.id, kind=term("watch:act", act.kind, app.lang), until=at(act.until) if act.until else ""
    )
