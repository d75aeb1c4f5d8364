"""eventready schedule: audits, drafts and reminders at their time, each once."""

from __future__ import annotations

from typing import Literal

import click

from eventready.audit import Options
from eventready.cli.context import App
from eventready.delivery.scheduler import Scheduler, Told
from eventready.delivery.units import cron, systemd
from eventready.delivery.work import Work
from eventready.errors import EventreadyError, Exit, RefusedError


@click.command(short_help="Audit, draft the weekly report and remind, each at its time")
@click.option("--once", is_flag=True, help="Do what is due now, and end: for cron and timers.")
@click.option("--print", "unit", type=click.Choice(["systemd", "cron"]), help="Print what runs it, and end.")
@click.option(
    "--interval", type=click.FloatRange(0, 3600), default=10.0, show_default=True, help="As of `eventready audit`."
)
@click.option("--workers", type=click.IntRange(1, 500), default=32, show_default=True, help="Devices at once.")
@click.pass_obj
def command(
    app: App, *, once: bool, unit: Literal["systemd", "cron"] | None, interval: float, workers: int
) -> int:  # fmt: skip
    """One process that audits every day, drafts the weekly report and its mail on its day, and reminds of what is near,
    due or late; the hours stand in event.yaml under `schedule`. It never sends.

    It may be killed and started again at any time: nothing is done twice, and what was missed is made up for.

    \b
    Exit code of --once: 0; 4 when a job failed.
    """
    if unit is not None:
        event = app.workspace.event.id
        click.echo(systemd(app.workspace_path, event) if unit == "systemd" else cron(app.workspace_path), nl=False)
        return Exit.OK
    options = Options(workers=workers, interval_s=interval)
    scheduler = Scheduler(
        app.workspace_path, app.clock, lambda workspace, store: Work(workspace, store, app.clock, options)
    )
    try:
        with scheduler.alone():
            return _once(app, scheduler) if once else _forever(app, scheduler)
    except RefusedError as busy:
        if not once:
            raise
        app.say(str(busy))
        return Exit.OK


def _once(app: App, scheduler: Scheduler) -> int:
    failed = False
    for told in scheduler.once():
        _tell(app, told)
        failed |= told.failed
    return Exit.INCOMPLETE if failed else Exit.OK


def _forever(app: App, scheduler: Scheduler) -> int:
    last = ""
    for told in scheduler.forever():
        if isinstance(told, EventreadyError):
            if str(told) != last:
                app.say(f"eventready: {told}")
            last = str(told)
            continue
        last = ""
        _tell(app, told)
    return Exit.OK


def _tell(app: App, told: Told) -> None:
    if app.output == "table":
        again = " (again: the last time it was cut off)" if told.again else ""
        failed = " FAILED" if told.failed else ""
        click.echo(f"{told.at:%d/%m/%Y %H:%M} {told.job.kind}{failed}{again}: {told.said}")
    else:
        app.emit(
            {
                "at": told.at.isoformat(timespec="seconds"),
                "job": told.job.id,
                "kind": told.job.kind,
                "failed": told.failed,
                "again": told.again,
                "said": told.said,
            }
        )
