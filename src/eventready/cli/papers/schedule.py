"""eventready watch schedule: audits, drafts and reminders at their time, each once."""

from __future__ import annotations

from typing import Any, Literal

import click

from eventready.audit.audit import AuditOptions
from eventready.cli.context import App
from eventready.core.errors import EventreadyError, Exit, RefusedError
from eventready.core.messages import Message, in_english, message
from eventready.delivery.service_units import cron, systemd
from eventready.submission.jobs import WorkspaceJobs
from eventready.submission.scheduler import JobResult, Scheduler


def command(
    app: App,
    *,
    once: bool,
    really: bool,
    rehearsal: bool,
    unit: Literal["systemd", "cron"] | None,
    interval: float | None,
    workers: int | None,
) -> int:
    """Run a single process for the daily audit, the drafts of the weekly report and its mail, and reminders of
    near, due and late deadlines.
    """
    if unit is not None:
        options = [name for name, chosen in (("--really", really), ("--rehearsal", rehearsal)) if chosen]
        event = app.workspace.event.id
        print_unit = systemd if unit == "systemd" else cron
        click.echo(print_unit(app.workspace_path, event, options), nl=False)
        return Exit.OK
    reading = app.allowed_workspace.event.reading.given(workers=workers, interval_s=interval)
    clock = app.outgoing_clock(rehearsal=rehearsal) if really else app.clock
    options_of_audit = AuditOptions(**dict(reading))
    scheduler = Scheduler(
        app.workspace_path,
        clock,
        lambda workspace, store: WorkspaceJobs(workspace, store, clock, options_of_audit, really=really),
    )
    try:
        with scheduler.alone():
            return _once(app, scheduler) if once else _forever(app, scheduler)
    except RefusedError as busy:
        if not once:
            raise
        app.say(busy.render(app.lang))
        return Exit.OK


def _once(app: App, scheduler: Scheduler) -> int:
    results = []
    for result in scheduler.once():
        results.append(result)
        app.display(_sentence(result))
    app.show([_document(result) for result in results])
    return Exit.INCOMPLETE if any(result.failed for result in results) else Exit.OK


def _forever(app: App, scheduler: Scheduler) -> int:
    last = ""
    for result in scheduler.forever():
        if isinstance(result, EventreadyError):
            if str(result) != last:
                app.say(f"eventready: {result.render(app.lang)}")
            last = str(result)
            continue
        last = ""
        app.show(_document(result), _sentence(result))
    return Exit.OK


def _sentence(result: JobResult) -> Message:
    outcome = message("cli:schedule.resumed", outcome=result.outcome) if result.resumed else result.outcome
    msgid = "cli:schedule.failed" if result.failed else "cli:schedule.done"
    return message(msgid, at=result.at, kind=result.job.kind, outcome=outcome)


def _document(result: JobResult) -> dict[str, Any]:
    return {
        "at": result.at.isoformat(timespec="seconds"),
        "job": result.job.id,
        "kind": result.job.kind,
        "failed": result.failed,
        "resumed": result.resumed,
        "outcome": in_english(result.outcome),
    }
