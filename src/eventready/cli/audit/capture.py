"""`eventready audit --save`: save the redacted answers to the commands of an audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from shlex import quote

import click

from eventready.audit.capture import CaptureOptions, DeviceCapture, capture
from eventready.audit.collectors.cluster.address import cluster_address
from eventready.cli.context import App
from eventready.cli.render.progress import ProgressBars
from eventready.core.errors import Exit
from eventready.workspace.devices.select import select


def save_answers(
    app: App,
    out: Path,
    *,
    limit: str | None,
    workers: int,
    interval: float,
    time_limit: float,
    cluster: str,
    certificates: Path,
    replace: bool,
) -> int:
    """Send the read-only commands of `audit --wide` and save each redacted answer as DIR/<device>/<command>.txt."""
    workspace = app.allowed_workspace
    devices = select(workspace.devices, limit)
    options = CaptureOptions(workers, interval, time_limit, replace, cluster_address(cluster, certificates))
    bars = ProgressBars(interactive=app.shows_progress, lang=app.lang)
    with app.at_work("audit --save", devices), bars:
        captures = capture(workspace, app.equipment.only(devices), out, clock=app.clock, options=options, progress=bars)
    if app.output == "table":
        _show(app, captures, out)
    else:
        app.emit([asdict(one) for one in captures])
    return Exit.INCOMPLETE if not captures or any(one.missing for one in captures) else Exit.OK


def _show(app: App, captures: Sequence[DeviceCapture], out: Path) -> None:
    for one in captures:
        click.echo(app.text("cli:capture.device", device=one.device, files=one.files, missing=len(one.missing)))
        for command, reason in one.missing.items():
            click.echo(app.text("cli:capture.missing", command=command, reason=reason))
    files = sum(one.files for one in captures)
    app.notify("cli:capture.saved", devices=len(captures), files=files, folder=str(out), quoted=quote(str(out)))
    for one in captures:
        for fact, path in one.unparsed.items():
            file = quote(str(out / path))
            app.notify("cli:capture.unparsed", device=one.device, platform=one.platform, fact=fact, file=file)
