"""`eventready trust`: record host keys after showing their fingerprints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from eventready.cli.context import App
from eventready.errors import Exit, UsageError, most_severe
from eventready.trust import Shown, Trust, look, remember, with_host_keys
from eventready.workspace.select import select

_SAYS = {
    Trust.SAME: "recorded already",
    Trust.NEW: "new",
    Trust.CHANGED: "CHANGED",
    Trust.REVOKED: "REVOKED",
    Trust.SILENT: "no key",
}


@click.command(short_help="Record the devices' host keys after showing their fingerprints")
@click.option("-l", "--limit", metavar="EXPR", help="Only these devices: role=router,venue=hoi-nghi, names, globs.")
@click.option("--yes", is_flag=True, help="Record without asking (the fingerprints were compared elsewhere).")
@click.option("--replace", is_flag=True, help="Also record keys that have changed.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds per address.")
@click.pass_obj
def command(app: App, limit: str | None, yes: bool, replace: bool, timeout: float) -> int:
    """Fetch the host keys of devices that speak SSH, show their fingerprints, and record them after you confirm.

    Compare each fingerprint with what the device itself says (on its console, or from whoever installed it). A key that
    differs from the recorded one is never replaced without --replace. Nothing is logged in to.

    Exit codes: 0 all recorded; 4 a device showed no key; 7 a changed key was left as it was.
    """
    workspace = app.workspace
    devices = with_host_keys(select(workspace.devices, limit), workspace.platform_dirs)
    shown = look(devices, workspace.known_hosts, timeout)
    _show(app, shown)
    wanted = [item for item in shown if item.trust is Trust.NEW or (replace and item.trust is Trust.CHANGED)]
    if wanted:
        _confirm(app, len(wanted), yes=yes)
        remember(wanted, workspace.known_hosts)
    app.say(f"{len(wanted)} recorded in {workspace.known_hosts}." if wanted else "Nothing to record.")
    left = [item for item in shown if item.trust is Trust.CHANGED and not replace]
    if left:
        app.say(
            f"{len(left)} changed and left as recorded. Find out why before you log in; if the devices were replaced, "
            "say --replace."
        )
    revoked = [item for item in shown if item.trust is Trust.REVOKED]
    if revoked:
        app.say(
            f"{len(revoked)} revoked in {workspace.known_hosts} and never recorded. Give the devices new keys, or take "
            "the line away."
        )
    silent = any(item.trust is Trust.SILENT for item in shown)
    return most_severe({Exit.REFUSED for _ in [*left, *revoked]} | ({Exit.INCOMPLETE} if silent else set()))


def _confirm(app: App, count: int, *, yes: bool) -> None:
    if yes:
        return
    if not app.interactive:
        raise UsageError("nobody is there to confirm the fingerprints", do="Compare them, then say --yes.")
    click.confirm(f"Record {count} {'key' if count == 1 else 'keys'}?", abort=True, err=True)


def _show(app: App, shown: Sequence[Shown]) -> None:
    if app.output != "table":
        app.emit([_document(item) for item in shown])
        return
    for item in shown:
        said = f"{item.key.kind} {item.key.fingerprint}" if item.key else item.reason
        click.echo(f"{_SAYS[item.trust]:17} {item.address:22} {', '.join(item.devices)}: {said}")
        if item.trust is Trust.CHANGED:
            for old in item.recorded:
                click.echo(f"{'':17} {'recorded:':22} {old.kind} {old.fingerprint}")


def _document(item: Shown) -> dict[str, Any]:
    return {
        "address": item.address,
        "devices": list(item.devices),
        "state": str(item.trust),
        "kind": item.key.kind if item.key else None,
        "fingerprint": item.key.fingerprint if item.key else None,
        "recorded": [f"{key.kind} {key.fingerprint}" for key in item.recorded],
        "reason": item.reason,
    }
