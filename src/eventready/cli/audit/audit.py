"""`eventready audit`: read devices, evaluate checks, give verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import Literal

import click

from eventready.cli.audit.explain import explain
from eventready.cli.audit.whatif import last_full
from eventready.cli.context import App, lab_origin
from eventready.cli.deferred import deferred
from eventready.cli.options import FILE, FOLDER, cluster_address, cluster_options, limit_option, reading_options
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import message

with deferred():
    from eventready.audit.audit import AuditOptions, audit
    from eventready.audit.collectors.cluster.labels import OTHERS
    from eventready.checks.registry import all_checks
    from eventready.cli.render.auditing.junit import junit
    from eventready.cli.render.auditing.run import show
    from eventready.cli.render.auditing.sarif import sarif
    from eventready.cli.render.progress import ProgressBars
    from eventready.cli.signing import enterprise_key
    from eventready.core.files import write_atomic
    from eventready.store.database.connection import RunNotStored
    from eventready.store.run import Run
    from eventready.store.store import Store
    from eventready.workspace.devices.device import Device
    from eventready.workspace.devices.select import select

#: Devices named in a notice.
_NAMED = 12


@click.command()
@limit_option
@click.option(
    "--from",
    "saved",
    type=FOLDER,
    metavar="DIR",
    help="Read saved outputs (DIR/<device>/<command>.txt) instead of the devices.",
)
@reading_options
@click.option("--baseline", default="", metavar="RUN", help='Compare with this run ("latest", an id, its beginning).')
@click.option(
    "--fail-on",
    type=click.Choice(["warn", "fail"]),
    default="fail",
    show_default=True,
    help="The lightest finding that gives exit code 3.",
)
@click.option("--wide", is_flag=True, help="Ask for all a platform reads; what no check needs is inventory.")
@cluster_options
@click.option("--explain", "service", default="", metavar="VENUE/SERVICE",
              help="Show the walk of this service in the last full audit, hop by hop; nothing is read.")  # fmt: skip
@click.option("--out", type=FILE, metavar="FILE", help="Write the run document here too.")
@click.option("--junit", "junit_file", type=FILE, metavar="FILE", help="Write the findings as JUnit XML.")
@click.option("--sarif", "sarif_file", type=FILE, metavar="FILE", help="Write the findings as SARIF 2.1.0.")
@click.pass_obj
def command(
    app: App,
    *,
    limit: str | None,
    saved: Path | None,
    workers: int,
    interval: float,
    time_limit: float,
    baseline: str,
    fail_on: Literal["warn", "fail"],
    wide: bool,
    cluster: str,
    certificates: Path,
    service: str,
    out: Path | None,
    junit_file: Path | None,
    sarif_file: Path | None,
) -> int:
    """Read every device, evaluate the checks, and give a verdict per venue and service.

    An audit only reads. Unmeasured subjects are listed and never ready.

    \b
    Exit codes:
      0  ready
      3  findings at or above --fail-on
      4  a needed measurement is missing
    """
    if service:
        with app.open_store(make=False) as store:
            explain(app, last_full(store, app.workspace), service)
        return Exit.OK
    workspace = app.workspace if saved else app.allowed_workspace
    devices = select(workspace.devices, limit)
    options = AuditOptions(
        workers=workers,
        interval_s=interval,
        time_limit_s=time_limit,
        baseline=baseline,
        saved=saved,
        fail_on=fail_on,
        wide=wide,
        cluster=None if saved else cluster_address(cluster, certificates),
    )
    with (
        app.open_store() as store,
        ProgressBars(interactive=app.shows_progress, lang=app.lang) as bars,
    ):
        try:
            chosen = app.equipment.only(devices)
            done = audit(workspace, chosen, store=store, clock=app.clock, options=options, progress=bars)
            sign_new_head(app, store)
        except RunNotStored as lost:
            bars.stop()
            _print(app, lost.run)
            _write(out, lost.run.json())
            raise
    _warn_of_nothing_expected(app, devices)
    _print(app, done.run)
    _write(out, done.run.json())
    _write(junit_file, _text(lambda: junit(done.run, fail_on)))
    _write(sarif_file, _text(lambda: sarif(done.run, all_checks(), workspace.devices)))
    _advise(app, done.run, devices)
    return Exit(done.exit)


def _warn_of_nothing_expected(app: App, devices: Sequence[Device]) -> None:
    """Name the devices without expectations: a verdict about them rests on their own health alone."""
    names = [device.name for device in devices if device.expect.empty]
    if names and app.output == "table":
        shown = ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
        app.notify("learn:no_expectation", n=len(names), names=shown)


def _print(app: App, run: Run) -> None:
    with app.tolerate_closed_pipe():
        if app.output == "table":
            show(run, app.lang)
        else:
            app.emit_run(run)


def _text(made: Callable[[], str]) -> Iterator[bytes]:
    yield made().encode("utf-8", "backslashreplace")


def _write(path: Path | None, pieces: Iterable[bytes]) -> None:
    """Write a file, readable by its owner only. Raises UsageError."""
    if path is not None:
        write_atomic(path, pieces, private=True, what="the file", do=message("cli:audit.stored"))


def _advise(app: App, run: Run, devices: Sequence[Device]) -> None:
    """Name the next command, the reason for an audit without any answer, and the limits of this machine."""
    if sessions := run.header.sessions:
        app.notify("cli:audit.fewer_sessions", most=sessions.most, wanted=sessions.wanted)
    if cluster := run.header.cluster:
        workers = [message("cli:audit.worker", **vars(worker)) for worker in cluster.workers]
        refused = [message(OTHERS[one.other], **vars(one)) for one in cluster.refused]
        app.notify("cli:audit.read_by", workers=workers)
        if refused:
            app.notify("cli:audit.refused_workers", workers=refused)
    if not devices:
        app.notify("cli:audit.no_device")
    elif app.workspace.event.lab and not any(device.reachable for device in run.header.devices):
        app.notify("cli:audit.no_lab", workspace=lab_origin(app.workspace_path))
    elif app.output == "table":
        app.notify("cli:audit.next", run=run.id, workspace=quote(str(app.workspace_path)))


def sign_new_head(app: App, store: Store) -> None:
    """Sign the head of the chain where the workspace has a key; an unusable key is reported."""
    try:
        if key := enterprise_key(app):
            store.sign_head(key, app.clock)
    except UsageError as error:
        app.notify("cli:audit.unsigned", error=error.whole)
