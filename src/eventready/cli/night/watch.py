"""`eventready watch`: continuous reading of the network, with changes as they happen."""

from __future__ import annotations

import signal
from contextlib import ExitStack, suppress
from pathlib import Path

from eventready.audit.collectors.cluster.address import cluster_address
from eventready.audit.collectors.cluster.reader import open_reader
from eventready.cli.context import App
from eventready.cli.night.watch_view import WatchView
from eventready.cli.signing import current_user
from eventready.core.errors import EventreadyError, Exit, StoreError
from eventready.core.messages import message
from eventready.watch.alerts.calls import AlertCalls
from eventready.watch.alerts.explain import impossible
from eventready.watch.session import WatchSession, pause
from eventready.watch.snapshot import NO_CALLS
from eventready.workspace.devices.select import select
from eventready.workspace.settings.alerts import load_alerts


def command(
    app: App,
    *,
    limit: str | None,
    seconds: float,
    really: bool,
    rehearsal: bool,
    workers: int | None,
    cluster: str,
    certificates: Path,
    unconfined: bool,
) -> int:
    """Read changeable facts again and again, each at its interval, and name every change of state."""
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

    address = cluster_address(cluster, certificates, unconfined=unconfined)
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
        at_once = workspace.event.reading.given(workers=workers).workers
        session = WatchSession(workspace, devices, store, clock, at_once, calls, ask)
        session.run(seconds, view.show, lambda: app.notify("watch:standby"), view.begin, outage)
    return Exit.OK


def rest(app: App, *, device: str, seconds: float, by: str) -> None:
    """Let the watchers of this store leave DEVICE alone, for example for work by hand: its line is free, its values
    are not measured, and nobody is called.
    """
    with app.open_store() as store:
        session = WatchSession(app.workspace, app.workspace.devices, store, app.clock)
        until = pause(session, device, seconds, current_user(by)[0])
    paused = message("watch:pause.done", device=device, until=f"{until:%H:%M}")
    app.show(
        {"device": device, "until": until.isoformat(timespec="seconds")},
        closing=[paused if seconds else message("watch:pause.ended", device=device)],
    )
