"""`eventready audit --save`: save the redacted answers to the commands of an audit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from shlex import quote

from eventready.audit.capture import CaptureOptions, DeviceCapture, capture
from eventready.audit.collectors.cluster.address import cluster_address
from eventready.cli.context import App
from eventready.cli.progress import ProgressBars
from eventready.core.errors import Exit
from eventready.core.messages import Message, message
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
    app.show([asdict(one) for one in captures], _lines(captures), closing=_closing(captures, out))
    return Exit.INCOMPLETE if not captures or any(one.missing for one in captures) else Exit.OK


def _lines(captures: Sequence[DeviceCapture]) -> Iterator[Message]:
    for one in captures:
        yield message("cli:capture.device", device=one.device, files=one.files, missing=len(one.missing))
        for command, reason in one.missing.items():
            yield message("cli:capture.missing", command=command, reason=reason)


def _closing(captures: Sequence[DeviceCapture], out: Path) -> Iterator[Message]:
    files = sum(one.files for one in captures)
    yield message("cli:capture.saved", devices=len(captures), files=files, folder=str(out), quoted=quote(str(out)))
    for one in captures:
        for fact, path in one.unparsed.items():
            file = quote(str(out / path))
            yield message("cli:capture.unparsed", device=one.device, platform=one.platform, fact=fact, file=file)
