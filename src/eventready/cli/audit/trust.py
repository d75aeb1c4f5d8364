"""`eventready trust`: show fingerprints of host keys and record the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.cli.options import limit_option
from eventready.core.errors import Exit, UsageError, most_severe
from eventready.core.messages import in_language, message

with deferred():
    from eventready.session.plugin import key_targets
    from eventready.session.trust import (
        HostKeyResult,
        HostKeyState,
        fetch_keys,
        key_rounds,
        record_results,
        ssh_devices,
    )
    from eventready.workspace.devices.select import select
    from eventready.workspace.permission import allow, by_environment


@click.command()
@limit_option
@click.option("--yes", is_flag=True, help="Record without asking (the fingerprints were compared elsewhere).")
@click.option("--replace", is_flag=True, help="Also record keys that have changed.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds per address.")
@click.pass_obj
def command(app: App, limit: str | None, yes: bool, replace: bool, timeout: float) -> int:
    """Fetch the SSH host keys of the devices, show the fingerprints, and record the keys after confirmation.

    Jump hosts come first: the keys of the devices behind them are fetched through a login on the jump host. There is no
    login on a device.

    Compare each fingerprint with the device's own (on its console, or from its installer). A changed key is replaced
    only with --replace.

    \b
    Exit codes:
      0  every key is recorded
      4  a device showed no key
      7  a changed or revoked key was not recorded
    """
    workspace = app.allowed_workspace
    devices = ssh_devices(select(workspace.devices, limit), workspace.platform_dirs)
    targets = key_targets(workspace.nornir(), [device.name for device in devices])
    wanted_states = {HostKeyState.NEW, HostKeyState.CHANGED} if replace else {HostKeyState.NEW}
    shown: list[HostKeyResult] = []
    recorded = 0
    for round_of_targets in key_rounds(targets):
        results = fetch_keys(round_of_targets, workspace.known_hosts, timeout)
        shown += results
        if app.output == "table":
            _show(app, results)
        wanted = [item for item in results if item.state in wanted_states]
        if wanted:
            _confirm(app, len(wanted), yes=yes)
            record_results(wanted, workspace.known_hosts)
            if not by_environment(workspace.path):
                allow(workspace.path)  # allowed before, and the keys were confirmed
        recorded += len(wanted)
    if app.output != "table":
        app.emit([_document(item) for item in shown])
    known_hosts = str(workspace.known_hosts)
    if recorded:
        app.notify("cli:trust.recorded", count=recorded, file=known_hosts)
    else:
        app.notify("cli:trust.none")
    left = [item for item in shown if item.state is HostKeyState.CHANGED and not replace]
    if left:
        app.notify("cli:trust.changed", count=len(left))
    revoked = [item for item in shown if item.state is HostKeyState.REVOKED]
    if revoked:
        app.notify("cli:trust.revoked", count=len(revoked), file=known_hosts)
    silent = any(item.state is HostKeyState.SILENT for item in shown)
    return most_severe({Exit.REFUSED for _ in [*left, *revoked]} | ({Exit.INCOMPLETE} if silent else set()))


def _confirm(app: App, count: int, *, yes: bool) -> None:
    if yes:
        return
    if not app.interactive:
        raise UsageError(message("cli:trust.terminal"))
    click.confirm(app.text("cli:trust.confirm", n=count), abort=True, err=True)


def _show(app: App, results: Sequence[HostKeyResult]) -> None:
    for item in results:
        found = str(item.key) if item.key else in_language(item.reason, app.lang)
        state = app.text(f"cli:trust_state.{item.state}")
        click.echo(f"{state:17} {item.address:22} {', '.join(item.devices)}: {found}")
        if item.state is HostKeyState.CHANGED:
            for old in item.recorded:
                click.echo(f"{'':17} {app.text('cli:trust.earlier'):22} {old}")


def _document(item: HostKeyResult) -> dict[str, Any]:
    return {
        "address": item.address,
        "devices": list(item.devices),
        "state": str(item.state),
        "algorithm": item.key.algorithm if item.key else None,
        "fingerprint": item.key.fingerprint if item.key else None,
        "recorded": [str(key) for key in item.recorded],
        "reason": in_language(item.reason, "en"),
    }
