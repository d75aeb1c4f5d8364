"""`eventready watch`: continuous reading of the network, with changes as they happen."""

from __future__ import annotations

import signal
from contextlib import ExitStack, suppress
from pathlib import Path

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.night.duration import seconds_of
from eventready.cli.options import cluster_address, cluster_options, limit_option, really_options, workers_option
from eventready.core.errors import EventreadyError, Exit, StoreError

with deferred():
    from eventready.audit.collectors.cluster.reader import open_reader
    from eventready.cli.render.watch import WatchView
    from eventready.cli.signing import current_user
    from eventready.watch.alerts.calls import AlertCalls
    from eventready.watch.alerts.explain import impossible
    from eventready.watch.session import WatchSession, pause
    from eventready.watch.snapshot import NO_CALLS
    from eventready.workspace.devices.select import select
    from eventready.workspace.settings.alerts import load_alerts


@click.group("watch", invoke_without_command=True)
@limit_option
@click.option("--for", "seconds", default="", metavar="TIME", callback=seconds_of,
              help="End after this time: 90s, 30m, 8h.  [default: Ctrl-C]")  # fmt: skip
@really_options
@workers_option
@cluster_options
@click.pass_context
def command(
    context: click.Context,
    *,
    limit: str | None,
    seconds: float,
    really: bool,
    rehearsal: bool,
    workers: int,
    cluster: str,
    certificates: Path,
) -> int:
    """Read changeable facts again and again, each at its interval, and name every change of state.

    Intervals are in inventory/watch.yaml (5 to 300 s; halved in protected time). Each value has its age: two intervals
    without an answer are not measured. A new state counts from its second reading; from the fourth change within ten
    minutes a state is named once and then left until calm. A terminal shows the wall; elsewhere there is a line per
    change, with -o ndjson as JSON. A second watcher of the store stands by and takes over. Watching only reads.

    With --really it calls the receivers of inventory/alerts.yaml; without it, messages are only printed. A missing or
    broken alerts.yaml is used as soon as it is mended; nobody is called until then, and the wall says so.
    """
    if context.invoked_subcommand is not None:
        return Exit.OK
    app: App = context.obj
    workspace = app.allowed_workspace
    devices = select(workspace.devices, limit)
    clock = app.outgoing_clock(rehearsal=rehearsal) if really else app.clock
    settings = None
    with suppress(EventreadyError):
        settings = load_alerts(workspace.path)
    for one in impossible(settings, workspace):
        app.say(one.whole)
    if really and settings is None:
        app.notify(NO_CALLS)

    def outage(error: StoreError) -> None:
        app.notify("watch:outage", reason=error.whole)

    address = cluster_address(cluster, certificates)
    with (
        ExitStack() as stack,
        app.open_store() as store,
        WatchView(app, workspace.event) as view,
        suppress(KeyboardInterrupt),
    ):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        ask = (
            stack.enter_context(open_reader(workspace, app.equipment.only(devices), address)).replies
            if address
            else None
        )
        calls = AlertCalls(workspace, settings, store, clock, app.say, really=really)
        session = WatchSession(workspace, devices, store, clock, workers, calls, ask)
        session.run(seconds, view.show, lambda: app.notify("watch:standby"), view.begin, outage)
    return Exit.OK


@command.command("pause", short_help="Leave a device alone for a while")
@click.argument("device")
@click.option("--for", "seconds", default="30m", show_default=True, metavar="TIME", callback=seconds_of,
              help="How long: 90s, 30m, 8h; 0s ends a pause.")  # fmt: skip
@click.option("--by", default="", metavar="NAME", help="Your name.  [default: the login]")
@click.pass_obj
def rest(app: App, *, device: str, seconds: float, by: str) -> None:
    """Let the watchers of this store leave DEVICE alone, for example for work by hand: its line is free, its values are
    not measured, and nobody is called."""
    with app.open_store() as store:
        session = WatchSession(app.workspace, app.workspace.devices, store, app.clock)
        until = pause(session, device, seconds, current_user(by)[0])
    if app.output != "table":
        app.emit({"device": device, "until": until.isoformat(timespec="seconds")})
    elif seconds:
        app.notify("watch:pause.done", device=device, until=f"{until:%H:%M}")
    else:
        app.notify("watch:pause.ended", device=device)
