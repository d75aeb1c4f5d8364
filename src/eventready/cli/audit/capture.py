"""`eventready capture`: save the redacted answers to the commands of an audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from shlex import quote

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import PATH, cluster_address, cluster_options, limit_option, reading_options
from eventready.core.errors import Exit

with deferred():
    from eventready.audit.capture import CaptureOptions, DeviceCapture, capture
    from eventready.cli.render.progress import ProgressBars
    from eventready.workspace.devices.select import select


@click.command()
@limit_option
@click.option("--out", type=PATH, required=True, metavar="DIR", help="Folder to write into.")
@reading_options
@cluster_options
@click.option("--replace", is_flag=True, help="Overwrite an earlier capture of these devices in DIR.")
@click.pass_obj
def command(
    app: App,
    *,
    limit: str | None,
    out: Path,
    workers: int,
    interval: float,
    time_limit: float,
    cluster: str,
    certificates: Path,
    replace: bool,
) -> int:
    """Send the read-only commands of `audit --wide` and save each redacted answer as DIR/<device>/<command>.txt.

    Only the owner can read the files. `eventready audit --from DIR` evaluates them without a connection, and
    `eventready parse` shows the lines of an answer that its platform refuses. Review the files before they leave the
    house: addresses, names and descriptions are not redacted.

    \b
    Exit codes:
      0  every command was answered
      4  an answer is missing
    """
    workspace = app.allowed_workspace
    devices = select(workspace.devices, limit)
    options = CaptureOptions(workers, interval, time_limit, replace, cluster_address(cluster, certificates))
    bars = ProgressBars(interactive=app.shows_progress, lang=app.lang)
    with app.at_work("capture", devices), bars:
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
