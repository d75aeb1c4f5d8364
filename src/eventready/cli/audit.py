"""`eventready audit`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from eventready.audit import Options, audit
from eventready.cli.context import App
from eventready.cli.outcome import show
from eventready.cli.progress import Bars
from eventready.errors import Exit, UsageError
from eventready.run import Run
from eventready.store.store import Store
from eventready.store.trouble import NotStored
from eventready.workspace.select import select


@click.command(short_help="Read every device and say what is ready, and what that rests on")
@click.option("-l", "--limit", default="", metavar="EXPR", help="Only these: role=router,venue=hoi-nghi, names, globs.")
@click.option(
    "--from",
    "saved",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Read saved outputs (DIR/<device>/<command>.txt) instead of the devices.",
)
@click.option("--workers", type=click.IntRange(1, 500), default=32, show_default=True, help="Devices at once.")
@click.option(
    "--interval",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    help="Seconds between the two readings of counters; 0 reads once, and rates are then not measured.",
)
@click.option("--baseline", default="", metavar="RUN", help='Compare with this run ("latest", an id, its beginning).')
@click.option(
    "--fail-on",
    type=click.Choice(["warn", "fail"]),
    default="fail",
    show_default=True,
    help="The lightest finding that gives exit code 3.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the run document here too."
)
@click.pass_obj
def command(
    app: App,
    *,
    limit: str,
    saved: Path | None,
    workers: int,
    interval: float,
    baseline: str,
    fail_on: Literal["warn", "fail"],
    out: Path | None,
) -> int:
    """Read every device, hold what they say against the checks, and give a verdict per venue and service.

    It only reads. What cannot be measured is said, and is never ready.

    \b
    Exit code 0: ready; 3: findings at or above --fail-on; 4: something needed was not measured.
    """
    workspace = app.workspace
    devices = select(workspace.devices, limit)
    options = Options(workers=workers, interval_s=interval, baseline=baseline, saved=saved, fail_on=fail_on)
    with Store.of_workspace(workspace.path) as store:
        for notice in store.notices:
            app.say(notice)
        with Bars(interactive=app.interactive and app.output == "table") as bars:
            try:
                done = audit(workspace, devices, store=store, clock=app.clock, options=options, watch=bars)
            except NotStored as lost:
                bars.stop()
                _tell(app, lost.run, out)
                raise
    _tell(app, done.run, out)
    if app.output == "table":
        app.say(f"\nRun {done.run.id} is kept. Next: eventready -w {app.workspace_path} report readiness")
    if not devices:
        app.say("There is no device in this audit: nothing was measured, so nothing is ready.")
    return Exit(done.exit)


def _tell(app: App, run: Run, out: Path | None) -> None:
    with app.perhaps_unread():
        if app.output == "table":
            show(run)
        else:
            app.emit(dict(run.document))
    if out:
        _write(out, run.json())


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the run document could not be written: {error.strerror}", where=str(path), do="The run itself is kept."
        ) from None
